"""People at work on both sides of one connection, at random but reproducibly, and what must lie there in the end.

Between two rests each item is touched once, so that its end does not depend on when syncd came by. Not here: passes.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Final

from syncd.model import Decision
from tests.e2e.outside import lines
from tests.e2e.studio import Studio, local, spans

MOST: Final = 24  # items alive, more or less
SITE, OUTSIDE, BOTH = "site", "outside", "both"


@dataclass(slots=True)
class Item:
    """A session of the site, an event of the person, or one that was put down on both sides."""

    origin: str
    title: str
    start: datetime
    ref: str  # at its origin
    settled: bool = False  # the other side has it since the last rest
    touched: bool = False  # since the last rest
    booked: bool = False
    gone: bool = False


@dataclass(slots=True)
class Story:
    """One life of a connection."""

    studio: Studio
    random: Random
    items: list[Item] = field(default_factory=list)
    approved: int = 0
    names: int = 0

    # what people do

    async def act(self) -> None:
        """One thing that somebody does, on either side."""
        acts = (
            (3, self.new_session),
            (3, self.new_event),
            (2, self.new_events),
            (1, self.new_on_both),
            (3, self.edit_session),
            (3, self.edit_copy),
            (3, self.edit_event),
            (3, self.edit_block),
            (1, self.move_booked),
            (2, self.cancel_session),
            (1, self.remove_copy),
            (2, self.remove_event),
            (1, self.cancel_block),
        )
        crowded = len([one for one in self.items if not one.gone]) > MOST
        open_to_choice = acts[4:] if crowded else acts
        weights = [weight for weight, _ in open_to_choice]
        await self.random.choices([one for _, one in open_to_choice], weights)[0]()

    async def new_session(self) -> None:
        title, start = self._named("Class"), self._when()
        self._add(Item(SITE, title, start, self.studio.session(title, start)))

    async def new_event(self) -> None:
        title, start = self._named("Errand"), self._when()
        self._add(Item(OUTSIDE, title, start, await self.studio.event(title, start)))

    async def new_events(self) -> None:
        """So many that they are created in one request."""
        for _ in range(self.random.randint(3, 6)):
            await self.new_event()

    async def new_on_both(self) -> None:
        """The same put down twice by hand: adopted, never copied."""
        title, start = self._named("Meeting"), self._when()
        await self.studio.event(title, start)
        self._add(Item(BOTH, title, start, self.studio.session(title, start), touched=True))

    async def edit_session(self) -> None:
        if (one := self._pick((SITE, BOTH), settled=False)) is not None:
            old = one.title, one.start
            self._change(one)
            changed = {"title": one.title} if old[0] != one.title else spans(one.start)
            self.studio.edit(one.ref, **changed)

    async def edit_copy(self) -> None:
        if (one := self._pick((SITE,))) is not None:
            await self._edit_outside(one, await self.studio.dedicated(), await self.studio.copy_named(one.title))

    async def edit_event(self) -> None:
        if (one := self._pick((OUTSIDE,), settled=False)) is not None:
            await self._edit_outside(one, "home/", one.ref)

    async def edit_block(self) -> None:
        if (one := self._pick((OUTSIDE,))) is not None:
            block = await self._block(one)
            old = one.title
            self._change(one)
            self.studio.edit(block, **({"title": one.title} if old != one.title else spans(one.start)))

    async def move_booked(self) -> None:
        """Somebody has booked; the move from outside waits for a person, who approves it."""
        if (one := self._pick((SITE,))) is not None:
            self.studio.book(one.ref, 2)
            one.booked = True
            name = await self.studio.copy_named(one.title)
            await self._edit_outside(one, await self.studio.dedicated(), name, moved=True)

    async def cancel_session(self) -> None:
        if (one := self._pick((SITE,), settled=False)) is not None:
            self.studio.cancel(one.ref)
            one.gone = True
            self._tell("deleted", one)

    async def remove_copy(self) -> None:
        if (one := self._pick((SITE,))) is not None and not one.booked:
            await self.studio.remove_copy(one.title)
            one.gone = True
            self._tell("deleted", one)

    async def remove_event(self) -> None:
        if (one := self._pick((OUTSIDE,), settled=False)) is not None:
            await self.studio.outside.remove("home/", one.ref)
            one.gone = True
            self._tell("deleted", one)

    async def cancel_block(self) -> None:
        if (one := self._pick((OUTSIDE,))) is not None:
            self.studio.cancel(await self._block(one))
            one.gone = True
            self._tell("deleted", one)

    async def decide(self) -> None:
        """Approve what waits."""
        self.approved += await self.studio.decide(Decision.APPROVED)

    # what must be there

    def rest(self) -> None:
        """Everything has been carried over."""
        for one in self.items:
            one.settled, one.touched = True, False

    def expected(self) -> dict[str, Counter[str]]:
        """Place → title and local start of everything in it."""
        alive = [one for one in self.items if not one.gone]
        places: dict[str, Callable[[Item], bool]] = {
            "sessions": lambda one: one.origin in (SITE, BOTH),
            "blocks": lambda one: one.origin == OUTSIDE,
            "events": lambda one: one.origin in (OUTSIDE, BOTH),
            "copies": lambda one: one.origin == SITE,
        }
        return {name: Counter(_line(one) for one in alive if lies(one)) for name, lies in places.items()}

    async def found(self) -> dict[str, Counter[str]]:
        """The same, read raw."""
        found = {name: Counter[str]() for name in ("sessions", "blocks")}
        for row in (await self.studio.at_wix()).values():
            name = "blocks" if "[syncd " in (row.get("notes") or "") else "sessions"
            found[name][f"{row['title']} {row['start']['localDate'][:16]}"] += 1
        found["events"] = await self._objects("home/")
        made = [name for name in await self.studio.outside.calendars() if name.startswith("syncd-")]
        found["copies"] = sum([await self._objects(name) for name in made], Counter[str]())
        return found

    async def _objects(self, calendar: str) -> Counter[str]:
        texts = (await self.studio.outside.objects(calendar)).values()
        return Counter(f"{lines(text, 'SUMMARY')[0]} {_iso(lines(text, 'DTSTART')[0])}" for text in texts)

    # by which they do it

    def _add(self, one: Item) -> None:
        self.items.append(one)
        self._tell("new", one)

    def _named(self, what: str) -> str:
        self.names += 1
        return f"{what} {self.names:03}"

    def _when(self) -> datetime:
        """Within the weeks around the change of the clock."""
        return local(self.random.randint(5, 40), f"{self.random.randint(8, 18):02}:{self.random.choice(('00', '30'))}")

    def _pick(self, origins: tuple[str, ...], *, settled: bool = True) -> Item | None:
        free = [one for one in self.items if one.origin in origins and not (one.gone or one.touched)]
        free = [one for one in free if one.settled or not settled]
        if not free:
            return None
        one = self.random.choice(free)
        one.touched = True
        self._tell("touched", one)
        return one

    def _change(self, one: Item, *, moved: bool = False) -> None:
        """Another title, or another time."""
        if not moved and self.random.random() < 0.5:
            one.title = f"{one.title.partition(' v')[0]} v{self.random.randint(2, 999)}"
        else:
            one.start = self._when()
        self._tell("changed", one)

    async def _edit_outside(self, one: Item, calendar: str, name: str, *, moved: bool = False) -> None:
        title, start = one.title, one.start
        self._change(one, moved=moved)
        times = [(_ics(old), _ics(new)) for old, new in zip(_ends(start), _ends(one.start), strict=True)]
        steps = [(f"SUMMARY:{title}", f"SUMMARY:{one.title}")] if title != one.title else times
        marked = [(old, f"<{number}>") for number, (old, _) in enumerate(steps)]  # one may be what another was
        await self.studio.outside.edit(calendar, name, *marked, *[(f"<{n}>", new) for n, (_, new) in enumerate(steps)])

    async def _block(self, one: Item) -> str:
        return str((await self.studio.blocks())[_line(one)]["id"])

    def tell(self, what: str) -> None:
        """For whoever must find out why it went wrong: a failing test shows it."""
        print(what)

    def _tell(self, what: str, one: Item) -> None:
        self.tell(f"{what}: {one.origin} {_line(one)}")


def _line(one: Item) -> str:
    return f"{one.title} {one.start:%Y-%m-%dT%H:%M}"


def _ends(start: datetime) -> Iterator[datetime]:
    yield start
    yield start.replace(hour=start.hour + 1)


def _ics(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S}"


def _iso(text: str) -> str:
    return f"{datetime.strptime(text, '%Y%m%dT%H%M%S'):%Y-%m-%dT%H:%M}"  # noqa: DTZ007 - local, as it stands there
