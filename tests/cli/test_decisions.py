"""`holds`, `approve`, `reject`, `override`, `status`, `history`."""

import httpx

from syncd.sandbox import studio as seeds
from tests.cli.conftest import Studio

COLLECTION = "/mara%40icloud.example/"


def exported(client: httpx.Client, studio: Studio, title: str) -> list[str]:
    """Hrefs of exported events with this title."""
    (calendar,) = (row["id"] for row in studio.json("calendars", studio.connection) if row["used_for"] == "export")
    listing = client.request("PROPFIND", COLLECTION + calendar, headers={"depth": "1"}).text
    hrefs = [part.partition("</href>")[0] for part in listing.split("<href>")[1:] if ".ics</href>" in part]
    return [href for href in hrefs if f"SUMMARY:{title}" in client.get(href).text]


def delete_booked(studio: Studio) -> None:
    """A person deletes a training that somebody has booked, in the calendar outside."""
    with studio.outside() as client:
        (first, *_) = exported(client, studio, "Personal Training")
        assert client.delete(first).status_code == 200
    studio.advance(1200)
    studio.run("run", "--once", code=4)


def booked(studio: Studio) -> list[str]:
    """How the studio's two trainings stand in Wix."""
    site, names = studio.sandbox.seeded.site, ("training_1", "training_2")
    events = studio.inside(lambda: [site.events.get(studio.sandbox.seeded.sessions[name]) for name in names])
    return sorted(str(event.status) for event in events if event is not None)


def test_r28_a_deletion_of_a_booked_session_waits_and_is_put_back_when_rejected(synced: Studio) -> None:
    delete_booked(synced)
    (hold,) = synced.json("holds")
    assert (hold["rule"], hold["connection"]) == ("R28", synced.connection)
    assert [action["kind"] for action in hold["actions"]] == ["delete"]
    listing = synced.run("holds").stdout
    assert f"syncd approve {hold['id']}   or   syncd reject {hold['id']}" in listing
    assert "1 action" in synced.run("reject", hold["id"][:6]).stdout
    synced.run("run", "--once")
    assert booked(synced) == ["CONFIRMED", "CONFIRMED"]
    with synced.outside() as client:
        assert len(exported(client, synced, "Personal Training")) == 2
    assert synced.json("holds") == []


def test_r28_an_approved_deletion_cancels_exactly_that_session(synced: Studio) -> None:
    delete_booked(synced)
    (hold,) = synced.json("holds")
    synced.run("approve", hold["id"])
    synced.run("run", "--once")
    assert booked(synced) == ["CANCELLED", "CONFIRMED"]
    row = next(row for row in synced.json("history") if row["kind"] == "delete" and row["side"] == "wix")
    assert (row["rule"], row["outcome"]) == ("R6", "done")


def test_deciding_on_nothing_is_refused(synced: Studio) -> None:
    for command in ("approve", "reject"):
        assert "nothing waits under abc" in synced.run(command, "abc", code=2).stderr
    assert synced.run("holds").stdout == "nothing waits\n"


def test_r8_an_override_is_shown_outside_with_the_next_pass_and_its_own_title_when_cleared(synced: Studio) -> None:
    yoga = ("schedule", seeds.YOGA.id)
    assert synced.json("override", *yoga, "--title", "Teaching")["links"] > 0
    assert synced.json("override", *yoga, "--description", "Mats")["title"] == "Teaching"
    assert synced.json("override", *yoga) == {"title": "Teaching", "description": "Mats", "links": None}
    assert synced.run("override", *yoga).stdout == "set: title, description; --json prints it\n"
    synced.run("run", "--once")
    with synced.outside() as client:
        assert exported(client, synced, "Teaching")
        assert not exported(client, synced, "Hatha Yoga")
    synced.run("override", *yoga, "--clear")
    synced.run("run", "--once")
    with synced.outside() as client:
        assert exported(client, synced, "Hatha Yoga")


def test_an_override_of_one_session_concerns_that_one(synced: Studio) -> None:
    session = synced.sandbox.seeded.sessions["stock_taking"]
    assert "1 linked items follow" in synced.run("override", "session", session, "--title", "Busy").stdout
    assert synced.json("run", "--once")["plans"][0]["written"] == 1


def test_r8_an_empty_title_and_contradictions_are_refused(synced: Studio) -> None:
    for options in (("--title", " "), ("--clear", "--title", "x")):
        synced.run("override", "schedule", seeds.YOGA.id, *options, code=2)


def test_status_counts_and_tells_by_its_exit_code_when_something_is_stale(synced: Studio) -> None:
    (row,) = synced.json("status", "--exit-code")["connections"]
    assert (row["status"], row["stale"], row["pending"], row["held"], row["age_seconds"]) == ("SYNCED", None, 0, 0, 0)
    assert row["links"] > 10
    synced.advance(3600)
    (late,) = synced.json("status", "--exit-code", code=1)["connections"]
    assert late["stale"].startswith("no success since")
    assert late["age_seconds"] == 3600
    synced.run("pause", synced.connection)
    synced.run("status", "--exit-code")


def test_history_tells_every_write_with_its_rule_and_outcome(synced: Studio) -> None:
    rows = synced.json("history", "--limit", "5")
    assert len(rows) == 5
    assert {row["outcome"] for row in rows} == {"done"}
    older = synced.json("history", "--limit", "3", "--before", str(rows[-1]["id"]), "--connection", synced.connection)
    assert [row["id"] for row in older] == [rows[-1]["id"] - number for number in (1, 2, 3)]
    (item,) = {row["item"] for row in synced.json("history", "--item", rows[0]["item"])}
    assert item == rows[0]["item"]
    table = synced.run("history").stdout
    assert "R4" in table
    assert "Dentist" not in table
