"""What the store knows beside the observations of an item, asked for many items at once.

Not here: which items a plan is made from (workload).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import ColumnElement, Table, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.model import (
    Connection,
    Decision,
    Field,
    FieldWrite,
    Item,
    LinkState,
    Overrides,
    Quarantine,
    Ref,
    Side,
)
from syncd.ports import WriteState
from syncd.store.overrides import by_series, resolved
from syncd.store.rows import TEXTS_BY_NAME, item_name, quarantine_of
from syncd.store.statements import AtRefs, at_refs, rows_at, rows_named
from syncd.store.tables import history, hold, link, quarantine, write

Place = tuple[Side, Ref]


def _about(table: Table) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.connection == bindparam("owner"), table.c.item.in_(bindparam("names"))


_DECISIONS: Final = select(hold.c.item, hold.c.action, hold.c.decision).where(*_about(hold))
_FAILURES: Final = select(quarantine).where(*_about(quarantine))
_RECENT: Final = (
    select(history.c.item, history.c.side, history.c.fields, history.c.at)
    .where(*_about(history), history.c.at > bindparam("since"))
    .where(history.c.side.is_not(None), history.c.fields != "{}")
    .order_by(history.c.id)
)
_FROZEN: Final = select(write.c.item).where(
    write.c.connection == bindparam("owner"), write.c.state == WriteState.OPEN.value
)
_EXPORTS: Final = at_refs(
    select(link.c.wix_collection, link.c.wix_ref, func.count(link.c.connection.distinct()).label("number"))
    .where(link.c.state == LinkState.LIVE.value, link.c.origin == Side.WIX.value)
    .group_by(link.c.wix_collection, link.c.wix_ref),
    link.c.wix_collection,
    link.c.wix_ref,
)
_GENERATIONS: Final = at_refs(
    select(link.c.original_collection, link.c.original_ref, func.max(link.c.generation).label("highest"))
    .where(link.c.origin == bindparam("origin"))
    .group_by(link.c.original_collection, link.c.original_ref),
    link.c.original_collection,
    link.c.original_ref,
)
_OTHER: Final = link.alias("other")
_SAME: Final = (
    (_OTHER.c.origin == link.c.origin)
    & (_OTHER.c.original_collection == link.c.original_collection)
    & (_OTHER.c.original_ref == link.c.original_ref)
)
_GENERATIONS_BY_LINK: Final = (
    select(link.c.id, func.max(_OTHER.c.generation).label("highest"))
    .join(_OTHER, _SAME)
    .where(link.c.id.in_(bindparam("names")))
    .group_by(link.c.id)
)


async def facts_of(
    connection: AsyncConnection, owner: Connection, items: Sequence[Item], since: datetime
) -> Callable[[Item], Item]:
    """A function that fills in what is known of any of these items; `since` bounds their recent writes."""
    names = list(dict.fromkeys(name for item in items for name in names_of(item)))
    places = {side: list(dict.fromkeys(ref for item in items for ref in _refs(item, side))) for side in Side}
    decided = await _decisions(connection, owner.id, names)
    failed = await _failures(connection, owner.id, names)
    written = await _recent(connection, owner.id, names, since)
    frozen = await _frozen(connection, owner.id)
    elsewhere = await _made_elsewhere(connection, owner.id, places.items())
    named = [item.wix.ref for item in items if item.wix]
    exported = await _exports(connection, dict.fromkeys([*places[Side.WIX], *named]))
    generations = await _generations(connection, places.items())
    by_link = await _generations_by_link(connection, [item.link.id for item in items if item.link])
    shown = await _overrides(connection, owner.site, items)

    def fill(item: Item) -> Item:
        own = names_of(item)
        at = [(side, ref) for side in Side for ref in _refs(item, side)]
        session = item.wix.ref if item.wix else next((ref for side, ref in at if side is Side.WIX), None)
        made = [by_link.get(item.link.id, 0)] if item.link else [generations.get(place, 0) for place in at]
        return replace(
            item,
            overrides=shown.get(session, Overrides()) if session else Overrides(),
            exported_by=exported.get(session, 0) if session else 0,
            decisions={key: value for name in own for key, value in decided.get(name, {}).items()},
            quarantine={key: value for name in own for key, value in failed.get(name, {}).items()},
            recent=tuple(sorted((entry for name in own for entry in written.get(name, ())), key=_when)),
            generations=max(made, default=0),
            frozen=any(name in frozen for name in own),
            linked_elsewhere=any(place in elsewhere for place in at),
        )

    return fill


def _when(entry: FieldWrite) -> datetime:
    return entry.at


def names_of(item: Item) -> list[str]:
    """How rows about an item may name it: by its link, or, from before it had one, by either side."""
    names = [item_name(side, ref) for side in Side for ref in _refs(item, side)]
    return [item.link.id, *names] if item.link else names


def _refs(item: Item, side: Side) -> list[Ref]:
    if item.link is not None:
        ref = item.link.refs[side]
        return [] if ref is None else [ref]
    if side is Side.WIX and item.external is not None:
        return []  # the session there is only the one that the event's mark names
    seen = item.at(side)
    return [seen.ref] if seen else [entry.ref for entry in item.pending if entry.side is side]


async def _decisions(connection: AsyncConnection, owner: str, names: Iterable[str]) -> dict[str, dict[str, Decision]]:
    found: dict[str, dict[str, Decision]] = {}
    for row in await rows_named(connection, _DECISIONS, names, {"owner": owner}):
        found.setdefault(row["item"], {})[row["action"]] = Decision(row["decision"])
    return found


async def _failures(connection: AsyncConnection, owner: str, names: Iterable[str]) -> dict[str, dict[str, Quarantine]]:
    found: dict[str, dict[str, Quarantine]] = {}
    for row in await rows_named(connection, _FAILURES, names, {"owner": owner}):
        found.setdefault(row["item"], {})[row["action"]] = quarantine_of(row)
    return found


async def _recent(
    connection: AsyncConnection, owner: str, names: Iterable[str], since: datetime
) -> dict[str, list[FieldWrite]]:
    found: dict[str, list[FieldWrite]] = {}
    for row in await rows_named(connection, _RECENT, names, {"owner": owner, "since": since}):
        side, at = Side(row["side"]), row["at"]
        texts = TEXTS_BY_NAME.load(row["fields"])
        found.setdefault(row["item"], []).extend(
            FieldWrite(side, Field(name), value, at) for name, value in texts.items()
        )
    return found


async def _frozen(connection: AsyncConnection, owner: str) -> set[str]:
    return set((await connection.execute(_FROZEN, {"owner": owner})).scalars())


async def _made_elsewhere(
    connection: AsyncConnection, owner: str, places: Iterable[tuple[Side, Sequence[Ref]]]
) -> set[Place]:
    found = set()
    for side, refs in places:
        rows = await rows_at(connection, _made_by_others(side), refs, {"owner": owner})
        found |= {(side, Ref(*row.values())) for row in rows}
    return found


@cache
def _made_by_others(side: Side) -> AtRefs:
    columns = (link.c[f"{side.value}_collection"], link.c[f"{side.value}_ref"])
    alive = (link.c.connection != bindparam("owner"), link.c.state == LinkState.LIVE.value)
    return at_refs(select(*columns).where(*alive, link.c[f"{side.value}_made"]), *columns)


async def _exports(connection: AsyncConnection, sessions: Iterable[Ref]) -> dict[Ref, int]:
    """By how many connections each session is exported."""
    rows = await rows_at(connection, _EXPORTS, sessions)
    return {Ref(row["wix_collection"], row["wix_ref"]): row["number"] for row in rows}


async def _generations(connection: AsyncConnection, places: Iterable[tuple[Side, Sequence[Ref]]]) -> dict[Place, int]:
    """The highest generation of any link, tombstones too, that any connection ever had for an original.

    A key that was used once is spent: some sides answer it with what they made first, cancelled or not.
    """
    found = {}
    for side, refs in places:
        for row in await rows_at(connection, _GENERATIONS, refs, {"origin": side.value}):
            found[side, Ref(row["original_collection"], row["original_ref"])] = row["highest"]
    return found


async def _generations_by_link(connection: AsyncConnection, links: Sequence[str]) -> dict[str, int]:
    """The same by link, for one whose original has no ref any more."""
    return {row["id"]: row["highest"] for row in await rows_named(connection, _GENERATIONS_BY_LINK, links)}


async def _overrides(connection: AsyncConnection, site: str, items: Iterable[Item]) -> dict[Ref, Overrides]:
    sessions = {
        seen.ref: (by_series(seen.traits.series, seen.traits.original_start), seen.traits.home)
        for item in items
        if (seen := item.wix) is not None
    }
    return await resolved(connection, site, sessions)
