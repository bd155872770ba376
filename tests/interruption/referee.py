"""Whether both sides are equal, told from what lies there, the links and the overrides alone.

Nothing of the planner is asked. Not here: when an installation is at rest, and what its right end is (lives).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from syncd.model import FIELDS, UNSEEN, Event, Field, Link, LinkState, Override, Ref, Side, Timed, Value, same
from tests.interruption.hands import SITE, Lying

UNTITLED: Final = "Busy"
_NOTHING: Final = Override()


def unequal(
    lying: Sequence[Lying], links: Iterable[Link], overrides: Mapping[Ref, Override], excused: Collection[str]
) -> list[str]:
    """What is wrong between the sides; empty when every pair shows the same.

    `overrides`: of sessions. `excused`: what the store says is held, quarantined or listed, by link id or by side and
    ref; such an item, and the one that it is linked with, may show anything.
    """
    there = {one.ref: one for one in lying}
    living = [link for link in links if link.state is LinkState.LIVE]
    strict = [link for link in living if not _is_excused(link, excused)]
    wrong = [
        f"a link leads to nothing: {ref.id}"
        for link in strict
        for ref in (link.refs.wix, link.refs.external)
        if ref is not None and ref not in there
    ]
    for link in strict:
        session, event = link.refs.wix, link.refs.external
        if session in there and event in there:
            wrong += _differences(link, there[session], there[event], overrides.get(session, _NOTHING))
    return [*wrong, *_doubled(living)]


def _is_excused(link: Link, excused: Collection[str]) -> bool:
    return not {link.id, f"{Side.WIX}|{link.refs.wix}", f"{Side.EXTERNAL}|{link.refs.external}"}.isdisjoint(excused)


def _differences(link: Link, session: Lying, event: Lying, override: Override) -> Iterable[str]:
    """The fields that differ in one pair.

    Two items that people made are paired as they are (R13): there a field may differ until one side changes it.
    """
    inside, outside = projected(session.event, override), event.event
    if link.origin is Side.EXTERNAL:
        outside = masked(outside) if event.private else outside
        outside = replace(outside, title=outside.title or UNTITLED)
    for name in Field:
        left, right = (in_minutes(shown.get(name)) for shown in (inside, outside))
        if not same(left, right) and not _is_as_adopted(link, session, event, name):
            yield f"{name} differs: {left!r} inside, {right!r} outside"


def _is_as_adopted(link: Link, session: Lying, event: Lying, name: Field) -> bool:
    """Whether neither side of an adopted pair has changed a field since."""
    untouched = same(session.event.get(name), link.bases.wix.get(name))
    untouched = untouched and same(event.event.get(name), link.bases.external.get(name))
    return untouched and not (link.made.wix or link.made.external)


def in_minutes(value: Value) -> Value:
    """A time as the site can hold it (reference/wix.md, 3.1); any other value as it is."""
    if not isinstance(value, Timed):
        return value
    start, end = (moment.replace(second=0, microsecond=0) for moment in (value.start, value.end))
    return Timed(start, end, value.tzid)


def projected(event: Event, override: Override) -> Event:
    """A session as it is shown outside (R8)."""
    title = event.title if override.title is None else override.title
    description = event.description if override.description is None else override.description
    return replace(event, title=title or UNTITLED, description=description or None)


def masked(event: Event) -> Event:
    """A private event as it is shown at the site (R17)."""
    return replace(event, title=UNTITLED, description=None, location=None)


def amiss(lying: Sequence[Lying], ends: Iterable[tuple[str, Event]]) -> list[str]:
    """What lies nowhere in a place where it should; compared in the fields that it shows."""

    def lies(place: str, event: Event) -> bool:
        shown = [name for name in FIELDS if event.get(name) is not UNSEEN]
        there = [one.event for one in lying if one.place == place]
        return any(all(same(one.get(name), event.get(name)) for name in shown) for one in there)

    return [f"not in {place}: {event}" for place, event in ends if not lies(place, event)]


def betrayed(secret: Iterable[str], lying: Iterable[Lying], stored: str) -> list[str]:
    """Which texts that must not leave their calendar the store holds, or the site shows (R17)."""
    shown = " ".join(repr(one.event) for one in lying if one.place == SITE)
    return [f"{text} was stored" for text in secret if text in stored] + [
        f"{text} is at the site" for text in secret if text in shown
    ]


def _doubled(links: Iterable[Link]) -> list[str]:
    """Items that one connection links twice."""
    counts = Counter((link.connection, ref) for link in links for ref in (link.refs.wix, link.refs.external) if ref)
    return [f"linked twice: {ref.id}" for (_, ref), count in counts.items() if count > 1]


def strays(lying: Iterable[Lying], links: Iterable[Link], excused: Collection[str]) -> list[Lying]:
    """What bears our mark and belongs to no link."""
    linked = {
        ref for link in links if link.state is not LinkState.TOMBSTONE for ref in (link.refs.wix, link.refs.external)
    }
    return [one for one in lying if one.ours and one.ref not in linked and _name(one) not in excused]


def _name(one: Lying) -> str:
    return f"{Side.WIX if one.place == SITE else Side.EXTERNAL}|{one.ref}"
