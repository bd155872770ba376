"""ExternalCalendarOverrides: of schedules and of sessions, an occurrence's kept by its series and original start.

Not here: which text is shown (normalise), what an edit does to them (plan).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.errors import StoreError
from syncd.model import LinkState, Override, Overrides, Ref, Side
from syncd.ports import Touch
from syncd.store.pending import touch
from syncd.store.rows import override_of
from syncd.store.statements import at_refs, remove, rows_at, rows_named, upsert
from syncd.store.tables import link, override, session

SCHEDULE: Final = "schedule"
SESSION: Final = "session"
NONE: Final = Override()

_SESSIONS: Final = at_refs(
    select(session.c.collection, session.c.ref, session.c.home, session.c.series, session.c.original_start),
    session.c.collection,
    session.c.ref,
)
_KEPT: Final = select(override).where(
    override.c.site == bindparam("site"),
    override.c.kind == bindparam("kind"),
    override.c.ref.in_(bindparam("names")),
)
_LIVE: Final = at_refs(
    select(link.c.connection, link.c.wix_collection, link.c.wix_ref).where(link.c.state == LinkState.LIVE.value),
    link.c.wix_collection,
    link.c.wix_ref,
)


def by_series(series: str | None, original_start: str | None) -> str | None:
    """The name of an occurrence that outlives its id."""
    return f"{series}#{original_start}" if series and original_start else None


async def overrides(
    connection: AsyncConnection, site: str, refs: Sequence[Ref], schedules: Sequence[str]
) -> dict[Ref, Overrides]:
    """For every session its own override and that of the schedule it lies on.

    A schedule asked for by its id answers under Ref(site, id), and, when there is one for each session, stands for
    the home of a session that is not stored.
    """
    guessed = dict(zip(refs, schedules, strict=True)) if len(refs) == len(schedules) else {}
    homes: dict[Ref, str | None] = {ref: guessed.get(ref) for ref in refs}
    stable: dict[Ref, str | None] = {}
    for row in await rows_at(connection, _SESSIONS, refs):
        ref = Ref(row["collection"], row["ref"])
        homes[ref] = row["home"] or homes[ref]
        stable[ref] = by_series(row["series"], row["original_start"])
    found = {Ref(site, schedule): Overrides() for schedule in schedules}
    sessions = {ref: (stable.get(ref), home) for ref, home in homes.items()}
    found |= await resolved(connection, site, sessions)
    kept = await _kept(connection, site, SCHEDULE, schedules)
    return found | {Ref(site, name): Overrides(schedule=value) for name, value in kept.items()}


async def resolved(
    connection: AsyncConnection, site: str, sessions: Mapping[Ref, tuple[str | None, str | None]]
) -> dict[Ref, Overrides]:
    """What applies to each session, given its name by series and the schedule it lies on."""
    names = [name for ref, (stable, _) in sessions.items() for name in (ref.id, stable) if name]
    own = await _kept(connection, site, SESSION, names)
    inherited = await _kept(connection, site, SCHEDULE, [home for _, home in sessions.values() if home])
    return {
        ref: Overrides(own.get(stable or "") or own.get(ref.id) or NONE, inherited.get(home or "") or NONE)
        for ref, (stable, home) in sessions.items()
    }


async def _kept(connection: AsyncConnection, site: str, kind: str, names: Iterable[str]) -> dict[str, Override]:
    rows = await rows_named(connection, _KEPT, dict.fromkeys(names), {"site": site, "kind": kind})
    return {row["ref"]: override_of(row) for row in rows}


async def put_session_overrides(connection: AsyncConnection, pairs: Sequence[tuple[Ref, Override]]) -> None:
    """Set the override of each session, or clear it with an empty one."""
    refs = [ref for ref, _ in pairs]
    stable = await _stable_names(connection, refs)
    names = [(ref.collection, SESSION, name) for ref in refs for name in {ref.id, stable.get(ref)} if name]
    await remove(connection, override, ("site", "kind", "ref"), names)
    values = {(ref.collection, stable.get(ref) or ref.id): value for ref, value in pairs}
    await _put(connection, SESSION, values)


async def move_session_overrides(connection: AsyncConnection, moved: Sequence[tuple[Ref, Ref]]) -> None:
    """What was set for a session goes on for the one that it became (R31), unless that has its own."""
    stable = await _stable_names(connection, [ref for pair in moved for ref in pair])
    for old, new in moved:
        sessions = {old: (stable.get(old), None), new: (stable.get(new), None)}
        found = await resolved(connection, old.collection, sessions)
        if found[new].session == NONE and found[old].session != NONE:
            await put_session_overrides(connection, [(old, NONE), (new, found[old].session)])


async def _stable_names(connection: AsyncConnection, refs: Sequence[Ref]) -> dict[Ref, str | None]:
    rows = await rows_at(connection, _SESSIONS, refs)
    return {Ref(row["collection"], row["ref"]): by_series(row["series"], row["original_start"]) for row in rows}


async def _put(connection: AsyncConnection, kind: str, values: Mapping[tuple[str, str], Override]) -> None:
    rows = [
        {"site": site, "kind": kind, "ref": name, "title": value.title, "description": value.description}
        for (site, name), value in values.items()
        if value != NONE
    ]
    await upsert(connection, override, rows)


async def put_override(connection: AsyncConnection, kind: str, ref: Ref, value: Override, at: datetime) -> int:
    """Set or clear one override and make the live links of the sessions it concerns pending; their number."""
    match kind:
        case "schedule":
            await remove(connection, override, ("site", "kind", "ref"), [(ref.collection, SCHEDULE, ref.id)])
            await _put(connection, SCHEDULE, {(ref.collection, ref.id): value})
            concerned = session.c.home == ref.id
        case "session":
            await put_session_overrides(connection, [(ref, value)])
            concerned = await _same_session(connection, ref)
        case _:
            raise StoreError(f"there are overrides of a schedule and of a session, none of a {kind}")
    statement = select(session.c.ref).where(session.c.collection == ref.collection, concerned)
    sessions = [Ref(ref.collection, name) for name in (await connection.execute(statement)).scalars()]
    return await _touch_links(connection, sessions, at)


async def _same_session(connection: AsyncConnection, ref: Ref) -> ColumnElement[bool]:
    """The session of this id, and whatever bears the same occurrence's name by series."""
    series, _, original_start = ref.id.rpartition("#")
    statement = select(session.c.series, session.c.original_start).where(
        session.c.collection == ref.collection, session.c.ref == ref.id
    )
    row = (await connection.execute(statement)).first()
    if row is not None and by_series(*row):
        series, original_start = row
    occurrence = and_(session.c.series == series, session.c.original_start == original_start)
    return or_(session.c.ref == ref.id, occurrence)


async def _touch_links(connection: AsyncConnection, sessions: Sequence[Ref], at: datetime) -> int:
    """Make every live link of these sessions pending, for its own connection; their number."""
    rows = await rows_at(connection, _LIVE, sessions)
    touched = [Touch(row["connection"], Side.WIX, Ref(row["wix_collection"], row["wix_ref"]), at) for row in rows]
    await touch(connection, touched)
    return len(rows)
