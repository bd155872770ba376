"""Radicale as a subprocess: it starts, keeps, refuses, ends; and the calendars it is seeded with."""

import asyncio
import importlib.util
import os
import select
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from lxml import etree

from syncd.sandbox import radicale
from syncd.sandbox.radicale import RadicaleError, RadicaleServer, SeedCalendar, seed
from tests.sandbox.caldav_account import EMAIL, NS, PASSWORD, event

STUDIO = SeedCalendar("private", "Anna & friends", {"a.ics": event("Dentist")})
BERT = ("bert@example.test", "battery-staple")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RadicaleServer]:
    server = RadicaleServer(tmp_path, dict([(EMAIL, PASSWORD), BERT]))
    await server.start()
    yield server
    await server.stop()


async def test_seeded_calendar_has_its_name_its_kind_and_its_objects(
    server: RadicaleServer,
) -> None:
    hrefs = await seed(server.base_url, EMAIL, PASSWORD, [STUDIO])

    assert hrefs == ("/anna%40example.test/private/",)
    async with httpx.AsyncClient(base_url=server.base_url, auth=(EMAIL, PASSWORD)) as web:
        found = await web.request("PROPFIND", hrefs[0], headers={"Depth": "0"})
        stored = await web.get(hrefs[0] + "a.ics")
    root = etree.fromstring(found.content)
    assert root.findtext(".//D:displayname", None, NS) == "Anna & friends"
    components = root.findall(".//C:supported-calendar-component-set/C:comp", NS)
    assert [component.get("name") for component in components] == ["VEVENT"]
    assert "SUMMARY:Dentist" in stored.text


async def test_seeding_twice_is_refused_and_overwrites_nothing(server: RadicaleServer) -> None:
    await seed(server.base_url, EMAIL, PASSWORD, [STUDIO])

    with pytest.raises(RadicaleError, match="answered 409"):
        await seed(server.base_url, EMAIL, PASSWORD, [STUDIO])


async def test_wrong_password_is_refused(server: RadicaleServer) -> None:
    async with httpx.AsyncClient(base_url=server.base_url, auth=(EMAIL, "wrong")) as web:
        assert (await web.request("PROPFIND", "/")).status_code == 401


async def test_calendar_of_somebody_else_cannot_be_read(server: RadicaleServer) -> None:
    (href,) = await seed(server.base_url, EMAIL, PASSWORD, [STUDIO])

    async with httpx.AsyncClient(base_url=server.base_url, auth=BERT) as web:
        assert (await web.get(href + "a.ics")).status_code == 403


async def test_what_was_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    server = RadicaleServer(tmp_path, {EMAIL: PASSWORD})
    await server.start()
    (href,) = await seed(server.base_url, EMAIL, PASSWORD, [STUDIO])
    await server.stop()

    await server.start()
    async with httpx.AsyncClient(base_url=server.base_url, auth=(EMAIL, PASSWORD)) as web:
        stored = await web.get(href + "a.ics")
    await server.stop()

    assert "SUMMARY:Dentist" in stored.text


async def test_stopped_server_answers_no_more_and_may_be_stopped_again(tmp_path: Path) -> None:
    server = RadicaleServer(tmp_path, {EMAIL: PASSWORD})
    await server.start()
    await server.stop()
    await server.stop()

    async with httpx.AsyncClient() as web:
        with pytest.raises(httpx.ConnectError):
            await web.get(server.base_url)


async def test_server_that_does_not_end_when_asked_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(radicale, "_STOP_SECONDS", 0.05)
    server = RadicaleServer(tmp_path, {EMAIL: PASSWORD})
    await server.start()
    assert server.pid is not None
    pid = server.pid
    os.kill(pid, signal.SIGSTOP)

    await server.stop()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_missing_package_names_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    with pytest.raises(RadicaleError, match="make setup"):
        await RadicaleServer(tmp_path, {}).start()


async def test_server_that_ends_at_once_is_reported_with_where_to_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(radicale, "_CONFIG", "[no such section]\n")

    with pytest.raises(RadicaleError, match="stderr"):
        await RadicaleServer(tmp_path, {}).start()


def test_account_that_the_password_file_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="account"):
        RadicaleServer(tmp_path, {"a:b@example.test": "x"})


async def test_server_writes_nothing_to_the_screen_and_no_line_per_request(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server = RadicaleServer(tmp_path, {EMAIL: PASSWORD})
    await server.start()
    said = (tmp_path / "stderr").read_text()
    await seed(server.base_url, EMAIL, PASSWORD, [STUDIO])
    await server.stop()

    assert capfd.readouterr() == ("", "")
    assert (tmp_path / "stderr").read_text() == said


async def test_the_server_ends_with_the_process_that_started_it_however_that_ended(tmp_path: Path) -> None:
    script = (
        "import asyncio, os, sys, signal\n"
        "from pathlib import Path\n"
        "from syncd.sandbox.radicale import RadicaleServer\n"
        "async def go():\n"
        "    server = RadicaleServer(Path(sys.argv[1]), {'a@example.org': 'secret'})\n"
        "    await server.start()\n"
        "    print(server.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(go())\n"
    )
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert await asyncio.to_thread(has_ended, int(output))


def has_ended(process: int) -> bool:
    """Whether a process that is not ours to wait for is gone, or goes within ten seconds."""
    try:
        watched = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], 10)[0])
    finally:
        os.close(watched)
