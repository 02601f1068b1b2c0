"""gunicorn's settings, derived from the product's own. See docs/operating.md."""

import os
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "removebg.settings")

from removebg import settings

bind = os.environ.get("BIND") or f"127.0.0.1:{settings.PORT}"
chdir = str(Path(__file__).resolve().parent.parent)
worker_class = "removebg.worker.WholeHeadsWorker"
workers = settings.WEB_PROCESSES
threads = settings.WEB_THREADS
worker_connections = 1000
# The model is opened after the fork: onnxruntime's threads do not survive one.
preload_app = False
# An upload's deadline, the wait for a slot and the work itself are bounded elsewhere; this ends a worker that hangs.
timeout = 120
graceful_timeout = 30
keepalive = 5
accesslog = None
errorlog = "-"
loglevel = os.environ.get("LOG_LEVEL", "info").lower()
control_socket_disable = True
# Answers are sent by the worker, which bounds how long a client may take (removebg.sending).
sendfile = False
# No header of a request changes its path, its scheme or its peer here, not even one from this machine: Django alone
# reads X-Forwarded-Proto and X-Forwarded-For, as TRUSTED_PROXIES says.
forwarder_headers = ""
forwarded_allow_ips = ""
secure_scheme_headers = {}
