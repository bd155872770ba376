"""The command line itself: what is listed, what is imported, where the configuration comes from, how failures look."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from syncd.cli import COMMANDS, code_of, main
from syncd.errors import AuthRevoked, ConfigError, Held, LeaseLost, StoreError, SyncdError, Transient


def test_importing_the_command_line_imports_click_alone() -> None:
    code = "import sys, syncd.cli; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "click" in loaded
    assert not loaded & {"rich", "msgspec", "structlog", "sqlalchemy", "httpx", "cryptography", "adapters"}


def test_help_lists_every_command_with_what_it_does() -> None:
    output = CliRunner().invoke(main, ["--help"]).output
    assert all(f"  {name} " in output for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_and_takes_a_configuration(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert "--config FILE" in result.output


def test_an_unknown_command_is_a_usage_error() -> None:
    assert CliRunner().invoke(main, ["worker"]).exit_code == 2


def test_the_configuration_is_named_before_or_after_the_command_or_by_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text("nonsense = 1\n")
    environment = {"SYNCD_CONFIG": str(tmp_path / "other.toml")}
    for args in (["--config", str(file), "status"], ["status", "--config", str(file)]):
        result = CliRunner().invoke(main, args, env=environment)
        assert result.exit_code == 2
        assert "x.toml:1: unknown key 'nonsense'" in result.stderr
    result = CliRunner().invoke(main, ["status"], env=environment)
    assert f"{tmp_path}/other.toml: there is no such file" in result.stderr


def test_without_a_name_the_configuration_lies_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["status"], env={"SYNCD_CONFIG": None})
    assert "syncd.toml: there is no such file: make one with `syncd init`" in result.stderr


def test_an_expected_failure_has_no_traceback_unless_it_is_asked_for(tmp_path: Path) -> None:
    arguments = ["status", "--config", str(tmp_path / "none.toml")]
    assert "Traceback" not in CliRunner().invoke(main, arguments).output
    assert isinstance(CliRunner().invoke(main, [*arguments, "--debug"]).exception, ConfigError)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError(["x"]), 2),
        (StoreError("unreachable"), 2),
        (LeaseLost("taken over"), 1),
        (Held("waits"), 4),
        (Transient("later"), 1),
        (AuthRevoked("refused"), 1),
    ],
)
def test_what_ended_a_command_decides_its_exit_code(error: SyncdError, code: int) -> None:
    assert code_of(error) == code
