"""The studio as the commands see it: simulators in a thread, a configuration, a migrated database."""

import asyncio
import contextlib
import json
import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import structlog
from click.testing import CliRunner, Result

from syncd.cli import main
from syncd.sandbox import studio as seeds
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.serve import EMAIL, PASSWORD, Sandbox, serving
from syncd.secrets import write_file

T = TypeVar("T")

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)  # a Friday
MARA, JONAS, _ = seeds.STAFF


@dataclass
class Studio:
    """One folder with a configuration, and the running simulators that it names."""

    folder: Path
    sandbox: Sandbox
    loop: asyncio.AbstractEventLoop
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "syncd.toml"

    @property
    def database(self) -> Path:
        return self.folder / "syncd.db"

    def run(self, *args: str, code: int = 0, say: str | None = None) -> Result:
        """A command with this configuration; `say` is what stands on its standard input."""
        environment = {"SYNCD_CONFIG": str(self.config), **self.settings}
        result = CliRunner().invoke(main, args, input=say, env=environment)
        assert result.exit_code == code, f"{args} → {result.exit_code}\n{result.output}\n{result.exception!r}"
        return result

    def json(self, *args: str, code: int = 0, say: str | None = None) -> Any:
        return json.loads(self.run(*args, "--json", code=code, say=say).stdout)

    def connect(self, *args: str, staff: seeds.Staff = MARA, code: int = 0, word: str = PASSWORD) -> Result:
        options = ("--schedule", staff.schedule_id, "--email", EMAIL, "--password-stdin")
        return self.run("connect", "apple", *options, *args, code=code, say=f"{word}\n")

    @property
    def connection(self) -> str:
        """The id of the only connection."""
        (found,) = self.json("connections")
        return str(found["id"])

    def inside(self, work: Callable[[], T]) -> T:
        """Do something where the simulators run."""

        async def call() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(30)

    def writes(self) -> list[str]:
        """What the simulators were asked to change, since the last look."""
        box = self.sandbox
        logs = (box.wix.app.log, box.proxy.log, box.google.app.log, box.microsoft.app.log)
        rows = [row for log in logs for row in self.inside(log.to_json)["requests"]]
        self.inside(self.sandbox.forget_requests)
        return [f"{row['method']} {row['path']}" for row in rows if row["write"]]

    @contextlib.contextmanager
    def outside(self) -> Iterator[httpx.Client]:
        """A person's own program at the calendar server, past the proxy."""
        with httpx.Client(base_url=self.sandbox.radicale.base_url, auth=(EMAIL, PASSWORD)) as client:
            yield client

    def advance(self, seconds: float) -> None:
        self.inside(lambda: self.sandbox.clock.advance(seconds))


CONFIG = """\
bridge_id = "abcdef012345"
[wix]
base_url = "{wix}"
app_id = "{app_id}"
app_secret = "{app_secret}"
[[wix.sites]]
instance_id = "{instance_id}"
[apple]
url = "{apple}"
[google]
client_id = "{google[client_id]}"
client_secret = "{google[client_secret]}"
base_url = "{google[base_url]}"
auth_url = "{google[auth_url]}"
token_url = "{google[token_url]}"
revoke_url = "{google[revoke_url]}"
[microsoft]
client_id = "{microsoft[client_id]}"
client_secret = "{microsoft[client_secret]}"
base_url = "{microsoft[base_url]}"
authority = "{microsoft[authority]}"
[policy]
window_future_days = 28
[service]
clock_url = "{clock}"
[log]
level = "error"
"""


@pytest.fixture
def studio(tmp_path: Path, sqlite_template: Path) -> Iterator[Studio]:
    """The seeded studio at noon on a clock that stands still; nothing is connected yet."""
    folder = tmp_path / "house"
    folder.mkdir()
    with _thread() as loop:
        context = serving(tmp_path / "radicale", clock=SandboxClock(NOON, rate=0))
        sandbox = asyncio.run_coroutine_threadsafe(context.__aenter__(), loop).result(60)
        try:
            shutil.copy(sqlite_template, folder / "syncd.db")
            write_file(folder / "syncd.key")
            (folder / "syncd.toml").write_text(
                CONFIG.format(
                    wix=sandbox.wix.base_url,
                    app_id=seeds.APP_ID,
                    app_secret=seeds.APP_SECRET,
                    instance_id=seeds.INSTANCE_ID,
                    apple=sandbox.proxy.base_url,
                    clock=sandbox.clock_url,
                    google=sandbox.facts()["google"],
                    microsoft=sandbox.facts()["microsoft"],
                )
            )
            yield Studio(folder, sandbox, loop)
        finally:
            asyncio.run_coroutine_threadsafe(context.__aexit__(None, None, None), loop).result(60)


@pytest.fixture
def connected(studio: Studio) -> Studio:
    """The studio with its first staff member connected, confirmed, and nothing exported yet."""
    studio.connect("--yes")
    studio.writes()
    return studio


@pytest.fixture
def synced(connected: Studio) -> Studio:
    """The studio after its first pass."""
    connected.run("run", "--once")
    connected.writes()
    return connected


@contextlib.contextmanager
def _thread() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A command sets up logging for its process; here the process goes on."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in list(root.manager.loggerDict)}
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
