"""What a link becomes after a write or a settlement: its bases, and what is left of it at its end. Pure.

Not here: when it happens (ledger).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from syncd.model import (
    FIELDS,
    UNSEEN,
    Event,
    Item,
    Link,
    LinkState,
    Observation,
    Pair,
    Value,
    same,
)
from syncd.normalise import clean, same_words
from syncd.ports import Kept, nothing_kept


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write brought: the item as its side shows it now, and what the side would show of our fields (`kept`).

    A `detail` beyond "done" says that this is a later look: it may hold somebody's edit of what we made.
    """

    seen: Observation
    kept: Kept = nothing_kept
    detail: str = "done"

    @property
    def is_later(self) -> bool:
        return self.detail != "done"


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


def bases_of(sent: Event, answer: Answer, *, others: bool) -> Event:
    """The written fields as they enter the base of their side: in the side's form, without anybody's edit since.

    `others`: somebody wrote after us, by the side's count of versions.
    """
    form = clean(answer.kept(sent))
    written = [name for name in FIELDS if sent.get(name) is not UNSEEN]
    shown = answer.seen.event
    return Event().put(
        {name: _base_of(shown.get(name), sent.get(name), form.get(name), others=others) for name in written}
    )


def _base_of(shown: Value, sent: Value, form: Value, *, others: bool) -> Value:
    """One written field: what the answer shows, where that may be what the side made of it, else what it would be."""
    if shown is UNSEEN:
        return sent
    if form is not UNSEEN:
        return shown if same(shown, form) or same_words(shown, form) else form
    return sent if others and not same(shown, sent) else shown


def is_overtaken(seen: Observation, if_match: str | None) -> bool:
    """Whether a version is more than one ahead of the one that our write went out from, where they are counted."""
    counted = if_match is not None and if_match.isdigit()
    return counted and seen.sequence is not None and seen.sequence > int(if_match or 0) + 1
