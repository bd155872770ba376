"""`connect` of a provider whose owner consents, as a process of its own that waits for the answer to its link.

Not here: what a consent says, and what becomes of it (the tests).
"""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from tests.cli.conftest import JONAS, Studio


@dataclass
class Waiting:
    """The command, waiting for the answer to its link. `account`: whose button is pressed there."""

    process: subprocess.Popen[str]
    link: str
    account: str

    def press(self, **more: str) -> httpx.Response:
        """Press the account's button on the page of the link. `more`: other parameters of the link."""
        parts = urlsplit(self.link)
        query = {**dict(parse_qsl(parts.query)), **more}
        form = {"account": self.account, "scope": query["scope"].split()}
        return httpx.post(parts._replace(query=urlencode(query)).geturl(), data=form)

    def agree(self, **more: str) -> str:
        """The address that the browser is sent to."""
        return address_of(self.press(**more))

    def refuse(self, word: str = "1") -> str:
        """Press the button that says no; the address that the browser is sent to."""
        return address_of(httpx.post(self.link, data={"deny": word}))

    def ended(self, code: int, say: str = "") -> tuple[str, str]:
        """Standard output, and the rest of standard error."""
        out, err = self.process.communicate(say, timeout=60)
        assert self.process.returncode == code, err
        return out, err


def address_of(answer: httpx.Response) -> str:
    """Where a page sends the browser."""
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


def free_port(studio: Studio) -> int:
    """Where the answer comes to; syncd is told."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    studio.settings["SYNCD_SERVICE__LOOPBACK_PORT"] = str(number)
    return number


@contextlib.contextmanager
def taken(port: int) -> Iterator[None]:
    """Another program listens there."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        yield


@contextlib.contextmanager
def asked(studio: Studio, provider: str, account: str, *more: str) -> Iterator[Waiting]:
    """`connect` for the schedule of Jonas."""
    command = [sys.executable, "-m", "syncd", "connect", provider, "--schedule", JONAS.schedule_id, *more]
    environment = {**os.environ, "SYNCD_CONFIG": str(studio.config), **studio.settings}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            link = next((line.strip() for line in process.stderr if line.strip().startswith("http")), "")
            assert link, process.stderr.read()
            yield Waiting(process, link, account)
        finally:
            process.kill()
