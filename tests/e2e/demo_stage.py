"""Where a demonstration takes place: the sandbox and every command of syncd as processes of their own.

Not here: what is done in it (demo_steps).
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tests.e2e.demo_caldav import Account
from tests.e2e.demo_google import GoogleCalendar
from tests.e2e.demo_microsoft import MicrosoftCalendars
from tests.e2e.demo_mirror import Sides, Titles
from tests.e2e.demo_report import Report, say, say_output
from tests.e2e.demo_values import Json
from tests.e2e.demo_wix import WixSite

SYNCD: Final = (sys.executable, "-m", "syncd")
_PATIENCE: Final = 120.0
_ENDING: Final = 20.0
_PAST, _FUTURE = timedelta(days=7), timedelta(days=366)  # the default window, its last day included


class BrokenOffError(Exception):
    """A process did not do what it must for the demonstration to go on."""


@dataclass(slots=True)
class Stage:
    """A running sandbox, both of its sides raw, and syncd on the command line."""

    line: Json
    wix: WixSite
    account: Account
    google: GoogleCalendar
    microsoft: MicrosoftCalendars
    environment: Mapping[str, str]
    group: int  # of its processes
    report: Report
    titles: Titles = field(default_factory=Titles)
    planned: str = ""  # digest of the plan that was shown

    # syncd

    def syncd(self, *args: str, code: int = 0, show: bool = True) -> str:
        """What a command prints. Raises BrokenOffError when it ends with another exit code."""
        command = [*SYNCD, "--config", self.line["config"], *args]
        if show:
            say(f"  $ syncd {shlex.join(args)}")
        # In the group that is waited for at the end: an interrupt may come before its number is known here.
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
            env=self.environment,
            process_group=self.group,
        )
        if show:
            say_output(done.stdout)
        if done.returncode != code:
            say(done.stderr)
            raise BrokenOffError(f"syncd {args[0]} ended with {done.returncode}, not {code}")
        return done.stdout

    def json(self, *args: str) -> Any:
        """The same as JSON, not shown."""
        return json.loads(self.syncd(*args, "--json", show=False))

    def sync(self, code: int = 0) -> str:
        """One pass."""
        return self.syncd("run", "--once", "--show-text", code=code)

    # the sandbox

    def now(self) -> datetime:
        return datetime.fromisoformat(self.wix.control("GET", "clock")["now"]).astimezone(UTC)

    def advance(self, minutes: int, why: str) -> None:
        say(f"  the sandbox's clock goes {minutes} minutes ahead: {why}")
        self.wix.control("POST", "clock", json={"advance_seconds": minutes * 60})

    def forget_requests(self) -> None:
        for side in self._simulators:
            side.control("DELETE", "log")

    def writes(self) -> int:
        """Writing requests that the simulators have seen since they last forgot."""
        return sum(row["write"] for side in self._simulators for row in side.control("GET", "log")["requests"])

    @property
    def _simulators(self) -> Sequence[WixSite | Account | GoogleCalendar | MicrosoftCalendars]:
        return self.wix, self.account, self.google, self.microsoft

    # both sides

    @property
    def staff(self) -> Json:
        """The schedule that is connected with the Apple account."""
        return self._staff()[0]

    @property
    def colleague(self) -> Json:
        """The schedule that is connected with the Google account."""
        return self._staff()[1]

    @property
    def partner(self) -> Json:
        """The schedule that is connected with the Microsoft account."""
        return self._staff()[2]

    def _staff(self) -> list[Json]:
        return [dict(row) for row in self.line["wix"]["schedules"] if row["kind"] == "staff"]

    def sessions(self, whose: Json | None = None) -> list[Json]:
        """What takes a staff member's time within the window; the first one's unless another is named."""
        staff = whose or self.staff
        found = self.wix.sessions(*self.window())
        return [
            event
            for event in found
            if event["scheduleId"] == staff["id"] or staff["external_id"] in {one["id"] for one in event["resources"]}
        ]

    def sides(self) -> Sides:
        account, window = self.account, self.window()
        own = [one for item in account.items(account.home) for one in item.lying(*window)]
        return Sides(self.sessions(), [item.shown for item in account.copies()], own)

    def sides_of(self, account: GoogleCalendar | MicrosoftCalendars, staff: Json) -> Sides:
        entries = account.entries(*self.window())
        copies = [entry.shown for entry in entries if entry.ours]
        return Sides(self.sessions(staff), copies, [entry.lying for entry in entries if not entry.ours])

    def check_everything(self) -> None:
        """Every side shows everything of the other, once, as the rules want it."""
        sides = self.sides()
        self.report.check(sides.expected(self.titles), sides.found(self.titles))
        for where, account, staff in (
            ("at Google", self.google, self.colleague),
            ("at Microsoft", self.microsoft, self.partner),
        ):
            sides = self.sides_of(account, staff)
            self.report.check(f"{where} {sides.expected(self.titles)}", f"{where} {sides.found(self.titles)}")

    def window(self) -> tuple[datetime, datetime]:
        """The days that are compared."""
        midnight = self.now().replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - _PAST, midnight + _FUTURE


@contextmanager
def staged(folder: Path, report: Report) -> Iterator[Stage]:
    """The sandbox in `folder`, ended when this ends, however that is.

    Raises BrokenOffError when it does not start; afterwards also when one of its processes is left.
    """
    environment = _environment(folder)
    command = [*SYNCD, "sandbox", "--dir", str(folder / "studio")]
    with (folder / "sandbox.err").open("wb") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment, process_group=0
        )
    try:
        line = _first_line(process, folder / "sandbox.err")
        say(
            f"  the sandbox runs as process group {process.pid}: {line['wix']['base_url']}, "
            f"{line['apple']['url']}, {line['google']['base_url']}, {line['microsoft']['base_url']}"
        )
        account = Account(line["apple"]["url"], line["apple"]["accounts"][0])
        google, microsoft = GoogleCalendar(line["google"]), MicrosoftCalendars(line["microsoft"])
        yield Stage(line, WixSite(line["wix"]), account, google, microsoft, environment, process.pid, report)
    finally:
        _end(process)


def _environment(folder: Path) -> dict[str, str]:
    """Of every process: no settings but the sandbox's; byte code beside it, as each process is a new Python."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("SYNCD_")}
    mine.pop("PYTHONDONTWRITEBYTECODE", None)
    return mine | {"PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def _first_line(process: subprocess.Popen[str], errors: Path) -> Json:
    """What the sandbox prints when it is ready; it is killed when that takes too long."""
    assert process.stdout is not None
    watch = threading.Timer(_PATIENCE, process.kill)
    watch.start()
    try:
        text = process.stdout.readline()
    finally:
        watch.cancel()
    if not text:
        raise BrokenOffError(f"the sandbox did not start: {errors.read_text()[-1000:]}")
    line: Json = json.loads(text)
    return line


def _end(process: subprocess.Popen[str]) -> None:
    """SIGTERM, and time to stop what it started; what is left then is killed, and told by BrokenOffError."""
    left = True
    try:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_ENDING)
        left = not _all_gone(process.pid, _ENDING)
    finally:
        if left:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(_ENDING)
        if process.stdout is not None:
            process.stdout.close()
    if left:
        raise BrokenOffError("a process of the sandbox was left and had to be killed")


def _all_gone(group: int, seconds: float) -> bool:
    """Whether no process of a group is left, asked until then."""
    deadline = time.monotonic() + seconds
    while is_running(group):
        if time.monotonic() > deadline:
            return False
        with suppress(ChildProcessError):
            os.waitpid(-group, os.WNOHANG)  # a command that an interrupt parted from its number
        time.sleep(0.05)
    return True


def is_running(group: int) -> bool:
    """Whether a process group still has a process: the sandbox, or the calendar server that it started."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def digest_in(text: str) -> str:
    """The digest of all plans that `run` printed."""
    found = re.search(r"^digest of all plans: (\w+)$", text, re.MULTILINE)
    return found[1] if found else "none"
