"""`connect`, `configure`, `pause`, `resume`, `disconnect`, and the listings around them."""

from tests.cli.conftest import JONAS, MARA, Studio

REFUSED = "stored, not confirmed"


def test_the_first_plan_is_shown_and_nothing_happens_before_it_is_accepted(studio: Studio) -> None:
    output = studio.connect(code=4).stdout
    assert "make_calendar" in output
    assert REFUSED in output
    assert studio.writes() == []
    (one,) = studio.json("connections")
    assert (one["status"], one["confirmed"], one["email"]) == ("CONNECTED", False, "mara@icloud.example")
    assert (one["schedule"]["name"], one["calendars"], one["target"]) == ("Mara Lindner", ["home/"], "dedicated")


def test_a_yes_on_standard_input_confirms_and_the_next_pass_applies(studio: Studio) -> None:
    assert "confirmed: the next" in studio.connect(code=0, word="abcd-efgh-ijkl-mnop\ny").stdout
    assert studio.writes() == []
    studio.run("run", "--once")
    assert studio.writes() != []


def test_the_same_command_again_renews_and_may_confirm(studio: Studio) -> None:
    studio.connect(code=4)
    first = studio.connection
    studio.connect("--yes")
    assert studio.connection == first
    assert studio.json("connections")[0]["confirmed"]


def test_a_wrong_password_leaves_nothing_behind_and_names_the_repair(studio: Studio) -> None:
    result = studio.connect("--yes", code=1, word="wrong")
    assert "  next: " in result.stderr
    for step in ("calendar app first", "account.apple.com", "App-Specific Passwords", "revokes every"):
        assert step in result.stderr
    assert "wrong" not in result.stderr.replace("wrong password", "")
    assert studio.json("connections") == []


def test_a_first_plan_that_cannot_be_made_leaves_nothing_behind(studio: Studio) -> None:
    fault = {"match": {"method": "POST", "path": "/events/query"}, "do": {"status": 500}, "times": -1, "skip": 1}
    studio.inside(lambda: studio.sandbox.wix.app.faults.add(fault))
    studio.connect("--yes", code=1)
    studio.inside(studio.sandbox.wix.app.faults.clear)
    assert studio.json("connections") == []


def test_a_password_is_needed(studio: Studio) -> None:
    assert "the password is empty" in studio.connect(code=2, word="").stderr
    schedule = ("--schedule", MARA.schedule_id, "--email", "a@b.example")
    assert "--password-stdin" in studio.run("connect", "apple", *schedule, code=2).stderr


ICLOUD = ("--url", "https://caldav.icloud.com/", "--schedule", "none", "--email", "a@b.example", "--password-stdin")


def test_a_password_that_apple_cannot_take_is_warned_about_and_not_sent(studio: Studio) -> None:
    result = studio.run("connect", "apple", *ICLOUD, code=2, say="Summer2026!\n")
    assert "does not look like an app-specific password" in result.stderr
    assert "App-Specific Passwords" in result.stderr
    assert "nothing was sent" in result.stderr
    assert "Summer" not in result.output
    assert studio.json("connections") == []


def test_whoever_insists_is_not_kept_from_it(studio: Studio) -> None:
    """The shape may change. The schedule is looked for before the account is asked; this goes no further."""
    result = studio.run("connect", "apple", *ICLOUD, code=2, say="Summer2026!\ny\n")
    assert "does not look like" in result.stderr
    assert "there is no schedule none" in result.stderr


def test_an_app_specific_password_needs_no_question(studio: Studio) -> None:
    result = studio.run("connect", "apple", *ICLOUD, code=2, say="abcd-efgh-ijkl-mnop\n")
    assert "does not look like" not in result.stderr
    assert "there is no schedule none" in result.stderr


def test_r19_a_second_schedule_may_not_take_the_same_calendar(connected: Studio) -> None:
    result = connected.connect("--yes", staff=JONAS, code=2)
    assert f"belongs to connection {connected.connection} (schedule Mara Lindner)" in result.stderr


def test_a_key_file_open_to_others_is_refused_before_anything_is_asked(studio: Studio) -> None:
    (studio.folder / "syncd.key").chmod(0o644)
    studio.writes()
    assert "chmod 600" in studio.connect("--yes", code=2).stderr
    assert studio.json("connections") == []


def test_configure_changes_the_next_pass_and_its_dry_run_shows_it(synced: Studio) -> None:
    synced.run("configure", synced.connection, code=2)
    changed = synced.json("configure", synced.connection[:5], "--no-export")
    assert (changed["import"], changed["export"]) == (True, False)
    (plan,) = synced.json("run", "--dry-run", "--exit-code", code=3)["plans"]
    assert {(a["kind"], a["rule"], a["side"]) for a in plan["actions"] if a["kind"] == "delete"} == {
        ("delete", "R30", "external")
    }
    synced.run("run", "--once")
    assert synced.json("run", "--once")["plans"][0]["written"] == 0


def test_a_paused_connection_is_left_alone_until_it_is_resumed(connected: Studio) -> None:
    connected.run("pause", connected.connection)
    assert connected.json("run", "--once")["plans"][0]["skipped"] == "paused"
    assert connected.writes() == []
    connected.run("resume", connected.connection)
    assert connected.json("run", "--once")["plans"][0]["written"] > 0


def test_r23_disconnecting_counts_asks_and_the_next_pass_removes_all_that_was_made(synced: Studio) -> None:
    name = synced.connection
    asked = synced.run("disconnect", name, code=4)
    assert "items that syncd made will be removed" in asked.stdout
    assert "nothing was changed" in asked.stdout
    synced.run("disconnect", name, "--yes")
    counted = int(asked.stdout.split()[0])
    assert synced.json("run", "--once")["plans"][0]["written"] == counted > 10
    (row,) = synced.json("status")["connections"]
    assert (row["status"], row["links"]) == ("DISCONNECTED", 0)
    synced.run("disconnect", name, "--yes", code=2)
    with synced.outside() as client:
        home = client.request("PROPFIND", "/mara%40icloud.example/home/", headers={"depth": "1"})
    assert home.text.count(".ics</href>") == 7  # what was there all along


def test_after_the_loss_of_the_database_everything_is_found_again_and_nothing_doubled(synced: Studio) -> None:
    for file in synced.folder.glob("syncd.db*"):
        file.unlink()
    synced.run("migrate")
    synced.connect("--yes")
    for _ in range(2):
        assert synced.json("run", "--once")["plans"][0]["written"] == 0
    assert synced.writes() == []
    (row,) = synced.json("status", "--exit-code")["connections"]
    assert row["links"] > 10


def test_an_unconfirmed_connection_is_forgotten_by_disconnect(studio: Studio) -> None:
    studio.connect(code=4)
    assert "is forgotten" in studio.run("disconnect", studio.connection, "--yes").stdout
    assert studio.json("connections") == []


def test_schedules_tell_what_can_be_connected(connected: Studio) -> None:
    rows = {row["name"]: row for row in connected.json("schedules")}
    assert rows["business"]["kind"] == "business"
    mara = rows["Mara Lindner"]
    assert (mara["kind"], mara["id"], mara["time_zone"]) == ("staff", MARA.schedule_id, "Europe/Berlin")
    assert mara["connections"] == [connected.connection]
    assert rows["business"]["sessions_ahead"] > mara["sessions_ahead"] > rows["Jonas Weber"]["sessions_ahead"] > 0
    assert rows["Hatha Yoga"]["advice"].startswith("export only")
    assert "NAME" in connected.run("schedules").stdout.splitlines()[0]


def test_schedules_can_be_listed_before_there_is_a_database(studio: Studio) -> None:
    studio.database.unlink()
    assert len(studio.json("schedules")) > 4
    assert not studio.database.exists()


def test_calendars_of_an_account_are_listed_with_what_they_are_used_for(synced: Studio) -> None:
    rows = {row["name"]: row for row in synced.json("calendars", synced.connection)}
    assert (rows["Home"]["id"], rows["Home"]["default"], rows["Home"]["used_for"]) == ("home/", True, "import")
    assert [row["used_for"] for name, row in rows.items() if name != "Home"] == ["export"]


def test_without_a_connection_the_listing_says_what_to_do_next(studio: Studio) -> None:
    assert "`syncd schedules` lists what can be connected" in studio.run("connections").stdout
