"""Fields of the core as the JSON that Graph takes, for a new event and for a change. Pure.

Not here: our mark (drafts), reading (mapping), sending (writing).
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from adapters.microsoft.refusals import SIDE
from adapters.microsoft.zones import from_graph, to_graph
from syncd.errors import Rejected
from syncd.model import UNSEEN, AllDay, Event, Field, Timed, Value, same

Body: TypeAlias = dict[str, Any]
# What the server takes is not documented; 255 is what Outlook's own subjects hold (reference/microsoft.md, 2.5).
LIMITS: Final[Mapping[Field, int]] = {Field.TITLE: 255, Field.DESCRIPTION: 8000, Field.LOCATION: 255}
_SURE: Final = 100  # characters of a text that surely comes back as it was sent
_UTC: Final = "UTC"
_SINGLE: Final = "singleInstance"


def put(body: Body, field: Field, value: Value, home: str) -> None:
    """One field with a value, as a new event has it: hours in UTC, days as midnights at `home`, an IANA name."""
    if isinstance(value, AllDay):
        body |= {"isAllDay": True, **_midnights(value, home)}
    elif isinstance(value, Timed):
        body |= {"isAllDay": False, **_hours(value, _UTC)}
    elif field is Field.BUSY:
        body["showAs"] = "free" if value is False else "busy"
    elif field in LIMITS:
        _put_text(body, field, value if isinstance(value, str) else "")


def changes(row: Mapping[str, Any], wanted: Event, shown: Event, home: str) -> Body:
    """The properties that a PATCH has to send, {} when the event shows everything already.

    `row`: the event as it was read. Raises Rejected for what must not be written.
    """
    body: Body = {}
    for field in Field:
        value = wanted.get(field)
        if value is UNSEEN or same(_normal(value), _normal(shown.get(field))):
            continue
        if field is Field.DESCRIPTION and is_online(row):
            text = "its text holds the way into its online meeting, and is never written"
            raise Rejected(text, side=SIDE, ref=str(row.get("id", "")))
        if field is Field.WHEN:
            _move(body, row, value, home)
        else:
            put(body, field, value, home)
    return body


def kept(written: Event) -> Event:
    """What Microsoft shows of fields as they are written: times by their instants, plain subjects and places.

    Not those that are long or hold unusual characters: what it takes is not documented, and a text that it cuts or
    cleans would look like somebody's edit. Not descriptions, which are stored as HTML and told as text; not free or
    busy, which an answer of the owner decides.
    """
    texts = {name: written.get(name) for name in (Field.TITLE, Field.LOCATION)}
    return Event(when=written.when).put({name: value for name, value in texts.items() if _is_plain(value)})


def _is_plain(value: Value) -> bool:
    """Whether no service that stores texts at all would change it."""
    return not isinstance(value, str) or (len(value) <= _SURE and value.isprintable())


def is_online(row: Mapping[str, Any]) -> bool:
    """Whether the way into a meeting stands in its text, and nowhere else (reference/microsoft.md, 2.1)."""
    return any(row.get(name) for name in ("isOnlineMeeting", "onlineMeeting", "onlineMeetingUrl"))


def _put_text(body: Body, field: Field, text: str) -> None:
    """Empty texts are sent as such: whether null clears a property is not known (reference/microsoft.md, 2.5)."""
    cut = text[: LIMITS[field]]
    if field is Field.TITLE:
        body["subject"] = cut
    elif field is Field.DESCRIPTION:
        body["body"] = {"contentType": "text", "content": cut}
    else:
        body["location"] = {"displayName": cut}


def _move(body: Body, row: Mapping[str, Any], value: Value, home: str) -> None:
    """Another time: of a series, or of one occurrence, in the zone of the series, else in UTC."""
    if isinstance(value, Timed):
        zone = row.get("originalStartTimeZone") if row.get("type") != _SINGLE else None
        times = {"isAllDay": False, **_hours(value, zone if isinstance(zone, str) else _UTC)}
    elif isinstance(value, AllDay):
        times = {"isAllDay": True, **_midnights(value, home)}
    else:
        return
    if times["isAllDay"] is row.get("isAllDay"):
        del times["isAllDay"]
    body |= times


def _hours(when: Timed, named: str) -> dict[str, Any]:
    """Both ends in a zone by the name that Graph has for it, where that tells them apart from any other instant."""
    name = from_graph(named)
    zone = ZoneInfo(name) if name is not None else None
    ends = (when.start, when.end)
    if zone is None or any(_local(end, zone).replace(tzinfo=zone).astimezone(UTC) != end for end in ends):
        named, zone = _UTC, ZoneInfo(_UTC)  # the second one of a doubled hour has no local name of its own
    return {"start": _edge(_local(when.start, zone), named), "end": _edge(_local(when.end, zone), named)}


def _midnights(when: AllDay, home: str) -> dict[str, Any]:
    """Days float; they are sent as those of the place where they are looked at, which no app shows a day off."""
    named = to_graph(home) or _UTC
    return {"start": _edge(_midnight(when.first), named), "end": _edge(_midnight(when.until), named)}


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _edge(local: datetime, named: str) -> dict[str, str]:
    return {"dateTime": f"{local:%Y-%m-%dT%H:%M:%S.%f}0", "timeZone": named}


def _normal(value: Value) -> Value:
    """Text as it is compared: what a server makes of line ends and trailing blanks is no difference."""
    if not isinstance(value, str):
        return value
    lines = value.replace("\r\n", "\n").replace("\xa0", " ").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip() or None
