"""Scenarios of first contact and of what is new: made one by one and in bulk, paired where it is there already.

Not here: what is changed later (scenarios_edits), what is deleted (scenarios_gone).
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from syncd.model import Side, Timed
from tests.cycle.bench import at, days, event
from tests.interruption.hands import Hands, Like
from tests.interruption.scenario import ON_PRIMARY, Scenario

ELEVEN: Final = timedelta(minutes=11)
YOGA: Final = event("Yoga", at(1, 9), description="Bring a mat", location="Room 1")
PILATES: Final = event("Pilates", at(2, 9))
DENTIST: Final = event("Dentist", at(1, 14), description="Second floor")
LUNCH: Final = event("Lunch", at(2, 12), location="Canteen")
MANY: Final = 60  # more than one bulk of 50


async def settled(hands: Hands, passes: int = 1) -> None:
    """Passes in which nothing is disturbed yet."""
    for _ in range(passes):
        await hands.sync()
        hands.advance(ELEVEN)


async def linked(hands: Hands, **wish: Any) -> None:
    """Two classes and two appointments, all synced."""
    await hands.connect(**wish)
    await full(hands)
    await settled(hands)


async def full(hands: Hands) -> None:
    await hands.session("yoga", YOGA)
    await hands.session("pilates", PILATES)
    await hands.event("dentist", DENTIST)
    await hands.event("lunch", LUNCH)


async def first_fill(hands: Hands) -> None:
    await hands.connect()
    for number in range(3):
        await hands.session(f"class {number}", event(f"Class {number}", at(number, 9)))
        await hands.event(f"event {number}", event(f"Event {number}", at(number, 14)))


async def nothing_to_make(hands: Hands) -> None:
    await hands.connect()


async def one_new_on_each_side(hands: Hands) -> None:
    await linked(hands)
    await hands.session("spin", event("Spin", at(3, 9)))
    await hands.event("call", event("Call", at(3, 14)))


async def bulk_in(hands: Hands) -> None:
    await hands.connect()
    for number in range(MANY):
        await hands.event(f"event {number}", event(f"Event {number}", at(number, 14)))


async def bulk_out(hands: Hands) -> None:
    await hands.connect()
    for number in range(MANY):
        await hands.session(f"class {number}", event(f"Class {number}", at(number, 9)))


async def the_same_on_both_sides(hands: Hands) -> None:
    await hands.connect()
    await full(hands)
    await hands.event("yoga outside", event("Yoga", at(1, 9), description="Mine"))
    await hands.event("yoga outside twice", event("Yoga", at(1, 9)))
    await hands.session("lunch inside", event("Lunch", at(2, 12)))


async def all_day_and_over_the_change_of_clocks(hands: Hands) -> None:
    await hands.connect()
    await hands.event("fair", event("Fair", days(26, 2)))  # 28 and 29 March: the 29th has 23 hours in Berlin
    await hands.event("holiday", event("Holiday", days(237)))  # 25 October has 25
    night = Timed(datetime(2026, 3, 28, 23, 30, tzinfo=UTC), datetime(2026, 3, 29, 3, tzinfo=UTC), "Europe/Berlin")
    await hands.session("night", event("Night", night))
    late = Timed(datetime(2026, 10, 24, 23, 30, tzinfo=UTC), datetime(2026, 10, 25, 3, tzinfo=UTC), "Europe/Berlin")
    await hands.event("late", event("Late", late))


async def private_free_and_untitled(hands: Hands) -> None:
    await hands.connect()
    await hands.event("doctor", event("Doctor", at(1, 14), description="X-ray"), Like(private=True))
    await hands.event("maybe", event("Maybe", at(2, 14), busy=False))
    await hands.event("untitled", event(None, at(3, 14)))


async def with_guests(hands: Hands) -> None:
    await hands.connect()
    await hands.event("meeting", event("Meeting", at(1, 14)), Like(guests=True))
    await hands.session("yoga", YOGA, Like(participants=4))


async def weekly_on_both_sides(hands: Hands) -> None:
    await hands.connect()
    await hands.weekly(Side.WIX, "course", event("Course", at(20, 9)), 3)  # over the change of clocks
    await hands.weekly(Side.EXTERNAL, "choir", event("Choir", at(20, 18)), 3)


async def staff_and_business(hands: Hands) -> None:
    await hands.connect("anna")
    await hands.connect("business", calendars=())
    await full(hands)


async def business_blocks_all_staff(hands: Hands) -> None:
    await hands.connect("business")
    await hands.event("closed", event("Closed", days(4)))
    await hands.session("yoga", YOGA)
    await hands.session("boxing", event("Boxing", at(2, 9)), Like(on="ben"))


async def refused_inside(hands: Hands) -> None:
    await hands.connect()
    await full(hands)
    await hands.refuse(Side.WIX, "Dentist")


async def refused_outside(hands: Hands) -> None:
    await hands.connect()
    await full(hands)
    await hands.refuse(Side.EXTERNAL, "Yoga")


ONE_EACH: Final = dict.fromkeys(ON_PRIMARY, "a calendar belongs to one connection (R19)")

FIRST: Final = (
    Scenario("first fill", first_fill),
    Scenario("first contact with nothing", nothing_to_make),
    Scenario("one new on each side", one_new_on_each_side),
    Scenario("first import in two bulks", bulk_in),
    Scenario("first export of many", bulk_out, batch=50),
    Scenario("the same on both sides", the_same_on_both_sides),
    Scenario("all-day and the change of clocks", all_day_and_over_the_change_of_clocks),
    Scenario("private, free and untitled", private_free_and_untitled, secret=("Doctor", "X-ray")),
    Scenario("with guests", with_guests, mails_guests=True),
    Scenario("weekly on both sides", weekly_on_both_sides),
    Scenario("staff and business", staff_and_business, barred=ONE_EACH),
    Scenario("business blocks all staff", business_blocks_all_staff),
    Scenario("refused inside beside good ones", refused_inside),
    Scenario("refused outside beside good ones", refused_outside),
)
