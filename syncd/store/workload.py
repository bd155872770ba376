"""Everything one plan is made from, in a few queries whatever the number of items.

Not here: what is decided about it (plan), how it came to be stored (commit, observations).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.model import Connection, Item, Link, LinkState, Observation, Ref, Side, Window, Workload
from syncd.store.facts import facts_of
from syncd.store.links import calendars_of, existing
from syncd.store.marks import named_session, with_marks
from syncd.store.observations import observed
from syncd.store.rows import item_name, link_of, match_key, observation_of, pending_of
from syncd.store.statements import AtRefs, at_refs, rows_at, rows_named, rows_of
from syncd.store.tables import ITEMS, external_event, history, link, pending

MOST_NEIGHBOURS: Final = 20_000
_DAY: Final = timedelta(hours=24)
_FIRST_CLAIM: Final = (LinkState.LIVE, LinkState.DISMISSED)
_PENDING: Final = select(pending).where(pending.c.connection == bindparam("owner"))
_MARKED: Final = at_refs(
    select(external_event).where(external_event.c.mark_key.is_not(None)),
    external_event.c.collection,
    external_event.c.ref,
)


async def workload(connection: AsyncConnection, name: str, now: datetime, window: Window) -> Workload:
    owner = await existing(connection, name)
    items = await pending_items(connection, name)
    if not items:
        return Workload(owner, ())  # an idle pass counts nothing
    linked = await _count_live(connection, name, window)
    deleted = await _count_deletions(connection, name, now - _DAY)
    bare = await _with_observations(connection, items)
    near = await with_marks(connection, owner, await _neighbours(connection, owner, bare))
    bare = await with_marks(connection, owner, bare)
    fill = await facts_of(connection, owner, [*bare, *near], now - _DAY)
    return Workload(
        owner,
        tuple(fill(item) for item in bare),
        tuple(fill(item) for item in near),
        linked=linked,
        deleted_24h=deleted,
    )


async def _count_live(connection: AsyncConnection, owner: str, window: Window) -> int:
    """Live links with at least one item that has not ended before the window."""
    number: int = (await connection.execute(_live(), {"owner": owner, "start": window.start})).scalar_one()
    return number


@cache
def _live() -> Select[Any]:
    going = or_(*[_goes_on(side) for side in Side])
    mine = (link.c.connection == bindparam("owner"), link.c.state == LinkState.LIVE.value)
    return select(func.count()).select_from(link).where(*mine, going)


def _goes_on(side: Side) -> ColumnElement[bool]:
    table = ITEMS[side]
    return exists().where(
        table.c.collection == link.c[f"{side.value}_collection"],
        table.c.ref == link.c[f"{side.value}_ref"],
        table.c.ends_at > bindparam("start"),
    )


async def _count_deletions(connection: AsyncConnection, owner: str, since: datetime) -> int:
    """Acts, not rows: one act on a series counts once (R15). A row without an act is its own."""
    number: int = (await connection.execute(_deletions(), {"owner": owner, "since": since})).scalar_one()
    return number


@cache
def _deletions() -> Select[Any]:
    act = case((history.c.act == "", cast(history.c.id, String)), else_=history.c.act)
    mine = (history.c.connection == bindparam("owner"), history.c.at > bindparam("since"), history.c.counts)
    return select(func.count(act.distinct())).where(*mine)


async def pending_items(connection: AsyncConnection, owner: str) -> list[Item]:
    """One item for each pending thing: a link with all its pending rows, or one side without a link."""
    rows = await rows_of(connection, _PENDING, {"owner": owner})
    waiting = sorted((pending_of(row) for row in rows), key=lambda entry: (entry.side, entry.ref))
    claims = await _claims(connection, owner) if waiting else {}
    found: dict[str, Item] = {}
    for entry in waiting:
        claim = claims.get((entry.side, entry.ref))
        key = claim.id if claim else item_name(entry.side, entry.ref)
        item = found.get(key) or Item(link=claim)
        found[key] = replace(item, pending=(*item.pending, entry))
    return [item for _, item in sorted(found.items())]


async def _claims(connection: AsyncConnection, owner: str) -> dict[tuple[Side, Ref], Link]:
    """The link of each pending ref that has one; a live one before the others."""
    links: dict[str, Link] = {}
    for side in Side:
        links |= {row["id"]: link_of(row) for row in await rows_of(connection, _pending_on(side), {"owner": owner})}
    # The first claim is entered last.
    ordered = sorted(links.values(), key=lambda entry: (_FIRST_CLAIM.index(entry.state), entry.id), reverse=True)
    return {(side, ref): entry for entry in ordered for side in Side if (ref := entry.refs[side]) is not None}


@cache
def _pending_on(side: Side) -> Select[Any]:
    """The links whose item on one side is pending."""
    there = and_(
        pending.c.connection == link.c.connection,
        pending.c.side == side.value,
        pending.c.collection == link.c[f"{side.value}_collection"],
        pending.c.ref == link.c[f"{side.value}_ref"],
    )
    mine = (link.c.connection == bindparam("owner"), link.c.state != LinkState.TOMBSTONE.value)
    return select(link).join(pending, there).where(*mine)


def ref_on(item: Item, side: Side) -> Ref | None:
    """Where an item lies on a side: by its link, or by what is pending of it."""
    if item.link is not None:
        return item.link.refs[side]
    return next((entry.ref for entry in item.pending if entry.side is side), None)


def _refs_on(items: Iterable[Item], side: Side) -> list[Ref]:
    return [ref for item in items if (ref := ref_on(item, side)) is not None]


async def _with_observations(connection: AsyncConnection, items: Sequence[Item]) -> list[Item]:
    seen = {side: await observed(connection, side, _refs_on(items, side)) for side in Side}

    def at(item: Item, side: Side) -> Observation | None:
        ref = ref_on(item, side)
        return None if ref is None else seen[side].get(ref)

    places = [item.link.former.ref for item in items if item.link is not None and item.link.former is not None]
    former = await observed(connection, Side.EXTERNAL, places)

    def filled(item: Item) -> Item:
        left = item.link.former if item.link is not None else None
        return replace(
            item,
            wix=at(item, Side.WIX),
            external=at(item, Side.EXTERNAL),
            former=former.get(left.ref) if left is not None else None,
        )

    return [filled(item) for item in items]


async def unsettled(connection: AsyncConnection, owner: str) -> list[tuple[Side, Ref]]:
    """Of pending items, both sides of a link among them: what is absent or was never seen.

    So are sessions that the mark of an unlinked copy names (R25).
    """
    items = await pending_items(connection, owner)
    wanted = {side: _refs_on(items, side) for side in Side}
    wanted[Side.WIX] += await _named_sessions(connection, owner, items)
    found = []
    for side, refs in wanted.items():
        rows = await rows_at(connection, _present(ITEMS[side]), refs)
        present = {Ref(row["collection"], row["ref"]) for row in rows}
        found += [(side, ref) for ref in dict.fromkeys(refs) if ref not in present]
    return found


@cache
def _present(table: Table) -> AtRefs:
    columns = (table.c.collection, table.c.ref)
    return at_refs(select(*columns).where(table.c.gone.is_(None)), *columns)


async def _named_sessions(connection: AsyncConnection, owner: str, items: Sequence[Item]) -> list[Ref]:
    site = (await existing(connection, owner)).site
    refs = _refs_on((item for item in items if item.link is None), Side.EXTERNAL)
    rows = await rows_at(connection, _MARKED, refs)
    seen = [Item(external=observation_of(Side.EXTERNAL, row)) for row in rows]
    return [ref for item in seen if (ref := named_session(item, site)) is not None]


async def _neighbours(connection: AsyncConnection, owner: Connection, items: Sequence[Item]) -> list[Item]:
    """Items that are not pending and that no link claims, but that a pending one may adopt (R13) or match (R31)."""
    found: list[Item] = []
    for side in Side:
        keys, lacking = _wanted(items, side)
        if not keys and not lacking:
            continue
        collections = [owner.site] if side is Side.WIX else await calendars_of(connection, owner)
        seen = await _free(connection, side, (owner.id, collections), keys, lacking)
        found += [Item(wix=entry) if side is Side.WIX else Item(external=entry) for entry in seen]
    return found[:MOST_NEIGHBOURS]


def _wanted(items: Sequence[Item], side: Side) -> tuple[list[str], bool]:
    """Match keys to look for on a side, and whether marked items are wanted: something there lacks its pair."""
    keys: dict[str, None] = {}
    lacking = False
    for item in items:
        there, here = item.at(side.other), item.at(side)
        is_gone = here is not None and here.absence is not None
        is_missing = there is not None and there.absence is None and (here is None or is_gone)
        lacking = lacking or is_missing or item.link is None
        wanted = [there] if is_missing else []
        wanted += [here] if is_gone and item.link is not None else []
        keys |= {key: None for entry in wanted if entry and (key := match_key(entry.event)) is not None}
    return list(keys), lacking


async def _free(
    connection: AsyncConnection, side: Side, place: tuple[str, Sequence[str]], keys: Sequence[str], marked: bool
) -> list[Observation]:
    owner, collections = place
    values = {"owner": owner, "collections": collections}
    rows = await rows_named(connection, _free_of(side, by_mark=False), keys, values)
    if marked:
        rows += await rows_of(connection, _free_of(side, by_mark=True), values)
    seen = {(row["collection"], row["ref"]): row for row in rows}
    return [observation_of(side, row) for _, row in sorted(seen.items(), key=lambda entry: entry[0])]


@cache
def _free_of(side: Side, *, by_mark: bool) -> Select[Any]:
    table = ITEMS[side]
    wanted = table.c.mark_key.is_not(None) if by_mark else table.c.match_key.in_(bindparam("names"))
    return (
        select(table)
        .where(table.c.collection.in_(bindparam("collections")), table.c.gone.is_(None), wanted)
        .where(~_is_claimed(table, side), ~_is_pending(table, side))
        .order_by(table.c.collection, table.c.ref)  # of too many always the same
        .limit(MOST_NEIGHBOURS)
    )


def _is_claimed(table: Table, side: Side) -> ColumnElement[bool]:
    """Whether the connection's own links name the item, or a live link of any other made it."""
    mine = and_(link.c.connection == bindparam("owner"), link.c.state != LinkState.TOMBSTONE.value)
    made = and_(link.c.state == LinkState.LIVE.value, link.c[f"{side.value}_made"])
    return exists().where(
        link.c[f"{side.value}_collection"] == table.c.collection,
        link.c[f"{side.value}_ref"] == table.c.ref,
        or_(mine, made),
    )


def _is_pending(table: Table, side: Side) -> ColumnElement[bool]:
    return exists().where(
        pending.c.connection == bindparam("owner"),
        pending.c.side == side.value,
        pending.c.collection == table.c.collection,
        pending.c.ref == table.c.ref,
    )
