"""The items of both sides: storing what was observed with the versions it replaces, and finding it again.

Not here: which of it is pending (commit), links (links), plans' material (workload).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, RowMapping, Table, and_, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.model import LinkState, Observation, Ref, Side, Traits, Window
from syncd.ports import Stored
from syncd.store.rows import Row, observation_of, observation_row, ref_row
from syncd.store.statements import by_collection, chunks, pairs_of, rows_at, rows_of, take_numbers, upsert
from syncd.store.tables import ITEMS, link, superseded

KEPT_VERSIONS: Final = 20


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
    statement = select(table.c.collection, table.c.ref, table.c.version).order_by(table.c.ref).with_for_update()
    rows = await rows_at(connection, statement, (table.c.collection, table.c.ref), refs)
    return {Ref(row["collection"], row["ref"]): row["version"] for row in rows}


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
        chosen = (*_superseded_of(), superseded.c.version == bindparam("at_version"))
        await connection.execute(delete(superseded).where(*chosen), back)
    await _trim(connection, side, refs)


async def _trim(connection: AsyncConnection, side: Side, refs: Iterable[Ref]) -> None:
    """Forget all but the newest superseded versions of these items."""
    rank = func.row_number().over(partition_by=superseded.c.ref, order_by=superseded.c.number.desc()).label("rank")
    columns = (superseded.c.collection, superseded.c.ref, superseded.c.version, rank)
    for collection, ids in by_collection(refs):
        mine = (superseded.c.side == side.value, superseded.c.collection == collection, superseded.c.ref.in_(ids))
        ranked = select(*columns).where(*mine).subquery()
        old = await rows_of(connection, select(ranked).where(ranked.c.rank > KEPT_VERSIONS))
        if old:
            keys = [_at(side, Ref(collection, row["ref"])) | {"at_version": row["version"]} for row in old]
            chosen = (*_superseded_of(), superseded.c.version == bindparam("at_version"))
            await connection.execute(delete(superseded).where(*chosen), keys)


def _at(side: Side, ref: Ref) -> Row:
    return {f"at_{name}": part for name, part in ref_row(side, ref).items()}


def _superseded_of() -> tuple[ColumnElement[bool], ...]:
    return tuple(superseded.c[name] == bindparam(f"at_{name}") for name in ("side", "collection", "ref"))


async def forget(connection: AsyncConnection, forgotten: Sequence[tuple[Side, Ref]]) -> None:
    for side in Side:
        keys = sorted(
            (_at(side, ref) for where, ref in forgotten if where is side), key=lambda key: tuple(key.values())
        )
        if keys:
            table = ITEMS[side]
            mine = (table.c.collection == bindparam("at_collection"), table.c.ref == bindparam("at_ref"))
            bare = [{name: key[name] for name in ("at_collection", "at_ref")} for key in keys]
            await connection.execute(delete(table).where(*mine), bare)
            await connection.execute(delete(superseded).where(*_superseded_of()), keys)


async def mark_written(connection: AsyncConnection, wrote: Sequence[tuple[Side, Ref, datetime]]) -> None:
    for side in Side:
        table = ITEMS[side]
        keys = [
            {"at_collection": ref.collection, "at_ref": ref.id, "moment": at}
            for where, ref, at in sorted(wrote)
            if where is side
        ]
        if keys:
            mine = (table.c.collection == bindparam("at_collection"), table.c.ref == bindparam("at_ref"))
            await connection.execute(update(table).where(*mine).values(written_at=bindparam("moment")), keys)


async def observed(connection: AsyncConnection, side: Side, refs: Iterable[Ref]) -> dict[Ref, Observation]:
    """What is stored of these items; one that is not stored is missing in the answer."""
    table = ITEMS[side]
    rows = await rows_at(connection, select(table), (table.c.collection, table.c.ref), refs)
    return {Ref(row["collection"], row["ref"]): observation_of(side, row) for row in rows}


async def stored(connection: AsyncConnection, side: Side, refs: Sequence[Ref]) -> dict[Ref, Stored]:
    table = ITEMS[side]
    former: dict[Ref, list[str]] = {}
    statement = select(superseded).where(superseded.c.side == side.value).order_by(superseded.c.number)
    for row in await rows_at(connection, statement, (superseded.c.collection, superseded.c.ref), refs):
        former.setdefault(Ref(row["collection"], row["ref"]), []).append(row["version"])
    found = {}
    for row in await rows_at(connection, select(table), (table.c.collection, table.c.ref), refs):
        ref = Ref(row["collection"], row["ref"])
        found[ref] = Stored(observation_of(side, row), row["written_at"], tuple(former.get(ref, ())))
    return found


async def fingerprints(connection: AsyncConnection, side: Side, collection: str, singles: bool) -> dict[str, str]:
    """A group whose items disagree, or of which one has none, is left out: it must be read again.

    With `singles` so is every group that holds occurrences of a series.
    """
    table = ITEMS[side]
    lowest, highest = func.min(table.c.fingerprint), func.max(table.c.fingerprint)
    statement = (
        select(table.c.group_key, lowest)
        .where(table.c.collection == collection, table.c.gone.is_(None))
        .group_by(table.c.group_key)
        .having(lowest == highest, func.count(table.c.fingerprint) == func.count())
    )
    if singles:
        statement = statement.having(func.count(table.c.series) == 0)
    return pairs_of(await connection.execute(statement))


async def in_groups(
    connection: AsyncConnection, side: Side, collection: str, groups: Sequence[str]
) -> list[Observation]:
    table = ITEMS[side]
    found: list[RowMapping] = []
    for chunk in chunks(dict.fromkeys(groups)):
        statement = select(table).where(table.c.collection == collection, table.c.group_key.in_(chunk))
        found += await rows_of(connection, statement.order_by(table.c.ref))
    return [observation_of(side, row) for row in found]


async def expected(connection: AsyncConnection, side: Side, collection: str, window: Window) -> list[str]:
    table = ITEMS[side]
    followed = exists().where(
        link.c.state == LinkState.LIVE.value,
        link.c[f"{side.value}_collection"] == table.c.collection,
        link.c[f"{side.value}_ref"] == table.c.ref,
    )
    awaited = or_(table.c.starts_at.is_(None), _meets(table, window), and_(table.c.ends_at > window.start, followed))
    statement = (
        select(table.c.group_key).where(table.c.collection == collection, table.c.gone.is_(None), awaited).distinct()
    )
    return sorted((await connection.execute(statement)).scalars())


async def entering(
    connection: AsyncConnection, side: Side, collection: str, old: Window | None, new: Window
) -> list[Ref]:
    table = ITEMS[side]
    statement = (
        select(table.c.ref)
        .where(table.c.collection == collection, table.c.gone.is_(None), _meets(table, new))
        .order_by(table.c.starts_at, table.c.ref)
    )
    if old is not None:
        statement = statement.where(~_meets(table, old))
    return [Ref(collection, name) for name in (await connection.execute(statement)).scalars()]


def _meets(table: Table, window: Window) -> ColumnElement[bool]:
    """Window.meets in SQL."""
    first, last = table.c.starts_at, table.c.ends_at
    return and_(first < window.end, or_(last > window.start, and_(first == last, first >= window.start)))
