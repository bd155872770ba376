"""Scenarios of edits: on one side, on both, refused, held, from a stranger while we write.

Not here: deletions (scenarios_gone), settings of the connection (scenarios_settings).
"""

from datetime import timedelta
from typing import Final

from syncd.model import Decision, Event, Side, Timed
from tests.cycle.bench import at, days, event
from tests.interruption.hands import HOME, MADE, SITE, Hands, Like
from tests.interruption.scenario import MEMORY, REAL, Scenario
from tests.interruption.scenarios_first import YOGA, linked, settled


async def originals_edited(hands: Hands) -> None:
    await linked(hands)
    await hands.edit("yoga", Event(title="Yoga basics"))
    await hands.edit("pilates", Event(when=at(2, 10), location="Hall"))
    await hands.edit("dentist", Event(when=at(1, 15)))
    await hands.edit("lunch", Event(description="With Ben"))


async def copies_edited(hands: Hands) -> None:
    await linked(hands)
    await hands.edit_copy("yoga", Event(when=at(1, 10)))
    await hands.edit_copy("pilates", Event(description="Bring water"))
    await hands.edit_copy("dentist", Event(location="Main street"))
    await hands.edit_copy("lunch", Event(title="Long lunch"))


async def different_fields(hands: Hands) -> None:
    await linked(hands)
    await hands.edit("yoga", Event(title="Yoga basics"))
    await hands.edit_copy("yoga", Event(when=at(1, 10)))
    await hands.edit("dentist", Event(when=at(1, 16)))
    await hands.edit_copy("dentist", Event(location="Main street"))


async def one_field_on_both(hands: Hands) -> None:
    await linked(hands)
    await hands.edit("yoga", Event(location="Room 2"))
    await hands.edit_copy("yoga", Event(location="Garden"))
    await hands.edit("dentist", Event(when=at(1, 16)))
    await hands.edit_copy("dentist", Event(when=at(1, 17)))


async def equal_edits(hands: Hands) -> None:
    await linked(hands)
    await hands.edit("yoga", Event(location="Garden"))
    await hands.edit_copy("yoga", Event(location="Garden"))
    await hands.edit("lunch", Event(when=at(2, 13)))
    await hands.edit_copy("lunch", Event(when=at(2, 13)))


async def override_set(hands: Hands) -> None:
    await linked(hands)
    await hands.override("yoga", title="Yoga with Anna", description="Ask at the desk")


async def overridden(hands: Hands) -> None:
    await override_set(hands)
    await settled(hands)


async def override_edited_outside(hands: Hands) -> None:
    await overridden(hands)
    await hands.edit_copy("yoga", Event(title="Yoga with Ben"))


async def override_cleared_outside(hands: Hands) -> None:
    await overridden(hands)
    await hands.edit_copy("yoga", Event(title="Yoga"))


async def override_and_edits(hands: Hands) -> None:
    await overridden(hands)
    await hands.edit("yoga", Event(title="Yoga basics", location="Room 2"))
    await hands.edit_copy("yoga", Event(description="Ask Ben"))


async def empty_title_outside(hands: Hands) -> None:
    await linked(hands)
    await hands.edit_copy("yoga", Event(title=None))
    await hands.edit_copy("pilates", Event(title=None, when=at(2, 10)))


async def copies_edited_without_leave(hands: Hands) -> None:
    await linked(hands)
    await hands.edit_copy("yoga", Event(when=at(1, 10), title="Mine"))
    await hands.edit_copy("dentist", Event(when=at(1, 18)))


async def turned_private(hands: Hands) -> None:
    await linked(hands)
    await hands.become("dentist", Like(private=True))


async def turned_public(hands: Hands) -> None:
    await linked(hands)
    await hands.event("doctor", event("Doctor", at(3, 14), location="Main street"), Like(private=True))
    await settled(hands)
    await hands.become("doctor", Like())


async def turned_free(hands: Hands) -> None:
    await linked(hands)
    await hands.edit("dentist", Event(busy=False))


async def turned_busy(hands: Hands) -> None:
    await linked(hands)
    await hands.event("maybe", event("Maybe", at(3, 14), busy=False))
    await settled(hands)
    await hands.edit("maybe", Event(busy=True))


async def turned_all_day(hands: Hands) -> None:
    await linked(hands)
    await hands.edit("lunch", Event(when=days(2)))


async def two_calendars(hands: Hands) -> None:
    await hands.calendar("work")
    await linked(hands, calendars=(HOME, "work"))


async def moved_between_imported(hands: Hands) -> None:
    await two_calendars(hands)
    await hands.move("dentist", "work")


async def moved_out_of_sight(hands: Hands) -> None:
    await hands.calendar("work")
    await linked(hands)
    await hands.move("dentist", "work")


async def guests_come(hands: Hands) -> None:
    await linked(hands)
    await hands.become("dentist", Like(guests=True))
    await settled(hands)
    await hands.edit_copy("dentist", Event(when=at(1, 18)))


async def edited_while_created(hands: Hands) -> None:
    await linked(hands)
    await hands.session("spin", event("Spin", at(3, 9)))
    await hands.meanwhile(Side.EXTERNAL, "create", spin_is_moved)


async def spin_is_moved(hands: Hands) -> None:
    await hands.edit("spin", Event(when=at(3, 10), title="Spin class"))


async def edited_while_updated(hands: Hands) -> None:
    await linked(hands)
    await hands.edit("yoga", Event(location="Room 2"))
    await hands.meanwhile(Side.EXTERNAL, "update", yoga_is_moved_outside)


async def yoga_is_moved_outside(hands: Hands) -> None:
    await hands.edit_copy("yoga", Event(when=at(1, 11)))


async def stranger_outside(hands: Hands) -> None:
    await linked(hands)
    await hands.edit("yoga", Event(title="Yoga basics"))
    await hands.answer_with_edit(Side.EXTERNAL)


async def stranger_inside(hands: Hands) -> None:
    await linked(hands)
    await hands.edit("dentist", Event(when=at(1, 15)))
    await hands.answer_with_edit(Side.WIX)


async def refused_as_stale(hands: Hands) -> None:
    await linked(hands)
    await hands.edit("yoga", Event(title="Yoga basics"))
    await hands.edit("dentist", Event(title="Dentist at two"))
    for side in Side:
        await hands.refuse_as_stale(side)


async def times_with_seconds(hands: Hands) -> None:
    await hands.connect()
    await hands.event("dentist", event("Dentist", half_past(at(1, 14))))
    await settled(hands)
    await hands.edit("dentist", Event(when=half_past(at(1, 15))))
    await hands.event("call", event("Call", half_past(at(3, 14))))


def half_past(when: Timed) -> Timed:
    """Half a minute later."""
    start, end = (moment + timedelta(seconds=30) for moment in (when.start, when.end))
    return Timed(start, end, when.tzid)


async def cursors_expired(hands: Hands) -> None:
    await linked(hands)
    await hands.edit("dentist", Event(when=at(1, 15)))
    await hands.edit_copy("yoga", Event(location="Garden"))
    await hands.remove("lunch")
    await hands.expire_cursors()


async def to_and_fro(hands: Hands) -> None:
    await linked(hands)
    for _ in range(2):
        await hands.edit_copy("yoga", Event(location="Garden"))
        await settled(hands)
        await hands.edit_copy("yoga", Event(location="Room 1"))
        await settled(hands)
    await hands.edit_copy("yoga", Event(location="Garden"))


async def booked_and_moved_outside(hands: Hands) -> None:
    await hands.connect()
    await hands.session("yoga", YOGA, Like(participants=3))
    await hands.session("pilates", event("Pilates", at(2, 9)))
    await settled(hands)
    await hands.edit_copy("yoga", Event(when=at(1, 11)))
    await hands.edit_copy("pilates", Event(when=at(2, 11)))


async def move_approved(hands: Hands) -> None:
    await booked_and_moved_outside(hands)
    await settled(hands)
    assert await hands.decide(Decision.APPROVED) == 1


async def move_rejected(hands: Hands) -> None:
    await booked_and_moved_outside(hands)
    await settled(hands)
    assert await hands.decide(Decision.REJECTED) == 1


async def weekly(hands: Hands) -> None:
    await hands.connect()
    await hands.weekly(Side.WIX, "course", event("Course", at(20, 9)), 3)
    await hands.weekly(Side.EXTERNAL, "choir", event("Choir", at(20, 18)), 3)
    await settled(hands)


async def occurrences_edited(hands: Hands) -> None:
    await weekly(hands)
    await hands.edit("course 2", Event(when=at(27, 11)))
    await hands.edit("choir 2", Event(title="Choir in the park"))
    await hands.edit_copy("course 3", Event(location="Garden"))


async def series_edited(hands: Hands) -> None:
    await weekly(hands)
    await hands.edit("choir", Event(title="Choir in the park", location="Park"))


async def series_moved(hands: Hands) -> None:
    await weekly(hands)
    await hands.edit("choir", Event(when=at(20, 19)))


async def access_runs_out(hands: Hands) -> None:
    await originals_edited(hands)
    hands.advance(timedelta(hours=1))


OWN: Final = (SITE, Event(title="Yoga", description="Bring a mat"))
OVERRIDE_SHOWN: Final = (OWN, (MADE, Event(title="Yoga with Anna", description="Ask at the desk")))
OVERRIDE_EDITED: Final = (OWN, (MADE, Event(title="Yoga with Ben", description="Ask at the desk")))
OVERRIDE_CLEARED: Final = (OWN, (MADE, Event(title="Yoga", description="Ask at the desk")))
OVERRIDE_BESIDE: Final = (
    (SITE, Event(title="Yoga basics", description="Bring a mat", location="Room 2")),
    (MADE, Event(title="Yoga with Anna", description="Ask Ben", location="Room 2")),
)
RETITLED: Final = ((MADE, Event(title="Yoga basics")), (SITE, Event(title="Dentist at two")))
SECONDS_KEPT: Final = (
    (HOME, Event(title="Dentist", when=half_past(at(1, 15)))),
    (SITE, Event(title="Dentist", when=at(1, 15))),
    (HOME, Event(title="Call", when=half_past(at(3, 14)))),
    (SITE, Event(title="Call", when=at(3, 14))),
)
CHOIR_MOVED: Final = tuple((place, Event(title="Choir", when=at(20, 19))) for place in (HOME, SITE))
NO_SERIES: Final = {MEMORY: "its calendars have occurrences alone"}
NO_GRANT: Final = dict.fromkeys((MEMORY, REAL), "a password gives access")

EDITS: Final = (
    Scenario("originals edited", originals_edited),
    Scenario("copies edited", copies_edited),
    Scenario("different fields on both sides", different_fields),
    Scenario("one field on both sides", one_field_on_both),
    Scenario("one field on both sides, outside wins", one_field_on_both, policy={"on_clash": "external"}),
    Scenario("equal edits", equal_edits),
    Scenario("override set", override_set, ends=OVERRIDE_SHOWN),
    Scenario("override edited outside", override_edited_outside, ends=OVERRIDE_EDITED),
    Scenario("override cleared outside", override_cleared_outside, ends=OVERRIDE_CLEARED),
    Scenario("override and edits beside it", override_and_edits, ends=OVERRIDE_BESIDE),
    Scenario("empty title put back", empty_title_outside),
    Scenario("edits of copies put back", copies_edited_without_leave, policy={"write_back": "off"}),
    Scenario("turned private", turned_private),
    Scenario("turned public", turned_public),
    Scenario("turned free", turned_free),
    Scenario("turned busy", turned_busy),
    Scenario("turned all-day", turned_all_day),
    Scenario("moved to another imported calendar", moved_between_imported),
    Scenario("moved out of sight", moved_out_of_sight, passes=2),
    Scenario("guests come, then the block moves", guests_come, mails_guests=True),
    Scenario("edited while its copy is made", edited_while_created),
    Scenario("edited while its copy is written", edited_while_updated),
    Scenario("answer outside with somebody's edit", stranger_outside),
    Scenario("answer inside with somebody's edit", stranger_inside),
    Scenario("refused as changed, though it is not", refused_as_stale, ends=RETITLED),
    Scenario("times with seconds", times_with_seconds, ends=SECONDS_KEPT),
    Scenario("cursors expired", cursors_expired),
    Scenario("to and fro", to_and_fro),
    Scenario("booked class moved outside is held", booked_and_moved_outside),
    Scenario("move approved", move_approved),
    Scenario("move rejected", move_rejected),
    Scenario("occurrences edited", occurrences_edited),
    Scenario("series edited", series_edited, barred=NO_SERIES),
    Scenario("series moved", series_moved, ends=CHOIR_MOVED, barred=NO_SERIES),
    Scenario("access renewed", access_runs_out, barred=NO_GRANT),
)
