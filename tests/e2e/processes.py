"""syncd as an operator meets it: the sandbox and every command as processes of their own, both sides read raw.

Not here: tests. Nothing is imported from the product but the studio's names.
"""

import hashlib
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import httpx

from tests.e2e.outside import lines, unfolded

SYNCD: Final = (sys.executable, "-m", "syncd")
_PATIENCE: Final = 60.0
_WEEKS: Final = 5  # of weekly classes are enough
_EVERYTHING: Final = """\
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><C:calendar-data/></D:prop>
<C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>
"""

Json = dict[str, Any]


@dataclass(slots=True)
class Box:
    """A running sandbox. `config` may be exchanged for another one."""

    line: Json
    config: Path
    wix: httpx.Client
    apple: httpx.Client

    @property
    def database(self) -> Path:
        return Path(self.line["database"])

    @property
    def account(self) -> Json:
        return dict(self.line["apple"]["accounts"][0])

    @property
    def staff(self) -> str:
        """The schedule of the first staff member, which the sandbox connects."""
        return next(str(row["id"]) for row in self.line["wix"]["schedules"] if row["kind"] == "staff")

    # the command line

    def syncd(self, *args: str, code: int = 0, say: str = "") -> str:
        """What a command printed; its exit code must be `code`."""
        command = [*SYNCD, "--config", str(self.config), *args]
        done = subprocess.run(command, input=say, capture_output=True, text=True, timeout=_PATIENCE, check=False)
        assert done.returncode == code, f"{args} → {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *args: str, code: int = 0, say: str = "") -> Any:
        return json.loads(self.syncd(*args, "--json", code=code, say=say))

    def connect(self) -> Json:
        who = ("--schedule", self.staff, "--email", self.account["email"], "--password-stdin", "--yes")
        made: Json = self.json("connect", "apple", *who, say=f"{self.account['password']}\n")
        return made

    def killed_run(self, when: Callable[[], bool]) -> None:
        """A pass that is killed with -9 as soon as `when` says so."""
        command = [*SYNCD, "--config", str(self.config), "run", "--once"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + _PATIENCE
            while not when():
                assert process.poll() is None, "the pass ended before it was killed"
                assert time.monotonic() < deadline
                time.sleep(0.02)
            process.kill()

    # the simulators

    def writes(self) -> list[str]:
        """Writing requests that reached them since they were last forgotten."""
        rows = [row for web in (self.wix, self.apple) for row in web.get("/_sandbox/log").json()["requests"]]
        return [f"{row['method']} {row['path']}" for row in rows if row["write"]]

    def forget_requests(self) -> None:
        for web in (self.wix, self.apple):
            web.delete("/_sandbox/log")

    def advance(self, seconds: float) -> None:
        self.wix.post("/_sandbox/clock", json={"advance_seconds": seconds}).raise_for_status()

    def fault(self, web: httpx.Client, do: Mapping[str, Any], match: Mapping[str, str], **more: Any) -> None:
        web.post("/_sandbox/faults", json={"do": do, "match": match, **more}).raise_for_status()

    # both sides, raw

    def sessions(self) -> dict[str, Json]:
        """Id → confirmed event of the site, without series themselves and working hours."""
        rows = self.wix.get("/_sandbox/raw").json()["events"]
        kept = [row for row in rows if row["status"] == "CONFIRMED" and not row["retired"]]
        return {r["id"]: r for r in kept if r["recurrenceType"] != "MASTER" and r["type"] != "WORKING_HOURS"}

    def blocks(self) -> Counter[str]:
        """Title and start of every event that bears our line."""
        rows = [row for row in self.sessions().values() if "[syncd " in (row.get("notes") or "")]
        return Counter(f"{row['title']} {row['start']['localDate'][:16]}" for row in rows)

    def cancel(self, ref: str) -> None:
        self._people("POST", f"/calendar/v3/events/{ref}/cancel", {})

    def _people(self, method: str, path: str, body: Json) -> None:
        wix = self.line["wix"]
        grant = {"grant_type": "client_credentials", "instance_id": wix["instance_id"]}
        asked = {**grant, "client_id": wix["app_id"], "client_secret": wix["app_secret"]}
        token = self.wix.post("/oauth2/token", json=asked).json()["access_token"]
        answer = self.wix.request(method, path, json=body, headers={"authorization": token})
        assert answer.status_code == 200, answer.text

    def calendars(self) -> list[str]:
        """The paths of the calendars that syncd made."""
        home = f"/{self.account['email']}/"
        answer = self.apple.request("PROPFIND", home, headers={"depth": "1"})
        hrefs = [unquote(href) for href in re.findall(r"<href>([^<]+)</href>", answer.text)]
        return sorted({href for href in hrefs if href.removeprefix(home).startswith("syncd-")})

    def objects(self) -> dict[str, str]:
        """Path → text of everything in the dedicated calendar, of which there must be one."""
        (calendar,) = self.calendars()
        answer = self.apple.request("REPORT", calendar, headers={"depth": "1"}, content=_EVERYTHING)
        rows = re.findall(r"<href>([^<]+\.ics)</href>.*?calendar-data>(.*?)</", answer.text, re.DOTALL)
        return {href: unfolded(unescape(text)) for href, text in rows}

    def copies(self) -> Counter[str]:
        """Title and start of everything in the dedicated calendar."""
        texts = self.objects().values()
        return Counter(f"{lines(text, 'SUMMARY')[0]} {lines(text, 'DTSTART')[0]}" for text in texts)

    def copy_of(self, session: Json) -> str:
        """The path of the copy of a session: the one at its time, under whatever title."""
        start = re.sub(r"[-:]", "", session["start"]["localDate"])
        return next(path for path, text in self.objects().items() if lines(text, "DTSTART") == [start])

    def digest(self) -> str:
        """Of the database's main file."""
        return hashlib.sha256(self.database.read_bytes()).hexdigest()


@contextmanager
def sandbox(folder: Path, *args: str) -> Iterator[Box]:
    """A sandbox in its own process with a short window; SIGTERM ends it.

    Its first staff member is connected with the Apple account, unless `--no-connect` is among the arguments.
    """
    command = [*SYNCD, "sandbox", "--dir", str(folder), *dict.fromkeys((*args, "--no-connect"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = json.loads(process.stdout.readline())
            who = line["apple"]["accounts"][0]
            auth = (who["email"], who["password"])
            wix = httpx.Client(base_url=line["wix"]["base_url"], trust_env=False)
            apple = httpx.Client(base_url=line["apple"]["url"], auth=auth, trust_env=False)
            with wix, apple:
                with Path(line["config"]).open("a") as config:
                    config.write(f"\n[policy]\nwindow_future_days = {_WEEKS * 7}\n")
                box = Box(line, Path(line["config"]), wix, apple)
                if "--no-connect" not in args:
                    box.connect()
                    box.forget_requests()
                yield box
        finally:
            process.terminate()
            assert process.wait(30) == 0
