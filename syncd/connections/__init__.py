"""The life of a connection: what may be connected, connect and renew, configure, pause, resume, disconnect, confirm.

It checks and it marks; the next cycle plans and applies. Not here: what credentials hold and questions to people (cli),
reading and writing of either side, and the statuses that come of it (cycle).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from syncd.connections.choice import Choice
from syncd.connections.marking import contact, farewell
from syncd.connections.turn import turn
from syncd.connections.values import Desk, Names, Request, Wish
from syncd.errors import ConfigError
from syncd.model import Connection, Schedule, ScheduleKind, Status, SyncConfig
from syncd.ports import Account, CalendarInfo, ForeignConnection, SiteAdapter, StateStore

__all__ = [
    "Desk",
    "Names",
    "Request",
    "Wish",
    "configure",
    "confirm",
    "connect",
    "disconnect",
    "ending",
    "existing",
    "farewell",
    "is_alive",
    "objections",
    "pause",
    "resume",
    "verified",
]


def is_alive(connection: Connection) -> bool:
    """Whether it still holds its calendars (R19, R23)."""
    return not connection.has_ended


def objections(schedule: Schedule, foreign: Iterable[ForeignConnection]) -> list[str]:
    """Why a schedule cannot be connected; empty when it can (R19, R20)."""
    found = []
    if not schedule.active:
        found.append(f"schedule {schedule.id} is cancelled: choose another, `syncd schedules` lists them")
    own = next((one for one in foreign if one.schedule in (schedule.id, schedule.external_id)), None)
    if own is not None:
        found.append(
            f"schedule {schedule.id} is synced by the site's own connection ({own.kind}, {own.status}): disconnect it "
            "there, wait until its events are gone outside, then connect"
        )
    return found


async def verified(site: SiteAdapter, name: str) -> Schedule:
    """The schedule with this id, or with this external id. Raises ConfigError when it may not be connected."""
    schedules = await site.schedules()
    schedule = next((one for one in schedules if one.id == name), None)
    schedule = schedule or next((one for one in schedules if one.external_id == name), None)
    if schedule is None:
        raise ConfigError([f"there is no schedule {name} at site {site.collection}: `syncd schedules` lists them"])
    problems = objections(schedule, await site.foreign_connections())
    if problems:
        raise ConfigError(problems)
    return schedule


async def existing(store: StateStore, name: str) -> Connection:
    """The connection with this id, or with an id that begins so. Raises ConfigError when there is not exactly one."""
    every = await store.connections()
    found = [one for one in every if one.id == name] or [one for one in every if name and one.id.startswith(name)]
    if len(found) != 1:
        which = "no" if not found else "more than one"
        raise ConfigError([f"there is {which} connection {name}: `syncd connections` lists them"])
    return found[0]


async def connect(desk: Desk, site: SiteAdapter, account: Account, request: Request) -> Connection:
    """Store a new connection, or renew the one of the same account and schedule (R19).

    Raises ConfigError with every reason why not, naming both connections, and what the adapters raise; nothing is
    stored then.
    """
    schedule = await verified(site, request.schedule)
    fresh = Connection(
        id=request.id,
        site=site.collection,
        provider=request.provider,
        schedule=schedule,
        identity=await account.identity(),
        email=request.email,
        config=SyncConfig(imports=schedule.kind is not ScheduleKind.SERVICE),
        created_at=desk.now,
    )
    renewed = _renewable(fresh, await _alive(desk))
    if renewed is not None:
        async with turn(desk, renewed) as work:
            base = _renew(work.connection, fresh)
            settled = await _settled(desk, account, base, request.wish)
            await desk.store.commit(await contact(desk, work.connection, settled), work.lease)
            await desk.store.put_credentials(settled.id, request.sealed)
        return settled
    settled = await _settled(desk, account, fresh, request.wish)
    await desk.store.commit(await contact(desk, None, settled), None)
    try:
        await desk.store.put_credentials(settled.id, request.sealed)
    except BaseException:
        await desk.store.forget_connection(settled.id)
        raise
    return settled


async def _alive(desk: Desk) -> list[Connection]:
    return [one for one in await desk.store.connections() if is_alive(one)]


def _renewable(fresh: Connection, others: Iterable[Connection]) -> Connection | None:
    """The connection of the same account and schedule. Raises ConfigError when it is just ending, or is another's."""
    for one in others:
        if (one.provider, one.site, one.schedule.id) != (fresh.provider, fresh.site, fresh.schedule.id):
            continue
        if one.identity != fresh.identity and one.email == fresh.email:
            raise ConfigError(
                [f"connection {one.id} has this address but another account: sign in with the account it was made with"]
            )
        if one.identity == fresh.identity:
            if one.disconnecting:
                raise ConfigError(
                    [f"connection {one.id} is still being disconnected: run `syncd run --once`, then connect again"]
                )
            return one
    return None


def _renew(old: Connection, fresh: Connection) -> Connection:
    """The same connection, its errors forgotten."""
    status = Status.CONNECTED if old.status is Status.ERROR else old.status
    return replace(
        old,
        schedule=fresh.schedule,
        email=fresh.email,
        status=status,
        reason=None,
        detail=None,
        refused_at=None,
        next_due_at=None,
    )


def _calendars_of(connection: Connection) -> set[str]:
    """Every external calendar that belongs to a connection."""
    imported = connection.config.calendars or () if connection.config.imports else ()
    exported = {connection.calendar} if connection.calendar is not None else set()
    return {*imported, *connection.retired, *exported}


def _refuse_taken(wanted: Connection, others: Iterable[Connection]) -> None:
    """R19: raises ConfigError that names both connections of a calendar."""
    mine = _calendars_of(wanted)
    problems = [
        f"calendar {calendar} belongs to connection {one.id} (schedule {one.schedule.name}): it cannot belong to "
        f"schedule {wanted.schedule.name} too; choose other calendars, or disconnect {one.id} first"
        for one in others
        if (one.provider, one.identity) == (wanted.provider, wanted.identity)
        for calendar in sorted(mine & _calendars_of(one))
    ]
    if problems:
        raise ConfigError(problems)


def _refuse_shared(wanted: Connection, listed: Iterable[CalendarInfo], others: Sequence[Connection]) -> None:
    """A calendar that another account shares is met through that account, where it is connected itself: through two

    accounts it would be two calendars, and its events would be taken in twice. Raises ConfigError.
    """
    problems = [
        f"calendar {info.name} ({info.id}) is shared by {info.owner}, whose account is connected itself (connection "
        f"{one.id}): choose others here, and import it there"
        for info in listed
        for one in others
        if info.id in _calendars_of(wanted)
        and (one.provider, one.email.casefold()) == (wanted.provider, info.owner.casefold())
    ]
    if problems:
        raise ConfigError(problems)


async def configure(desk: Desk, account: Account, connection: Connection, wish: Wish) -> Connection:
    """Change import and export. Every link becomes pending, and what is switched on is met anew (R30).

    Raises ConfigError, and stores nothing, when it cannot be done.
    """
    async with turn(desk, connection) as work:
        if not is_alive(work.connection) or work.connection.disconnecting:
            raise ConfigError([f"connection {connection.id} is disconnected: connect once more"])
        settled = await _settled(desk, account, work.connection, wish)
        await desk.store.commit(await contact(desk, work.connection, settled), work.lease)
    return settled


async def _settled(desk: Desk, account: Account, connection: Connection, wish: Wish) -> Connection:
    """The connection with the wish carried out in ids. Raises ConfigError with all that is wrong with it."""
    listed = await account.calendars()
    config = connection.config
    config = replace(
        config,
        imports=config.imports if wish.imports is None else wish.imports,
        exports=config.exports if wish.exports is None else wish.exports,
        target=config.target if wish.target is None else wish.target,
    )
    chosen = Choice(desk.names, account, connection, listed)
    placed = chosen.placed(config, wish)
    config = chosen.imported(config, wish, placed)
    if config.imports and connection.schedule.kind is ScheduleKind.SERVICE:
        chosen.problems.append(f"schedule {connection.schedule.name} is a service: it can be exported, not imported to")
    if chosen.problems:
        raise ConfigError(chosen.problems)
    settled = chosen.healed(replace(placed, config=config))
    others = [one for one in await _alive(desk) if one.id != settled.id]
    _refuse_taken(settled, others)
    _refuse_shared(settled, listed, others)
    return settled


async def confirm(desk: Desk, connection: Connection) -> Connection:
    """The first plan was shown and accepted (R29)."""
    async with turn(desk, connection) as work:
        return await work.put(replace(work.connection, confirmed=True))


async def pause(desk: Desk, connection: Connection) -> Connection:
    """Nothing is read, written or removed until `resume`."""
    async with turn(desk, connection) as work:
        if not is_alive(work.connection) or work.connection.disconnecting:
            raise ConfigError([f"connection {connection.id} is disconnected: there is nothing to pause"])
        return await work.put(replace(work.connection, paused=True))


async def resume(desk: Desk, connection: Connection) -> Connection:
    """Go on, with the next pass."""
    async with turn(desk, connection) as work:
        return await work.put(replace(work.connection, paused=False, next_due_at=None))


async def disconnect(desk: Desk, connection: Connection) -> Connection | None:
    """End it at once; the next pass removes what it made (R23). None: nothing was ever made, so it is forgotten."""
    links = (await desk.store.tally(connection.id)).get("links", 0)
    async with turn(desk, connection) as work:
        now = work.connection
        if not is_alive(now) and not links:
            raise ConfigError([f"connection {connection.id} is disconnected already"])
        if now.confirmed or now.first_passed or links:
            ended = ending(now)
            await desk.store.commit(await farewell(desk, ended), work.lease)
            return ended
    await desk.store.forget_connection(connection.id)
    return None


def ending(connection: Connection) -> Connection:
    """The connection as a disconnect leaves it; a pause would keep the removal from happening."""
    return replace(
        connection,
        status=Status.DISCONNECTED,
        reason=None,
        disconnecting=True,
        paused=False,
        next_due_at=None,
    )
