"""`init` and `migrate`: a new house."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from syncd import config, secrets
from syncd.cli import main


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def test_init_makes_a_configuration_and_a_key_that_work_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "house"
    assert run("init", folder).exit_code == 0
    settings = config.load(folder / "syncd.toml", {})
    assert settings.bridge_id != "changeme"
    assert secrets.load(folder / "syncd.key").ids
    assert [path.stat().st_mode & 0o777 for path in sorted(folder.iterdir())] == [0o600, 0o600]


def test_two_installations_have_bridge_ids_of_their_own(tmp_path: Path) -> None:
    ids = set()
    for name in ("a", "b"):
        run("init", tmp_path / name)
        ids.add(config.load(tmp_path / name / "syncd.toml", {}).bridge_id)
    assert len(ids) == 2


@pytest.mark.parametrize("there", ["syncd.toml", "syncd.key"])
def test_init_never_overwrites_and_then_makes_nothing(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    result = run("init", tmp_path)
    assert result.exit_code == 2
    assert f"{there}: it is there already" in result.stderr
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {there: "mine"}


def test_init_does_not_follow_a_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "syncd.toml").symlink_to(tmp_path / "elsewhere")
    assert run("init", tmp_path).exit_code == 2
    assert not (tmp_path / "elsewhere").exists()


def test_migrate_makes_the_database_and_may_be_repeated(tmp_path: Path) -> None:
    run("init", tmp_path)
    for _ in range(2):
        assert run("migrate", "--config", tmp_path / "syncd.toml").exit_code == 0
    assert (tmp_path / "syncd.db").stat().st_mode & 0o777 == 0o600
    assert run("status", "--config", tmp_path / "syncd.toml").stdout.startswith("there is no connection")


def test_before_migrate_commands_say_what_to_run(tmp_path: Path) -> None:
    run("init", tmp_path)
    for command in ("status", "connections", "holds", "history"):
        result = run(command, "--config", tmp_path / "syncd.toml")
        assert result.exit_code == 2
        assert "run syncd migrate" in result.stderr


def test_the_module_runs_as_a_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "syncd", "init", str(tmp_path / "x")]
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("made ")
