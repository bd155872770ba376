"""`syncd check`: configuration, key file, database, sites and connections, all found and missing in one table.

Not here: what a permission is for (docs/connect-wix.md). Nothing is written on either side or in the database.
"""

import asyncio
import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import click

from syncd.cli import FAILED, FINE, UNUSABLE, Command, config_file
from syncd.cli.clients import expiring, has_expired
from syncd.cli.compose import House, open_house
from syncd.cli.listing import standing
from syncd.cli.shown import print_json, print_table
from syncd.connections import is_alive
from syncd.errors import AdapterError, ConfigError, Forbidden, StoreError, SyncdError
from syncd.model import UNSEEN, Connection, Reason, Schedule, ScheduleKind, Status, Window
from syncd.normalise import collection_of
from syncd.ports import Account, SiteAdapter
from syncd.secrets import Keys
from syncd.standing import verify
from syncd.store import SqlStore
from syncd.store.database import file_of, normalised

FOUND: Final = "found"
MISSING: Final = "missing"
NOT_SHOWN: Final = "not shown"  # the API does not tell before something is written
SAMPLE: Final = timedelta(days=14)
READ: Final = "permission Read Calendar"
READ_PI: Final = "permission Read Calendar - Including PI"
MANAGE: Final = "permission Manage Calendars"
EXTERNAL: Final = "permission Manage External Calendars"
PLAN: Final = "a plan with Bookings"


@dataclass(slots=True)
class Findings:
    """Rows of (where, what, state, next step), and the worst exit code they mean."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)
    code: int = FINE

    def found(self, where: str, what: str, more: str = "") -> None:
        self.rows.append((where, what, FOUND, more))

    def missing(self, where: str, what: str, error: SyncdError | str, *, unusable: bool = False) -> None:
        """`unusable`: nothing can be done at all without it (exit 2)."""
        steps = error.problems if isinstance(error, ConfigError) else (_words(error),)
        self.rows += [(where, what, MISSING, step) for step in steps]
        self.code = UNUSABLE if unusable or self.code == UNUSABLE else FAILED


def _words(error: SyncdError | str) -> str:
    return error.told if isinstance(error, AdapterError) else str(error)


@click.command("check", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def check_command(ctx: click.Context, as_json: bool) -> None:
    """Check configuration, key file, database, sites and connections; all problems at once.

    Exits 2 when syncd cannot run, 1 when a site or a connection cannot be worked with.
    """
    found = Findings()
    try:
        house = open_house(ctx)
    except ConfigError as error:
        found.missing("configuration", "syncd.toml", error, unusable=True)
    else:
        found.found("configuration", str(config_file(ctx)))
        _secrets(house, found)
        asyncio.run(_check(house, found))
    columns = ("where", "what", "state", "next")
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in found.rows])
    else:
        print_table(columns, found.rows)
    ctx.exit(found.code)


async def _check(house: House, found: Findings) -> None:
    keys = _keys(house, found)
    async with _store(house, found) as store:
        connections = await store.connections() if store is not None else ()
        try:
            sites = house.sites()
        except ConfigError as error:
            found.missing("wix", "sites", error, unusable=True)
            for key in house.missing_app():
                found.missing("wix", "app", key, unusable=True)
            sites = ()
        listed = {name: await _site(house, name, found) for name in sites}
        for one in connections:
            if store is not None and keys is not None and is_alive(one):
                _standing(one, listed.get(one.site), found)
                await _connection(house, store, keys, one, found)


def _secrets(house: House, found: Findings) -> None:
    """The secret of a client that is about to expire is still there; one that has expired is not."""
    today = house.clock.now().date()
    step = expiring(house.settings, today)
    if step is not None and has_expired(house.settings, today):
        found.missing("microsoft", "client secret", step)
    elif step is not None:
        found.found("microsoft", "client secret", step)


def _keys(house: House, found: Findings) -> Keys | None:
    try:
        keys = house.keys()
    except ConfigError as error:
        found.missing("secrets", "key file", error, unusable=True)
        return None
    found.found("secrets", "key file", f"{len(keys.ids)} keys" if len(keys.ids) > 1 else "")
    return keys


@asynccontextmanager
async def _store(house: House, found: Findings) -> AsyncIterator[SqlStore | None]:
    async with AsyncExitStack() as stack:
        try:
            store = await stack.enter_async_context(house.store(read_only=True))
        except StoreError as error:
            found.missing("store", "database", error, unusable=True)
            yield None
            return
        found.found("store", "database", _openness(house))
        yield store


def _openness(house: House) -> str:
    """What to do about a database file that others than its owner may read; it was made for its owner alone."""
    file = file_of(normalised(house.settings.store.url))
    is_open = file is not None and bool(file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    return f"others than its owner may use the file: run chmod 600 {file}" if is_open else ""


async def _site(house: House, name: str, found: Findings) -> Sequence[Schedule] | None:
    """The site's schedules; None when they could not be read."""
    where = f"site {name}"
    try:
        site = house.site(name)
    except ConfigError as error:
        found.missing(where, "app", error, unusable=True)
        return None
    schedules: Sequence[Schedule] | None = None
    try:
        await site.check()
        found.found(where, "token")
        schedules = await site.schedules()
        await _surface(house, site, schedules, found)
    except AdapterError as error:
        # Without the permission the hint names it; everything else keeps the app from getting in at all.
        found.missing(where, READ if READ.removeprefix("permission ") in error.hint else "token", error)
    finally:
        await site.aclose()
    return schedules


async def _surface(house: House, site: SiteAdapter, schedules: Sequence[Schedule], found: Findings) -> None:
    """Schedules, permissions as far as the API shows them, and the site's own connections."""
    where = f"site {site.collection}"
    found.found(where, READ)
    if any(one.kind is ScheduleKind.BUSINESS for one in schedules):
        found.found(where, "Wix Bookings")
    else:
        found.missing(where, "Wix Bookings", "no business schedule: install Wix Bookings on the site")
    await _personal(house, site, schedules, found)
    found.rows.append((where, MANAGE, NOT_SHOWN, "Wix tells only when something is written"))
    active = [one for one in schedules if one.active]
    found.found(where, "schedules", f"{len(active)}: `syncd schedules` lists them")
    try:
        foreign = await site.foreign_connections()
    except Forbidden as error:
        found.missing(where, PLAN if error.code == "PREMIUM_FEATURE_NOT_ENABLED" else EXTERNAL, error)
        return
    found.found(where, EXTERNAL)
    for one in foreign:
        step = f"schedule {one.schedule} cannot be connected until it is disconnected in Wix"
        found.found(where, f"Wix's own connection ({one.kind}, {one.status})", step)


async def _personal(house: House, site: SiteAdapter, schedules: Sequence[Schedule], found: Findings) -> None:
    """Without this permission descriptions and numbers of participants are not told."""
    where, now = f"site {site.collection}", house.clock.now()
    seen = await site.covering(schedules).read(Window(now, now + SAMPLE))
    if not seen.observations:
        found.rows.append((where, READ_PI, NOT_SHOWN, "there is no session in the next two weeks"))
    elif any(one.event.description is not UNSEEN for one in seen.observations):
        found.found(where, READ_PI)
    else:
        found.missing(
            where, READ_PI, "give it to the app: without it, sessions are never moved or cancelled from outside"
        )


def _standing(one: Connection, schedules: Sequence[Schedule] | None, found: Findings) -> None:
    """What stopped the connection, as its last pass has told it; and whether its schedule is still there (R20)."""
    where = f"connection {one.id}"
    if one.status is Status.ERROR:
        found.missing(where, "status", f"{standing(one)}: {one.detail}" if one.detail else standing(one))
    if schedules is None:
        return
    schedule = next((row for row in schedules if row.id == one.schedule.id), None)
    after, doubt = verify(one, schedule, synced_elsewhere=one.reason is Reason.SYNCED_BY_WIX)
    if after.status is Status.DISCONNECTED or doubt is not None:
        what = f"schedule {one.schedule.id}"
        found.missing(where, what, after.detail if doubt is None and after.detail else f"{doubt}: look at the site")


async def _connection(house: House, store: SqlStore, keys: Keys, one: Connection, found: Findings) -> None:
    """One cheap read, and whether the calendar exported to may be written."""
    where = f"connection {one.id}"
    try:
        account = await house.account_of(store, keys, one)
    except SyncdError as error:
        found.missing(where, "credentials", error)
        return
    try:
        await _calendar(account, one, found)
    except AdapterError as error:
        found.missing(where, "account", error)
    finally:
        await account.aclose()


async def _calendar(account: Account, one: Connection, found: Findings) -> None:
    where, chosen = f"connection {one.id}", one.calendar or next(iter(one.config.calendars or ()), None)
    if chosen is None:
        identity, writable = await account.identity(), None
    else:
        opened = account.open(chosen, zone=one.schedule.time_zone, collection=collection_of(one, chosen))
        standing = await opened.check()
        identity, writable = standing.identity, standing.writable if chosen == one.calendar else None
    if identity != one.identity:
        found.missing(where, "account", "the credentials open another account than the one that was connected")
        return
    found.found(where, "account")
    if not one.config.exports:
        return
    if writable is None:
        found.rows.append((where, "may write", NOT_SHOWN, "its calendar is made by the first pass"))
    elif writable:
        found.found(where, "may write")
    else:
        found.missing(where, "may write", f"calendar {chosen} is read-only: allow writing, or choose another target")
