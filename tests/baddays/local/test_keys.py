"""The key file: missing, in the wrong hands, no key file at all, or the key of somebody else.

Not here: sealing and opening (tests/test_secrets.py).
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from syncd.sandbox.serve import EMAIL
from syncd.secrets import load, new_line
from syncd.store import open_store
from tests.baddays.local.place import Place, as_somebody_else
from tests.cli.conftest import JONAS, Studio


def missing(key: Path) -> None:
    key.unlink()


def folder(key: Path) -> None:
    key.unlink()
    key.mkdir()


def readable(key: Path) -> None:
    key.chmod(0o644)


def malformed(key: Path) -> None:
    key.write_text(f"# keys\n{new_line()}\nhidden:not-a-key\n")


def empty(key: Path) -> None:
    key.write_text("# nothing yet\n")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (missing, "{key}: there is no key file: put it back, or make one with `syncd init`"),
        (folder, "{key}: the key file cannot be read (IsADirectoryError): check its owner"),
        (readable, "{key}: others than its owner may use the key file: run chmod 600 {key}"),
        (malformed, "{key}:3: this is no key: give id:key, the key of 44 characters"),
        (empty, "{key}: there is no key in the file: put it back, or make one with `syncd init`"),
    ],
)
def test_without_a_usable_key_file_no_pass_begins(place: Place, spoil: Callable[[Path], None], says: str) -> None:
    spoil(place.key)
    before = place.database.read_bytes()
    assert place.run("run", "--once", code=2).stderr == f"syncd: {says.format(key=place.key)}\n"
    assert place.database.read_bytes() == before


def test_a_key_file_of_another_user_is_named_with_what_to_check(place: Place) -> None:
    place.run("connections", code=0)
    place.run("run", "--once", code=1)  # nobody answers there; all is loaded now
    place.database.chmod(0o666)
    place.folder.chmod(0o777)
    with as_somebody_else(place.key):
        with pytest.raises(PermissionError):
            place.key.read_bytes()
        told = place.run("run", "--once", code=2).stderr
    assert told == f"syncd: {place.key}: the key file cannot be read (PermissionError): check its owner\n"


def test_another_key_stops_the_connection_it_does_not_open_and_no_other(connected: Studio) -> None:
    key = connected.folder / "syncd.key"
    theirs = key.read_text()
    mine = new_line() + "\n"
    key.write_text(mine)
    with connected.outside() as client:
        assert client.request("MKCALENDAR", f"/{EMAIL.replace('@', '%40')}/jonas/").status_code == 201
    connected.connect("--yes", "--calendar", "jonas/", staff=JONAS)
    ids = {row["schedule"]["name"]: row["id"] for row in connected.json("connections")}
    mara, jonas = ids["Mara Lindner"], ids["Jonas Weber"]
    connected.writes()

    document = connected.json("run", "--once", code=2)
    found = {plan["connection"]: plan for plan in document["plans"]}
    needed = f"stored credentials need the key '{theirs.partition(':')[0]}', which is not in the file"
    assert f"{needed}: put that key back" in str(found[mara])
    assert theirs.strip().partition(":")[2] not in str(document)
    assert found[jonas]["written"] > 0
    standing = {row["connection"]: row["status"] for row in connected.json("status")["connections"]}
    assert standing == {mara: "CONNECTED", jonas: "SYNCED"}
    assert any(line.startswith("PUT") for line in connected.writes())

    key.write_text(mine + theirs)
    first = {plan["connection"]: plan["written"] for plan in connected.json("run", "--once")["plans"]}
    assert first[mara] > 10
    connected.writes()
    connected.advance(660)
    assert [plan["written"] for plan in connected.json("run", "--once")["plans"]] == [0, 0]
    assert connected.writes() == []


def test_damaged_credentials_say_which_and_what_to_do(connected: Studio) -> None:
    name = connected.connection

    async def spoil() -> None:
        store = await open_store(f"sqlite:///{connected.database}")
        await store.put_credentials(name, load(connected.folder / "syncd.key").seal(b"not what it was"))
        await store.aclose()

    asyncio.run(spoil())
    told = connected.run("run", "--once", code=2).stdout
    assert f"the stored credentials of {name} are damaged: connect once more" in told
    assert "not what it was" not in told
    connected.connect("--yes")
    connected.run("run", "--once")
