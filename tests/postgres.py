"""A PostgreSQL server for the tests: found, started, and stopped whatever happens.

Run as a program, this file is the keeper: it holds the server as its child and stops it when its
standard input closes, so the server ends with the test process even after Ctrl-C or a kill.
Not here: databases and fixtures (conftest).
"""

import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

NOT_RUN: Final = "PostgreSQL not run: install postgresql"

_FOLDERS: Final = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
)
_INITDB: Final = ("-A", "trust", "-N", "-E", "UTF8", "--no-locale", "-U", "syncd")
_SETTINGS: Final = (
    "listen_addresses=127.0.0.1",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=60",
)
_STARTS: Final = 3
_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Server:
    """A reachable server whose user may create databases."""

    url: str  # for psycopg, of a database from which others are created and dropped

    def url_of(self, database: str) -> str:
        """For SQLAlchemy, of one database on this server."""
        scheme = "postgresql+psycopg"
        return urlsplit(self.url)._replace(scheme=scheme, path=f"/{database}").geturl()


@dataclass(frozen=True, slots=True)
class _Account:
    """The system user that the server runs as; None: the caller."""

    uid: int | None
    gid: int | None


def available() -> bool:
    """Whether a server is given by SYNCD_TEST_PG, or can be started here."""
    return bool(os.environ.get("SYNCD_TEST_PG")) or (_newest_binaries() is not None and _account() is not None)


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """The server of SYNCD_TEST_PG, else one of our own that ends with the block.

    Raises RuntimeError with the server's own words when it does not start.
    """
    given = os.environ.get("SYNCD_TEST_PG")
    if given:
        yield Server(urlsplit(given)._replace(scheme="postgresql").geturl())
        return
    binaries, account = _newest_binaries(), _account()
    if binaries is None or account is None:
        raise RuntimeError(NOT_RUN)
    folder = Path(tempfile.mkdtemp(prefix="syncd-pg-"))
    try:
        _own(folder, account)
        _initialise(binaries, folder, account)
        with _kept(binaries, folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _newest_binaries() -> Path | None:
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    for pattern in _FOLDERS:
        candidates += Path("/").glob(pattern)
    programs = ("initdb", "postgres", "pg_isready")
    complete = {p for p in candidates if all((p / name).exists() for name in programs)}
    return max(complete, key=_version, default=None)


def _version(binaries: Path) -> tuple[int, ...]:
    shown = subprocess.run([binaries / "initdb", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)(?:\.(\d+))?", shown)
    return tuple(int(part or 0) for part in found.groups()) if found else (0, 0)


def _account() -> _Account | None:
    """The server refuses to run as root, so root hands it to the user its package made."""
    if os.geteuid() != 0:
        return _Account(None, None)
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        return None
    return _Account(entry.pw_uid, entry.pw_gid)


def _own(folder: Path, account: _Account) -> None:
    if account.uid is not None and account.gid is not None:
        os.chown(folder, account.uid, account.gid)


def _popen(command: list[str], folder: Path, account: _Account) -> subprocess.Popen[bytes]:
    """Runs inside the folder: the caller's own may be closed to the other user."""
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=account.uid,
            group=account.gid,
            extra_groups=None if account.uid is None else [],
        )


def _initialise(binaries: Path, folder: Path, account: _Account) -> None:
    command = [str(binaries / "initdb"), *_INITDB, "-D", str(folder / "cluster")]
    if _popen(command, folder, account).wait() != 0:
        raise RuntimeError(f"initdb failed:\n{_log_tail(folder)}")


@contextlib.contextmanager
def _kept(binaries: Path, folder: Path) -> Iterator[Server]:
    for attempt in range(1, _STARTS + 1):
        port = _free_port()
        # Its own session: Ctrl-C on the terminal reaches us, and the keeper by way of us.
        keeper = subprocess.Popen(
            [sys.executable, __file__, str(binaries), str(folder), str(port)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            if _answers(binaries, port, keeper):
                yield Server(f"postgresql://syncd@127.0.0.1:{port}/postgres")
                return
        finally:
            _release(keeper)
        if attempt == _STARTS:
            raise RuntimeError(f"PostgreSQL did not start:\n{_log_tail(folder)}")


def _answers(binaries: Path, port: int, keeper: subprocess.Popen[bytes]) -> bool:
    """False when the server ended, as when another process took the port first."""
    ask = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "syncd"]
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and keeper.poll() is None:
        if subprocess.run(ask, check=False).returncode == 0:
            return keeper.poll() is None
        time.sleep(0.02)
    return False


def _release(keeper: subprocess.Popen[bytes]) -> None:
    if keeper.stdin is not None:
        keeper.stdin.close()
    keeper.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _log_tail(folder: Path) -> str:
    return "\n".join((folder / "log").read_text(errors="replace").splitlines()[-15:])


def _keep(binaries: Path, folder: Path, port: int) -> int:
    """Hold the server until standard input closes, then stop it and remove its folder."""
    account = _account()
    if account is None:
        return 1
    options = [part for setting in _SETTINGS for part in ("-c", setting)]
    command = [str(binaries / "postgres"), "-F", "-D", str(folder / "cluster"), "-k", str(folder)]
    server = _popen([*command, "-p", str(port), *options], folder, account)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGCHLD, lambda *_: sys.exit(1))
    try:
        sys.stdin.buffer.read()
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _stop(server)
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.send_signal(signal.SIGINT)  # the fast shutdown: open sessions are cut
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    sys.exit(_keep(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
