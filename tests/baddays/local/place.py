"""A configured place on one machine, without any simulator: where it fails, it fails before anybody is asked.

Not here: tests; the studio with its simulators (tests/cli).
"""

import asyncio
import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from click.testing import CliRunner, Result

from syncd.cli import main
from syncd.model import Connection, Schedule, ScheduleKind, SyncConfig
from syncd.ports import Changes
from syncd.secrets import load
from syncd.store import open_store

APP_SECRET: Final = "app-s3cret-word"
EMAIL: Final = "mara@example.test"
_NOBODY: Final = 65534
_CONFIG: Final = f"""\
bridge_id = "abcdef012345"
[wix]
base_url = "http://127.0.0.1:9"
app_id = "app"
app_secret = "{APP_SECRET}"
[[wix.sites]]
instance_id = "site"
[apple]
url = "http://127.0.0.1:9"
"""
# Commands that need more than the configuration, and harm nothing when they work.
READERS: Final = (("connections",), ("status",), ("holds",), ("history",), ("run", "--dry-run"))
COMMANDS: Final = (*READERS, ("run", "--once"), ("connections", "--json"))


@dataclass
class Place:
    """One folder with a configuration, a key file, and a database with one confirmed connection."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "syncd.toml"

    @property
    def key(self) -> Path:
        return self.folder / "syncd.key"

    @property
    def database(self) -> Path:
        return self.folder / "syncd.db"

    def configure(self, text: str, **replaced: str) -> None:
        """More lines at the end of the configuration, and values in place of others."""
        self.config.write_text(_CONFIG + text)
        for old, new in replaced.items():
            self.config.write_text(self.config.read_text().replace(old, new))

    def run(self, *args: str, code: int, settings: Mapping[str, str] | None = None) -> Result:
        """A command; it must end with this code, without a traceback, and tell no secret; no address when it fails."""
        environment = {"SYNCD_CONFIG": str(self.config), **self.settings, **(settings or {})}
        result = CliRunner().invoke(main, args, env=environment)
        assert result.exit_code == code, f"{args} → {result.exit_code}\n{result.output}\n{result.exception!r}"
        assert isinstance(result.exception, SystemExit | None), repr(result.exception)
        for word in (APP_SECRET, "hidden", "Traceback", *([EMAIL] if code else [])):
            assert word not in result.output, word
        return result

    def store_connection(self, url: str | None = None) -> None:
        """A confirmed connection, as `connect` leaves it."""

        async def work() -> None:
            store = await open_store(url or f"sqlite:///{self.database}")
            schedule = Schedule("schedule", ScheduleKind.STAFF, "Mara", "resource", "Europe/Berlin")
            one = Connection("c1", "site", "apple", schedule, "id", EMAIL, SyncConfig(), confirmed=True)
            await store.commit(Changes(connections=[one]), None)
            await store.put_credentials("c1", load(self.key).seal(b'{"email": "x", "password": "hidden"}'))
            await store.aclose()

        asyncio.run(work())


@contextlib.contextmanager
def as_somebody_else(*denied: Path) -> Iterator[None]:
    """As a user that the modes of these files keep out. Whoever is not root takes the modes away from themselves."""
    if os.geteuid() == 0:
        os.seteuid(_NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)
        return
    modes = {file: file.stat().st_mode for file in denied}
    for file in denied:
        file.chmod(0)
    try:
        yield
    finally:
        for file, mode in modes.items():
            file.chmod(mode)
