"""What each side must show, told from the other side as it is: the whole schedule and the whole calendar, each once.

It says by itself what the rules R1, R4, R8, R13, R17, R18 and R25 come to for the studio. Not here: fetching, steps.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from syncd.sandbox.studio import OVERRIDES
from tests.e2e.demo_values import Json, Shown, of_session
from tests.e2e.demo_wix import titled

OUR_LINE = "[syncd "
_MOST = 3  # differences that are named
_SESSIONS = {"stock_taking": "Stock taking", "training_1": "Personal Training"}  # the first with this title


@dataclass(slots=True)
class Titles:
    """What is shown outside instead of a session's own title, by id of the session, else of its schedule."""

    by_id: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_studio(cls, sessions: Sequence[Json]) -> "Titles":
        """The overrides that the studio starts with."""
        found = {}
        for row in OVERRIDES:
            ref = row["schedule"] if "schedule" in row else titled(sessions, _SESSIONS[row["session"]])["id"]
            found[str(ref)] = row["title"]
        return cls(found)

    def instead(self, session: Json) -> str | None:
        return self.by_id.get(session["id"], self.by_id.get(session["scheduleId"]))

    def shown(self, session: Json) -> Shown:
        """What a calendar outside must show of a session."""
        return of_session(session, self.instead(session))


@dataclass(frozen=True, slots=True)
class Lying:
    """One event of the account's owner, or one occurrence of a series."""

    shown: Shown
    busy: bool
    private: bool


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides as they were read raw, within the window. `sessions` are those of the schedule, blocks among them;

    `copies` what syncd made outside, `own` what its owner has there.
    """

    sessions: Sequence[Json]
    copies: Sequence[Shown]
    own: Sequence[Lying]

    def expected(self, titles: Titles) -> str:
        """What `found` says when both sides are right."""
        return _each_once(*self._wanted(titles))

    def found(self, titles: Titles) -> str:
        """What is missing or too much on either side; or how much is right."""
        copies, blocks = self._wanted(titles)
        there = Counter(self.copies)
        blocking = Counter(of_session(event) for event in self.sessions if is_block(event))
        wrong = [*_differences("outside", copies, there), *_differences("in Wix", blocks, blocking)]
        return "; ".join(wrong) or _each_once(there, blocking)

    def _wanted(self, titles: Titles) -> tuple[Counter[Shown], Counter[Shown]]:
        """Copies outside and blocks in Wix."""
        pairs = Counter(self._adopted(titles))
        return Counter(self._wanted_copies(titles)) - pairs, Counter(self._wanted_blocks()) - pairs

    def _wanted_copies(self, titles: Titles) -> Iterator[Shown]:
        return (titles.shown(event) for event in self.sessions if not is_block(event))

    def _wanted_blocks(self) -> Iterator[Shown]:
        for one in self._busy():
            yield replace(one.shown, title="Busy") if one.private else one.shown

    def _adopted(self, titles: Titles) -> Iterator[Shown]:
        """Sessions that lay outside already, made by hand: paired as they are, never copied."""
        plain = {one.shown for one in self._busy() if not one.private}
        for event in self.sessions:
            if not is_block(event) and titles.instead(event) is None and of_session(event) in plain:
                yield of_session(event)

    def _busy(self) -> Iterator[Lying]:
        return (one for one in self.own if one.busy)


def _each_once(copies: Counter[Shown], blocks: Counter[Shown]) -> str:
    counts = f"{copies.total()} copies outside, {blocks.total()} blocks in Wix"
    return f"everything once: {counts}"


def is_block(event: Json) -> bool:
    """Whether a session was made from an event outside."""
    return OUR_LINE in event.get("notes", "")


def _differences(where: str, wanted: Counter[Shown], found: Counter[Shown]) -> Iterator[str]:
    for word, rows in (("missing", wanted - found), ("too much", found - wanted)):
        if rows:
            some = ", ".join(sorted(str(one) for one in rows.elements())[:_MOST])
            yield f"{word} {where}: {some} ({rows.total()})"
