"""The items of both sides: storing what was observed with the versions it replaces, and finding it again.

Not here: which of it is pending (commit), links (links), plans' material (workload).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.model import LinkState, Observation, Ref, Side, Traits, Window
from syncd.ports import Stored
from syncd.store.rows import Row, observation_of, observation_row, ref_row
from syncd.store.statements import AtRefs, at_refs, chunks, pairs_of, remove, rows_at, rows_named, take_numbers, upsert
from syncd.store.tables import ITEMS, link, superseded

KEPT_VERSIONS: Final = 20

_AT: Final = tuple(superseded.c[name] == bindparam(f"at_{name}") for name in ("side", "collection", "ref"))
_FORGOTTEN: Final = delete(superseded).where(*_AT)
_VERSION_FORGOTTEN: Final = _FORGOTTEN.where(superseded.c.version == bindparam("at_version"))
_FORMER: Final = at_refs(
    select(superseded).where(superseded.c.side == bindparam("side")).order_by(superseded.c.number),
    superseded.c.collection,
    superseded.c.ref,
)
_RANK: Final = func.row_number().over(partition_by=superseded.c.ref, order_by=superseded.c.number.desc()).label("rank")
_RANKED: Final = at_refs(
    select(superseded.c.collection, superseded.c.ref, superseded.c.version, _RANK).where(
        superseded.c.side == bindparam("side")
    ),
    superseded.c.collection,
    superseded.c.ref,
).subquery()
_OUTDATED: Final = AtRefs(select(_RANKED).where(_RANKED.c.rank > KEPT_VERSIONS))


async def put(connection: AsyncConnection, observations: Sequence[Observation]) -> None:
    """Store what was observed; a version that is replaced is remembered as superseded."""
    for side in Side:
        mine = [observation for observation in observations if observation.side is side]
        if mine:
            await _put(connection, side, mine)


async def _put(connection: AsyncConnection, side: Side, observations: Sequence[Observation]) -> None:
    table = ITEMS[side]
    versions = await _versions(connection, table, [observation.ref for observation in observations])
    absent = [observation.ref for observation in observations if observation.absence is not None]
    known = await observed(connection, side, absent)
    rows: dict[Ref, Row] = {}
    replaced: dict[tuple[Ref, str], None] = {}
    for observation in observations:
        kept = _kept(observation, known.get(observation.ref))
        former = versions.get(kept.ref)
        if former is not None and former != kept.version:
            replaced[kept.ref, former] = None
        if kept.version is not None:
            replaced.pop((kept.ref, kept.version), None)
        versions[kept.ref], known[kept.ref] = kept.version, kept
        rows[kept.ref] = observation_row(kept)
    await upsert(connection, table, list(rows.values()), keep=("written_at",))
    current = {ref: version for ref, version in versions.items() if version is not None}
    await _supersede(connection, side, list(replaced), current)


def _kept(observation: Observation, older: Observation | None) -> Observation:
    """An absence says little of the item: what it leaves open stays as it was seen last."""
    if observation.absence is None or older is None:
        return observation
    return replace(
        observation,
        event=observation.event.over(older.event),
        version=older.version if observation.version is None else observation.version,
        fingerprint=older.fingerprint if observation.fingerprint is None else observation.fingerprint,
        sequence=older.sequence if observation.sequence is None else observation.sequence,
        traits=older.traits if observation.traits == Traits() else observation.traits,
    )


async def _versions(connection: AsyncConnection, table: Table, refs: Iterable[Ref]) -> dict[Ref, str | None]:
    rows = await rows_at(connection, _locked(table), refs)
    return {Ref(row["collection"], row["ref"]): row["version"] for row in rows}


@cache
def _locked(table: Table) -> AtRefs:
    statement = select(table.c.collection, table.c.ref, table.c.version).order_by(table.c.ref).with_for_update()
    return at_refs(statement, table.c.collection, table.c.ref)


async def _supersede(
    connection: AsyncConnection, side: Side, replaced: Sequence[tuple[Ref, str]], current: Mapping[Ref, str]
) -> None:
    if not replaced:
        return
    first = await take_numbers(connection, len(replaced))
    rows = [
        {**ref_row(side, ref), "version": version, "number": number}
        for number, (ref, version) in enumerate(replaced, first)
    ]
    await upsert(connection, superseded, rows)
    refs = list(dict.fromkeys(ref for ref, _ in replaced))
    back = [_at(side, ref) | {"at_version": current[ref]} for ref in refs if ref in current]
    if back:
        await connection.execute(_VERSION_FORGOTTEN, back)
    await _trim(connection, side, refs)


async def _trim(connection: AsyncConnection, side: Side, refs: Iterable[Ref]) -> None:
    """Forget all but the newest superseded versions of these items."""
    old = await rows_at(connection, _OUTDATED, refs, {"side": side.value})
    if old:
        keys = [_at(side, Ref(row["collection"], row["ref"])) | {"at_version": row["version"]} for row in old]
        await connection.execute(_VERSION_FORGOTTEN, keys)


def _at(side: Side, ref: Ref) -> Row:
    return {f"at_{name}": part for name, part in ref_row(side, ref).items()}


async def forget(connection: AsyncConnection, forgotten: Sequence[tuple[Side, Ref]]) -> None:
    for side in Side:
        refs = sorted(ref for where, ref in forgotten if where is side)
        if refs:
            await remove(connection, ITEMS[side], ("collection", "ref"), [(ref.collection, ref.id) for ref in refs])
            await connection.execute(_FORGOTTEN, [_at(side, ref) for ref in refs])


async def mark_written(connection: AsyncConnection, wrote: Sequence[tuple[Side, Ref, datetime]]) -> None:
    for side in Side:
        keys = [
            {"at_collection": ref.collection, "at_ref": ref.id, "moment": at}
            for where, ref, at in sorted(wrote)
            if where is side
        ]
        if keys:
            await connection.execute(_written(ITEMS[side]), keys)


@cache
def _written(table: Table) -> Update:
    mine = (table.c.collection == bindparam("at_collection"), table.c.ref == bindparam("at_ref"))
    return update(table).where(*mine).values(written_at=bindparam("moment"))


async def observed(connection: AsyncConnection, side: Side, refs: Iterable[Ref]) -> dict[Ref, Observation]:
    """What is stored of these items; one that is not stored is missing in the answer."""
    seen = [observation_of(side, row) for row in await rows_at(connection, _items(ITEMS[side]), refs)]
    return {observation.ref: observation for observation in seen}


@cache
def _items(table: Table) -> AtRefs:
    return at_refs(select(table), table.c.collection, table.c.ref)


async def stored(connection: AsyncConnection, side: Side, refs: Sequence[Ref]) -> dict[Ref, Stored]:
    former: dict[Ref, list[str]] = {}
    for row in await rows_at(connection, _FORMER, refs, {"side": side.value}):
        former.setdefault(Ref(row["collection"], row["ref"]), []).append(row["version"])
    found = {}
    for row in await rows_at(connection, _items(ITEMS[side]), refs):
        ref = Ref(row["collection"], row["ref"])
        found[ref] = Stored(observation_of(side, row), row["written_at"], tuple(former.get(ref, ())))
    return found


async def fingerprints(
    connection: AsyncConnection, side: Side, collection: str, groups: Collection[str] | None, singles: bool
) -> dict[str, str | None]:
    statement, given = _fingerprints(ITEMS[side], singles), {"in_collection": collection}
    if groups is None:
        return pairs_of(await connection.execute(statement, given))
    found: dict[str, str | None] = {}
    some = _fingerprints(ITEMS[side], singles, some=True)
    for chunk in chunks(dict.fromkeys(groups)):
        found |= pairs_of(await connection.execute(some, given | {"groups": chunk}))
    return found


@cache
def _fingerprints(table: Table, singles: bool, some: bool = False) -> Select[Any]:
    lowest, highest = func.min(table.c.fingerprint), func.max(table.c.fingerprint)
    agreed = and_(lowest == highest, func.count(table.c.fingerprint) == func.count())
    if singles:
        agreed = and_(agreed, func.count(table.c.series) == 0)
    statement = select(table.c.group_key, case((agreed, lowest))).where(
        table.c.collection == bindparam("in_collection"), table.c.gone.is_(None)
    )
    if some:
        statement = statement.where(table.c.group_key.in_(bindparam("groups", expanding=True)))
    return statement.group_by(table.c.group_key)


async def in_groups(
    connection: AsyncConnection, side: Side, collection: str, groups: Sequence[str]
) -> list[Observation]:
    found = await rows_named(connection, _grouped(ITEMS[side]), dict.fromkeys(groups), {"collection": collection})
    return [observation_of(side, row) for row in found]


@cache
def _grouped(table: Table) -> Select[Any]:
    mine = (table.c.collection == bindparam("collection"), table.c.group_key.in_(bindparam("names")))
    return select(table).where(*mine).order_by(table.c.ref)


async def expected(
    connection: AsyncConnection, side: Side, collection: str, window: Window, among: Iterable[str]
) -> list[str]:
    given = {"in_collection": collection, "window_start": window.start, "window_end": window.end}
    found: set[str] = set()
    for chunk in chunks(dict.fromkeys(among)):
        found |= set((await connection.execute(_expected(side), given | {"groups": chunk})).scalars())
    return sorted(found)


@cache
def _expected(side: Side) -> Select[Any]:
    table = ITEMS[side]
    followed = exists().where(
        link.c.state == LinkState.LIVE.value,
        link.c[f"{side.value}_collection"] == table.c.collection,
        link.c[f"{side.value}_ref"] == table.c.ref,
    )
    start, end = (
        bindparam("window_start", type_=table.c.ends_at.type),
        bindparam("window_end", type_=table.c.ends_at.type),
    )
    awaited = or_(table.c.starts_at.is_(None), _meets(table, start, end), and_(table.c.ends_at > start, followed))
    mine = (
        table.c.collection == bindparam("in_collection"),
        table.c.group_key.in_(bindparam("groups", expanding=True)),
    )
    return select(table.c.group_key).where(*mine, table.c.gone.is_(None), awaited).distinct()


async def entering(
    connection: AsyncConnection, side: Side, collection: str, old: Window | None, new: Window
) -> list[Ref]:
    values = {"collection": collection, "new_start": new.start, "new_end": new.end}
    if old is not None:
        values |= {"old_start": old.start, "old_end": old.end}
    found = await connection.execute(_entering(ITEMS[side], old is not None), values)
    return [Ref(collection, name) for name in found.scalars()]


@cache
def _entering(table: Table, leaving: bool) -> Select[Any]:
    statement = (
        select(table.c.ref)
        .where(table.c.collection == bindparam("collection"), table.c.gone.is_(None))
        .where(_meets(table, bindparam("new_start"), bindparam("new_end")))
        .order_by(table.c.starts_at, table.c.ref)
    )
    return statement.where(~_meets(table, bindparam("old_start"), bindparam("old_end"))) if leaving else statement


def _meets(table: Table, start: Any, end: Any) -> ColumnElement[bool]:
    """Window.meets in SQL."""
    first, last = table.c.starts_at, table.c.ends_at
    return and_(first < end, or_(last > start, and_(first == last, first >= start)))
