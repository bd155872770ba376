"""The same day with two accounts at a simulator of ours, Anna's and Ben's, both ways.

Not here: which simulator it is (google_day, microsoft_day), what goes wrong (the tests).
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.baddays.remote.day import Day
from tests.e2e.simulated_person import SimulatedPerson
from tests.e2e.studio import Studio, local


@dataclass(slots=True)
class AccountDay(Day):
    """What is planted outside concerns Anna's account alone, unless a match says otherwise."""

    colleague: Studio | None = None

    @property
    def bens(self) -> Studio:
        assert self.colleague is not None
        return self.colleague

    @property
    @abstractmethod
    def anna_outside(self) -> SimulatedPerson:
        """Anna's account."""

    @abstractmethod
    def new_person(self, email: str) -> SimulatedPerson:
        """Another account at the same simulator."""

    @property
    @abstractmethod
    def state(self) -> Any:
        """All that the simulator remembers."""

    def annas(self) -> Iterable[str]:
        """Texts by which an answer is known as one of Anna's."""
        return [self.studio.email]

    async def begin(self) -> None:
        studio = self.studio
        self.colleague = replace(studio, person=self.new_person(studio.email.replace("anna", "ben")))
        self.ben = (await self.bens.connect("ben")).id
        self.anna = (await studio.connect("anna")).id
        studio.session("Yoga", local(1, "09:00"))
        studio.session("Paperwork", local(1, "11:00"), scheduleId=studio.rows["ben"].id)
        await studio.person.event("Dentist", local(1, "15:00"))
        await self.work_event("Bank", 1)
        results = await studio.sync_all()
        assert [(one.error, one.written) for one in results] == [(None, 2), (None, 2)]
        studio.clock.advance(660)
        studio.forget_requests()

    async def work_event(self, title: str, day: int) -> None:
        await self.bens.person.event(title, local(day, "16:00"))

    def news(self) -> None:
        self.studio.session("Pilates", local(2, "09:00"))
        self.studio.session("Pilates", local(2, "11:00"), scheduleId=self.studio.rows["ben"].id)
        self.on(self.studio.person.event("Errand", local(2, "15:00")))
        self.on(self.work_event("Errand", 3))

    def outside(self, do: Mapping[str, Any], **more: Any) -> None:
        match = {"account": self.studio.email, **more.pop("match", {})}
        self.anna_outside.app.faults.add({"do": dict(do), "match": match, "times": -1, **more})

    def when(self, operation: str, act: Callable[[], object], *, times: int = 1) -> list[str]:
        """Act once, when so many of these calls of Anna's have been answered; the list holds those that came."""
        seen: list[str] = []

        def inspect(method: str, _body: object, _status: int, answer: object) -> None:
            if method == operation and any(text in str(answer) for text in self.annas()):
                seen.append(method)
                if len(seen) == times:
                    act()

        self.state.inspect = inspect
        return seen

    async def everything(self) -> tuple[set[str], set[str]]:
        site = [f"{row.get('title')} {row['start']['localDate'][:16]}" for row in (await self.studio.at_wix()).values()]
        copies = [*await self.studio.person.copies(), *await self.bens.person.copies()]
        assert len(set(site)) == len(site), "doubled at the site"
        assert len({copy.key for copy in copies}) == len(copies), "doubled outside"
        assert self.state.mailed == []
        return set(site), {copy.key for copy in copies}

    async def to_rest(self) -> None:
        """Two passes eleven minutes apart that go well, and two more that write nothing."""
        for _ in range(2):
            self.studio.clock.advance(660)
            for result in await self.studio.sync_all():
                assert result.error is None, result.error
        await self.at_rest()
