"""One event resource ↔ the fields of the core: texts, times, busy, kind, our mark. Pure.

Not here: requests (client), HTML (markup), what is listed (listing).
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from adapters.google.markup import to_markup, to_text
from adapters.google.refusals import SIDE
from adapters.sights import MalformedError, Resource, View, moment_of
from syncd.errors import Rejected
from syncd.model import (
    UNSEEN,
    AllDay,
    Event,
    Field,
    Kind,
    Mark,
    Observation,
    Side,
    Timed,
    Traits,
    When,
    identical,
    same,
)
from syncd.ports import Draft

LIMITS: Final[Mapping[Field, int]] = {Field.TITLE: 1024, Field.DESCRIPTION: 8000, Field.LOCATION: 1024}
KEY: Final = re.compile(r"[0-9a-v]{5,1024}")
_TEXTS: Final = {Field.TITLE: "summary", Field.DESCRIPTION: "description", Field.LOCATION: "location"}
_NEVER_BUSY: Final = frozenset({"workingLocation", "birthday"})
_HIDDEN: Final = frozenset({"private", "confidential"})
_LETTERS: Final = {"W": Field.WHEN, "T": Field.TITLE, "D": Field.DESCRIPTION, "L": Field.LOCATION, "B": Field.BUSY}
_LONGEST_MARK: Final = 1024  # Google cuts longer values without a word (reference/google.md, 2.5)
_BRIDGE, _KEY, _GENERATION, _DIGEST, _ORIGINAL, _PROVIDER, _OVERRIDDEN = (
    f"syncd{name}" for name in ("Bridge", "Key", "Generation", "Digest", "Original", "Provider", "Overridden")
)


def is_cancelled(resource: Resource) -> bool:
    """Deleted: a tombstone, which may hold its id alone (reference/google.md, 1.5)."""
    return resource.get("status") == "cancelled"


def stands_for_series(resource: Resource) -> bool:
    """A series of which only the instances are items; one that somebody made of an item of ours stays one itself."""
    mark = mark_from(resource)
    return bool(resource.get("recurrence")) and (mark is None or mark.key != resource["id"])


def observation(resource: Resource, view: View) -> Observation:
    """A present event as the core sees it. Raises MalformedError, for whatever it may be."""
    try:
        return Observation(
            side=Side.EXTERNAL,
            ref=view.ref(resource["id"]),
            event=_event(resource, view.zone),
            seen_at=view.seen_at,
            version=resource.get("etag"),
            fingerprint=resource.get("etag"),
            traits=_traits(resource, view),
        )
    except MalformedError:
        raise
    except (AttributeError, KeyError, LookupError, OverflowError, TypeError, ValueError) as error:
        raise MalformedError(f"it cannot be read ({type(error).__name__})") from None


# --- reading ----------------------------------------------------------------------------------------------------------


def _event(resource: Resource, zone: str) -> Event:
    return _texts(resource).put({Field.WHEN: when_from(resource, zone), Field.BUSY: _is_busy(resource)})


def _texts(resource: Resource) -> Event:
    return Event(
        title=resource.get("summary") or None,
        description=to_text(resource.get("description") or "") or None,
        location=resource.get("location") or None,
    )


def when_from(resource: Resource, zone: str) -> When:
    """The interval, by instants or by dates. Raises MalformedError."""
    start, end = resource.get("start") or {}, resource.get("end") or {}
    if "date" in start and "date" in end:
        first, until = date.fromisoformat(start["date"]), date.fromisoformat(end["date"])
        if until <= first:
            raise MalformedError("it ends before it starts")
        return AllDay(first, until)
    if "dateTime" not in start or "dateTime" not in end:
        raise MalformedError("it has no start, or no end of the same kind")
    name = _zone_name(start.get("timeZone"), zone)
    begins, ends = _instant(start, name), _instant(end, name)
    if ends < begins:
        raise MalformedError("it ends before it starts")
    return Timed(begins, ends, name)


def _instant(edge: Mapping[str, Any], zone: str) -> datetime:
    read = datetime.fromisoformat(edge["dateTime"])
    if read.utcoffset() is None:
        read = read.replace(tzinfo=_zone(edge.get("timeZone")) or _zone(zone) or UTC)
    return read.astimezone(UTC)


def _zone_name(named: str | None, home: str) -> str:
    return named if named is not None and _zone(named) is not None else home


@lru_cache(maxsize=512)
def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (LookupError, ValueError, OSError):
        return None


def _is_busy(resource: Resource) -> bool:
    """R18. An invitation that is open or tentative keeps its time; what a person declined does not."""
    if resource.get("eventType") in _NEVER_BUSY or resource.get("transparency") == "transparent":
        return False
    answers = [one.get("responseStatus") for one in resource.get("attendees") or () if one.get("self")]
    return "declined" not in answers


def _traits(resource: Resource, view: View) -> Traits:
    organizer = resource.get("organizer")
    attendees = resource.get("attendees") or ()
    omitted = bool(resource.get("attendeesOmitted"))
    own = not organizer or bool(organizer.get("self"))
    fixed = (
        not view.writable
        or resource.get("eventType", "default") != "default"
        or bool(resource.get("locked"))
        or not own
        or omitted
    )
    return Traits(
        uid=resource.get("iCalUID"),
        group=resource["id"],
        series=resource.get("recurringEventId"),
        original_start=_original_start(resource, view.zone),
        kind=Kind.FIXED if fixed else Kind.ORDINARY,
        own=own,
        private=resource.get("visibility") in _HIDDEN,
        guests=omitted or any(not one.get("self") for one in attendees),
        mark=mark_from(resource),
        created=moment_of(resource.get("created")),
    )


def _original_start(resource: Resource, home: str) -> str | None:
    """Local, as the organiser's clock showed it: the offset of an answer is that of the calendar."""
    original = resource.get("originalStartTime")
    if not original or "recurringEventId" not in resource:
        return None
    if "date" in original:
        return str(original["date"])
    edge = resource.get("start") or {}
    name = _zone_name(original.get("timeZone") or edge.get("timeZone"), home)
    local = _instant(original, name).astimezone(_zone(name) or UTC)
    return local.replace(tzinfo=None).isoformat()


def mark_from(resource: Resource) -> Mark | None:
    """Our mark, as private properties; a copy that a person makes has it too."""
    kept = (resource.get("extendedProperties") or {}).get("private") or {}
    if not kept.get(_BRIDGE) or not kept.get(_KEY):
        return None
    number = kept.get(_GENERATION, "")
    return Mark(
        bridge=kept[_BRIDGE],
        generation=int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 1,
        key=kept[_KEY],
        digest=kept.get(_DIGEST, ""),
        original=kept.get(_ORIGINAL) or None,
        provider=kept.get(_PROVIDER) or None,
        overridden=frozenset(_LETTERS[letter] for letter in kept.get(_OVERRIDDEN, "") if letter in _LETTERS),
    )


# --- writing ----------------------------------------------------------------------------------------------------------


def new_resource(draft: Draft) -> dict[str, Any]:
    """The body of an insert: nobody is invited, nobody is reminded. Raises Rejected for what Google cannot hold."""
    if not KEY.fullmatch(draft.key):
        raise Rejected("the key cannot be the id of an event", side=SIDE, ref=draft.key)
    if draft.event.when is UNSEEN:
        raise Rejected("it has no start", side=SIDE, ref=draft.key)
    resource: dict[str, Any] = {"id": draft.key, "reminders": {"useDefault": False}}
    for field in Field:
        _put(resource, field, draft.event.get(field))
    resource["extendedProperties"] = {"private": properties(draft.mark)}
    return resource


def rewritten(resource: Resource, wanted: Event, mark: Mark | None, shown: Event) -> dict[str, Any] | None:
    """The whole resource with the fields that differ from what it shows, or None when nothing does.

    Everything else of it stays, since an update removes what it leaves out. `mark` replaces ours where it has one.
    """
    changed = dict(resource)
    for field in Field:
        value = wanted.get(field)
        alike = identical if field is Field.WHEN else same
        if value is not UNSEEN and not alike(value, shown.get(field)):
            _put(changed, field, value)
    if mark is not None and mark_from(resource) is not None:
        kept = dict(resource["extendedProperties"])
        others = {name: value for name, value in kept["private"].items() if name not in _OURS}
        changed["extendedProperties"] = {**kept, "private": {**others, **properties(mark)}}
    return None if changed == resource else changed


def kept(written: Event) -> Event:
    """What Google shows of fields as they are written: texts to the letter, times by their instants.

    Not free or busy: an invitation that was declined stays free, whatever is written. Texts are cut as on their way
    out, for a description may not fit once its markup is escaped.
    """
    resource: dict[str, Any] = {}
    for field in Field:
        _put(resource, field, written.get(field))
    shown = _texts(resource).only(name for name in _TEXTS if written.get(name) is not UNSEEN)
    when = written.when
    if isinstance(when, Timed):
        when = Timed(when.start.replace(microsecond=0), when.end.replace(microsecond=0), when.tzid)
    return shown.put({Field.WHEN: when})


def _put(resource: dict[str, Any], field: Field, value: object) -> None:
    if field is Field.WHEN:
        resource.pop("endTimeUnspecified", None)
    if isinstance(value, AllDay):
        resource |= {"start": {"date": value.first.isoformat()}, "end": {"date": value.until.isoformat()}}
    elif isinstance(value, Timed):
        resource |= {"start": _edge(value.start, value.tzid), "end": _edge(value.end, value.tzid)}
    elif field is Field.BUSY:
        resource["transparency"] = "transparent" if value is False else "opaque"
    elif isinstance(value, str) and value:
        limit = LIMITS[field]
        resource[_TEXTS[field]] = to_markup(value, limit) if field is Field.DESCRIPTION else value[:limit]
    elif field in _TEXTS:
        resource.pop(_TEXTS[field], None)


def _edge(moment: datetime, tzid: str) -> dict[str, str]:
    """One end: the offset tells the two hours of a doubled one apart, the zone is what the app shows it in."""
    zone = _zone(tzid)
    local = moment.astimezone(zone or UTC)
    named = {"timeZone": tzid} if zone is not None else {}
    return {"dateTime": local.isoformat(timespec="seconds"), **named}


def properties(mark: Mark) -> dict[str, str]:
    """Our mark as private properties: names within 44 characters, values within 1,024."""
    letters = "".join(letter for letter, field in _LETTERS.items() if field in mark.overridden)
    wanted = {
        _BRIDGE: mark.bridge,
        _KEY: mark.key,
        _GENERATION: str(mark.generation),
        _DIGEST: mark.digest,
        _ORIGINAL: mark.original or "",
        _PROVIDER: mark.provider or "",
        _OVERRIDDEN: letters,
    }
    return {name: value for name, value in wanted.items() if value and len(value) <= _LONGEST_MARK}


_OURS: Final = frozenset({_BRIDGE, _KEY, _GENERATION, _DIGEST, _ORIGINAL, _PROVIDER, _OVERRIDDEN})
