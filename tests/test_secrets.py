"""Sealing and opening credentials, and what a key file must be."""

from pathlib import Path

import pytest

from syncd import secrets
from syncd.errors import ConfigError


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "syncd.key"
    secrets.write_file(file)
    return file


def test_what_was_sealed_opens_again_and_shows_nothing(key_file: Path) -> None:
    keys = secrets.load(key_file)
    sealed = keys.seal(b"correct horse")
    assert keys.open(sealed) == b"correct horse"
    assert b"horse" not in sealed
    assert keys.seal(b"correct horse") != sealed


def test_a_new_key_file_is_for_its_owner_alone_and_never_overwrites(key_file: Path) -> None:
    assert key_file.stat().st_mode & 0o777 == 0o600
    before = key_file.read_bytes()
    with pytest.raises(FileExistsError):
        secrets.write_file(key_file)
    assert key_file.read_bytes() == before


def test_a_key_in_front_seals_and_the_older_one_still_opens(key_file: Path) -> None:
    old = secrets.load(key_file)
    sealed = old.seal(b"word")
    key_file.write_text(f"# newest first\n{secrets.new_line()}\n\n{key_file.read_text()}")
    keys = secrets.load(key_file)
    assert keys.open(sealed) == b"word"
    assert keys.seal(b"word").startswith(keys.ids[0].encode() + b":")
    assert keys.ids[1:] == old.ids


def test_without_its_key_the_error_names_the_id_that_is_needed(tmp_path: Path, key_file: Path) -> None:
    keys = secrets.load(key_file)
    sealed = keys.seal(b"word")
    secrets.write_file(tmp_path / "other.key")
    with pytest.raises(ConfigError, match=f"need the key '{keys.ids[0]}', which is not in the file"):
        secrets.load(tmp_path / "other.key").open(sealed)


def test_another_key_under_the_same_id_is_told_from_a_missing_one(tmp_path: Path, key_file: Path) -> None:
    keys = secrets.load(key_file)
    sealed = keys.seal(b"word")
    secrets.write_file(tmp_path / "other.key")
    name, _, key = (tmp_path / "other.key").read_text().strip().partition(":")
    assert name != keys.ids[0]
    key_file.write_text(f"{keys.ids[0]}:{key}\n")
    with pytest.raises(ConfigError, match="is not the one they were sealed with"):
        secrets.load(key_file).open(sealed)


@pytest.mark.parametrize("sealed", [b"", b"nothing", b":x", b"\xff\x00:abc"])
def test_damaged_credentials_say_to_connect_once_more(key_file: Path, sealed: bytes) -> None:
    with pytest.raises(ConfigError, match="connect once more"):
        secrets.load(key_file).open(sealed)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_file_that_others_may_use_is_refused_with_the_repair(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(ConfigError, match=f"chmod 600 {key_file}"):
        secrets.load(key_file)


def test_a_missing_key_file_names_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="syncd init"):
        secrets.load(tmp_path / "nothing.key")


def test_every_line_that_is_no_key_is_told_without_its_content(key_file: Path) -> None:
    good = key_file.read_text()
    key_file.write_text(f"{good}oops-a-password\nid:short\n{good}")
    with pytest.raises(ConfigError) as refused:
        secrets.load(key_file)
    lines = refused.value.problems
    assert [line.split(":")[1] for line in lines] == ["2", "3", "4"]
    assert not any("oops" in line or "short" in line for line in lines)


def test_an_empty_key_file_is_refused(key_file: Path) -> None:
    key_file.write_text("# nothing\n")
    with pytest.raises(ConfigError, match="there is no key in the file"):
        secrets.load(key_file)


def test_keys_do_not_show_themselves(key_file: Path) -> None:
    keys = secrets.load(key_file)
    secret = key_file.read_text().strip().partition(":")[2]
    assert secret not in repr(keys)
