"""Objects that no program should have written: each is listed and left, nothing is taken for gone, all else is synced.

Not here: how long they take to read (tests/adapters), odd objects that are fine (tests/e2e/test_shapes.py).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from tests.baddays.remote.day import COPIES, SITE, Day
from tests.e2e.studio import local
from tests.proving import PROVE

HEAD: Final = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VEVENT\r\nDTSTAMP:20260301T000000Z\r\n"
FOOT: Final = "SUMMARY:Hostile\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
UID: Final = "UID:hostile@home"
TIMES: Final = ("DTSTART:20260306T120000Z", "DTEND:20260306T130000Z")
FIRST: Final = datetime(2026, 1, 1, tzinfo=UTC)
HOURS: Final = [f"{FIRST + timedelta(hours=number):%Y%m%dT%H%M%SZ}" for number in range(100_000)]


def vevent(*rows: str) -> str:
    return HEAD + "".join(f"{row}\r\n" for row in rows) + FOOT


# file name → what lies there, and what is said of it
HOSTILE: Final[Mapping[str, tuple[str, str]]] = {
    "no-calendar": ("this is no calendar", "not an iCalendar object"),
    "html": ("<!DOCTYPE html><html><body>Sign in</body></html>", "not an iCalendar object"),
    "breaks-off": (vevent(UID, *TIMES).partition("END:VEVENT")[0], "the object breaks off"),
    "no-start": (vevent(UID), "it has no start"),
    "no-uid": (vevent(*TIMES), "it has no UID"),
    "unknown-zone": (
        vevent(UID, "DTSTART;TZID=Made/Up:20260306T120000", "DTEND;TZID=Made/Up:20260306T130000"),
        "its time zone is unknown",
    ),
    "ends-before-it-starts": (
        vevent(UID, "DTSTART:20260306T120000Z", "DTEND:20260306T110000Z"),
        "it ends before it starts",
    ),
    "every-second": (vevent(UID, *TIMES, "RRULE:FREQ=SECONDLY"), "it recurs too often"),
    "hourly-for-ever": (vevent(UID, *TIMES, "RRULE:FREQ=HOURLY"), "it recurs too often"),
    "100000-exdates": (
        vevent(UID, *TIMES, "RRULE:FREQ=DAILY", *(f"EXDATE:{hour}" for hour in HOURS)),
        "larger than 1 MiB",
    ),
    "50000-exdates": (
        vevent(UID, *TIMES, "RRULE:FREQ=DAILY", f"EXDATE:{','.join(HOURS[:50_000])}"),
        "it holds more than 2000 of EXDATE",
    ),
    "50000-rdates": (vevent(UID, *TIMES, f"RDATE:{','.join(HOURS[:50_000])}"), "it holds more than 2000 of RDATE"),
}


def test_objects_that_cannot_be_used_are_listed_and_stop_no_other(day: Day) -> None:
    studio = day.studio
    day.news()
    for number, name in enumerate(HOSTILE):
        day.on(studio.event(name, local(4 + number, "15:00")))
    texts = {f"/{name}[.]ics$": text for name, (text, _) in HOSTILE.items()}
    day.outside({"serve": texts}, match={"report": "calendar-multiget", "path": "/home/"})
    day.run()
    assert [(method, status) for method, _, status in day.delivered()] == [("REPORT", 207)]
    assert _listed(day) == {name: reason for name, (_, reason) in HOSTILE.items()}
    assert {note["rule"] for note in day.notes(day.anna)} == {"R27"}
    assert day.on(day.everything()) == (SITE, COPIES)
    _assert_idle(day)
    assert len(_listed(day)) == len(HOSTILE)
    day.over()
    for name in HOSTILE:
        day.on(studio.outside.edit("home/", f"{name}.ics", (f"SUMMARY:{name}", f"SUMMARY:Mended {name}")))
    day.run()
    assert _listed(day) == {}
    site, copies = day.on(day.everything())
    assert ({row.rpartition(" ")[0] for row in site - SITE}, copies) == ({f"Mended {name}" for name in HOSTILE}, COPIES)
    day.on(day.at_rest())


@pytest.mark.parametrize(
    ("megabytes", "reason"),
    [
        (20, "larger than 1 MiB"),
        pytest.param(40, "it is too large", marks=pytest.mark.skipif(not PROVE, reason="runs with make prove")),
    ],
)
def test_an_object_of_many_megabytes_is_fetched_a_few_times_and_then_left(
    day: Day, megabytes: int, reason: str
) -> None:
    """It spoils the answer to every question that has it in it, until it is asked for alone."""
    day.news()
    name = day.on(day.studio.event("Hostile", local(4, "15:00")))
    _serve(day, "hostile", vevent(UID, *TIMES, f"DESCRIPTION:{'x' * megabytes * 1_000_000}"))
    day.run()
    assert [method for method, _, _ in day.delivered()] == ["REPORT", "REPORT", "GET"]
    assert _listed(day) == {"hostile": reason}
    assert day.on(day.everything()) == (SITE, COPIES)
    _assert_idle(day)
    day.over()
    day.on(day.studio.outside.edit("home/", name, ("SUMMARY:Hostile", "SUMMARY:Mended")))
    day.run()
    assert _listed(day) == {}
    assert day.on(day.everything()) == (SITE | {"Mended 2026-03-06T15:00"}, COPIES)
    day.on(day.at_rest())


def test_a_synced_object_that_turns_bad_keeps_its_block_for_days_and_is_followed_again(day: Day) -> None:
    studio = day.studio
    day.on(studio.outside.edit("home/", "dentist.ics", ("SUMMARY:Dentist", "SUMMARY:Worse")))
    _serve(day, "dentist", HOSTILE["unknown-zone"][0])
    before = set(day.on(studio.at_wix()))
    for _ in range(3):
        day.run()
        studio.clock.advance(13 * 3600)  # with a full comparison in between
    assert len(day.delivered()) >= 2
    assert _listed(day) == {"dentist": "its time zone is unknown"}
    assert set(day.on(studio.at_wix())) == before
    assert studio.written() == []
    day.over()
    day.on(studio.outside.edit("home/", "dentist.ics", ("SUMMARY:Worse", "SUMMARY:Dentist again")))
    day.run()
    assert _listed(day) == {}
    assert set(day.on(studio.at_wix())) == before
    assert "Dentist again 2026-03-03T15:00" in day.on(day.everything())[0]
    day.on(day.at_rest())


def test_a_bad_object_that_is_put_back_as_it_was_leaves_the_list_with_the_next_full_comparison(day: Day) -> None:
    studio = day.studio
    before = day.on(studio.outside.objects("home/"))["dentist.ics"]
    day.on(studio.outside.edit("home/", "dentist.ics", ("SUMMARY:Dentist", "SUMMARY:Worse")))
    _serve(day, "dentist", "no calendar")
    day.run()
    assert (len(_listed(day)), bool(day.delivered())) == (1, True)
    day.over()
    day.on(studio.outside.put("home/", "dentist.ics", before))
    studio.clock.advance(25 * 3600)
    day.run()
    assert _listed(day) == {}
    day.on(day.at_rest())


def test_a_bad_object_that_is_deleted_leaves_the_list(day: Day) -> None:
    name = day.on(day.studio.event("Hostile", local(4, "15:00")))
    _serve(day, "hostile", "no calendar")
    day.run()
    assert (len(_listed(day)), len(day.delivered())) == (1, 1)
    day.on(day.studio.outside.remove("home/", name))
    day.run()
    assert _listed(day) == {}
    day.on(day.at_rest())


def test_an_object_that_the_server_fails_to_show_for_a_while_is_asked_for_again(day: Day) -> None:
    """With the cursor past it nobody would ask for it again until it changes."""
    day.news()
    day.on(day.studio.event("Hostile", local(4, "15:00")))
    day.outside({"set_row": {"href": "hostile[.]ics$", "status": 500}}, match={"report": "calendar-multiget"})
    day.outside({"status": 500}, match={"path": "hostile[.]ics$", "method": "GET"})
    day.run()
    assert {method for method, _, _ in day.delivered()} == {"REPORT", "GET"}
    assert _listed(day) == {"hostile": "the server answered 500 for it"}
    assert day.on(day.everything()) == (SITE, COPIES)
    day.over()
    day.run()
    assert _listed(day) == {}
    assert day.on(day.everything()) == (SITE | {"Hostile 2026-03-06T15:00"}, COPIES)
    day.on(day.at_rest())


@pytest.mark.parametrize("switch", ["allow", "refuse"])
def test_an_event_without_an_end_takes_no_time_and_stops_nothing(day: Day, switch: str) -> None:
    """RFC 5545, 3.6.1: with a start alone it ends when it starts. Wix may take that, or refuse it."""
    studio = day.studio
    studio.wix.state.switches.set({"zero_length_events": switch})
    day.news()
    day.on(studio.outside.put("home/", "hostile.ics", vevent(UID, "DTSTART:20260306T120000Z")))
    day.run()
    site, copies = day.on(day.everything())
    blocks = {row for row in site if row.startswith("Hostile ")}
    assert (site - blocks, copies) == (SITE, COPIES)
    assert len(blocks) == (switch == "allow")
    assert day.stands(day.anna)["quarantined"] == (switch == "refuse")
    assert list(day.on(studio.outside.objects("home/"))).count("hostile.ics") == 1
    day.on(day.at_rest())


def _serve(day: Day, name: str, text: str) -> None:
    """From now on this is what lies in Anna's calendar under a name."""
    served = {"serve": {f"/{name}[.]ics$": text}}
    day.outside(served, match={"report": "calendar-multiget", "body": f"{name}[.]ics"})
    day.outside(served, match={"method": "GET", "path": f"/{name}[.]ics$"})


def _listed(day: Day) -> dict[str, str]:
    """Anna's objects that `status` lists as left, and why."""
    rows = day.notes(day.anna)
    return {row["item"].rpartition("|")[2].removesuffix(".ics"): row["reason"] for row in rows}


def _assert_idle(day: Day) -> None:
    """The next pass neither writes nor fetches what was bad."""
    day.studio.clock.advance(660)
    day.studio.forget_requests()
    day.run()
    assert (day.studio.written(), day.delivered()) == ([], [])
