"""`run --once`, dry and real: what it writes, prints and exits with."""

import asyncio
import json

from syncd.cli.clocks import MachineClock
from syncd.ports import Owner
from syncd.sandbox import studio as seeds
from syncd.sandbox.serve import EMAIL
from syncd.secrets import new_line
from syncd.store import open_store
from tests.cli.conftest import JONAS, Studio


def test_without_once_it_says_that_the_service_is_not_there_yet(connected: Studio) -> None:
    assert "give --once; the service is not part of this edition" in connected.run("run", code=2).stderr


def test_a_dry_run_writes_nothing_anywhere_and_its_digest_is_that_of_the_pass(connected: Studio) -> None:
    before = connected.database.read_bytes()
    dry = connected.json("run", "--dry-run", "--exit-code", code=3)
    assert connected.writes() == []
    assert connected.database.read_bytes() == before
    assert (dry["dry_run"], len(dry["plans"])) == (True, 1)
    assert {"connection", "digest", "actions"} <= dry["plans"][0].keys()
    real = connected.json("run", "--once")
    assert (real["dry_run"], real["digest"]) == (False, dry["digest"])
    assert real["plans"][0]["actions"] == dry["plans"][0]["actions"]
    sides = [action["side"] for action in dry["plans"][0]["actions"] if action["kind"] == "create"]
    assert real["plans"][0]["written"] == len(sides)
    writes = [line.split()[0] for line in connected.writes()]
    assert writes.count("PUT") == sides.count("external") > 10
    assert writes.count("POST") == writes.count("MKCALENDAR") == 1  # all blocks go out in one request


def test_after_a_pass_nothing_is_left_to_do(synced: Studio) -> None:
    assert synced.json("run", "--dry-run", "--exit-code")["plans"][0]["actions"] == []
    assert synced.json("run", "--once")["plans"][0]["written"] == 0
    assert synced.writes() == []


def test_a_dry_run_finds_changes_only_where_it_is_asked_to_tell_by_its_exit_code(connected: Studio) -> None:
    connected.run("run", "--dry-run")
    connected.run("run", "--dry-run", "--exit-code", code=3)


def test_titles_are_printed_where_they_are_asked_for_and_nowhere_else(connected: Studio) -> None:
    assert "Hatha Yoga" not in connected.run("run", "--dry-run").stdout
    assert "“Hatha Yoga”" in connected.run("run", "--dry-run", "--show-text").stdout
    assert "Hatha Yoga" in json.dumps(connected.json("run", "--dry-run"))


def test_a_private_event_shows_no_more_than_its_time(connected: Studio) -> None:
    assert "Therapy" not in json.dumps(connected.json("run", "--dry-run"))


def test_the_plan_is_counted_by_action_and_rule(connected: Studio) -> None:
    lines = [line.split() for line in connected.run("run", "--dry-run").stdout.splitlines()]
    assert ["ACTION", "RULE", "COUNT"] in lines
    assert ["create", "R17", "2"] in lines
    assert ["make_calendar", "R1", "1"] in lines


def test_a_dry_run_without_a_database_makes_none(studio: Studio) -> None:
    studio.database.unlink()
    assert studio.json("run", "--dry-run", "--exit-code")["plans"] == []
    assert not studio.database.exists()
    assert "run syncd migrate" in studio.run("run", "--once", code=2).stderr


def test_an_unconfirmed_connection_is_skipped_and_counts_as_held(studio: Studio) -> None:
    studio.connect(code=4)
    studio.writes()
    (plan,) = studio.json("run", "--once", code=4)["plans"]
    assert "not confirmed" in plan["skipped"]
    assert studio.writes() == []


def test_a_connection_that_another_process_works_on_is_skipped_and_named(connected: Studio) -> None:
    name = connected.connection

    async def take() -> None:
        store = await open_store(f"sqlite:///{connected.database}")
        assert await store.acquire(f"connection:{name}", Owner("another-host", 1, "then"), 600)
        await store.aclose()

    asyncio.run(take())
    output = connected.run("run", "--once").stdout
    assert name in output
    assert "skipped: another process works on this connection" in output


def test_only_the_named_connection_has_a_turn_and_the_other_still_learns_what_was_read(connected: Studio) -> None:
    with connected.outside() as client:
        assert client.request("MKCALENDAR", f"/{EMAIL.replace('@', '%40')}/jonas/").status_code == 201
    connected.connect("--yes", "--calendar", "jonas/", staff=JONAS)
    ids = {row["schedule"]["name"]: row["id"] for row in connected.json("connections")}
    mara, jonas = ids["Mara Lindner"], ids["Jonas Weber"]
    (only,) = connected.json("run", "--once", "--connection", mara)["plans"]
    assert (only["connection"], only["skipped"]) == (mara, None)
    (other,) = connected.json("run", "--once", "--connection", jonas[:6])["plans"]
    exported = [action["event"]["title"] for action in other["actions"] if action["kind"] == "create"]
    assert {"Call with the supplier", "Paperwork", "Pilates"} <= set(exported)


def test_an_unknown_connection_is_a_usage_error(connected: Studio) -> None:
    assert "there is no connection nope" in connected.run("run", "--once", "--connection", "nope", code=2).stderr


def test_a_refused_password_fails_the_connection_and_names_the_repair(connected: Studio) -> None:
    connected.inside(lambda: connected.sandbox.proxy.plant({"do": {"status": 401}, "times": -1}))
    output = connected.run("run", "--once", code=1).stdout
    assert "failed: " in output
    assert "next: " in output
    (row,) = connected.json("status")["connections"]
    assert (row["status"], "it may pass" in row["detail"]) == ("CONNECTED", True)
    connected.advance(300)
    connected.run("run", "--once", code=1)
    (row,) = connected.json("status")["connections"]
    assert (row["status"], row["reason"]) == ("ERROR", "TOKEN_REVOKED")
    connected.run("run", "--once", code=1)


def test_a_site_that_is_not_configured_any_more_is_a_configuration_error(connected: Studio) -> None:
    connected.config.write_text(connected.config.read_text().replace(seeds.INSTANCE_ID, "another-site"))
    assert "is not configured" in connected.run("run", "--once", code=2).stdout


def test_without_the_key_nothing_is_touched_and_its_id_is_named(connected: Studio) -> None:
    key = connected.folder / "syncd.key"
    needed = key.read_text().partition(":")[0]
    key.write_text(new_line() + "\n")
    assert f"need the key '{needed}', which is not in the file" in connected.run("run", "--once", code=2).stdout
    assert connected.writes() == []
    (row,) = connected.json("status")["connections"]
    assert row["status"] == "CONNECTED"


def test_a_sandbox_that_has_ended_is_named_as_the_reason(connected: Studio) -> None:
    connected.settings["SYNCD_SERVICE__CLOCK_URL"] = "http://127.0.0.1:9/_sandbox/clock"
    assert "is `syncd sandbox` running?" in connected.run("run", "--once", code=2).output


def test_the_machines_clock_is_aware() -> None:
    assert MachineClock().now().utcoffset() is not None
