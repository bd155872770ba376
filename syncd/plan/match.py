"""One to one matching of items, deterministic. Pure.

Not here: what is matched and why (relink, adopt).
"""

from collections import defaultdict
from collections.abc import Callable, Hashable

from syncd.model import UNSEEN, Event, Item, Observation, Side, Timed, instants


def at(item: Item, side: Side) -> Observation:
    """What one side shows of an item that is known to be seen there."""
    seen = item.at(side)
    assert seen is not None  # noqa: S101 - the caller looked
    return seen


def content(event: Event) -> Hashable | None:
    """Time and title, by which two things made by hand are told to be one; None when either is not known."""
    if event.when is UNSEEN or not isinstance(event.title, str):
        return None
    span = instants(event.when) if isinstance(event.when, Timed) else (event.when.first, event.when.until)
    return (span, event.title)


def match(left: list[Item], right: list[Item], key: Callable[[Item], Hashable | None]) -> list[tuple[Item, Item]]:
    """Pair items of equal keys, in the order of their refs; the surplus of either side stays alone."""
    groups: dict[Hashable, tuple[list[Item], list[Item]]] = defaultdict(lambda: ([], []))
    for index, items in enumerate((left, right)):
        for item in sorted(items, key=order):
            value = key(item)
            if value is not None:
                groups[value][index].append(item)
    return [pair for old, new in groups.values() for pair in zip(old, new, strict=False)]


def order(item: Item) -> tuple[str, str]:
    """Sorts items by their refs."""
    refs = [str(seen.ref) if seen is not None else "" for seen in (item.wix, item.external)]
    return (refs[0], refs[1])
