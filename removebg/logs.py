"""Log lines: a fixed event name and its varying fields, as JSON."""

import json
import logging
import time

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_NOT_LOGGED = frozenset({"request"})


class LineFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, event, then whatever `extra` held."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line.update(
            (name, value) for name, value in vars(record).items() if name not in _STANDARD and name not in _NOT_LOGGED
        )
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class OnlyCrashes(logging.Filter):
    """Lets a record through if it tells of an exception."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether there is a traceback."""
        return bool(record.exc_info)
