"""People at a simulated provider whose hands take fields by the names of its API, dates and aware datetimes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from syncd.model import TEXTS, UNSEEN, AllDay, Event, Field, Ref, Timed
from syncd.sandbox.control import Faults
from tests.contract.cases import COLLECTION
from tests.contract.subjects import Hands


@dataclass(slots=True)
class PeopleOf(Hands):
    """`hands`: the simulator's. `names`: of the texts in its API; `free`: what leaves the time free there.

    `faults`: of the simulator; `writes`: pattern of the operations that write an event.
    """

    hands: Any
    names: Mapping[Field, str]
    free: Mapping[str, object]
    faults: Faults
    writes: str

    async def put(self, event: Event) -> Ref:
        texts = {self.names[name]: event.get(name) for name in TEXTS[1:] if event.get(name)}
        return self.added(event, **texts, **(self.free if event.busy is False else {}))

    def added(self, event: Event, **fields: object) -> Ref:
        when = event.when
        if isinstance(when, AllDay):
            made = self.hands.add(str(event.title), when.first, when.until, **fields)
        else:
            assert isinstance(when, Timed)
            made = self.hands.add(str(event.title), when.start, when.end, zone=when.tzid, **fields)
        return Ref(COLLECTION, made.id)

    async def edit(self, ref: Ref, event: Event) -> None:
        assert (event.when, event.busy) == (UNSEEN, UNSEEN), "only texts are edited by hand here"
        given = [name for name in TEXTS if event.get(name) is not UNSEEN]
        self.hands.edit(ref.id, **{self.names[name]: event.get(name) for name in given})

    async def remove(self, ref: Ref) -> None:
        self.hands.delete(ref.id)

    async def raw(self, ref: Ref) -> str:
        return json.dumps(asdict(self.hands.event(ref.id)), default=str, ensure_ascii=False)

    async def mailed(self) -> int:
        return len(self.hands.state.mailed) + sum(bool(one.fields.get("attendees")) for one in self.hands.events())

    async def titles(self) -> Sequence[str]:
        return sorted(str(one.fields.get(self.names[Field.TITLE], "")) for one in self.hands.events())

    async def copy(self, ref: Ref) -> Ref:
        return Ref(COLLECTION, self.hands.copy(ref.id).id)

    async def edit_behind(self, event: Event) -> None:
        theirs = {self.names[name]: event.get(name) for name in TEXTS if event.get(name) is not UNSEEN}
        self.faults.add({"do": {"foreign_edit": theirs}, "match": {"operation": self.writes}})
