"""The database cannot be used: every command says why and what to do, exits 2, and nobody outside is asked anything.

Not here: what each error of a driver means (tests/store), a database that fails in the middle of a pass
(test_full_disk, test_vanished).
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests import postgres
from tests.baddays.local.place import COMMANDS, Place, as_somebody_else
from tests.baddays.local.servers import ill
from tests.cli.conftest import Studio

WRITERS = (("run", "--once"),)


def nothing(file: Path) -> None:
    file.unlink()


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def no_database(file: Path) -> None:
    file.write_text("a letter, not a database, but long enough to be taken for one\n" * 50)


def damaged(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[100:4096] = b"\xff" * (4096 - 100)
    file.write_bytes(content)


def not_migrated(file: Path) -> None:
    file.write_bytes(b"")


def newer(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    connection.close()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (folder, "syncd.db is no file: name the file of the database in [store] url"),
        (no_database, "the file is not a database of syncd: check [store] url"),
        (damaged, "the database file is damaged: restore a backup"),
        (not_migrated, "the database is not migrated: run syncd migrate"),
        (newer, "the database was made by a newer syncd: install that version, or restore a backup made before"),
    ],
)
def test_a_file_that_cannot_be_used_stops_every_command(
    place: Place, spoil: Callable[[Path], None], says: str, command: tuple[str, ...]
) -> None:
    spoil(place.database)
    result = place.run(*command, code=2)
    assert (result.stderr, result.stdout) == (f"syncd: {says}\n", "")


@pytest.mark.parametrize("command", [one for one in COMMANDS if one != ("run", "--dry-run")], ids=" ".join)
def test_a_file_that_is_not_there_is_not_made_by_the_way(place: Place, command: tuple[str, ...]) -> None:
    nothing(place.database)
    told = place.run(*command, code=2).stderr
    assert told == "syncd: there is no database syncd.db: run syncd migrate, or check [store] url\n"
    assert not place.database.exists()


@pytest.mark.parametrize("spoil", [no_database, newer])
def test_migrating_what_is_not_ours_changes_no_byte_of_it(place: Place, spoil: Callable[[Path], None]) -> None:
    spoil(place.database)
    before = place.database.read_bytes()
    place.run("migrate", code=2)
    assert place.database.read_bytes() == before


@pytest.mark.parametrize("path", ["none/syncd.db", "syncd.toml/syncd.db"])
def test_a_folder_that_is_none_is_named_when_the_database_is_to_be_made(place: Place, path: str) -> None:
    place.configure(f'[store]\nurl = "sqlite:///{path}"\n')
    told = place.run("migrate", code=2).stderr
    assert told.startswith("syncd: the database file cannot be made: ")
    assert told.endswith(": check [store] url and its folder\n")
    assert "run syncd migrate" in place.run("run", "--once", code=2).stderr


@pytest.mark.parametrize("command", WRITERS, ids=" ".join)
def test_a_file_that_may_only_be_read_names_owner_and_mode(place: Place, command: tuple[str, ...]) -> None:
    place.run(*command, code=1)  # nobody answers there; all is loaded now
    place.key.chmod(0o600)
    place.database.chmod(0o644)
    before = place.database.read_bytes()
    with as_somebody_else(place.database):
        with pytest.raises(PermissionError):
            place.database.open("ab")
        result = place.run(*command, code=2)
    assert "owner" in result.stderr
    assert "mode" in result.stderr
    assert place.database.read_bytes() == before


@pytest.mark.parametrize("command", [("run", "--once"), ("run", "--dry-run"), ("status",)], ids=" ".join)
def test_a_folder_that_may_not_be_entered_is_not_taken_for_an_empty_one(place: Place, command: tuple[str, ...]) -> None:
    inner = place.folder / "inner"
    inner.mkdir(mode=0o700)
    place.database.rename(inner / "syncd.db")
    place.configure('[store]\nurl = "sqlite:///inner/syncd.db"\n')
    place.run("connections", code=0)
    with as_somebody_else(inner):
        told = place.run(*command, code=2).stderr
    step = "check the owner and the modes of its folders"
    assert told == f"syncd: the database file cannot be reached (Permission denied): {step}\n"


def test_a_folder_that_may_not_be_written_is_named_when_the_database_is_to_be_made(place: Place) -> None:
    place.run("migrate", code=0)
    nothing(place.database)
    with as_somebody_else(place.folder):
        told = place.run("migrate", code=2).stderr
    assert told == ("syncd: the database file cannot be made: Permission denied: check [store] url and its folder\n")


def test_check_says_when_others_may_read_the_database(synced: Studio) -> None:
    synced.database.chmod(0o644)
    (row,) = [row for row in synced.json("check") if row["what"] == "database"]
    step = f"others than its owner may use the file: run chmod 600 {synced.database}"
    assert (row["state"], row["next"]) == ("found", step)


# --- a server ---------------------------------------------------------------------------------------------------------

REFUSES = "the database refuses the user or the password: check [store] url"


def test_a_server_that_is_down_is_told_by_every_command_without_the_password(place: Place) -> None:
    place.settings["SYNCD_STORE__URL"] = "postgresql://syncd:hidden@127.0.0.1:1/syncd"
    for command in (*COMMANDS, ("migrate",)):
        result = place.run(*command, code=2)
        assert result.stderr == "syncd: the database server does not answer: check that it runs, and [store] url\n"
        assert result.stdout == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ('password authentication failed for user "syncd"', REFUSES),
        ('no pg_hba.conf entry for host "10.1.1.1", user "syncd"', REFUSES),
        (
            "the database system is starting up",
            "the database server is restarting, or has ended the connection: try again when it is back",
        ),
        (
            "sorry, too many clients already",
            "the database server is short of resources: raise its limits, or stop other clients",
        ),
        (
            "Zugang verweigert",
            "the database server refuses the connection: check [store] url and the log of the server",
        ),
    ],
)
def test_a_server_that_refuses_is_told_apart_from_one_that_is_down(place: Place, words: str, says: str) -> None:
    with ill(words) as server:
        place.settings["SYNCD_STORE__URL"] = f"postgresql://syncd:hidden@127.0.0.1:{server.port}/syncd"
        assert place.run("run", "--once", code=2).stderr == f"syncd: {says}\n"
    assert set(server.passwords) == {"hidden"}


def test_a_server_that_takes_the_call_and_never_answers_is_not_waited_for_without_end(place: Place) -> None:
    with ill(None) as server:
        url = f"postgresql://syncd:hidden@127.0.0.1:{server.port}/syncd?connect_timeout=2"
        place.settings["SYNCD_STORE__URL"] = url
        assert "the database server does not answer" in place.run("run", "--once", code=2).stderr
    assert server.guests > 0


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://syncd:hidden@host:port/syncd",
        "postgresql://syncd:p@rt:hidden/word@host/syncd",
        "mysql://syncd:hidden@host/syncd",
    ],
)
def test_an_address_that_is_none_is_not_quoted(place: Place, url: str) -> None:
    place.settings["SYNCD_STORE__URL"] = url
    told = place.run("run", "--once", code=2).stderr
    assert told == "syncd: [store] url is no database: give sqlite:///FILE or postgresql://USER@HOST/NAME\n"


@pytest.mark.postgresql
def test_a_database_a_user_or_room_that_the_server_does_not_have_is_named(
    place: Place, postgres_server: postgres.Server, postgresql_url: str
) -> None:
    name = postgresql_url.rpartition("/")[2]
    asks = {
        postgresql_url.replace(name, "none_of_this_name"): "there is no database of this name on the server",
        postgresql_url.replace("syncd@", "nobody_known@"): REFUSES,
        postgresql_url.replace("syncd@", f"few_{name}@"): "the database server is short of resources",
        f"{postgresql_url}?colour=red": "[store] url has an option that the database does not know",
    }
    role = sql.Identifier(f"few_{name}")
    with psycopg.connect(postgres_server.url, autocommit=True) as admin:
        admin.execute(sql.SQL("create role {} login connection limit 0").format(role))
        try:
            for url, says in asks.items():
                told = place.run("run", "--once", code=2, settings={"SYNCD_STORE__URL": url}).stderr
                assert told.startswith(f"syncd: {says}"), told
        finally:
            admin.execute(sql.SQL("drop role {}").format(role))


@pytest.mark.postgresql
def test_a_user_without_privileges_is_told_what_it_lacks(
    place: Place, postgres_server: postgres.Server, postgresql_url: str
) -> None:
    name = postgresql_url.rpartition("/")[2]
    place.settings["SYNCD_STORE__URL"] = postgresql_url.replace("syncd@", f"bare_{name}@")
    role = sql.Identifier(f"bare_{name}")
    with psycopg.connect(postgres_server.url, autocommit=True) as admin:
        admin.execute(sql.SQL("create role {} login").format(role))
        try:
            told = place.run("run", "--once", code=2).stderr
        finally:
            admin.execute(sql.SQL("drop role {}").format(role))
    assert told == "syncd: the database user lacks a privilege: grant it what it needs on the tables of syncd\n"


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("drop table alembic_version", "the database is not migrated: run syncd migrate"),
        ("update alembic_version set version_num = '9999'", "the database was made by a newer syncd"),
    ],
)
def test_a_server_whose_tables_are_not_ours_stops_every_command(
    place: Place, postgresql_url: str, statement: str, says: str
) -> None:
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statement.encode())
    place.settings["SYNCD_STORE__URL"] = postgresql_url
    for command in COMMANDS:
        assert place.run(*command, code=2).stderr.startswith(f"syncd: {says}")
