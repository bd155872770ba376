"""One installation against real providers: the Wix simulator, somebody's account outside, the real store.

The account lies at Radicale behind the fault proxy, or at the simulated Google or Microsoft; `person` is the same of
all.

Passes go the way of the command line (its composition root), over HTTP on loopback. What people do at the site is
done in the simulator's own words, what they do outside by plain HTTP past the proxy; both sides are read raw.
"""

import itertools
import ssl
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx

from syncd import config
from syncd.cli.compose import House, seal
from syncd.cli.connect import first_plan, stored
from syncd.cli.passes import one_pass
from syncd.connections import Request, Wish, configure, confirm, disconnect
from syncd.model import Connection, Decision, Override, Plan
from syncd.ports import HistoryRow
from syncd.run import Result
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.google import GoogleServer, GoogleState
from syncd.sandbox.microsoft import MicrosoftServer, MicrosoftState
from syncd.sandbox.proxy import FaultProxy
from syncd.sandbox.radicale import SeedCalendar, seed
from syncd.sandbox.wix import WixServer, WixState, events, schedules
from syncd.sandbox.wix.access import ALL_SCOPES
from syncd.sandbox.wix.state import Site
from syncd.sandbox.wix.values import BOOKINGS_APP, BUSINESS_EXTERNAL_ID, Resource, Schedule
from syncd.store import SqlStore, open_store
from tests.configuration import Configuration, SiteAccess
from tests.e2e.apple_person import HOME, ApplePerson
from tests.e2e.google_person import GooglePerson
from tests.e2e.microsoft_person import MicrosoftPerson
from tests.e2e.outside import Outside, lines
from tests.e2e.person import Person
from tests.e2e.simulated_person import SimulatedPerson

NOW: Final = datetime(2026, 3, 2, 8, tzinfo=UTC)  # a Monday; both changes of the clock lie within the window
ZONE: Final = "Europe/Berlin"
PASSWORD: Final = "abcd-efgh-ijkl-mnop"
BRIDGE: Final = "bridge000001"
APP, SECRET, INSTANCE = str(uuid.UUID(int=11)), "s3cret", str(uuid.UUID(int=12))
ANNA, BEN, ROOM_1, ROOM_2 = (str(uuid.UUID(int=number)) for number in (21, 22, 23, 24))
# All of it is plain HTTP on this machine; certificates take long to load.
_NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_numbers = itertools.count(1)

Json = dict[str, Any]


def local(day: int, clock: str) -> datetime:
    """A moment in Berlin, `day` days after the first Monday."""
    hour, minute = map(int, clock.split(":"))
    start = datetime(2026, 3, 2, hour, minute, tzinfo=ZoneInfo(ZONE))
    return start + timedelta(days=day)  # wall-clock arithmetic, as people mean it


def monday(day: int = 0) -> date:
    return date(2026, 3, 2) + timedelta(days=day)


def spans(start: datetime, hours: float = 1.0) -> Json:
    """Times of a Wix request."""
    edges = (start, start + timedelta(hours=hours))
    texts = [edge.replace(tzinfo=None).isoformat(timespec="seconds") for edge in edges]
    return {"start": {"localDate": texts[0]}, "end": {"localDate": texts[1]}}


def taking(*resources: str) -> list[Json]:
    """The resources of a Wix request."""
    return [{"id": ref, "transparency": "OPAQUE"} for ref in resources]


@dataclass(slots=True)
class Studio:
    """One site, one account and one store. Simulators, account and store outlive every pass, as the real ones do."""

    house: House
    store: SqlStore
    clock: SandboxClock
    wix: WixServer
    site: Site
    person: Person
    rows: dict[str, Schedule]
    web: httpx.AsyncClient
    connection_ids: list[str] = field(default_factory=list)

    @property
    def email(self) -> str:
        return self.person.email

    @property
    def apple(self) -> ApplePerson:
        """The person, whose account lies at the calendar server."""
        assert isinstance(self.person, ApplePerson)
        return self.person

    @property
    def google(self) -> GooglePerson:
        """The person, whose account lies at Google."""
        assert isinstance(self.person, GooglePerson)
        return self.person

    @property
    def microsoft(self) -> MicrosoftPerson:
        """The person, whose account lies at Microsoft."""
        assert isinstance(self.person, MicrosoftPerson)
        return self.person

    @property
    def proxy(self) -> FaultProxy:
        return self.apple.proxy

    @property
    def outside(self) -> Outside:
        return self.apple.outside

    # life of a connection

    async def connect(self, schedule: str = "anna", *, confirmed: bool = True, **wish: Any) -> Connection:
        """A connection made as the command line makes it; confirmed unless told otherwise."""
        credentials = self.person.credentials()
        request = Request(
            id=f"connection-{next(_numbers)}",
            provider=self.person.provider,
            schedule=self.rows[schedule].id,
            email=self.email,
            sealed=seal(self.house.keys(), credentials),
            wish=Wish(**{**self.person.wish, **wish}),
        )
        made = await stored(self.house, self.store, credentials, request)
        if confirmed:
            made = await confirm(self.house.desk(self.store), made)
        if made.id not in self.connection_ids:
            self.connection_ids.append(made.id)
        return made

    async def connection(self) -> Connection:
        found = await self.store.connection(self.connection_ids[-1])
        assert found is not None
        return found

    async def configure(self, **wish: Any) -> None:
        account = await self.house.account_of(self.store, self.house.keys(), await self.connection())
        try:
            await configure(self.house.desk(self.store), account, await self.connection(), Wish(**wish))
        finally:
            await account.aclose()

    async def disconnect(self) -> None:
        await disconnect(self.house.desk(self.store), await self.connection())

    async def override(self, session: str, **texts: str) -> None:
        await self.store.put_override(INSTANCE, "session", session, Override(**texts), self.clock.now())

    async def decide(self, decision: Decision) -> int:
        groups = {row.group for row in await self.store.holds()}
        return sum([len(await self.store.decide(group, decision, self.clock.now())) for group in groups])

    async def history(self, *rules: str) -> Sequence[HistoryRow]:
        rows = await self.store.history(connection=self.connection_ids[-1])
        return [row for row in rows if row.rule in rules]

    # passes

    async def sync_all(self) -> list[Result]:
        return await one_pass(self.house, self.house.work(self.store), await self.store.connections())

    async def sync(self) -> Result:
        """One pass; the result of the newest connection, which must not have failed."""
        result = await self.attempt()
        assert result.error is None, result.error
        return result

    async def attempt(self) -> Result:
        return next(one for one in await self.sync_all() if one.connection.id == self.connection_ids[-1])

    async def dry(self) -> Plan:
        """The plan of a dry run."""
        result = await first_plan(self.house, self.store, await self.connection())
        assert result.plan is not None
        return result.plan

    async def settle(self, passes: int = 3) -> None:
        """Passes eleven minutes apart."""
        for _ in range(passes):
            self.clock.advance(660)
            await self.sync()

    async def assert_at_rest(self) -> None:
        """Two passes eleven minutes apart write nothing on either side."""
        for _ in range(2):
            self.clock.advance(660)
            self.forget_requests()
            await self.sync()
            assert self.written() == []

    def forget_requests(self) -> None:
        self.wix.app.log.reset()
        self.person.log.reset()

    def written(self) -> list[str]:
        """Writing requests of ours, on both sides, since they were last forgotten."""
        found = [*self.wix.app.log.to_json()["requests"], *self.person.log.to_json()["requests"]]
        return [f"{row['method']} {row['path']} {row['status']}" for row in found if row["write"]]

    def requests(self) -> list[str]:
        """All requests to the calendars, by what they ask for."""
        return self.person.requests()

    # hands at the site

    def session(self, title: str = "Yoga", begins: datetime | None = None, **body: Any) -> str:
        """A session on Anna's schedule unless told otherwise; its id."""
        given = {"scheduleId": self.rows["anna"].id, "title": title, **spans(begins or local(1, "09:00"))}
        return events.create(self.site, BOOKINGS_APP, {**given, **body}).id

    def weekly(self, title: str = "Yoga", start: datetime | None = None, **body: Any) -> tuple[str, list[str]]:
        """A weekly class of Anna's, four times unless told otherwise: the MASTER and its occurrences."""
        begins = start or local(1, "09:00")
        until = f"{begins + timedelta(weeks=3):%Y-%m-%d}T23:00:00"  # later in the day too
        names = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
        rule = {"frequency": "WEEKLY", "days": [names[begins.weekday()]], "until": {"localDate": until}}
        given = {"recurrenceRule": rule, "resources": taking(ANNA), "type": "CLASS"}
        master = self.session(title, begins, **{"scheduleId": self.rows["yoga"].id, **given, **body})
        return master, [one.id for one in self.site.occurrences(master)]

    def edit(self, ref: str, **body: Any) -> None:
        found = self.site.events.get(ref)
        assert found is not None
        events.update(self.site, {"id": ref, "revision": str(found.revision), **body})

    def cancel(self, ref: str) -> None:
        events.cancel(self.site, ref)

    def book(self, ref: str, people: int) -> None:
        found = self.site.events.get(ref)
        assert found is not None
        self.site.bump(found, participants=people)

    def edit_schedule(self, name: str, **body: Any) -> None:
        found = self.site.schedules.get(self.rows[name].id)
        assert found is not None
        schedules.update(self.site, {"id": found.id, "revision": str(found.revision), **body})

    def fault_at_wix(self, path: str, do: Mapping[str, Any], method: str = "POST", **more: Any) -> None:
        self.wix.app.faults.add({"match": {"path": path, "method": method}, "do": do, **more})

    # hands outside

    async def event(self, title: str, start: date, end: date | None = None, **more: Any) -> str:
        """An event in the person's own calendar; its file name."""
        return (await self.apple.event(title, start, end, **more)).removeprefix(HOME)

    # both sides, raw

    async def everything_at_wix(self) -> dict[str, Json]:
        answer = (await self.web.get("/_sandbox/raw")).json()
        return {row["id"]: row for row in answer["events"] if not row["retired"]}

    async def at_wix(self) -> dict[str, Json]:
        """Id → confirmed event of the site, series themselves left out."""
        rows = await self.everything_at_wix()
        kept = {ref: row for ref, row in rows.items() if row["status"] == "CONFIRMED"}
        return {ref: row for ref, row in kept.items() if row["recurrenceType"] != "MASTER"}

    async def blocks(self) -> dict[str, Json]:
        """Title and local start → event that bears our line; fails when two are equal."""
        rows = [row for row in (await self.at_wix()).values() if "[syncd " in (row.get("notes") or "")]
        found = {f"{row.get('title')} {row['start']['localDate'][:16]}": row for row in rows}
        assert len(found) == len(rows), "doubled"
        return found

    async def dedicated(self) -> str:
        """The id of the one calendar that we made."""
        found = [name for name in await self.outside.calendars() if name.startswith("syncd-")]
        assert len(found) == 1, found
        return found[0]

    async def exported(self) -> dict[str, str]:
        """Title and start → text of every object in the dedicated calendar; fails when two are equal."""
        texts = list((await self.outside.objects(await self.dedicated())).values())
        found = {f"{lines(text, 'SUMMARY')[0]} {lines(text, 'DTSTART')[0]}": text for text in texts}
        assert len(found) == len(texts), "doubled"
        return found

    async def copy_named(self, title: str) -> str:
        """The file name of the exported event that shows a title."""
        objects = await self.outside.objects(await self.dedicated())
        return next(name for name, text in objects.items() if title in lines(text, "SUMMARY"))

    async def edit_copy(self, title: str, *changes: tuple[str, str]) -> None:
        await self.outside.edit(await self.dedicated(), await self.copy_named(title), *changes)

    async def remove_copy(self, title: str) -> None:
        await self.outside.remove(await self.dedicated(), await self.copy_named(title))


@dataclass(frozen=True, slots=True)
class Ground:
    """Where studios are built: a database, a calendar server, a folder, and `[policy]` of the configuration.

    `provider`: who keeps the person's account.
    """

    database: str
    radicale: str
    email: str
    folder: Path
    policy: Mapping[str, Any] = field(default_factory=dict)
    provider: str = "apple"


@asynccontextmanager
async def studio_on(ground: Ground) -> AsyncIterator[Studio]:
    """Everything started, the account with an empty calendar of its own in it; stopped at the end."""
    clock = SandboxClock(NOW, rate=0)
    state = WixState(clock)
    state.switches.set({"rate_limit_per_minute": 0})
    site, rows = staffed_site(state)
    async with AsyncExitStack() as stack:
        wix = WixServer(state)
        await wix.start()
        stack.push_async_callback(wix.stop)
        person = await stack.enter_async_context(_PLACES[ground.provider](ground, clock))
        house = House(config.load(_written(ground, wix, person), {}), clock)
        store = await open_store(ground.database)
        stack.push_async_callback(store.aclose)
        web = httpx.AsyncClient(base_url=wix.base_url, trust_env=False, verify=_NO_TLS)
        stack.push_async_callback(web.aclose)
        yield Studio(house, store, clock, wix, site, person, rows, web)


@asynccontextmanager
async def _at_apple(ground: Ground, clock: SandboxClock) -> AsyncIterator[Person]:
    proxy = FaultProxy(ground.radicale, clock)
    await proxy.start()
    (root,) = await seed(ground.radicale, ground.email, PASSWORD, [SeedCalendar("home", "Home")])
    auth = (ground.email, PASSWORD)
    dav = httpx.AsyncClient(base_url=ground.radicale, auth=auth, trust_env=False, verify=_NO_TLS)
    try:
        outside = Outside(dav, root.removesuffix(HOME))
        yield ApplePerson(ground.email, PASSWORD, ZONE, outside, proxy, clock)
    finally:
        await dav.aclose()
        await proxy.stop()


@asynccontextmanager
async def _at_google(ground: Ground, clock: SandboxClock) -> AsyncIterator[Person]:
    server = GoogleServer(GoogleState(clock))
    await server.start()
    try:
        yield GooglePerson(ground.email, ZONE, server)
    finally:
        await server.stop()


@asynccontextmanager
async def _at_microsoft(ground: Ground, clock: SandboxClock) -> AsyncIterator[Person]:
    server = MicrosoftServer(MicrosoftState(clock))
    await server.start()
    try:
        yield MicrosoftPerson(ground.email, ZONE, server)
    finally:
        await server.stop()


_PLACES: Final = {"apple": _at_apple, "google": _at_google, "microsoft": _at_microsoft}


def _written(ground: Ground, wix: WixServer, person: Person) -> Path:
    access = SiteAccess(wix.base_url, APP, SECRET, INSTANCE)
    calendars = person.proxy.base_url if isinstance(person, ApplePerson) else ground.radicale
    file = Configuration(BRIDGE, access, calendars, ground.database, ground.policy).write(ground.folder)
    if isinstance(person, SimulatedPerson):
        with file.open("a") as more:
            more.write(person.settings())
    return file


def staffed_site(state: WixState) -> tuple[Site, dict[str, Schedule]]:
    """A business schedule, two staff members, one service."""
    state.apps[APP] = SECRET
    site = state.add_site(INSTANCE, ZONE)
    site.scopes[APP] = ALL_SCOPES
    rows = {"business": schedules.create(site, BOOKINGS_APP, {"name": "Studio", "externalId": BUSINESS_EXTERNAL_ID})}
    site.resources |= {ref: Resource(ref, name, "ROOM") for ref, name in ((ROOM_1, "Room 1"), (ROOM_2, "Room 2"))}
    for name, ref in (("anna", ANNA), ("ben", BEN)):
        rows[name] = schedules.create(site, BOOKINGS_APP, {"name": name.title(), "externalId": ref})
        site.resources[ref] = Resource(ref, name.title(), "STAFF", rows[name].id)
        rows[name] = schedules.set_owner(site, rows[name].id, str(uuid.uuid5(uuid.NAMESPACE_DNS, name)))
    service = {"name": "Yoga", "externalId": str(uuid.UUID(int=7)), "defaultTitle": "Yoga"}
    rows["yoga"] = schedules.create(site, BOOKINGS_APP, service)
    return site, rows
