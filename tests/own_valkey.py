"""Gives each worker of xdist a database of its own in the one Valkey, before Django reads it: `-p tests.own_valkey`."""

import os

_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if _worker:
    _server, _, _database = os.environ["REDIS_URL"].rpartition("/")
    os.environ["REDIS_URL"] = f"{_server}/{int(_database) + int(_worker.removeprefix('gw'))}"
