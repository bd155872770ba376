"""Scenarios of what goes: deleted, cancelled, held, moved under another id, copied by a person.

Not here: what a person switches off (scenarios_settings).
"""

from typing import Final

from syncd.model import Decision, Event, Side
from tests.cycle.bench import at, event
from tests.interruption.hands import MADE, Hands, Like
from tests.interruption.scenario import MICROSOFT, MICROSOFT_PRIMARY, Scenario
from tests.interruption.scenarios_edits import NO_SERIES, overridden, weekly
from tests.interruption.scenarios_first import YOGA, linked, settled


async def originals_deleted(hands: Hands) -> None:
    await linked(hands)
    await hands.remove("yoga")
    await hands.remove("dentist")


async def copies_deleted(hands: Hands) -> None:
    await linked(hands)
    await hands.remove_copy("yoga")
    await hands.remove_copy("dentist")


async def both_deleted(hands: Hands) -> None:
    await linked(hands)
    for name in ("yoga", "dentist"):
        await hands.remove_copy(name)
        await hands.remove(name)


async def deleted_and_changed(hands: Hands) -> None:
    await linked(hands)
    await hands.remove_copy("yoga")
    await hands.edit("yoga", Event(title="Yoga basics"))
    await hands.remove("pilates")
    await hands.edit_copy("pilates", Event(location="Garden"))
    await hands.remove("dentist")
    await hands.edit_copy("dentist", Event(when=at(1, 18)))


async def deleted_and_made_again(hands: Hands) -> None:
    await linked(hands)
    await hands.remove("lunch")
    await hands.event("lunch again", event("Lunch", at(2, 12), location="Canteen"))
    await hands.remove("yoga")
    await hands.session("yoga again", YOGA)


async def occurrences_cancelled(hands: Hands) -> None:
    await weekly(hands)
    await hands.remove("course 2")
    await hands.remove("choir 2")


async def cancelled_and_moved(hands: Hands) -> None:
    await weekly(hands)
    await hands.remove("course 2")
    await hands.edit("course 3", Event(when=at(34, 12)))
    await hands.remove("choir 1")
    await hands.edit("choir 2", Event(when=at(27, 20)))


async def series_deleted(hands: Hands) -> None:
    await weekly(hands)
    for number in range(1, 4):
        await hands.remove(f"course {number}")
        await hands.remove(f"choir {number}")


async def whole_series_deleted(hands: Hands) -> None:
    await weekly(hands)
    await hands.remove("choir")


async def copies_of_a_series_deleted(hands: Hands) -> None:
    await weekly(hands)
    await hands.remove_copy("course 1")
    await hands.remove_copy("choir 1")


async def another_id(hands: Hands) -> None:
    await weekly(hands)
    await hands.override("course 2", title="Course with Anna")
    await settled(hands)
    for number in range(1, 4):
        await hands.rebase(f"course {number}")


async def another_id_and_moved(hands: Hands) -> None:
    await weekly(hands)
    await hands.rebase("course 2")
    await hands.edit("course 2", Event(when=at(27, 12)))


async def booked_copy_deleted(hands: Hands) -> None:
    await hands.connect()
    await hands.session("yoga", YOGA, Like(participants=3))
    await hands.session("pilates", event("Pilates", at(2, 9)))
    await settled(hands)
    await hands.remove_copy("yoga")
    await hands.remove_copy("pilates")


async def held(hands: Hands) -> None:
    await booked_copy_deleted(hands)
    await settled(hands, 2)


async def deletion_approved(hands: Hands) -> None:
    await held(hands)
    assert await hands.decide(Decision.APPROVED) == 1


async def deletion_rejected(hands: Hands) -> None:
    await held(hands)
    assert await hands.decide(Decision.REJECTED) == 1


async def approved_then_booked(hands: Hands) -> None:
    await deletion_approved(hands)
    await hands.become("yoga", Like(participants=4))


async def booked_before_the_cancel(hands: Hands) -> None:
    await linked(hands)
    await hands.remove_copy("yoga")
    await settled(hands)
    await hands.meanwhile(Side.WIX, "delete", yoga_is_booked)


async def yoga_is_booked(hands: Hands) -> None:
    await hands.become("yoga", Like(participants=2))


async def three_classes(hands: Hands) -> None:
    await hands.connect()
    for number in range(3):
        await hands.session(f"class {number}", event(f"Class {number}", at(number + 1, 9)))
        await hands.event(f"event {number}", event(f"Event {number}", at(number + 1, 14)))
    await settled(hands)


async def over_the_limit(hands: Hands) -> None:
    await three_classes(hands)
    for number in range(3):
        await hands.remove(f"event {number}")
    await hands.edit("class 0", Event(title="Class nought"))
    await hands.session("class 3", event("Class 3", at(4, 9)))


async def limit_approved(hands: Hands) -> None:
    await over_the_limit(hands)
    await settled(hands)
    assert await hands.decide(Decision.APPROVED) == 3


async def limit_rejected(hands: Hands) -> None:
    await over_the_limit(hands)
    await settled(hands)
    assert await hands.decide(Decision.REJECTED) == 3


async def approved_and_more_deleted(hands: Hands) -> None:
    await limit_approved(hands)
    for number in range(1, 4):
        await hands.remove(f"class {number}")


async def too_many_new(hands: Hands) -> None:
    await linked(hands)
    for number in range(3):
        await hands.event(f"event {number}", event(f"Event {number}", at(number + 1, 16)))
    await hands.edit("yoga", Event(title="Yoga basics"))


async def many_approved(hands: Hands) -> None:
    await too_many_new(hands)
    await settled(hands)
    assert await hands.decide(Decision.APPROVED) == 3


async def duplicate(hands: Hands) -> None:
    await linked(hands)
    await hands.duplicate_copy("yoga")


async def duplicate_and_deleted(hands: Hands) -> None:
    await duplicate(hands)
    await settled(hands)
    await hands.remove("yoga")


async def overridden_copy_deleted(hands: Hands) -> None:
    await overridden(hands)
    await hands.remove_copy("yoga")
    await hands.edit("yoga", Event(location="Room 2"))


async def duplicate_without_ours(hands: Hands) -> None:
    await duplicate(hands)
    await hands.remove_copy("yoga")
    await hands.lose_database()


MORE_HELD: Final = tuple((MADE, Event(title=f"Class {number}")) for number in range(1, 4))
LIMIT: Final = {"delete_limit": 2, "delete_share": 0.1}
ADOPTED: Final = dict.fromkeys((MICROSOFT, MICROSOFT_PRIMARY), "no key says where an item lies: one alone is adopted")

GONE: Final = (
    Scenario("originals deleted", originals_deleted, passes=2),
    Scenario("copies deleted", copies_deleted, passes=2),
    Scenario("both deleted", both_deleted, passes=2),
    Scenario("deleted here, changed there", deleted_and_changed, passes=2),
    Scenario("deleted and made again", deleted_and_made_again, passes=2),
    Scenario("occurrences cancelled", occurrences_cancelled, passes=2),
    Scenario("cancelled and moved in one", cancelled_and_moved, passes=2),
    Scenario("series deleted", series_deleted, passes=2),
    Scenario("whole series deleted", whole_series_deleted, passes=2, barred=NO_SERIES),
    Scenario("copies of occurrences deleted", copies_of_a_series_deleted, passes=2),
    Scenario("series under other ids", another_id),
    Scenario("occurrence under another id, moved", another_id_and_moved),
    Scenario("booked class deleted outside is held", booked_copy_deleted, passes=2),
    Scenario("deletion approved", deletion_approved),
    Scenario("deletion rejected", deletion_rejected),
    Scenario("deletion approved, then booked again", approved_then_booked),
    Scenario("booked right before the cancel", booked_before_the_cancel),
    Scenario("deletions over the limit", over_the_limit, passes=2, policy=LIMIT),
    Scenario("deletions over the limit approved", limit_approved, policy=LIMIT),
    Scenario("deletions over the limit rejected", limit_rejected, policy=LIMIT),
    Scenario("deletions approved, then more", approved_and_more_deleted, policy=LIMIT, ends=MORE_HELD),
    Scenario("creations over the limit", too_many_new, policy={"create_limit": 2}),
    Scenario("creations over the limit approved", many_approved, policy={"create_limit": 2}),
    Scenario("a person's copy of our copy", duplicate, strays=1),
    Scenario("a person's copy, and the original goes", duplicate_and_deleted, strays=1),
    Scenario("a person's copy alone, database lost", duplicate_without_ours, strays=1, barred=ADOPTED),
    Scenario("overridden copy deleted, original changed", overridden_copy_deleted, passes=2),
)
