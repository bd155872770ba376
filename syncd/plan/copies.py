"""The making of a copy: its key, mark, link and fields, whatever rule asks for it. Pure.

Not here: whether it is to be made (linked, fresh).
"""

from dataclasses import replace

from syncd.model import (
    Connection,
    Create,
    Event,
    Field,
    Former,
    Link,
    LinkState,
    Mark,
    Pair,
    Rule,
    Side,
    digest_of,
)
from syncd.normalise import BUSY, fit, key_of, mark_for, original_id
from syncd.plan.view import View


def link_id(connection: Connection, side: Side, original: str, generation: int) -> str:
    """The id of a link, the same in a dry run and in the pass that follows."""
    return digest_of({"connection": connection.id, "side": side, "original": original, "generation": generation}, 20)


def make_copy(view: View, side: Side, why: Rule, *, ordered: bool = False) -> Create:
    """Make (or make again) the copy on `side` of the original on the other side, under the next generation."""
    origin = side.other
    original = view.seen(origin)
    name = original_id(origin, original.ref)
    old = view.item.link
    generation = max(old.generation if old else 0, view.item.generations) + 1
    event = complete(view.shows(origin))
    link = _link(view, side, name, generation)
    key = key_of(view.policy.bridge, view.connection.schedule.id, name, generation)
    written = fit(event, view.policy.limits[side])
    provider = view.connection.provider if side is Side.WIX else None
    hidden = view.hidden if origin is Side.WIX else frozenset[Field]()
    return Create(
        item=view.name,
        side=side,
        calendar=target_of(view, side),
        event=event,
        key=key,
        mark=mark_for(link, Mark(view.policy.bridge, generation, key, "", provider=provider), written, hidden),
        link=link,
        why=why,
        seen=original.fingerprint or original.version,
        ordered=ordered,
    )


def _link(view: View, side: Side, original: str, generation: int) -> Link:
    origin, old = side.other, view.item.link
    seen = view.seen(origin)
    if old is None:
        old = Link(
            id=link_id(view.connection, origin, original, generation),
            connection=view.connection.id,
            origin=origin,
            refs=Pair.of(origin, seen.ref, None),
        )
    return replace(
        old,
        refs=Pair.of(origin, seen.ref, None),
        bases=Pair.of(origin, view.shows(origin), Event()),
        made=old.made.put(side, True),
        generation=generation,
        state=LinkState.LIVE,
        former=_former(view, side),
        adrift=(),
    )


def _former(view: View, side: Side) -> Former | None:
    """The copy in the calendar used before, when the new one goes elsewhere (R30)."""
    old, seen = view.item.link, view.item.at(side)
    if side is Side.WIX:
        return None  # a block that lies elsewhere now was moved there by a person
    if old is None or seen is None or seen.absence is not None or not old.made[side]:
        return old.former if old is not None else None
    return Former(seen.ref, seen.version)


def target_of(view: View, side: Side) -> str | None:
    """The collection a copy is made in."""
    return view.target if side is Side.EXTERNAL else view.connection.site


def complete(event: Event) -> Event:
    """An event as it can be created anywhere: with a title, busy unless said otherwise."""
    return event.put(
        {Field.TITLE: event.title if isinstance(event.title, str) else BUSY, Field.BUSY: event.busy is not False}
    )
