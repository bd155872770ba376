"""`syncd sandbox` as a process: its line, what it stored, and that nothing is left of it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from syncd.cli import main

PROVIDERS = {"wix", "google", "microsoft", "apple"}


@contextmanager
def sandbox(*args: str) -> Iterator[tuple[dict[str, Any], int]]:
    """Its line and its process id; ended at the end, at the latest."""
    command = [sys.executable, "-m", "syncd", "sandbox", *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline()), process.pid
        finally:
            process.terminate()
            assert process.wait(30) == 0


def get(url: str) -> Any:
    return httpx.get(url).json()


def children(process: int) -> list[int]:
    names = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for name in names for child in name.read_text().split()]


def test_the_line_names_everything_and_the_configuration_works(tmp_path: Path) -> None:
    with sandbox("--dir", str(tmp_path / "box")) as (line, process):
        assert line.keys() == {"config", "database"} | PROVIDERS
        microsoft = {"base_url", "authority", "client_id", "client_secret", "accounts"}
        assert line["microsoft"].keys() == microsoft
        (mailbox,) = line["microsoft"]["accounts"]
        assert mailbox.keys() == {"email", "access_token", "refresh_token", "calendars"}
        assert all(row.keys() == {"id", "name"} for row in mailbox["calendars"])
        google = {"base_url", "auth_url", "token_url", "revoke_url", "client_id", "client_secret", "accounts"}
        assert line["google"].keys() == google
        assert line["google"]["accounts"][0].keys() == {"email", "access_token", "refresh_token"}
        assert line["wix"].keys() == {"base_url", "app_id", "app_secret", "instance_id", "schedules"}
        assert {row["kind"] for row in line["wix"]["schedules"]} == {"business", "staff", "service"}
        assert line["apple"]["accounts"][0].keys() == {"email", "password"}
        addresses = (line["apple"]["url"], line["microsoft"]["authority"])
        for url in (line["wix"]["base_url"], line["google"]["base_url"], *addresses):
            assert get(f"{url.rstrip('/')}/_sandbox/log")["requests"] == []
        assert get(f"{line['wix']['base_url']}/_sandbox/clock").keys() == {"now", "rate"}
        run = CliRunner().invoke(main, ["--config", line["config"], "run", "--dry-run", "--exit-code", "--json"])
        plans = json.loads(run.stdout)["plans"]
        assert (run.exit_code, [plan["held"] for plan in plans]) == (3, [0, 0, 0])
        first, second, third = (
            {action["event"]["title"] for action in plan["actions"] if action["kind"] == "create"} for plan in plans
        )
        assert "Teaching yoga" in first  # the studio's overrides are stored
        assert "Dentist" in second  # the second staff member's account has events too
        assert {"Dentist", "Christmas Day"} <= third  # and the third one's, in two calendars
        inside = children(process)
        assert inside
    assert not any(Path(f"/proc/{child}").exists() for child in inside)
    assert Path(line["database"]).exists()


def test_without_a_connection_and_a_folder_of_its_own_nothing_is_left(tmp_path: Path) -> None:
    del tmp_path
    with sandbox("--no-connect") as (line, process):
        run = CliRunner().invoke(main, ["--config", line["config"], "connections", "--json"])
        assert json.loads(run.stdout) == []
        os.kill(process, signal.SIGINT)
    assert not Path(line["config"]).parent.exists()


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "syncd.toml").write_text("")
    result = CliRunner().invoke(main, ["sandbox", "--dir", str(tmp_path)])
    assert result.exit_code == 2
    assert "is not empty" in result.stderr


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(main, ["sandbox", "--dir", str(tmp_path / "box"), "--port-base", port])
    assert result.exit_code == 2
    assert "choose another --port-base" in result.stderr
