"""Log lines: one event with keys on standard error, as JSON or for a person's eyes.

Keys that could hold people's text are left out whatever a caller passes, and what libraries have to say is reduced to
where they said it. Not here: who logs what (apply, cycle), alerts, metrics.
"""

import logging
import os
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO, cast

import structlog

from syncd.model import Connection, Status

LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

# Whoever logs one of these has made a mistake; the line must not repeat it.
_PEOPLES: Final = frozenset(
    {"title", "description", "location", "notes", "summary", "subject", "body", "address", "email", "name", "password"}
    | {"secret", "token", "credentials", "authorization", "url", "headers", "content"}
    | {"exc_info", "exception", "stack_info"}
)
_QUIET: Final = ("caldav", "httpx", "httpcore", "h11", "urllib3", "sqlalchemy", "aiosqlite", "psycopg", "alembic")

Line = MutableMapping[str, Any]


def set_up(output: str = "json", level: str = "info", stream: TextIO | None = None) -> None:
    """Send log lines of `level` and above to `stream`, standard error unless given. May be repeated: the last counts.

    `output`: "json" or "console".
    """
    target = sys.stderr if stream is None else stream
    shape: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if output == "console":
        shape = structlog.dev.ConsoleRenderer(colors=target.isatty(), sort_keys=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_text,
            event_first,
            shape,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, Steady(target))),
        cache_logger_on_first_use=False,
    )
    _quieten()


class Steady:
    """A stream that nobody need read: a pass goes on when its log has no reader, or no room, any more."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except (OSError, ValueError):
            quiet(self._stream)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError):
            quiet(self._stream)


def quiet(stream: TextIO) -> None:
    """What is written to the stream from here on goes nowhere, also what it still holds when the process ends."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # no stream of the system, or one that was closed
        return


def logger() -> Any:
    """The logger of syncd: `logger().info("written", connection=…, run=…, side=…)`, keys only."""
    return structlog.get_logger()


def log_stop(run: str, before: Connection, after: Connection) -> None:
    """One line at `error` when a connection has just gone wrong, with its reason; none while it stays so."""
    bad = after.status in (Status.ERROR, Status.DISCONNECTED) and not after.disconnecting
    if bad and (after.status, after.reason) != (before.status, before.reason):
        reason = after.reason.value if after.reason else None
        logger().error("connection stopped", connection=after.id, run=run, status=after.status.value, reason=reason)


def without_text(_logger: object, _method: str, line: Line) -> Line:
    """The line without keys that could hold people's text; their names stay, so that the mistake is found."""
    withheld = sorted(_PEOPLES & line.keys())
    for key in withheld:
        del line[key]
    if withheld:
        line["withheld"] = withheld
    return line


def event_first(_logger: object, _method: str, line: Line) -> Line:
    """The same line, led by what a reader looks for."""
    return {"event": line.pop("event", ""), **line}


class _Libraries(logging.Handler):
    """A warning of a library becomes one line that says where it came from: its text may quote anything."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] in _QUIET:
            return
        log = logger()
        say = log.error if record.levelno >= logging.ERROR else log.warning
        say("library", library=record.name, place=f"{record.module}:{record.lineno}")


def _quieten() -> None:
    """Libraries reach the log by `_Libraries` alone, and those that quote requests and rows not at all."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Libraries)]:
        root.removeHandler(handler)
    root.addHandler(_Libraries(logging.WARNING))
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
