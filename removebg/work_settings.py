"""What is worked on and how much at once: limits, models, places, rates, fetching; read from the environment."""

import os
from pathlib import Path

from processing.matting.execution_providers import AUTO, PROVIDERS
from processing.matting.model_catalog import CATALOG
from removebg import env

# --- Limits of one image ---------------------------------------------------------------------------------------
MAX_IMAGE_BYTES = env.read_int("MAX_IMAGE_BYTES", 20 * 1024 * 1024, minimum=1024)
V1_0_MAX_IMAGE_BYTES = env.read_int("V1_0_MAX_IMAGE_BYTES", 22_000_000, minimum=1024)
MAX_IMAGE_PIXELS = env.read_int("MAX_IMAGE_PIXELS", 50_000_000, minimum=1)
MAX_IMAGE_SIDE_PX = env.read_int("MAX_IMAGE_SIDE_PX", 16_384, minimum=1)
MAX_JPEG_SCANS = env.read_int("MAX_JPEG_SCANS", 100, minimum=1)

# --- The model -------------------------------------------------------------------------------------------------
_user_cache_dir = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
MODEL_NAME = env.read_choice("MODEL_NAME", tuple(CATALOG), "isnet-general-use")
# What callers and organizations may choose; the default model is always among it.
ALLOWED_MODELS = list(dict.fromkeys([MODEL_NAME, *env.read_choices("ALLOWED_MODELS", tuple(CATALOG))]))
EXECUTION_PROVIDER = env.read_choice("EXECUTION_PROVIDER", (AUTO, *PROVIDERS), AUTO)
EXTRA_MODELS_OPEN = env.read_int("EXTRA_MODELS_OPEN", 1, minimum=1)
MODEL_CACHE_DIR = env.read_path("MODEL_CACHE_DIR", _user_cache_dir / "removebg" / "models")
MODEL_MIRROR_URL = env.read_text("MODEL_MIRROR_URL")
MODEL_FETCH_TIMEOUT_S = env.read_float("MODEL_FETCH_TIMEOUT_S", 30.0, minimum=0.1)

# --- Who gets in, and how many at once -------------------------------------------------------------------------
WEB_PROCESSES = env.read_int("WEB_PROCESSES", 1, minimum=1)
_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
INFERENCE_THREADS = env.read_int("INFERENCE_THREADS", max(1, _cores // WEB_PROCESSES), minimum=1)
IMAGE_SLOTS = env.read_int("IMAGE_SLOTS", 2, minimum=1)
SLOT_WAITING_PLACES = env.read_int("SLOT_WAITING_PLACES", 4 * IMAGE_SLOTS)
SLOT_WAIT_S = env.read_float("SLOT_WAIT_S", 15.0)
UPLOADS_AT_ONCE = env.read_int("UPLOADS_AT_ONCE", 12, minimum=1)
SESSION_UPLOADS_AT_ONCE = env.read_int("SESSION_UPLOADS_AT_ONCE", 12, minimum=1)
TRIAL_UPLOADS_AT_ONCE = env.read_int("TRIAL_UPLOADS_AT_ONCE", 8, minimum=1)
DRAINS_AT_ONCE = env.read_int("DRAINS_AT_ONCE", 16)
FORMS_AT_ONCE = env.read_int("FORMS_AT_ONCE", 8, minimum=1)
LOG_IN_FORMS_AT_ONCE = env.read_int("LOG_IN_FORMS_AT_ONCE", 8, minimum=1)
WEBHOOKS_AT_ONCE = env.read_int("WEBHOOKS_AT_ONCE", 8, minimum=1)
LONG_ANSWERS_AT_ONCE = env.read_int("LONG_ANSWERS_AT_ONCE", 8, minimum=1)
RESERVED_THREADS = env.read_int("RESERVED_THREADS", 4, minimum=1)
# A client holds a thread only while it has one of these places, so that the reserve is always free.
WEB_THREADS = sum(
    (
        *(IMAGE_SLOTS, SLOT_WAITING_PLACES, UPLOADS_AT_ONCE, SESSION_UPLOADS_AT_ONCE, TRIAL_UPLOADS_AT_ONCE),
        *(
            DRAINS_AT_ONCE,
            FORMS_AT_ONCE,
            LOG_IN_FORMS_AT_ONCE,
            WEBHOOKS_AT_ONCE,
            LONG_ANSWERS_AT_ONCE,
            RESERVED_THREADS,
        ),
    )
)
# One organization may take a third of the places of a process, whatever its plan allows: two together leave some free.
PLACES_PER_ORGANIZATION = env.read_int(
    "PLACES_PER_ORGANIZATION", max(1, (IMAGE_SLOTS + SLOT_WAITING_PLACES + UPLOADS_AT_ONCE) // 3), minimum=1
)
HEAD_DEADLINE_S = env.read_float("HEAD_DEADLINE_S", 10.0, minimum=0.1)
UPLOAD_DEADLINE_S = env.read_float("UPLOAD_DEADLINE_S", 60.0, minimum=0.1)
FORM_DEADLINE_S = env.read_float("FORM_DEADLINE_S", 10.0, minimum=0.1)
# An answer that its client does not read waits in memory, and is given up after so long without a byte or in all.
SEND_STALLED_S = env.read_float("SEND_STALLED_S", 20.0, minimum=0.1)
SEND_DEADLINE_S = env.read_float("SEND_DEADLINE_S", 120.0, minimum=0.1)
MAX_UNSENT_BYTES = env.read_int("MAX_UNSENT_BYTES", 256 * 1024 * 1024, minimum=1024)
CONNECTIONS_PER_ADDRESS = env.read_int("CONNECTIONS_PER_ADDRESS", 200, minimum=1)
DRAIN_DEADLINE_S = env.read_float("DRAIN_DEADLINE_S", 10.0)
MAX_DRAIN_BYTES = env.read_int("MAX_DRAIN_BYTES", 64 * 1024 * 1024)
MAX_FORM_BYTES = env.read_int("MAX_FORM_BYTES", 1024 * 1024, minimum=1024)
# The whole body of a call: the picture, as base64 at the most, the fields beside it, the multipart headers. A v1.0 body
# may hold a background picture, too.
MAX_BODY_BYTES = MAX_IMAGE_BYTES * 4 // 3 + MAX_FORM_BYTES
V1_0_MAX_BODY_BYTES = V1_0_MAX_IMAGE_BYTES * 4 // 3 + V1_0_MAX_IMAGE_BYTES + MAX_FORM_BYTES
# Django counts base64 text among the fields, and takes a chunked body for as long as the upload gate lets it be. The
# API and the middleware SmallForms hold what is no picture to MAX_FORM_BYTES.
DATA_UPLOAD_MAX_MEMORY_SIZE = max(MAX_BODY_BYTES, V1_0_MAX_BODY_BYTES)
# Photos stay in memory until they are answered: what is larger than Django's 2.5 MB would go to a file otherwise.
FILE_UPLOAD_HANDLERS = ["processing.api.multipart_body.MultipartHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = DATA_UPLOAD_MAX_MEMORY_SIZE
# Some clients of v1.0 stop listening 20 seconds after they have sent a picture.
V1_0_ANSWER_WITHIN_S = env.read_float("V1_0_ANSWER_WITHIN_S", 18.0, minimum=0.1)

# How many proxies of yours stand in front; each appends one address to X-Forwarded-For. A production deployment must
# say so: an explicit 0 means that clients connect directly, unset is an error of `check --deploy`.
TRUSTED_PROXIES = env.read_int("TRUSTED_PROXIES", 0)
IS_TRUSTED_PROXIES_SET = bool(env.read_text("TRUSTED_PROXIES"))
RATE_LIMIT_IPV6_PREFIX = env.read_int("RATE_LIMIT_IPV6_PREFIX", 64, minimum=1, maximum=128)
RATELIMIT_IP_META_KEY = "accounts.addresses.rate_limit_address"
RATELIMIT_FAIL_OPEN = True
# Calls without a valid key, by address. Calls with one are counted by key alone: an office shares one address.
STRANGER_RATE = env.read_rate("STRANGER_RATE", "60/m")
# Previews for people without an account, on the front page.
TRIAL_OPEN = env.read_bool("TRIAL_OPEN", True)
TRIAL_PREVIEWS = env.read_rate("TRIAL_PREVIEWS", "5/d")
TRIAL_PREVIEWS_PER_DAY = env.read_int("TRIAL_PREVIEWS_PER_DAY", 1000)
TRIAL_PREVIEW_SIDE_PX = env.read_int("TRIAL_PREVIEW_SIDE_PX", 512, minimum=32)
# Calls that are free: repetitions under an Idempotency-Key, test calls, v1.0 calls given up at their deadline.
FREE_CALLS_PER_DAY = env.read_int("FREE_CALLS_PER_DAY", 200, minimum=1)
FREE_CALLS_PER_PERSON_PER_DAY = env.read_int("FREE_CALLS_PER_PERSON_PER_DAY", 200, minimum=1)
METRICS_TOKEN = env.read_text("METRICS_TOKEN")

# --- Fetching what callers name --------------------------------------------------------------------------------
# Addresses of pictures are fetched from the public network only (docs/decisions/0005-fetching-what-callers-name.md).
FETCH_DEADLINE_S = env.read_float("FETCH_DEADLINE_S", 10.0, minimum=0.1)
# Of one process; one organization may have a quarter of them (processing/fetch_limit.py).
FETCHES_AT_ONCE = env.read_int("FETCHES_AT_ONCE", 12, minimum=1)
FETCH_PORTS = env.read_ports("FETCH_PORTS", (80, 443))
FETCH_MAX_REDIRECTS = env.read_int("FETCH_MAX_REDIRECTS", 3)
# Networks of the operator's own that may be fetched from although they are not public, or are this server.
FETCH_ALLOWED_NETWORKS = env.read_networks("FETCH_ALLOWED_NETWORKS")

# --- History of results ----------------------------------------------------------------------------------------
# Nothing is kept of an organization that did not turn it on. 0: nobody can.
HISTORY_MOST_HOURS = env.read_int("HISTORY_MOST_HOURS", 24)
# Of one organization; the oldest go first.
HISTORY_MOST_RESULTS = env.read_int("HISTORY_MOST_RESULTS", 500, minimum=1)
HISTORY_MOST_BYTES = env.read_int("HISTORY_MOST_BYTES", 2 * 1024**3, minimum=1024)
# The database is often on the same disk: nothing is kept where less than this would be left.
HISTORY_LEAVES_FREE_BYTES = env.read_int("HISTORY_LEAVES_FREE_BYTES", 1024**3)
HISTORY_WRITES_AT_ONCE = env.read_int("HISTORY_WRITES_AT_ONCE", IMAGE_SLOTS, minimum=1)
