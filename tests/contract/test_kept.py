"""The contract of `Capabilities.kept`: what a calendar says of fields that are written is what it shows of them.

And where it says something, an edit behind our write shows in the answer as something else.
"""

from datetime import UTC, date, datetime

import pytest

from syncd.model import UNSEEN, Event, Field, Observation, Timed, same
from syncd.ports import Edit
from tests.contract.cases import BERLIN, YOGA, days, draft, key, seen, timed, yoga
from tests.contract.subjects import Stage

_SECONDS = Timed(
    datetime(2030, 3, 4, 9, 0, 30, 250_000, tzinfo=UTC), datetime(2030, 3, 4, 10, 0, 59, 999_999, tzinfo=UTC), BERLIN
)
AWKWARD = {
    "plain": YOGA,
    "bare": Event(timed(), "Yoga", None, None, True),
    "free": yoga().put({Field.BUSY: False}),
    "markup": yoga().put({Field.DESCRIPTION: "<b>no bold</b> & &amp; <br>\nso 5 < 6"}),
    "lines": yoga().put({Field.DESCRIPTION: "one\n\n\n  two\ttabbed\nlast"}),
    "wide": yoga(title="🧘‍♀️ Grüße, 日本語"),
    "a-day": yoga(days(date(2030, 3, 30), 2)),
    "kathmandu": yoga(timed(date(2030, 6, 3), 9, 60, "Asia/Kathmandu")),
    "a-zone-that-nobody-knows": yoga(Timed(YOGA.when.start, YOGA.when.end, "Studio/Upstairs")),  # type: ignore[union-attr]
    "fractions-of-seconds": yoga(_SECONDS),
}


def broken(stage: Stage, written: Event, shown: Event) -> dict[Field, object]:
    """The promises about written fields that an answer does not keep."""
    promised = stage.calendar.capabilities.kept(written)
    told = {name: (promised.get(name), shown.get(name)) for name in Field if promised.get(name) is not UNSEEN}
    return {name: pair for name, pair in told.items() if not same(*pair)}


async def created(stage: Stage, event: Event = YOGA) -> Observation:
    return seen((await stage.calendar.create([draft("one", event)]))[0])


@pytest.mark.needs("kept")
async def test_something_is_said_of_what_is_written_and_nothing_of_the_rest(stage: Stage) -> None:
    kept = stage.calendar.capabilities.kept
    assert kept(Event(title="Pilates")) == Event(title="Pilates")
    assert kept(Event()) == Event()


@pytest.mark.needs("kept", "all_day")
@pytest.mark.parametrize("event", AWKWARD.values(), ids=AWKWARD)
async def test_what_is_written_comes_back_as_was_said(stage: Stage, event: Event) -> None:
    made = await created(stage, event)
    assert broken(stage, event, made.event) == {}
    plain = seen((await stage.calendar.create([draft("two")]))[0])
    changed = seen((await stage.calendar.update([Edit(plain.ref, event, plain.version)]))[0])
    assert broken(stage, event, changed.event) == {}


@pytest.mark.needs("kept", "limits")
@pytest.mark.parametrize("filling", ["x", "<b>", "&", "é "])
async def test_a_text_as_long_as_may_be_comes_back_as_was_said(stage: Stage, filling: str) -> None:
    for name, limit in stage.calendar.capabilities.limits.items():
        event = YOGA.put({name: (filling * limit)[:limit].strip()})
        made = seen((await stage.calendar.create([draft(name.value, event)]))[0])
        assert broken(stage, event, made.event) == {}


@pytest.mark.needs("kept")
@pytest.mark.parametrize("name", [Field.TITLE, Field.DESCRIPTION, Field.LOCATION])
async def test_an_edit_behind_our_write_shows_in_its_answer_where_something_is_said(stage: Stage, name: Field) -> None:
    theirs = Event().put({name: "Theirs"})
    said = {name} if stage.calendar.capabilities.kept(YOGA).get(name) is not UNSEEN else set()
    await stage.hands.edit_behind(theirs)
    made = await created(stage)
    assert set(broken(stage, YOGA, made.event)) == said
    await stage.hands.edit_behind(theirs)
    ours = Event(title="Pilates", description="Two mats", location="Garden")
    changed = seen((await stage.calendar.update([Edit(made.ref, ours, made.version)]))[0])
    assert set(broken(stage, ours, changed.event)) == said
    assert (await stage.calendar.find([key("one")]))[key("one")].version == changed.version
