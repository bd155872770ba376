"""A configuration with mistakes: all of them at once, each with its line and the next step, before anything is done.

Not here: every kind of mistake there is (tests/test_config.py).
"""

import pytest

from syncd.sandbox import studio as seeds
from tests.baddays.local.place import APP_SECRET, COMMANDS, Place
from tests.cli.conftest import Studio

TYPOS = """\
[servise]
port = 1
[policy]
delete_limits = 5
on_clash = "outside"
poll_seconds = 60
[store]
ulr = "sqlite:///x.db"
"""
TOLD = [
    "syncd: syncd.toml:10: unknown section 'servise': did you mean 'service'?",
    "syncd: syncd.toml:13: unknown key 'delete_limits': did you mean 'delete_limit'?",
    "syncd: syncd.toml:14: [policy] on_clash is 'outside', which is not allowed: give one of wix, external",
    "syncd: syncd.toml:15: unknown key 'poll_seconds' here: it belongs to [service]",
    "syncd: syncd.toml:17: unknown key 'ulr': did you mean 'url'?",
]


@pytest.mark.parametrize("command", [*COMMANDS, ("schedules",), ("migrate",)], ids=" ".join)
def test_mistyped_keys_are_told_all_at_once_by_every_command_which_then_does_nothing(
    place: Place, command: tuple[str, ...]
) -> None:
    place.configure(TYPOS)
    before = place.database.read_bytes()
    result = place.run(*command, code=2)
    assert (result.stderr.splitlines(), result.stdout) == (TOLD, "")
    assert place.database.read_bytes() == before


def test_check_lists_them_beside_each_other(place: Place) -> None:
    place.configure(TYPOS)
    output = place.run("check", code=2).stdout
    assert [line.removeprefix("syncd: ") in output for line in TOLD] == [True] * len(TOLD)


def test_once_they_are_corrected_it_goes_on_as_before(place: Place) -> None:
    place.configure(TYPOS)
    place.run("connections", code=2)
    place.configure("")
    assert "c1" in place.run("connections", code=0).stdout


def test_file_and_variables_are_judged_together(place: Place) -> None:
    place.configure("[policy]\ndelete_limits = 5\n")
    given = {"SYNCD_WIX_APP_SECRET": "hidden", "SYNCD_SERVICE__PROT": "8080"}
    assert place.run("run", "--once", code=2, settings=given).stderr.splitlines() == [
        "syncd: SYNCD_SERVICE__PROT: unknown key 'prot': did you mean 'port'?",
        "syncd: SYNCD_WIX_APP_SECRET: is no setting: did you mean SYNCD_WIX__APP_SECRET?",
        "syncd: syncd.toml:11: unknown key 'delete_limits': did you mean 'delete_limit'?",
    ]


def test_a_configuration_that_is_not_there_names_the_way_to_one(place: Place) -> None:
    place.config.unlink()
    told = place.run("run", "--once", code=2).stderr
    assert told == f"syncd: {place.config}: there is no such file: make one with `syncd init`, or name it by --config\n"


@pytest.mark.parametrize("line", [f'app_secret = "{APP_SECRET}"', 'app_id = "app"'], ids=["secret", "id"])
def test_a_missing_word_of_the_app_stops_its_connections_before_any_request(place: Place, line: str) -> None:
    place.configure("", **{line: ""})
    told = place.run("run", "--once", code=2).stdout
    assert f"failed: [wix] {line.partition(' ')[0]} is missing: write it " in told
    assert "c1" in place.run("connections", code=0).stdout


@pytest.mark.parametrize(
    ("content", "says"), [(None, "cannot be read (FileNotFoundError)"), ("\n", "is an empty file")]
)
def test_the_file_of_a_secret_that_holds_none_is_told_with_its_line(
    place: Place, content: str | None, says: str
) -> None:
    place.configure("", **{f'app_secret = "{APP_SECRET}"': 'app_secret_file = "word"'})
    if content is not None:
        (place.folder / "word").write_text(content)
    (line,) = place.run("run", "--once", code=2).stderr.splitlines()
    assert line == f"syncd: syncd.toml:5: [wix] app_secret_file {says}: {line.rpartition(': ')[2]}"
    assert "with the secret" in line


def test_what_a_missing_secret_held_up_is_made_once_it_is_back(connected: Studio) -> None:
    text = connected.config.read_text()
    connected.config.write_text(text.replace(f'app_secret = "{seeds.APP_SECRET}"', ""))
    assert "[wix] app_secret is missing" in connected.run("run", "--once", code=2).stdout
    assert connected.writes() == []
    connected.config.write_text(text)
    assert connected.json("run", "--once")["plans"][0]["written"] > 10
    connected.writes()
    connected.advance(660)
    assert connected.json("run", "--once")["plans"][0]["written"] == 0
    assert connected.writes() == []
