"""One site of a memory world: its sessions as one calendar, and its schedules.

Not here: reading and writing of items (memory_calendar), bookings and cancellations by people (memory_world).
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from adapters.memory_calendar import FULL, UNKNOWN, MemoryCalendar, Place
from adapters.memory_world import MemoryItem, MemoryWorld, Shelf
from syncd.errors import Rejected
from syncd.model import Field, Gone, Ref, Schedule, ScheduleKind, Side, Traits
from syncd.ports import Capabilities, Draft, ForeignConnection, nothing_kept

SITE: Final = dataclasses.replace(
    FULL, delta=False, keyed_bulk=False, max_in_flight=2, limits={Field.TITLE: 200}, kept=nothing_kept
)
"""A site: no cursors, no keys when several are created at once; what it gives back its count of versions tells."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`covered`: the schedules that are read, None for all. `target`: where blocks are made, tagged `provider`."""

    covered: tuple[Schedule, ...] | None = None
    target: Schedule | None = None
    provider: str | None = None


class MemorySite(MemoryCalendar):
    """One site of a world: its sessions, cancelled ones readable by id alone, and its schedules.

    A repeated create under its key answers with what it made first. Recurrence does not exist here.
    """

    side: Side = Side.WIX
    lists_window: ClassVar[bool] = True
    needs_title: ClassVar[bool] = True

    def __init__(
        self,
        world: MemoryWorld,
        instance: str,
        capabilities: Capabilities = SITE,
        *,
        rewrites: bool = False,
        scope: Scope = Scope(),
    ) -> None:
        super().__init__(world, Place(instance), capabilities, rewrites=rewrites)
        self._scope = scope

    def covering(self, schedules: Sequence[Schedule]) -> "MemorySite":
        return self._within(dataclasses.replace(self._scope, covered=tuple(schedules)))

    def on(self, schedule: Schedule, provider: str) -> "MemorySite":
        return self._within(dataclasses.replace(self._scope, target=schedule, provider=provider))

    async def schedules(self, known: Sequence[Schedule] = ()) -> Sequence[Schedule]:
        wanted = {one.id for one in known}
        return await self._call(
            "schedules",
            lambda _shelf, _: [
                one for one in self._world.site_schedules[self.collection] if not wanted or one.id in wanted
            ],
        )

    async def foreign_connections(self) -> Sequence[ForeignConnection]:
        return await self._call(
            "foreign_connections",
            lambda _shelf, _: [
                one for one in self._world.site_connections[self.collection] if one.status != "DISCONNECTED"
            ],
        )

    async def aclose(self) -> None:
        """Nothing is open."""

    def _within(self, scope: Scope) -> "MemorySite":
        return MemorySite(self._world, self.collection, self.capabilities, rewrites=self._rewrites, scope=scope)

    def _identity(self, shelf: Shelf) -> str:
        return shelf.id

    def _is_in_scope(self, item: MemoryItem) -> bool:
        covered = self._scope.covered
        if covered is None or any(one.kind is ScheduleKind.BUSINESS for one in covered):
            return True
        names = {name for one in covered for name in (one.id, one.resource) if name is not None}
        return bool(names & (item.traits.schedules | {item.traits.home}))

    def _absence(self, last: MemoryItem | None) -> tuple[Gone, str]:
        return (Gone.GONE, "cancelled") if last is not None and last.cancelled else UNKNOWN

    def _id_for(self, shelf: Shelf, key: str, *, keyed: bool) -> str:
        known = shelf.keys.get(key) if keyed else None
        return known or self._world.new_id()

    def _answers_again(self, shelf: Shelf, ref: Ref) -> bool:
        return ref.id in shelf.items or ref.id in shelf.former

    def _traits_for(self, draft: Draft, id_: str) -> Traits:
        schedule = self._scope.target
        if schedule is None:
            raise Rejected("no schedule was named to create on", side=self.side.value)
        concerned = [schedule]
        if schedule.kind is ScheduleKind.BUSINESS:
            every = self._world.site_schedules[self.collection]
            concerned += [one for one in every if one.kind is ScheduleKind.STAFF and one.active]
        return dataclasses.replace(
            super()._traits_for(draft, id_),
            uid=None,
            participants=0,
            mark=dataclasses.replace(draft.mark, provider=self._scope.provider),
            home=schedule.id,
            schedules=frozenset(name for one in concerned for name in (one.id, one.resource) if name is not None),
        )
