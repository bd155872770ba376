"""The product at work, as a process of its own: passes the way of the command line, with what each of them cost.

Prints one line of JSON for each pass. CPU is that of this process alone, all threads of it; the pass is split where
the first connection has its turn: what comes before is the reading of the site. Nothing is imported that the product
does not need, which would count as its memory. Not here: the outside world (world).
"""

import asyncio
import cProfile
import json
import pstats
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import msgspec

from syncd import config, telemetry
from syncd.cli.compose import Credentials, House, seal
from syncd.cli.connect import stored
from syncd.cli.passes import one_pass
from syncd.connections import Request, Wish, confirm
from syncd.model import Create, MakeCalendar, Target
from syncd.ports import Account, Draft, Grant, Shelf
from syncd.sandbox.clock import SandboxClock, parse_rfc3339
from syncd.store import SqlStore, migrate

Json = dict[str, Any]
CONNECTION: Final = "connection-1"
_SHOWN: Final = 45


@dataclass(frozen=True)
class TimedHouse(House):
    """A house that notes when the first connection has its turn."""

    turns: list[float] = field(default_factory=list)

    def account(self, provider: str, credentials: Credentials, shelf: Shelf | None = None) -> Account:
        self.turns.append(time.process_time())
        return super().account(provider, credentials, shelf)


async def connect(house: House, order: Json, *, imports: bool, confirmed: bool = True) -> None:
    """A connection; with `imports` the person's own calendar is read too; one that was granted is read in any case."""
    granted = order["granted"]
    if granted:
        provider, email = granted["provider"], granted["email"]
        credentials = Credentials(email, grant=msgspec.convert(granted["grant"], Grant))
        wish = Wish(imports=True, calendars=(granted["calendar"],), target=Target.PRIMARY)
    else:
        provider, email = "apple", order["email"]
        credentials = Credentials(email, order["password"])
        wish = Wish(imports=imports, calendars=("home/",) if imports else None)
    sealed = seal(house.keys(), credentials)
    request = Request(CONNECTION, provider, order["schedule"], email=email, sealed=sealed, wish=wish)
    async with house.store() as store:
        made = await stored(house, store, credentials, request)
        if confirmed:
            await confirm(house.desk(store), made)


async def leave_copies(house: House, folder: Path) -> int:
    """Put the copies that the first pass would make where Radicale keeps its files, as after the loss of a database.

    Radicale looks at everything for each object that it stores, so that ten thousand cannot be put one by one.
    """
    from adapters.apple.mapping import new_object

    async with house.store() as store, store.snapshot() as copy:
        (result,) = await one_pass(house, house.work(copy, dry=True, unconfirmed=True), await copy.connections())
    actions = result.plan.actions if result.plan is not None else ()
    (calendar,) = [action for action in actions if isinstance(action, MakeCalendar)]
    place = folder / f"syncd-{calendar.key}"
    place.mkdir(parents=True)
    (place / ".Radicale.props").write_text('{"tag": "VCALENDAR", "D:displayname": "Sessions"}')
    made = [Draft(action.key, action.event, action.mark) for action in actions if isinstance(action, Create)]
    for draft in made:
        (place / f"{draft.key}.ics").write_bytes(new_object(draft, house.clock.now()).serialised().encode())
    return len(made)


async def one(house: TimedHouse, store: SqlStore) -> Json:
    """One pass and its cost: seconds of CPU and by the clock, and the greatest memory so far."""
    house.turns.clear()
    began, cpu = time.perf_counter(), time.process_time()
    results = await one_pass(house, house.work(store), await store.connections())
    ended, wall = time.process_time(), time.perf_counter() - began
    turn = house.turns[0] if house.turns else ended
    if any(result.error is not None for result in results):
        raise SystemExit(f"the pass failed: {[result.error for result in results]}")
    counts = {key: sum(getattr(result, key) for result in results) for key in ("written", "failed", "held")}
    return {
        "wall": wall,
        "cpu": ended - cpu,
        "site_cpu": turn - cpu,
        "turn_cpu": ended - turn,
        "peak": peak(),
        "models": models(),
        **counts,
    }


def lift_limit(provider: str) -> None:
    """Let requests to a provider go out as fast as they are answered, from here to the end of the process."""
    # No setting lifts it: nobody's account is without it. What it costs is told by `pace`.
    vars(import_module(f"adapters.{provider}"))["PER_MINUTE"] = None


def models() -> list[str]:
    """Modules of Microsoft's library that were imported and hold a model, or read one out of an answer."""
    ours = [name for name in sys.modules if name.startswith("msgraph.generated.")]
    return [name for name in ours if name.startswith("msgraph.generated.models") or _reads(name)]


def _reads(name: str) -> bool:
    kinds = [one for one in vars(sys.modules[name]).values() if isinstance(one, type) and one.__module__ == name]
    return any("get_field_deserializers" in vars(kind) for kind in kinds)


def peak() -> float:
    """The greatest resident memory of this process so far, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


@contextmanager
def profiled(file: str | None) -> Iterator[None]:
    """Writes what took the time, by own time and with what was called, to a file."""
    if file is None:
        yield
        return
    profile = cProfile.Profile()
    profile.enable()
    try:
        yield
    finally:
        profile.disable()
        with Path(file).open("w") as out:
            for order in ("tottime", "cumulative"):
                pstats.Stats(profile, stream=out).sort_stats(order).print_stats(_SHOWN)


async def main(order: Json) -> None:
    """Migrate and connect if told to; then so many passes on one open store, as a service makes them."""
    settings = config.load(Path(order["config"]), order["granted"]["settings"] if order["granted"] else {})
    telemetry.set_up("json", "warning")
    house = TimedHouse(settings, SandboxClock(parse_rfc3339(order["now"]), rate=0))
    copies = 0
    if order["connect"]:
        await migrate(settings.store.url)
        if order["copies"]:
            await connect(house, order, imports=False, confirmed=False)
            copies = await leave_copies(house, Path(order["copies"]))
            async with house.store() as store:  # connected anew, it finds the calendar that it had before
                await store.forget_connection(CONNECTION)
        await connect(house, order, imports=order["imports"])
    print(json.dumps({"copies": copies}), flush=True)
    sys.stdin.readline()
    async with house.store() as store:
        if order["unlimited"]:
            lift_limit(order["granted"]["provider"])
        for _ in range(order["passes"]):
            with profiled(order["profile"]):
                cost = await one(house, store)
            print(json.dumps(cost), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
