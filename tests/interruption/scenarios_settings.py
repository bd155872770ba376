"""Scenarios of what a person orders, and of databases that are lost or old.

Not here: what people do to items (the other scenarios).
"""

from datetime import timedelta
from typing import Final

from syncd.model import Event, Target
from tests.cycle.bench import at, event
from tests.interruption.hands import HOME, Hands, Like
from tests.interruption.scenario import ON_PRIMARY, REAL, Scenario
from tests.interruption.scenarios_edits import half_past, two_calendars
from tests.interruption.scenarios_first import full, linked, settled


async def disconnected(hands: Hands) -> None:
    await linked(hands)
    await hands.disconnect()


async def disconnected_after_edits(hands: Hands) -> None:
    await linked(hands)
    await hands.edit_copy("yoga", Event(when=at(1, 11)))
    await hands.remove_copy("pilates")
    await hands.edit("dentist", Event(when=at(1, 16)))
    await hands.disconnect()


async def connected_again(hands: Hands) -> None:
    await disconnected(hands)
    await settled(hands, 2)
    await hands.connect()


async def renewed(hands: Hands) -> None:
    await linked(hands)
    await hands.edit("yoga", Event(title="Yoga basics"))
    await hands.event("call", event("Call", at(3, 14)))
    await hands.connect()


async def import_off(hands: Hands) -> None:
    await linked(hands)
    await hands.configure(imports=False)


async def import_on_again(hands: Hands) -> None:
    await import_off(hands)
    await settled(hands, 2)
    await hands.edit("dentist", Event(when=at(1, 15)))
    await hands.configure(imports=True)


async def export_off(hands: Hands) -> None:
    await linked(hands)
    await hands.configure(exports=False)


async def export_on_again(hands: Hands) -> None:
    await export_off(hands)
    await settled(hands, 2)
    await hands.edit("yoga", Event(title="Yoga basics"))
    await hands.configure(exports=True)


async def calendar_deselected(hands: Hands) -> None:
    await two_calendars(hands)
    await hands.event("shift", event("Shift", at(3, 14)), Like(on="work"))
    await settled(hands)
    await hands.configure(calendars=(HOME,))


async def calendar_selected(hands: Hands) -> None:
    await hands.calendar("work")
    await linked(hands)
    await hands.event("shift", event("Shift", at(3, 14)), Like(on="work"))
    await hands.configure(calendars=(HOME, "work"))


async def to_the_primary_calendar(hands: Hands) -> None:
    await linked(hands)
    await hands.configure(target=Target.PRIMARY)


async def back_to_a_dedicated_calendar(hands: Hands) -> None:
    await to_the_primary_calendar(hands)
    await settled(hands, 3)
    await hands.configure(target=Target.DEDICATED)


async def another_dedicated_calendar(hands: Hands) -> None:
    await linked(hands)
    await hands.configure(new_calendar=True)


async def another_calendar_and_edits(hands: Hands) -> None:
    await linked(hands)
    await hands.edit_copy("yoga", Event(location="Garden"))
    await hands.edit("pilates", Event(when=at(2, 10)))
    await hands.configure(new_calendar=True)


async def database_lost(hands: Hands) -> None:
    await linked(hands)
    await hands.event("call", CALL)
    await settled(hands)
    await hands.lose_database()


async def database_lost_after_edits(hands: Hands) -> None:
    await linked(hands)
    await hands.edit("yoga", Event(title="Yoga basics"))
    await hands.edit_copy("pilates", Event(when=at(2, 11)))
    await hands.edit("dentist", Event(when=at(1, 16)))
    await hands.session("spin", event("Spin", at(3, 9)))
    await hands.event("call", event("Call", at(3, 14)))
    await hands.lose_database()


async def backup_restored(hands: Hands) -> None:
    await linked(hands)
    await hands.back_up()
    await hands.session("spin", event("Spin", at(3, 9)))
    await hands.event("call", event("Call", at(3, 14)))
    await hands.edit("yoga", Event(title="Yoga basics"))
    await settled(hands)
    await hands.edit_copy("pilates", Event(when=at(2, 11)))
    await hands.edit("spin", Event(location="Hall"))
    await hands.restore()


async def window_moves(hands: Hands) -> None:
    await hands.connect()
    await full(hands)
    await hands.session("far class", event("Far class", at(11, 9)))
    await hands.event("far event", event("Far event", at(11, 14)))
    await settled(hands)
    hands.advance(timedelta(days=1))
    await hands.edit("yoga", Event(title="Yoga basics"))


async def moved_beyond_the_window(hands: Hands) -> None:
    await linked(hands)
    await hands.edit("yoga", Event(when=at(200, 9)))
    await hands.edit("dentist", Event(when=at(200, 14)))


CALL: Final = event("Call", half_past(at(3, 14)))  # seconds, which the site does not keep
SHORT: Final = {"window_future_days": 10}
ONLY_DEDICATED: Final = dict.fromkeys(ON_PRIMARY, "it is about a second dedicated calendar")
TO_PRIMARY: Final = {
    REAL: "the server names no default calendar",
    **dict.fromkeys(ON_PRIMARY, "it begins with a dedicated calendar"),
}

SETTINGS: Final = (
    Scenario("disconnected", disconnected),
    Scenario("disconnected after edits", disconnected_after_edits),
    Scenario("connected again", connected_again),
    Scenario("renewed", renewed),
    Scenario("import off", import_off),
    Scenario("import on again", import_on_again),
    Scenario("export off", export_off),
    Scenario("export on again", export_on_again),
    Scenario("calendar deselected", calendar_deselected),
    Scenario("calendar selected", calendar_selected),
    Scenario("to the primary calendar", to_the_primary_calendar, passes=2, barred=TO_PRIMARY),
    Scenario("back to a dedicated calendar", back_to_a_dedicated_calendar, passes=2, barred=TO_PRIMARY),
    Scenario("another dedicated calendar", another_dedicated_calendar, passes=2, barred=ONLY_DEDICATED),
    Scenario("another calendar, and edits", another_calendar_and_edits, passes=2, barred=ONLY_DEDICATED),
    Scenario("database lost", database_lost, ends=((HOME, CALL),)),
    Scenario("database lost after edits", database_lost_after_edits, passes=2),
    Scenario("backup restored", backup_restored, passes=2),
    Scenario("window moves", window_moves, policy=SHORT),
    Scenario("moved beyond the window", moved_beyond_the_window, policy=SHORT),
)
