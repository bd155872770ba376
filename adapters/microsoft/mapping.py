"""One event resource → the fields of the core: texts, times, busy, kind. Pure.

Not here: requests (client), our mark and what is written (drafts, bodies), what is listed (listing, series).
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from adapters.microsoft.bodies import is_online
from adapters.microsoft.drafts import mark_from
from adapters.microsoft.zones import UTC as UTC_NAME
from adapters.microsoft.zones import from_graph
from adapters.sights import MalformedError, Resource, View, moment_of
from syncd.model import UNSEEN, AllDay, Event, Kind, Observation, Side, Text, Timed, Traits, Unseen, When

ETAG: Final = "@odata.etag"
REMOVED: Final = "@removed"
TRANSACTION: Final = "transactionId"
MASTER: Final = "seriesMaster"
_PARTS: Final = frozenset({"occurrence", "exception"})
_TYPES: Final = frozenset({"singleInstance", MASTER, *_PARTS})
_HIDDEN: Final = frozenset({"private", "confidential"})
# A line that Outlook draws before, and after, the way into an online meeting.
_RULE: Final = re.compile(r"[ \t]*_{20,}[ \t]*")
_FRACTION: Final = re.compile(r"\.(\d{6})\d+")
# What an occurrence does not have from its series: it has its own, or none.
_OWN: Final = frozenset(
    {"id", "type", "start", "end", "recurrence", "iCalUId", "uid", "seriesMasterId", "originalStart", "occurrenceId"}
    | {"cancelledOccurrences", "exceptionOccurrences", "transactionId", "changeKey", "isCancelled", ETAG}
)


def version_of(resource: Resource) -> str | None:
    """The ETag, for preconditions; it holds the change key (reference/microsoft.md, 2.3)."""
    told = resource.get(ETAG)
    if isinstance(told, str) and told:
        return told
    key = resource.get("changeKey")
    return f'W/"{key}"' if isinstance(key, str) and key else None


def series_of(resource: Resource) -> str | None:
    """The id of the series that it is an occurrence of, an edited one too."""
    named = resource.get("seriesMasterId")
    return named if isinstance(named, str) and named and resource.get("type") != MASTER else None


def is_cancelled(resource: Resource) -> bool:
    """Called off by its organiser, and still lying there."""
    return bool(resource.get("isCancelled"))


def is_slim(resource: Resource) -> bool:
    """An occurrence as delta shows it: when it is, and what it belongs to (reference/microsoft.md, 1.3)."""
    return series_of(resource) is not None and "subject" not in resource


def filled(resource: Resource, master: Resource | None) -> Resource:
    """A slim occurrence with what it has from its series, as far as that is known."""
    if master is None or not is_slim(resource):
        return resource
    return {**{name: value for name, value in master.items() if name not in _OWN}, **resource}


def observation(resource: Resource, view: View, fingerprint: str | None = None) -> Observation:
    """A present event as the core sees it. Raises MalformedError, for whatever it may be.

    `fingerprint`: of the whole group that it was read with; of an event by itself it is the version.
    """
    try:
        version = version_of(resource)
        return Observation(
            side=Side.EXTERNAL,
            ref=view.ref(resource["id"]),
            event=_event(resource, view.zone),
            seen_at=view.seen_at,
            version=version,
            fingerprint=fingerprint or (version if _is_alone(resource) else None),
            traits=_traits(resource, view),
        )
    except MalformedError:
        raise
    except (AttributeError, KeyError, LookupError, OverflowError, TypeError, ValueError) as error:
        raise MalformedError(f"it cannot be read ({type(error).__name__})") from None


def _is_alone(resource: Resource) -> bool:
    return series_of(resource) is None and resource.get("type") != MASTER


def _event(resource: Resource, zone: str) -> Event:
    location = resource.get("location", UNSEEN)
    return Event(
        when=when_from(resource, zone),
        title=_text(resource.get("subject", UNSEEN)),
        description=description(resource),
        location=UNSEEN if location is UNSEEN else _text((location or {}).get("displayName")),
        busy=_is_busy(resource),
    )


def _text(value: object) -> Text:
    if isinstance(value, Unseen) or value is None:
        return value
    if isinstance(value, str):
        return value or None
    raise MalformedError("a text of it is none")


def description(resource: Resource) -> Text:
    """What a person has written: without the way into an online meeting, which is the provider's own.

    Markup says nothing here: plain text was asked for, and an answer that leaves it out is no empty text.
    """
    body = resource.get("body", UNSEEN)
    if body is UNSEEN or (isinstance(body, Mapping) and str(body.get("contentType", "")).casefold() == "html"):
        return UNSEEN
    text = _text((body or {}).get("content"))
    if not isinstance(text, str):
        return text
    lines = text.replace("\r\n", "\n").split("\n")
    if is_online(resource):
        lines = _without_way_in(lines)
    return "\n".join(lines).strip() or None


def _without_way_in(lines: list[str]) -> list[str]:
    rules = [at for at, line in enumerate(lines) if _RULE.fullmatch(line)]
    if not rules:
        return lines
    first, last = rules[0], rules[-1] if len(rules) > 1 else len(lines)
    between = lines[first : last + 1]
    return lines if not any("http" in line for line in between) else lines[:first] + lines[last + 1 :]


def when_from(resource: Resource, zone: str) -> When:
    """The interval, by instants or by dates. Raises MalformedError."""
    start, end = resource.get("start") or {}, resource.get("end") or {}
    if resource.get("isAllDay"):
        first, until = _day(start), _day(end)
        if until <= first:
            raise MalformedError("it ends before it starts")
        return AllDay(first, until)
    begins, ends = _instant(start), _instant(end)
    if ends < begins:
        raise MalformedError("it ends before it starts")
    named = _zone_name(resource, zone)
    # Single events are written in UTC, which says nothing of where they are (bodies).
    return Timed(begins, ends, zone if named == UTC_NAME and series_of(resource) is None else named)


def _day(edge: Mapping[str, Any]) -> date:
    """The date part alone, whatever zone stands beside it (reference/microsoft.md, 2.5)."""
    return date.fromisoformat(str(edge["dateTime"])[:10])


def _instant(edge: Mapping[str, Any]) -> datetime:
    """Times are told without an offset, in a zone beside them: UTC, as it was asked for."""
    read = datetime.fromisoformat(_FRACTION.sub(r".\1", edge["dateTime"]))
    if read.utcoffset() is None:
        name = from_graph(edge.get("timeZone") or "UTC")
        if name is None:
            raise MalformedError("its time is in a zone that nobody knows")
        read = read.replace(tzinfo=_zone(name))
    return read.astimezone(UTC)


def _zone_name(resource: Resource, home: str) -> str:
    """The zone that its organiser chose."""
    return from_graph(resource.get("originalStartTimeZone") or "") or home


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return ZoneInfo("UTC")


def _is_busy(resource: Resource) -> bool | Unseen:
    """R18. An invitation that is open or tentative keeps its time; what a person declined does not."""
    if "showAs" not in resource:
        return UNSEEN
    answer = resource.get("responseStatus") or {}
    return resource["showAs"] != "free" and answer.get("response") != "declined"


def _traits(resource: Resource, view: View) -> Traits:
    """Each occurrence has a UID of its own, which delta does not tell; that of a copy of ours says nothing of its key.

    What was made under a key has that as its transaction id; a person's duplicate bears the mark without it.
    """
    series, mark = series_of(resource), mark_from(resource)
    own = resource.get("isOrganizer") is not False
    fixed = not view.writable or not own or resource.get("type", "singleInstance") not in _TYPES
    return Traits(
        uid=None if series is not None else _told(resource, TRANSACTION if mark is not None else "iCalUId"),
        group=series or resource["id"],
        series=series,
        original_start=None if series is None else _original_start(resource, view.zone),
        kind=Kind.FIXED if fixed else Kind.ORDINARY,
        own=own,
        private=resource.get("sensitivity") in _HIDDEN,
        guests=_has_guests(resource),
        mark=mark,
        created=moment_of(resource.get("createdDateTime")),
    )


def _told(resource: Resource, name: str) -> str | None:
    told = resource.get(name)
    return told if isinstance(told, str) and told else None


def _has_guests(resource: Resource) -> bool:
    organizer = _address(resource.get("organizer") or {})
    return any(_address(one) != organizer or not organizer for one in resource.get("attendees") or ())


def _address(person: Mapping[str, Any]) -> str:
    return str((person.get("emailAddress") or {}).get("address") or "").casefold()


def _original_start(resource: Resource, home: str) -> str | None:
    """Local, as the organiser's clock showed it; an occurrence that was not edited lies where it always did."""
    told = resource.get("originalStart")
    begins = _utc(told) if told else None
    if resource.get("isAllDay"):
        if begins is None:
            return _day(resource.get("start") or {}).isoformat()
        is_midnight = begins.time() == time(0)  # dates are told as midnights in UTC
        return (begins if is_midnight else begins.astimezone(_zone(_zone_name(resource, home)))).date().isoformat()
    begins = begins or _instant(resource.get("start") or {})
    return begins.astimezone(_zone(_zone_name(resource, home))).replace(tzinfo=None).isoformat()


def _utc(text: str) -> datetime:
    read = datetime.fromisoformat(_FRACTION.sub(r".\1", text))
    return (read if read.utcoffset() is not None else read.replace(tzinfo=UTC)).astimezone(UTC)
