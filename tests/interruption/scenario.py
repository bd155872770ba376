"""What a scenario is. Not here: the scenarios (the modules named scenarios_…)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from syncd.model import Event
from tests.interruption.hands import HOME, MADE, Hands

MEMORY: Final = "memory"
REAL: Final = "real"  # a site, and a calendar server that speaks CalDAV
GOOGLE: Final = "google"  # a site, and a Google account whose primary calendar is exported to
GOOGLE_DEDICATED: Final = "google dedicated"  # the same with a calendar made for the copies
MICROSOFT: Final = "microsoft"  # a site, and a Microsoft account with a calendar made for the copies
MICROSOFT_PRIMARY: Final = "microsoft primary"  # the same, whose default calendar is exported to
WORLDS: Final = frozenset({MEMORY, REAL, GOOGLE, GOOGLE_DEDICATED, MICROSOFT, MICROSOFT_PRIMARY})
ON_PRIMARY: Final = frozenset({GOOGLE, MICROSOFT_PRIMARY})


async def nothing(_: Hands) -> None:
    """People are idle."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A situation, and the work that a process then does until it is disturbed.

    `prepare`: everything until the process begins. `passes`: how many passes its work takes, and so how many the doomed
    process makes. `between`: what people do before the next process begins, the same in every life. `policy`: settings
    of `[policy]` other than the defaults. `barred`: worlds in which it makes no sense, and why. `strays`: how many
    items with our mark belong to no link in the end, because a person copied them. `ends`: what must lie there in the
    end, by place, in the fields shown: where a wrong end would have both sides equal, or would be the end of every
    life. `secret`: what the store may never hold and the site never show, not even for a moment. `batch`: how many
    items the calendar takes in one call (a memory world). `mails_guests`: the calendar mails guests when their event is
    written (a memory world; elsewhere nothing that we write may carry guests at all).
    """

    name: str
    prepare: Callable[[Hands], Awaitable[None]]
    passes: int = 1
    between: Callable[[Hands], Awaitable[None]] = nothing
    policy: Mapping[str, Any] = field(default_factory=dict)
    barred: Mapping[str, str] = field(default_factory=dict)
    strays: int = 0
    ends: tuple[tuple[str, Event], ...] = ()
    secret: tuple[str, ...] = ()
    batch: int = 1
    mails_guests: bool = False

    @property
    def worlds(self) -> frozenset[str]:
        """Where it is played."""
        return WORLDS - self.barred.keys()

    def on_primary(self) -> "Scenario":
        """The same where copies lie among the person's own events."""
        ends = tuple((HOME if place == MADE else place, event) for place, event in self.ends)
        return replace(self, ends=ends)
