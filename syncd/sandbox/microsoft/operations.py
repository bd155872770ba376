"""The operations of Graph v1.0 that are simulated: their routes, and the permissions that allow them.

A route without a calendar means the default calendar or, for one event, the whole mailbox. `/users/{user}` stands for
`/me` when the user is the caller. Not here: what the operations do (`routes.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

VERSION: Final = "v1.0"
BATCH_PATH: Final = f"/{VERSION}/$batch"

_READ: Final = frozenset(
    {"Calendars.Read", "Calendars.ReadWrite", "Calendars.Read.Shared", "Calendars.ReadWrite.Shared"}
)
_WRITE: Final = frozenset({"Calendars.ReadWrite", "Calendars.ReadWrite.Shared"})
_PERSON: Final = frozenset({"User.Read", "User.ReadWrite"})
_SETTINGS: Final = frozenset({"MailboxSettings.Read", "MailboxSettings.ReadWrite"})

_MAILBOXES: Final = ("me", "users/{user}")
_CALENDARS: Final = ("", "calendar/", "calendars/{calendar}/")
_DELTAS: Final = tuple(f"calendarView/{prefix}delta{end}" for prefix in ("", "microsoft.graph.") for end in ("", "()"))


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked. `id` is short: `events.create`."""

    id: str
    http_method: str
    routes: tuple[tuple[str, ...], ...]
    scopes: frozenset[str]

    @property
    def write(self) -> bool:
        """Whether it changes calendars or events."""
        return self.scopes == _WRITE


def _of_mailbox(name: str, http_method: str, paths: Sequence[str], scopes: frozenset[str]) -> Operation:
    routes = tuple(tuple(f"{mailbox}/{path}".strip("/").split("/")) for mailbox in _MAILBOXES for path in paths)
    return Operation(name, http_method, routes, scopes)


def _below(path: str) -> tuple[str, ...]:
    """A path below every spelling of a calendar."""
    return tuple(calendar + path for calendar in _CALENDARS)


_CALENDAR: Final = ("calendar", "calendars/{calendar}")
_SUBSCRIPTION: Final = (("subscriptions", "{subscription}"),)

OPERATIONS: Final = (
    _of_mailbox("me.get", "GET", ("",), _PERSON),
    _of_mailbox("mailboxSettings.get", "GET", ("mailboxSettings",), _SETTINGS),
    _of_mailbox("translateExchangeIds", "POST", ("translateExchangeIds",), _PERSON),
    _of_mailbox("calendars.list", "GET", ("calendars",), _READ),
    _of_mailbox("calendars.create", "POST", ("calendars",), _WRITE),
    _of_mailbox("calendars.get", "GET", _CALENDAR, _READ),
    _of_mailbox("calendars.update", "PATCH", _CALENDAR, _WRITE),
    _of_mailbox("calendars.delete", "DELETE", _CALENDAR[1:], _WRITE),
    _of_mailbox("calendarView.list", "GET", _below("calendarView"), _READ),
    _of_mailbox("calendarView.delta", "GET", tuple(path for end in _DELTAS for path in _below(end)), _READ),
    _of_mailbox("events.list", "GET", _below("events"), _READ),
    _of_mailbox("events.create", "POST", _below("events"), _WRITE),
    _of_mailbox("events.get", "GET", _below("events/{event}"), _READ),
    _of_mailbox("events.update", "PATCH", _below("events/{event}"), _WRITE),
    _of_mailbox("events.delete", "DELETE", _below("events/{event}"), _WRITE),
    _of_mailbox("events.instances", "GET", _below("events/{event}/instances"), _READ),
    _of_mailbox("events.calendar", "GET", _below("events/{event}/calendar"), _READ),
    Operation("subscriptions.list", "GET", (("subscriptions",),), _READ),
    Operation("subscriptions.create", "POST", (("subscriptions",),), _READ),
    Operation("subscriptions.get", "GET", _SUBSCRIPTION, _READ),
    Operation("subscriptions.update", "PATCH", _SUBSCRIPTION, _READ),
    Operation("subscriptions.delete", "DELETE", _SUBSCRIPTION, _READ),
)


def find_operation(http_method: str, raw_path: str) -> tuple[Operation, Mapping[str, str]] | None:
    """The operation of a request and its decoded path parameters: calendar, event, user, subscription."""
    for operation, found in _fitting(raw_path):
        if operation.http_method == http_method:
            return operation, found
    return None


def methods_of(raw_path: str) -> tuple[str, ...]:
    """The HTTP methods that this path has; none for a path that is unknown."""
    return tuple(dict.fromkeys(operation.http_method for operation, _ in _fitting(raw_path)))


def segments(raw_path: str) -> list[str] | None:
    """The decoded segments below the version; None for a path that is not below it."""
    first, *rest = [unquote(part) for part in raw_path.strip("/").split("/")]
    return rest if first.casefold() == VERSION else None


def _fitting(raw_path: str) -> Iterator[tuple[Operation, Mapping[str, str]]]:
    parts = segments(raw_path)
    if parts is None:
        return
    for operation in OPERATIONS:
        for route in operation.routes:
            if len(route) == len(parts):
                found = _matched(route, parts)
                if found is not None:
                    yield operation, found
                    break


def _matched(route: Sequence[str], parts: Sequence[str]) -> dict[str, str] | None:
    """Names in a path are read in any case, ids are not."""
    found = {}
    for wanted, have in zip(route, parts, strict=True):
        if wanted.startswith("{") and have:
            found[wanted[1:-1]] = have
        elif wanted.casefold() != have.casefold():
            return None
    return found
