"""A studio with two people connected, on which something goes wrong outside; the command line is its operator.

The simulators run in a thread of their own, commands in the test's. Not here: what goes wrong (the tests).
"""

import asyncio
import json
import re
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from click.testing import CliRunner

from syncd.cli import main
from syncd.cli.compose import House
from syncd.cli.passes import one_pass
from syncd.connections import configure
from syncd.connections.values import Wish
from syncd.model import Connection, Reason, Status
from syncd.run import Result
from syncd.sandbox.ics import render
from tests.e2e.outside import lines
from tests.e2e.studio import PASSWORD, SECRET, ZONE, Studio, local

T = TypeVar("T")

_PATIENCE: Final = 100.0
_SECRETS: Final = re.compile(rf"{PASSWORD}|ya29[.]|1//|GOCSPX|EwB[0-9a-f]|M[.]C[0-9]_|8Q~")
_TEXTS: Final = re.compile(r"Yoga|Dentist|Paperwork|Bank|Pilates|Errand|Hostile|OauthNG|BEGIN:V")


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and the lines that it logged."""

    text: str
    log: list[dict[str, Any]]

    def logged(self, event: str, connection: str) -> dict[str, Any]:
        """The one line about a connection."""
        (row,) = [row for row in self.log if (row["event"], row.get("connection")) == (event, connection)]
        return row

    def about(self, connection: str) -> str:
        """What was printed about one connection."""
        parts = re.split(r"^(?=connection \S+:)", self.text, flags=re.MULTILINE)
        return next(part for part in parts if part.startswith(f"connection {connection}:"))


@dataclass(slots=True)
class Day:
    """Anna exports to a calendar of ours and imports from `home/`, Ben likewise with `work/`; both were synced once."""

    studio: Studio
    config: Path
    loop: asyncio.AbstractEventLoop
    anna: str = ""
    ben: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    until: datetime | None = None
    waited: list[float] = field(default_factory=list)

    def on(self, work: Coroutine[Any, Any, T]) -> T:
        """What comes of something done where the simulators run."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(_PATIENCE)

    async def begin(self) -> None:
        studio = self.studio
        await studio.outside.web.request("MKCALENDAR", f"{studio.outside.root}work/")
        self.ben = (await studio.connect("ben", calendars=("work/",))).id
        self.anna = (await studio.connect("anna")).id
        studio.session("Yoga", local(1, "09:00"))
        studio.session("Paperwork", local(1, "11:00"), scheduleId=studio.rows["ben"].id)
        await studio.event("Dentist", local(1, "15:00"))
        await self.work_event("Bank", 1)
        results = await studio.sync_all()
        assert [(one.error, one.written) for one in results] == [(None, 2), (None, 2)]
        studio.clock.advance(660)
        studio.forget_requests()

    async def work_event(self, title: str, day: int) -> None:
        """An event in Ben's calendar."""
        start, name = local(day, "16:00"), f"work-{title.lower()}"
        body = {"uid": f"{name}@work", "title": title, "start": start, "end": start + timedelta(hours=1), "zone": ZONE}
        await self.studio.outside.put("work/", f"{name}.ics", render(body, stamp=self.studio.clock.now()))

    def news(self) -> None:
        """One session and one event for each of the two."""
        self.studio.session("Pilates", local(2, "09:00"))
        self.studio.session("Pilates", local(2, "11:00"), scheduleId=self.studio.rows["ben"].id)
        self.on(self.studio.event("Errand", local(2, "15:00")))
        self.on(self.work_event("Errand", 3))

    # the operator

    def syncd(self, *args: str, code: int = 0, say: str | None = None) -> Said:
        """A command; its exit code must be `code`, and nothing that it says may hold people's text or a secret."""
        environment = {"SYNCD_CONFIG": str(self.config), **self.settings}
        done = CliRunner().invoke(main, args, input=say, env=environment)
        assert done.exit_code == code, f"{args} → {done.exit_code}\n{done.output}\n{done.exception!r}"
        for text in (done.stdout, done.stderr):
            assert not _TEXTS.search(text), text
            assert not _SECRETS.search(text), text
            assert SECRET not in text
        assert self.studio.email not in done.stderr
        rows = [json.loads(row) for row in done.stderr.splitlines() if row.startswith("{")]
        return Said(done.stdout, rows)

    def refused(self, *args: str, code: int, say: str | None = None) -> str:
        """What a command says when it is refused."""
        done = CliRunner().invoke(main, args, input=say, env={"SYNCD_CONFIG": str(self.config), **self.settings})
        assert done.exit_code == code, f"{args} → {done.exit_code}\n{done.output}"
        assert not _SECRETS.search(done.output)
        return done.stderr

    def run(self, code: int = 0) -> Said:
        """One pass of the command line, with its log."""
        said = self.syncd("run", "--once", code=code)
        assert self.studio.email not in said.text
        return said

    def stands(self, connection: str) -> dict[str, Any]:
        """What `status` tells of a connection."""
        rows = json.loads(self.syncd("status", "--json").text)["connections"]
        found: dict[str, Any] = next(row for row in rows if row["connection"] == connection)
        return found

    def notes(self, connection: str) -> list[dict[str, Any]]:
        """What `status` lists as left."""
        rows = json.loads(self.syncd("status", "--json").text)["notes"]
        return [row for row in rows if row["connection"] == connection]

    def checked(self, code: int = 1) -> list[tuple[str, str, str]]:
        """Where, what and next step of everything that `check` finds missing."""
        rows = json.loads(self.syncd("check", "--json", code=code).text)
        return [(row["where"], row["what"], row["next"]) for row in rows if row["state"] == "missing"]

    # what goes wrong

    def at_wix(self, path: str, do: Mapping[str, Any], **more: Any) -> None:
        """Answer every such request badly, until it is over."""
        self.studio.wix.app.faults.add(
            {"match": {"path": path, **more.pop("match", {})}, "do": do, "times": -1, **more}
        )

    def outside(self, do: Mapping[str, Any], **more: Any) -> None:
        """Answer every such request badly, until it is over."""
        self.studio.proxy.plant({"do": do, "times": -1, **more})

    def over(self) -> None:
        """The sides answer as they should again."""
        self.studio.wix.app.faults.clear()
        self.studio.person.heal()

    def delivered(self) -> list[tuple[str, str, int | None]]:
        """Method, path and status of every answer that was spoilt."""
        logs = (self.studio.wix.app.log, self.studio.person.log)
        rows = [row for log in logs for row in log.to_json()["requests"]]
        spoilt = [row for row in rows if row["fault"] is not None and "no effect" not in row["fault"]]
        return [(row["method"], row.get("href", row["path"]), row["status"]) for row in spoilt]

    def answered(self, status: int) -> int:
        """How many requests had this answer."""
        logs = (self.studio.wix.app.log, self.studio.person.log)
        return sum(row["status"] == status for log in logs for row in log.to_json()["requests"])

    async def passed(self, house: House | None = None, **more: Any) -> dict[str, Result]:
        """A pass without a command line. `more`: fields of the pass."""
        house = house or self.studio.house
        work = replace(house.work(self.studio.store), **more)
        results = await one_pass(house, work, await self.studio.store.connections())
        return {result.connection.id: result for result in results}

    def for_a_minute(self) -> None:
        """From now on; it is over when that time was waited for."""
        self.until = self.studio.clock.now() + timedelta(minutes=1)

    async def wait(self, seconds: float) -> None:
        """Waiting that takes no time."""
        self.waited.append(seconds)
        self.studio.clock.advance(seconds)
        if self.until is not None and self.studio.clock.now() >= self.until:
            self.over()

    # both sides

    async def everything(self) -> tuple[set[str], set[str]]:
        """Titles and times of what both people have: at the site, and in the calendars that are ours."""
        studio = self.studio
        site = [f"{row.get('title')} {row['start']['localDate'][:16]}" for row in (await studio.at_wix()).values()]
        made = [one for one in await studio.outside.calendars() if one.startswith("syncd-")]
        texts = [text for one in made for text in (await studio.outside.objects(one)).values()]
        copies = [f"{lines(text, 'SUMMARY')[0]} {lines(text, 'DTSTART')[0]}" for text in texts]
        assert len(set(site)) == len(site), "doubled at the site"
        assert len(set(copies)) == len(copies), "doubled outside"
        return set(site), set(copies)

    async def connection(self, name: str) -> Connection:
        found = await self.studio.store.connection(name)
        assert found is not None
        return found

    async def status(self, name: str) -> tuple[Status, Reason | None]:
        found = await self.connection(name)
        return found.status, found.reason

    async def configure(self, name: str, **wish: Any) -> None:
        studio = self.studio
        account = await studio.house.account_of(studio.store, studio.house.keys(), await self.connection(name))
        try:
            await configure(studio.house.desk(studio.store), account, await self.connection(name), Wish(**wish))
        finally:
            await account.aclose()

    async def at_rest(self) -> None:
        """Two passes eleven minutes apart go well and write nothing on either side."""
        for _ in range(2):
            self.studio.clock.advance(660)
            self.studio.forget_requests()
            for result in await self.studio.sync_all():
                assert result.error is None, result.error
            assert self.studio.written() == []


@contextmanager
def looping() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


OLD_SITE: Final = {
    "Yoga 2026-03-03T09:00",
    "Paperwork 2026-03-03T11:00",
    "Dentist 2026-03-03T15:00",
    "Bank 2026-03-03T16:00",
}
OLD_COPIES: Final = {"Yoga 20260303T090000", "Paperwork 20260303T110000"}
ANNAS_SITE: Final = {"Pilates 2026-03-04T09:00", "Errand 2026-03-04T15:00"}
BENS_SITE: Final = {"Pilates 2026-03-04T11:00", "Errand 2026-03-05T16:00"}
ANNAS_COPIES: Final = {"Pilates 20260304T090000"}
BENS_COPIES: Final = {"Pilates 20260304T110000"}
SITE: Final = OLD_SITE | ANNAS_SITE | BENS_SITE
COPIES: Final = OLD_COPIES | ANNAS_COPIES | BENS_COPIES
