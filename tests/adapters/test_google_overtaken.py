"""Edits that somebody makes between a write of ours and its answer, which shows them. R5, R24.

Not here: the same without Google (tests/cycle/test_overtaken).
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from syncd.model import Event, Field
from tests.adapters.google_bench import GoogleBench, bench_in
from tests.cycle.bench import SITE_ID, at, event

THEIRS = [{"summary": "Theirs"}, {"location": "Room 2"}, {"description": "Bring water"}]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[GoogleBench]:
    async with bench_in(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("theirs", THEIRS, ids=["title", "location", "description"])
@pytest.mark.parametrize("operation", ["events.insert", "events.update"])
async def test_an_edit_inside_the_answer_of_our_write_travels_though_it_is_of_what_we_wrote(
    bench: GoogleBench, operation: str, theirs: dict[str, str]
) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10), description="<b>no markup</b> & so on", location="Room 1"))
    if operation == "events.update":
        await bench.sync()
        await bench.later()
        bench.world.edit(SITE_ID, "s1", Event(title="Yoga, indoors", description="Mat & towel", location="Garden"))
    bench.outer.plant({"foreign_edit": theirs}, match={"operation": operation})
    await bench.later()
    assert bench.outer.delivered()
    for _ in range(2):
        await bench.later()
    seen = bench.world.items(SITE_ID)["s1"].event
    ours = event("Yoga", at(1, 10), description="<b>no markup</b> & so on", location="Room 1")
    if operation == "events.update":
        ours = event("Yoga, indoors", at(1, 10), description="Mat & towel", location="Garden")
    names = {"summary": Field.TITLE, "location": Field.LOCATION, "description": Field.DESCRIPTION}
    assert seen == ours.put({names[name]: text for name, text in theirs.items()})
    await bench.at_rest()


async def test_of_a_batch_the_event_that_was_edited_meanwhile_keeps_the_edit(bench: GoogleBench) -> None:
    await bench.connected()
    for number in range(5):
        bench.session(f"s{number}", event(f"Class {number}", at(number, 10)))
    match = {"operation": "events.insert", "body": "Class 3"}
    bench.outer.plant({"foreign_edit": {"summary": "Class three"}}, match=match)
    await bench.sync()
    assert bench.outer.delivered()
    for _ in range(2):
        await bench.later()
    titles = ["Class 0", "Class 1", "Class 2", "Class 4", "Class three"]
    assert (bench.inside_titles(), bench.outer.titles()) == (titles, titles)
    await bench.at_rest()


async def test_an_edit_inside_the_answer_about_a_persons_own_event_comes_back_to_its_block(bench: GoogleBench) -> None:
    await bench.connected()
    bench.put("Dentist", 2)
    await bench.sync()
    await bench.later()
    bench.world.edit(SITE_ID, bench.block_id("Dentist"), Event(title="Dentist, upstairs"))
    bench.outer.plant({"foreign_edit": {"summary": "Dentist, downstairs"}}, match={"operation": "events.update"})
    await bench.later()
    assert bench.outer.delivered()
    for _ in range(2):
        await bench.later()
    assert list(bench.blocks()) == ["Dentist, downstairs"]
    assert bench.outer.titles() == ["Dentist, downstairs"]
    await bench.at_rest()


@pytest.mark.parametrize("operation", ["events.insert", "events.update"])
async def test_an_edit_behind_a_write_whose_answer_was_lost_travels(bench: GoogleBench, operation: str) -> None:
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10)))
    if operation == "events.update":
        await bench.sync()
        await bench.later()
        bench.world.edit(SITE_ID, "s1", Event(title="Yoga, indoors"))
    bench.outer.plant({"drop": "after"}, match={"operation": operation})
    await bench.later()
    assert bench.outer.delivered()
    (copy,) = bench.outer.hands.events()
    bench.outer.hands.edit(copy.id, summary="Theirs")
    for _ in range(3):
        await bench.later()
    assert (bench.inside_titles(), bench.outer.titles()) == (["Theirs"], ["Theirs"])
    await bench.at_rest()


@pytest.mark.parametrize("kept", ["kept", "rewritten"])
async def test_what_google_makes_of_a_long_text_full_of_markup_is_nobodys_edit(bench: GoogleBench, kept: str) -> None:
    bench.outer.state.switches.set({"description_html": kept})
    text = "<b>&</b> " * 880
    await bench.connected()
    bench.session("s1", event("Yoga", at(1, 10), description=text.strip()))
    await bench.sync()
    for _ in range(2):
        await bench.later()
    (copy,) = bench.outer.hands.events()
    assert len(str(copy.fields["description"])) > len(text), "it is escaped on its way out, and cut"
    assert bench.world.items(SITE_ID)["s1"].event.description == text.strip()
    await bench.at_rest()
