"""Canonical fields, keys and digests, and the lens between what a session is and what is shown of it. Pure.

Not here: deciding what to write (plan), provider formats (adapters).
"""

import base64
import dataclasses
import hashlib
import json
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from syncd.model import (
    FIELDS,
    TEXTS,
    UNSEEN,
    AllDay,
    Connection,
    Event,
    Field,
    Kind,
    Link,
    Mark,
    Observation,
    Overrides,
    Ref,
    ScheduleKind,
    Side,
    Text,
    Timed,
    Value,
    instants,
    same,
)

BUSY = "Busy"
_NONE = Overrides()
_KEPT_CONTROLS = {"\n", "\t"}


def clean_text(text: Text) -> Text:
    """Text as it is compared: composed (NFC), `\\n` line ends, no control characters, no outer blanks; empty → None."""
    if not isinstance(text, str):
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in lines if c in _KEPT_CONTROLS or unicodedata.category(c) != "Cc")
    return unicodedata.normalize("NFC", kept).strip() or None


def clean(event: Event) -> Event:
    """An event with its texts in canonical form. Repeating it changes nothing."""
    texts = {Field.TITLE: event.title, Field.DESCRIPTION: event.description, Field.LOCATION: event.location}
    return event.put({name: clean_text(text) for name, text in texts.items()})


def mask(seen: Observation, details: str) -> Observation:
    """An item of outside origin as it may be stored (R17): private ones keep their time alone.

    `details`: `import_details` of the policy; "title" drops description and location, "busy" the title too.
    """
    hidden: Mapping[Field, Value] = {}
    if seen.traits.private or details == "busy":
        hidden = {Field.TITLE: BUSY, Field.DESCRIPTION: None, Field.LOCATION: None}
    elif details == "title":
        hidden = {Field.DESCRIPTION: None, Field.LOCATION: None}
    traits = dataclasses.replace(seen.traits, masked=frozenset(hidden))
    return dataclasses.replace(seen, event=seen.event.put(hidden), traits=traits)


def canonical(seen: Observation) -> Observation:
    """An observation with clean texts."""
    return dataclasses.replace(seen, event=clean(seen.event))


def shown(event: Event, overrides: Overrides, description: str = "notes") -> Event:
    """The projection of a session: what the outside is to show (R8). `description` is the policy of that name."""
    if description != "override_only" and overrides == _NONE:
        return event
    own = {Field.TITLE: event.title, Field.DESCRIPTION: event.description}
    if description == "override_only":
        own[Field.DESCRIPTION] = None
    values: dict[Field, Value] = dict(own)
    for name in own:
        over = overrides.shown(name)
        if over is not None:
            values[name] = clean_text(over)
    return event.put(values)


def is_overridden(name: Field, overrides: Overrides, description: str = "notes") -> bool:
    """Whether a field is shown from an override, so that an edit of it outside belongs to the override (R8)."""
    return overrides.shown(name) is not None or (name is Field.DESCRIPTION and description == "override_only")


def fit(event: Event, limits: Mapping[Field, int]) -> Event:
    """An event whose texts are no longer than a side can hold."""
    return event.put({name: fit_value(name, event.get(name), limits) for name in TEXTS})


def fit_value(name: Field, value: Value, limits: Mapping[Field, int]) -> Value:
    """One value cut to what a side can hold, without trailing blanks; other values as they are."""
    limit = limits.get(name)
    if isinstance(value, str) and limit is not None and len(value) > limit:
        return value[:limit].rstrip()
    return value


def holds_in_part(value: Value, fuller: Value) -> bool:
    """Whether `value` is `fuller` cut short, as by a side with a shorter limit, or with whole minutes only (R10)."""
    if isinstance(value, Timed) and isinstance(fuller, Timed):
        return not same(value, fuller) and instants(value) == minutes(fuller)
    return isinstance(value, str) and isinstance(fuller, str) and value != fuller and fuller.startswith(value)


def same_words(left: Value, right: Value) -> bool:
    """Whether two texts have the same words in the same order, as where a side folds blanks or lines."""
    return isinstance(left, str) and isinstance(right, str) and left.split() == right.split()


def minutes(when: Timed) -> tuple[datetime, datetime]:
    """Start and end, in UTC, as a side keeps them that knows whole minutes only."""
    start, end = (moment.replace(second=0, microsecond=0) for moment in instants(when))
    return start, end


def covers(connection: Connection, seen: Observation) -> bool:
    """Whether a session concerns a connection (DESIGN 2, "what a connection covers")."""
    schedule = connection.schedule
    if seen.traits.kind is Kind.WORKING_HOURS:
        return False
    if schedule.kind is ScheduleKind.BUSINESS:
        return True
    traits, resource = seen.traits, schedule.resource
    if traits.home == schedule.id or schedule.id in traits.schedules:
        return True
    return bool(resource) and (traits.home == resource or resource in traits.schedules)


def collection_of(connection: Connection, calendar: str) -> str:
    """The collection under which an external calendar's items are known: the same after a loss of the database,

    unique among all accounts (R19), and free of addresses (some providers call a calendar by its owner's address).
    """
    return _collection(connection.provider, connection.identity, calendar)


def imported_from(connection: Connection) -> frozenset[str]:
    """The collections that a connection imports from."""
    return _collections(connection.provider, connection.identity, connection.config.calendars or ())


@lru_cache(maxsize=1024)
def _collections(provider: str, identity: str, calendars: tuple[str, ...]) -> frozenset[str]:
    return frozenset(_collection(provider, identity, calendar) for calendar in calendars)


@lru_cache(maxsize=4096)
def _collection(provider: str, identity: str, calendar: str) -> str:
    return _digest({"account": [provider, identity], "calendar": calendar}, 16)


def original_id(side: Side, ref: Ref) -> str:
    """How an original is named in keys and marks: a session by its id, an external event with its calendar."""
    return ref.id if side is Side.WIX else str(ref)


def key_of(bridge: str, schedule: str, original: str, generation: int) -> str:
    """The key of a copy: 32 characters of 0-9a-v, the same whatever happened to the database (DESIGN 4)."""
    text = "\x1f".join((bridge, schedule, original, str(generation)))
    return base64.b32hexencode(hashlib.sha256(text.encode()).digest()[:20]).decode().lower()


def lies_at(key: str, seen: Observation) -> bool:
    """Whether an item that bears a key is the one made under it, where the key gives the id (R13a)."""
    return seen.traits.uid is None or is_made_under(key, seen)


def is_made_under(key: str, seen: Observation) -> bool:
    """Whether an item that bears a key says itself that it was made under it; a person's duplicate never does (R25)."""
    return seen.traits.uid is not None and seen.traits.uid.startswith(key)


def calendar_key(bridge: str, schedule: str, generation: int) -> str:
    """The key of a dedicated calendar; its URL or name derives from it."""
    return key_of(bridge, schedule, "calendar", generation)


def fields_digest(event: Event) -> str:
    """Digest of the fields of an event as a mark carries it: unseen fields left out, times by their instants."""
    values = {name.value: _plain(value) for name in FIELDS if (value := event.get(name)) is not UNSEEN}
    return _digest(values, 16)


def value_digest(value: Value) -> str:
    """Digest of one field's value, times by their instants (R5a, R32)."""
    return _digest({"value": _plain(value)}, 12)


_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _digest(value: object, length: int) -> str:
    return hashlib.sha256(_ENCODER.encode(value).encode()).hexdigest()[:length]


def _plain(value: Value) -> object:
    if isinstance(value, Timed):
        return [moment.isoformat() for moment in instants(value)]
    if isinstance(value, AllDay):
        return [value.first.isoformat(), value.until.isoformat()]
    return value


def mark_for(link: Link, blank: Mark, event: Event, overridden: frozenset[Field]) -> Mark:
    """The mark of a copy that is about to be written with these fields. `blank` gives bridge, key and provider."""
    original = link.refs[link.origin]
    name = original.id if original is not None and link.origin is Side.WIX else None
    digest = fields_digest(event)
    return Mark(blank.bridge, link.generation, blank.key, digest, name, blank.provider, overridden)
