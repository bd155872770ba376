"""What a link becomes after a write or a settlement: its bases, and what is left of it at its end. Pure.

Not here: when it happens (ledger).
"""

from collections.abc import Mapping
from dataclasses import replace

from syncd.model import UNSEEN, Event, Field, Item, Link, LinkState, Observation, Pair, Value, same


def dissolved(link: Link) -> Link:
    """A link that is no more: what is left of it tells which generations of keys are spent."""
    return replace(link, state=LinkState.TOMBSTONE, bases=Pair(Event(), Event()), former=None, refused={})


def spent(link: Link) -> Link:
    """What remembers that a generation's key was used up, though no copy came of it."""
    return replace(dissolved(link), id=f"{link.id}-{link.generation}")


def gain(item: Item, bases: Pair[Event], refused: Mapping[str, str]) -> Link:
    """The link with some base fields advanced, on both sides at once."""
    assert item.link is not None  # noqa: S101 - asked of linked items only
    link = item.link
    return replace(
        link,
        bases=Pair(bases.wix.over(link.bases.wix), bases.external.over(link.bases.external)),
        refused={**link.refused, **refused},
        participants=participants(item.wix) if item.wix is not None else link.participants,
    )


def participants(seen: Observation | None) -> int | None:
    count = seen.traits.participants if seen is not None else None
    return count if isinstance(count, int) else None


def server_form(sent: Event, answered: Event) -> Event:
    """The written fields as the side gave them back; what it did not show counts as it was sent."""
    return answered.only(name for name in Field if sent.get(name) is not UNSEEN).over(sent)


def base_of(name: Field, sent: Value, answer: Observation, if_match: str | None) -> Value:
    """One written field as it enters the base: the server's form of it, unless somebody wrote after us.

    Where versions are counted, an answer more than one ahead of ours holds another's edit: what we sent is the base.
    """
    value = answer.event.get(name)
    if value is UNSEEN:
        return sent
    counted = answer.sequence is not None and if_match is not None and if_match.isdigit()
    if counted and answer.sequence is not None and answer.sequence > int(if_match or 0) + 1 and not same(value, sent):
        return sent
    return value
