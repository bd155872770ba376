"""Radicale as a subprocess: the real CalDAV server behind the sandbox, and seeding it over HTTP.

Not here: faults and the request log (proxy), what the seeded events say (ics).
"""

import asyncio
import base64
import importlib.util
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from syncd.sandbox.proxy_wire import BrokenMessageError, Request, Response, send

_HOST: Final = "127.0.0.1"
_READY_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.02
_ATTEMPTS: Final = 3

_CONFIG: Final = """\
[server]
hosts = {host}:{port}
max_connections = 200
timeout = 120
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/collections
[web]
type = none
[logging]
level = critical
"""

_MKCALENDAR: Final = """\
<?xml version="1.0" encoding="utf-8"?>
<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>
<D:displayname>{name}</D:displayname>
<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>
</D:prop></D:set></C:mkcalendar>
"""


class RadicaleError(RuntimeError):
    """The server cannot run, or refused what it was given to begin with."""


# Radicale with an eye on its standard input: it ends when the process that started it is gone, however that ended.
_TETHERED = """
import os, runpy, sys, threading
def watch():
    while os.read(0, 1024):  # not sys.stdin, whose lock the interpreter wants at its end
        pass
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
sys.argv[0] = "radicale"
runpy.run_module("radicale", run_name="__main__")
"""


class RadicaleServer:
    """One Radicale with its files in `folder` and the accounts {e-mail: password}.

    Belongs to no event loop: it may be started in one and stopped in another. What it stores stays
    in the folder and is there again after the next start.
    """

    def __init__(self, folder: Path, accounts: Mapping[str, str]) -> None:
        for email, password in accounts.items():
            if ":" in email or "\n" in email + password:
                raise ValueError("an account has characters that the password file cannot hold")
        self._folder = folder
        self._accounts = dict(accounts)
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def base_url(self) -> str:
        """The address of the server, without a final slash."""
        return f"http://{_HOST}:{self._port}"

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start on a free port and wait until it answers. Raises RadicaleError when it does not."""
        if importlib.util.find_spec("radicale") is None:
            raise RadicaleError("the package 'radicale' is not installed: run `make setup`")
        for _ in range(_ATTEMPTS):
            # Between choosing the port and listening somebody else may take it: then once more.
            self._port = _free_port()
            self._process = self._launched()
            ready = False
            try:
                ready = await self._answers()
            finally:
                if not ready:
                    await self.stop()
            if ready:
                return
        raise RadicaleError(f"Radicale does not start; what it said is in {self._folder}/stderr")

    async def stop(self) -> None:
        """Ask the server to end, and end it when it does not. May be repeated."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, _STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)
        finally:
            if process.stdin is not None:
                process.stdin.close()

    def _launched(self) -> subprocess.Popen[bytes]:
        folder = self._folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        users = folder / "users"
        users.touch(mode=0o600)
        users.write_text("".join(f"{name}:{word}\n" for name, word in self._accounts.items()))
        config = folder / "config"
        config.write_text(_CONFIG.format(host=_HOST, port=self._port, folder=folder))
        command = [sys.executable, "-c", _TETHERED, "--config", str(config)]
        with (folder / "stderr").open("wb") as errors:
            return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=errors, stderr=errors, cwd=folder)

    async def _answers(self) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _READY_SECONDS
        while loop.time() < deadline and self._process is not None:
            if self._process.poll() is not None:
                return False
            try:
                await send(self.base_url, Request("OPTIONS", "/"))
            except (OSError, BrokenMessageError):
                await asyncio.sleep(_POLL_SECONDS)
            else:
                return True
        return False


@dataclass(frozen=True, slots=True)
class SeedCalendar:
    """A calendar to begin with: its last path segment, shown name, and objects by file name."""

    slug: str
    displayname: str
    objects: Mapping[str, bytes] = field(default_factory=dict)


async def seed(url: str, email: str, password: str, calendars: Sequence[SeedCalendar]) -> tuple[str, ...]:
    """Make the calendars of one account and fill them, by plain HTTP; returns their hrefs.

    Raises RadicaleError when the server refuses one: nothing is overwritten.
    """
    word = base64.b64encode(f"{email}:{password}".encode()).decode()
    identity = ("authorization", f"Basic {word}")
    hrefs = []
    for calendar in calendars:
        href = f"/{quote(email)}/{quote(calendar.slug)}/"
        body = _MKCALENDAR.format(name=escape(calendar.displayname)).encode()
        xml = ("content-type", "application/xml; charset=utf-8")
        _made(await send(url, Request("MKCALENDAR", href, (identity, xml), body)), href)
        ics = ("content-type", "text/calendar; charset=utf-8")
        for name, content in calendar.objects.items():
            target = href + quote(name)
            headers = (identity, ics, ("if-none-match", "*"))
            _made(await send(url, Request("PUT", target, headers, content)), target)
        hrefs.append(href)
    return tuple(hrefs)


def _made(answer: Response, href: str) -> None:
    if answer.status not in (201, 204):
        raise RadicaleError(f"{href} could not be made: the server answered {answer.status}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
    return port
