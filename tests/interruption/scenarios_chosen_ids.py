"""Scenarios where the server chooses the ids of events: no key of ours says where an item lies.

Not here: what is the same wherever ids come from (the other scenarios).
"""

from typing import Final

from syncd.model import Event, Side
from tests.cycle.bench import at, event
from tests.interruption.hands import MADE, Hands
from tests.interruption.scenario import MICROSOFT, MICROSOFT_PRIMARY, WORLDS, Scenario
from tests.interruption.scenarios_first import linked
from tests.interruption.scenarios_gone import duplicate_without_ours

MANY: Final = 7  # parts of a batch: more than go side by side
CLASSES: Final = tuple(f"class {number}" for number in range(MANY))


async def many_new(hands: Hands) -> None:
    await linked(hands)
    for number, name in enumerate(CLASSES):
        await hands.session(name, event(name.title(), at(number + 3, 11), description="Bring a mat"))


async def they_change_before_they_are_made(hands: Hands) -> None:
    """A create that was on its way is told another body under its key."""
    for number, name in enumerate(CLASSES):
        await hands.edit(name, Event(title=f"New {name}", when=at(number + 3, 12)))


async def many_new_and_one_refused(hands: Hands) -> None:
    """What stands behind it in its chain is not run at first."""
    await many_new(hands)
    await hands.refuse(Side.EXTERNAL, CLASSES[1].title())


async def many_edited(hands: Hands) -> None:
    await many_new(hands)
    await hands.sync()
    for name in CLASSES[:-2]:
        await hands.edit(name, Event(location="Hall"))
    for name in CLASSES[-2:]:
        await hands.remove(name)
    await hands.edit_copy(CLASSES[1], Event(title="Mine"))


async def many_removed(hands: Hands) -> None:
    await many_new(hands)
    await hands.sync()
    for name in CLASSES:
        await hands.remove(name)
    for name in CLASSES[:2]:
        await hands.remove_copy(name)


ELSEWHERE: Final = dict.fromkeys(
    WORLDS.difference((MICROSOFT, MICROSOFT_PRIMARY)), "a key says there where an item lies"
)
BESIDE: Final = tuple((MADE, Event(title=name.title())) for name in CLASSES if name != CLASSES[1])
CHANGED: Final = tuple((MADE, Event(title=f"New {name}", description="Bring a mat")) for name in CLASSES)

CHOSEN_IDS: Final = (
    Scenario("a person's copy alone is adopted", duplicate_without_ours, barred=ELSEWHERE),
    Scenario("many new, made at once", many_new, barred=ELSEWHERE),
    Scenario(
        "many new, changed before they are known",
        many_new,
        between=they_change_before_they_are_made,
        ends=CHANGED,
        barred=ELSEWHERE,
    ),
    Scenario("many new, one of them refused", many_new_and_one_refused, ends=BESIDE, barred=ELSEWHERE),
    Scenario("many copies written at once", many_edited, passes=2, barred=ELSEWHERE),
    Scenario("many copies removed at once", many_removed, passes=2, barred=ELSEWHERE),
)
