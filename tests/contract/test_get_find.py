"""The contract of `get` and `find`: typed absence, and items by the key of our mark."""

from datetime import date

from syncd.model import Gone
from tests.contract.cases import WINDOW, differences, draft, key, seen, timed, yoga
from tests.contract.subjects import Stage, Subject


async def test_get_shows_a_present_item_with_all_its_fields(stage: Stage) -> None:
    ref = await stage.hands.put(yoga())
    found = (await stage.calendar.get([ref]))[ref]
    assert found.absence is None
    assert found.ref == ref
    assert differences(found.event, yoga()) == {}


async def test_get_finds_an_item_wherever_it_lies_in_time(stage: Stage) -> None:
    ref = await stage.hands.put(yoga(timed(date(2031, 6, 1))))
    assert (await stage.calendar.get([ref]))[ref].absence is None


async def test_get_shows_the_same_as_a_read(stage: Stage) -> None:
    ref = await stage.hands.put(yoga())
    (listed,) = (await stage.calendar.read(WINDOW)).observations
    direct = (await stage.calendar.get([ref]))[ref]
    assert (direct.event, direct.version, direct.traits) == (listed.event, listed.version, listed.traits)


async def test_a_removed_item_is_gone_with_evidence(stage: Stage) -> None:
    ref = await stage.hands.put(yoga())
    await stage.hands.remove(ref)
    absence = (await stage.calendar.get([ref]))[ref].absence
    assert absence is not None
    assert absence.kind is Gone.GONE
    assert absence.evidence


async def test_an_item_that_never_was_is_absent_and_on_a_site_unknown(subject: Subject, stage: Stage) -> None:
    absence = (await stage.calendar.get([stage.never]))[stage.never].absence
    assert absence is not None
    if "site" in subject.abilities:
        assert absence.kind is Gone.UNKNOWN


async def test_get_answers_for_every_ref_it_was_asked(stage: Stage) -> None:
    present = await stage.hands.put(yoga(title="Present"))
    removed = await stage.hands.put(yoga(title="Removed"))
    await stage.hands.remove(removed)
    found = await stage.calendar.get([present, removed, stage.never])
    assert {ref: one.absence is None for ref, one in found.items()} == {
        present: True,
        removed: False,
        stage.never: False,
    }


async def test_get_of_nothing_is_empty(stage: Stage) -> None:
    assert dict(await stage.calendar.get([])) == {}


async def test_find_gives_the_item_that_bears_the_key(stage: Stage) -> None:
    await stage.hands.put(yoga(title="By hand"))
    made = seen((await stage.calendar.create([draft("yoga")]))[0])
    found = await stage.calendar.find([key("yoga"), key("another")])
    assert {name: one.ref for name, one in found.items()} == {key("yoga"): made.ref}
    assert differences(found[key("yoga")].event, yoga()) == {}


async def test_find_knows_nothing_of_a_removed_bearer(stage: Stage) -> None:
    made = seen((await stage.calendar.create([draft("yoga")]))[0])
    await stage.hands.remove(made.ref)
    assert dict(await stage.calendar.find([key("yoga")])) == {}


async def test_of_two_bearers_find_gives_the_one_we_made_and_not_the_copy_of_a_person(stage: Stage) -> None:
    made = seen((await stage.calendar.create([draft("yoga")]))[0])
    copy = await stage.hands.copy(made.ref)
    assert copy != made.ref
    assert (await stage.calendar.find([key("yoga")]))[key("yoga")].ref == made.ref


async def test_find_of_nothing_is_empty(stage: Stage) -> None:
    assert dict(await stage.calendar.find([])) == {}
