"""`check`: the same items, found or missing, all at once."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from syncd.cli import main
from syncd.sandbox import studio as seeds
from syncd.sandbox.wix.access import READ
from tests.cli.conftest import MARA, Studio


def states(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["what"]: row["state"] for row in rows}


def test_where_all_is_well_everything_is_found(synced: Studio) -> None:
    rows = synced.json("check")
    assert states(rows) == {
        str(synced.config): "found",
        "key file": "found",
        "database": "found",
        "token": "found",
        "permission Read Calendar": "found",
        "Wix Bookings": "found",
        "permission Read Calendar - Including PI": "found",
        "permission Manage Calendars": "not shown",
        "permission Manage External Calendars": "found",
        "schedules": "found",
        "account": "found",
        "may write": "found",
    }
    assert synced.writes() == []
    assert "WHERE" in synced.run("check").stdout


def test_a_new_house_is_told_all_that_is_missing_in_one_go(studio: Studio) -> None:
    studio.database.unlink()
    (studio.folder / "syncd.key").chmod(0o644)
    text = studio.config.read_text().replace(f'app_secret = "{seeds.APP_SECRET}"', "")
    studio.config.write_text(text)
    rows = studio.json("check", code=2)
    assert {what for what, state in states(rows).items() if state == "missing"} == {"key file", "database", "app"}
    steps = " ".join(row["next"] for row in rows)
    assert "chmod 600" in steps
    assert "run syncd migrate" in steps
    assert "[wix] app_secret is missing" in steps


def test_right_after_init_it_tells_what_to_fill_in(tmp_path: Path) -> None:
    CliRunner().invoke(main, ["init", str(tmp_path)])
    result = CliRunner().invoke(main, ["check", "--json", "--config", str(tmp_path / "syncd.toml")])
    assert result.exit_code == 2
    missing = [row["next"].partition(":")[0] for row in json.loads(result.stdout) if row["state"] == "missing"]
    assert missing == [
        "there is no database syncd.db",
        "no site is configured",
        "[wix] app_id is missing",
        "[wix] app_secret is missing",
    ]


def test_a_wrong_configuration_is_a_table_too(studio: Studio) -> None:
    studio.config.write_text("nonsense = 1\n")
    rows = studio.json("check", code=2)
    assert [row["state"] for row in rows] == ["missing", "missing"]
    assert "bridge_id is missing" in rows[0]["next"] + rows[1]["next"]


def test_a_wrong_secret_is_a_problem_of_the_site(studio: Studio) -> None:
    studio.config.write_text(studio.config.read_text().replace(seeds.APP_SECRET, "another"))
    rows = studio.json("check", code=1)
    assert states(rows)["token"] == "missing"


def test_missing_permissions_are_named_as_wix_shows_them(studio: Studio) -> None:
    studio.inside(lambda: studio.sandbox.seeded.site.scopes.update({seeds.APP_ID: frozenset({READ})}))
    found = states(studio.json("check", code=1))
    assert found["permission Read Calendar"] == "found"
    assert found["permission Read Calendar - Including PI"] == "missing"
    assert found["permission Manage External Calendars"] == "missing"


def test_without_reading_sessions_the_first_permission_is_named(studio: Studio) -> None:
    studio.inside(lambda: studio.sandbox.seeded.site.scopes.update({seeds.APP_ID: frozenset()}))
    assert states(studio.json("check", code=1))["permission Read Calendar"] == "missing"


def test_an_account_that_is_refused_fails_its_connection_alone(connected: Studio) -> None:
    connected.inside(lambda: connected.sandbox.proxy.plant({"do": {"status": 401}, "times": -1}))
    rows = connected.json("check", code=1)
    assert states(rows)["account"] == "missing"
    assert states(rows)["token"] == "found"


def test_before_the_first_pass_the_dedicated_calendar_is_not_there_yet(connected: Studio) -> None:
    found = states(connected.json("check"))
    assert (found["account"], found["may write"]) == ("found", "not shown")


def test_r19_wixs_own_connections_are_listed_with_what_to_do(studio: Studio) -> None:
    row = {
        "id": "f0a1",
        "providerId": seeds.PROVIDERS[0]["id"],
        "scheduleId": MARA.schedule_id,
        "calendarType": "GOOGLE",
        "status": "CONNECTED",
    }
    studio.inside(lambda: studio.sandbox.seeded.site.connections.append(row))
    rows = {row["what"]: row["next"] for row in studio.json("check")}
    assert "disconnected in Wix" in rows["Wix's own connection (google, CONNECTED)"]
    assert "synced by the site's own connection" in studio.connect("--yes", code=2).stderr


@pytest.mark.parametrize(
    ("until", "state", "told"),
    [("2026-12-20", "found", "expires in 30 days"), ("2026-11-20", "missing", "has expired"), ("2026-12-21", None, "")],
)
def test_the_end_of_a_clients_secret_is_told_thirty_days_before(
    studio: Studio, until: str, state: str | None, told: str
) -> None:
    studio.settings |= {"SYNCD_MICROSOFT__CLIENT_ID": "ours", "SYNCD_MICROSOFT__CLIENT_SECRET_EXPIRES": until}
    rows = studio.json("check", code=1 if state == "missing" else 0)
    found = [(row["state"], row["next"]) for row in rows if row["what"] == "client secret"]
    assert [one for one, _ in found] == ([state] if state else [])
    assert all(told in step and "client_secret_expires" in step for _, step in found)
    lines = [line for line in studio.run("run", "--once").stderr.splitlines() if "client_secret_expires" in line]
    assert len(lines) == (1 if state else 0)
    assert all('"level": "error"' in line for line in lines)
