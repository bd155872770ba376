"""Events of unusual shape that calendar apps really write: they travel whole, or stop nobody else."""

import pytest

from tests.e2e.studio import Studio, local, monday, spans

HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VEVENT\r\nDTSTAMP:20260301T000000Z\r\n"
FOOT = "END:VEVENT\r\nEND:VCALENDAR\r\n"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Shapes are the adapters' affair; one database is enough."""
    return sqlite_url


def plain(uid: str, *rows: str) -> str:
    return HEAD + "".join(f"{row}\r\n" for row in (f"UID:{uid}", *rows)) + FOOT


@pytest.mark.outside("apple")  # iCalendar's own ways
@pytest.mark.rule("R4", "R7")
@pytest.mark.parametrize(
    ("rows", "start", "end"),
    [
        (("DTSTART:20260304T120000Z", "DURATION:PT90M"), "2026-03-04T12:00:00Z", "2026-03-04T13:30:00Z"),
        (("DTSTART:20260304T120000", "DTEND:20260304T130000"), "2026-03-04T11:00:00Z", "2026-03-04T12:00:00Z"),
        (
            ("DTSTART;TZID=America/New_York:20260310T090000", "DTEND;TZID=America/New_York:20260310T100000"),
            "2026-03-10T13:00:00Z",
            "2026-03-10T14:00:00Z",
        ),
        (("DTSTART;VALUE=DATE:20260304",), "2026-03-03T23:00:00Z", "2026-03-04T23:00:00Z"),
    ],
    ids=["duration", "floating", "new-york", "all-day-without-end"],
)
async def test_an_event_blocks_the_time_it_means(studio: Studio, rows: tuple[str, ...], start: str, end: str) -> None:
    await studio.connect()
    await studio.outside.put("home/", "a.ics", plain("a@home", *rows, "SUMMARY:Errand"))
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    assert (block["start"]["utcDate"], block["end"]["utcDate"]) == (start, end)
    await studio.assert_at_rest()


@pytest.mark.rule("R7")
async def test_texts_with_every_kind_of_character_travel_both_ways(studio: Studio) -> None:
    await studio.connect()
    title, notes = "Café, 50%; \\o/ 🧘 “x”", "one\ntwo, three;\n\n\tfour \\n five"
    studio.session(title, notes=notes)
    await studio.person.event("Zoë; Ämter, \\back", local(2, "15:00"), description="a\nb,c;d\\e")
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    assert block["title"] == "Zoë; Ämter, \\back"
    assert block["notes"].startswith("a\nb,c;d\\e\n\n[syncd ")
    (copy,) = await studio.person.copies()
    assert copy.title == (title if studio.person.provider != "apple" else "Café\\, 50%\\; \\\\o/ 🧘 “x”")
    await studio.assert_at_rest()
    await studio.person.edit(copy.name, end=local(1, "10:30"))
    await studio.sync()
    row = next(row for row in (await studio.at_wix()).values() if row["title"] == title)
    assert (row["end"]["localDate"], row["notes"]) == ("2026-03-03T10:30:00", notes)
    await studio.assert_at_rest()


@pytest.mark.rule("R10", "R5")
async def test_a_text_that_wix_holds_in_part_is_never_cut_at_home(studio: Studio) -> None:
    await studio.connect()
    long = "x" * 7000
    await studio.person.event("Report", local(1, "15:00"), description=long)
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    assert len(block["notes"]) <= 5000
    await studio.assert_at_rest()
    studio.edit(block["id"], title="Report 2")
    await studio.settle(2)
    (event,) = (await studio.person.own()).values()
    assert (event.title, event.description) == ("Report 2", long)
    await studio.assert_at_rest()


@pytest.mark.rule("R5", "R7")
async def test_a_timed_block_that_becomes_all_day_makes_its_event_all_day_and_back(studio: Studio) -> None:
    await studio.connect()
    await studio.person.event("Errand", local(1, "15:00"))
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    day = {"start": {"localDate": "2026-03-05T00:00:00"}, "end": {"localDate": "2026-03-06T00:00:00"}}
    studio.edit(block["id"], allDay=True, **day)
    await studio.sync()
    assert set(await studio.person.own()) == {"Errand 20260305"}
    await studio.assert_at_rest()
    studio.edit(block["id"], allDay=False, **spans(local(3, "10:00")))
    await studio.sync()
    assert set(await studio.person.own()) == {"Errand 20260305T100000"}
    await studio.person.event("Errand", monday(4))
    await studio.sync()
    (block,) = (await studio.blocks()).values()
    assert block["allDay"] is True
    await studio.assert_at_rest()


@pytest.mark.outside("apple")  # iCalendar's own ways
@pytest.mark.rule("R27", "R4")
@pytest.mark.parametrize(
    "bad",
    [
        plain("b@home", "SUMMARY:No start"),
        plain("b@home", "DTSTART:20260304T120000Z", "DTEND:20260304T110000Z", "SUMMARY:Ends before"),
        plain("b@home", "DTSTART:20260304T120000Z", "RRULE:FREQ=SECONDLY", "SUMMARY:Every second"),
        "this is no calendar",
    ],
    ids=["no-start", "ends-before-it-starts", "every-second", "no-calendar"],
)
async def test_an_object_that_cannot_be_used_stops_no_other(studio: Studio, bad: str) -> None:
    await studio.connect()
    await studio.person.event("Dentist", local(1, "15:00"))
    await studio.person.event("Broken", local(3, "15:00"))
    await studio.sync()
    served = {"serve": {"broken[.]ics$": bad}, "set_row": {"href": "broken[.]ics$", "etag": '"other"'}}
    studio.proxy.plant({"do": served, "match": {"path": "/home/"}, "times": -1})
    await studio.person.event("Bank", local(2, "15:00"))
    await studio.person.event("Broken", local(4, "15:00"))
    await studio.settle(3)
    titles = {name.rpartition(" ")[0] for name in await studio.blocks()}
    assert {"Dentist", "Bank"} <= titles
    assert len(await studio.outside.objects("home/")) == 3
    await studio.assert_at_rest()
