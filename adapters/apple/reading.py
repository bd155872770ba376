"""Stored objects as observations. Pure; meant to run in a thread, several objects at a time.

Not here: fetching them (collection), expansion (series), fields (mapping).
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from adapters.apple import mapping
from adapters.apple.collection import Body
from adapters.apple.ics import UNREADABLE, MalformedError
from adapters.apple.mapping import Owner
from adapters.apple.series import Occurrence, StoredObject
from syncd.model import Absence, Broken, Event, Gone, Observation, Ref, Side, Traits, Window

# How far beyond the window an object without items in it is looked at, so that it need not be fetched each day.
_AHEAD: Final = timedelta(days=31)
_RID: Final = re.compile(r"\d{8}(?:T\d{6}Z)?")


@dataclass(frozen=True, slots=True)
class Look:
    """From where objects are looked at. `zone`: of floating times."""

    collection: str
    zone: str
    owner: Owner
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """What one object holds within a window. `quiet`: a wider window in which it holds nothing either."""

    name: str
    observations: tuple[Observation, ...]
    quiet: Window | None = None


def split(ref: Ref) -> tuple[str, str | None]:
    """File name and original start of a ref; the latter is None for an object that is one item."""
    name, mark, rid = ref.id.rpartition("#")
    return (name, rid) if mark and _RID.fullmatch(rid) else (ref.id, None)


def opened(look: Look, name: str, body: Body) -> StoredObject:
    """The object, parsed. Raises MalformedError, with a reason that holds nobody's text, for whatever it may be."""
    if body.text is None:
        raise MalformedError(body.reason or "it is listed, but not there")
    try:
        return StoredObject(body.text, name, look.zone)
    except UNREADABLE as error:
        raise MalformedError(reason_of(error)) from None


def reason_of(error: Exception) -> str:
    """Why an object cannot be used, without a word of what it says."""
    return str(error) if isinstance(error, MalformedError) else f"it cannot be read ({type(error).__name__})"


def seen(look: Look, batch: Mapping[str, Body], window: Window) -> list[Seen | Broken]:
    """Each object of a batch on its own: what it holds within the window, or why it cannot be read."""
    found: list[Seen | Broken] = []
    for name, body in batch.items():
        try:
            found.append(_seen(look, name, body, window))
        except MalformedError as error:
            found.append(Broken(name, str(error), body.fingerprint, passing=body.passing))
    return found


def _seen(look: Look, name: str, body: Body, window: Window) -> Seen:
    stored = opened(look, name, body)
    try:
        items = stored.within(window)
        if not items:
            return Seen(name, (), quiet=_quiet(stored, window))
        views: dict[int, tuple[Event, Traits]] = {}
        shown = tuple(observation(look, stored, item, body, views) for item in items)
    except UNREADABLE as error:
        raise MalformedError(reason_of(error)) from None
    return Seen(name, shown)


def _quiet(stored: StoredObject, window: Window) -> Window | None:
    wider = Window(window.start, window.end + _AHEAD)
    return None if stored.within(wider) else wider


def sought(look: Look, ref: Ref, stored: StoredObject, body: Body) -> Observation:
    """The item of a ref in its object, wherever it lies in time; GONE when the object does not hold it."""
    try:
        item = stored.find(split(ref)[1])
        if item is not None:
            return dataclasses.replace(observation(look, stored, item, body, {}), ref=ref)
    except UNREADABLE as error:
        return absent(look, ref, Gone.UNKNOWN, reason_of(error))
    return absent(look, ref, Gone.GONE, "listing")


def observation(
    look: Look, stored: StoredObject, item: Occurrence, body: Body, views: dict[int, tuple[Event, Traits]]
) -> Observation:
    """One item as the core sees it. `views` keeps what all occurrences of one VEVENT share."""
    key = id(item.component)
    if key not in views:
        event = mapping.event_from(item.component, item.when, look.owner)
        views[key] = event, mapping.traits_from(item.component, stored.uid, stored.name, look.owner)
    event, traits = views[key]
    if item.rid is not None:
        traits = dataclasses.replace(traits, series=stored.uid, original_start=item.local)
        event = dataclasses.replace(event, when=item.when)
    plain = item.rid is None or item.rid == stored.first
    return Observation(
        side=Side.EXTERNAL,
        ref=Ref(look.collection, stored.name if plain else f"{stored.name}#{item.rid}"),
        event=event,
        seen_at=look.seen_at,
        version=body.etag,
        fingerprint=body.fingerprint,
        traits=traits,
    )


def absent(look: Look, ref: Ref, kind: Gone, evidence: str) -> Observation:
    return Observation(Side.EXTERNAL, ref, Event(), look.seen_at, absence=Absence(kind, evidence, look.seen_at))
