"""Where a row is measured: a world, a store of its own, and passes of the product in a third process.

Not here: what is done there and what it may cost (rows).
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.world import APP, EMAIL, INSTANCE, PASSWORD, SECRET
from tests.configuration import Configuration, SiteAccess

Json = dict[str, Any]
ROOT: Final = Path(__file__).resolve().parent.parent
_BRIDGE: Final = "bridge000001"
_NO_LIMITS: Final = {"delete_limit": 1000, "delete_hard_limit": 1000, "create_limit": 20000}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as a simulator logged it. `operation`: its name, where the API gives it one.

    `whole`: it is a batch of others. `part`: its place in one, which comes behind its parts.
    """

    side: str
    method: str
    path: str
    status: int | None
    size: int
    write: bool
    operation: str = ""
    whole: bool = False
    part: int | None = None


@dataclass(slots=True)
class Cost:
    """What some passes cost. `passes`: as `passing` printed them; `requests`: of all of them together."""

    passes: list[Json]
    requests: list[Request]

    def on(self, side: str, *, write: bool | None = None) -> list[Request]:
        return [one for one in self.requests if one.side == side and (write is None or one.write is write)]

    @property
    def size(self) -> int:
        """Bytes of bodies, both ways."""
        return sum(one.size for one in self.requests if one.part is None)

    def total(self, key: str) -> float:
        return float(sum(one[key] for one in self.passes))

    def best(self, key: str) -> float:
        """The least of all passes: other work on the machine only ever adds."""
        return float(min(one[key] for one in self.passes))

    def worst(self, key: str) -> float:
        return float(max(one[key] for one in self.passes))


class Talk:
    """A process that answers each line of JSON with one."""

    def __init__(self, module: str, order: Mapping[str, Any]) -> None:
        command = [sys.executable, "-m", module, json.dumps(order)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.first = self.hear()

    def say(self, order: Mapping[str, Any]) -> Json:
        self.tell(order)
        return self.hear()

    def tell(self, order: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def hear(self) -> Json:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a process of the measurement ended with {self._process.wait()}")
        found: Json = json.loads(line)
        return found

    def end(self) -> None:
        """Close its input, and wait until it is gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


@dataclass(slots=True)
class Stage:
    """One world with one store."""

    folder: Path
    world: Talk
    database: str
    imports: bool = False
    connected: bool = False
    facts: Json = field(default_factory=dict)

    def run(
        self, passes: int = 1, *, profile: Path | None = None, copies: bool = False, unlimited: bool = False
    ) -> Cost:
        """So many passes in one new process; the connection is made first when there is none.

        `copies`: what the first pass would make lies there already. `profile`: the file for that of the last pass.
        `unlimited`: the account's requests do not wait for the quota of a minute.
        """
        self._configure()
        order = {"config": str(self.folder / "syncd.toml"), "now": self.facts["now"], "passes": passes}
        order |= {"connect": not self.connected, "schedule": self.facts["schedule"], "imports": self.imports}
        place = self.folder / "radicale/collections/collection-root" / EMAIL
        order |= {"copies": str(place) if copies else None, "profile": str(profile) if profile else None}
        order |= {"granted": self.facts.get("granted"), "unlimited": unlimited, "email": EMAIL, "password": PASSWORD}
        talk = Talk("benchmarks.passing", order)
        try:
            self.connected = True
            self.world.say({"forget": True})
            talk.tell({"go": True})
            costs = [talk.hear() for _ in range(passes)]
        finally:
            talk.end()
        return Cost(costs, requests_of(self.world.say({"log": True})))

    def order(self, **what: Any) -> None:
        self.facts = self.world.say(what)

    def _configure(self) -> None:
        access = SiteAccess(self.facts["wix"], APP, SECRET, INSTANCE)
        # Nothing is asked of the address where the account is elsewhere.
        calendars = self.facts["apple" if "apple" in self.facts else "wix"]
        Configuration(_BRIDGE, access, calendars, self.database, _NO_LIMITS).write(self.folder)


def requests_of(log: Mapping[str, Sequence[Json]]) -> list[Request]:
    return [
        Request(
            side=side,
            method=row["method"],
            path=row["path"],
            status=row["status"],
            size=row["bytes_in"] + row["bytes_out"],
            write=row["write"],
            operation=row.get("operation") or "",
            whole=bool(row.get("batch")),
            part=row.get("part"),
        )
        for side, rows in log.items()
        for row in rows
    ]


@contextmanager
def stage(folder: Path, database: str | None = None, **wanted: Any) -> Iterator[Stage]:
    """A world as wanted (`world.Wanted`) with an empty store, an SQLite file of the folder unless told otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    imports = bool(wanted.get("events"))
    world = Talk("benchmarks.world", {"folder": str(folder / "radicale"), **wanted})
    try:
        yield Stage(folder, world, database or f"sqlite:///{folder}/syncd.db", imports, facts=world.first)
    finally:
        world.end()


@dataclass(frozen=True, slots=True)
class Filled:
    """A stage as its first pass left it: files to copy, and the database, where that is no file among them."""

    folder: Path
    wanted: Json
    database: str | None = None

    @contextmanager
    def again(self, place: Path, database: str | None = None) -> Iterator[Stage]:
        """The same stage in a world eleven minutes later; `database`: the copy to use."""
        shutil.copytree(self.folder, place)
        with stage(place, database, kept=True, minutes=11, **self.wanted) as found:
            found.connected = True
            yield found
