"""One site as the core sees it: the verbs of the port, bound to what is covered and where blocks are made.

Not here: how a verb is done (reads, writes, schedules).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from adapters.wix import calls, mapping, reads, schedules, writes
from adapters.wix.client import Installation
from adapters.wix.refusals import SIDE
from syncd.errors import Rejected
from syncd.model import (
    ChangeSet,
    Cursor,
    Observation,
    Ref,
    Schedule,
    ScheduleKind,
    Side,
    Window,
)
from syncd.ports import (
    NOTHING_KNOWN,
    Capabilities,
    Draft,
    Edit,
    Erasure,
    ForeignConnection,
    Known,
    Outcome,
    Standing,
)

CAPABILITIES: Final = Capabilities(
    delta=False,
    keyed_create=True,
    keyed_bulk=False,
    conditional_write=True,
    max_batch=calls.MOST,
    max_in_flight=4,
    series_edit=True,
    mails_guests=False,
    limits=mapping.LIMITS,
)
_MOST_STAFF: Final = 100


@dataclass(frozen=True, slots=True)
class Scope:
    """What one view of the site reads (None = all of it), and where it makes blocks, for which provider."""

    covered: tuple[Schedule, ...] | None = None
    home: Schedule | None = None
    provider: str = ""


class WixSite:
    """A `SiteAdapter`. `covering` and `on` give another view of the same site; closing one closes all."""

    capabilities: Capabilities
    side: Side
    collection: str

    def __init__(
        self,
        at: Installation,
        known: schedules.Known | None = None,
        scope: Scope | None = None,
    ) -> None:
        """`known` is shared by all views of a site."""
        self.capabilities = CAPABILITIES
        self.side = Side.WIX
        self.collection = at.instance_id
        self._at = at
        self._known = known if known is not None else schedules.Known()
        self._scope = scope if scope is not None else Scope()

    def covering(self, schedules: Sequence[Schedule]) -> "WixSite":
        """See the port. Covering nothing reads nothing, and such an answer is never complete."""
        return self._view(replace(self._scope, covered=tuple(schedules)))

    def on(self, schedule: Schedule, provider: str) -> "WixSite":
        """See the port. On a service schedule nothing is created: it is exported only."""
        return self._view(replace(self._scope, home=schedule, provider=provider))

    async def check(self) -> Standing:
        """One query of one schedule. Whether the app may write shows only when it does: `writable` is always True."""
        await schedules.business(self._at)
        return Standing(self.collection, writable=True)

    async def read(self, since: Cursor | Window, known: Known = NOTHING_KNOWN) -> ChangeSet:
        """All of a window, or of a cursor's window: Wix has no delta. The answer has no cursor."""
        window = since.window if isinstance(since, Cursor) else since
        return await reads.read(self._at, reads.filters(self._scope.covered), window, await known(None))

    async def get(self, refs: Sequence[Ref]) -> Mapping[Ref, Observation]:
        """See the port; up to 100 in a request."""
        return await reads.get(self._at, refs)

    async def find(self, keys: Sequence[str]) -> Mapping[str, Observation]:
        """See the port. Raises Forbidden when the app may not see notes, where the keys are."""
        return await reads.find(self._at, keys) if keys else {}

    async def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        """See the port; one is keyed, several in one call are not. Raises nothing for a home that takes no blocks:

        each draft is Rejected in its place.
        """
        if not drafts:
            return []
        home = await self._where()
        if isinstance(home, Rejected):
            return [home] * len(drafts)
        return await writes.create(self._at, home, drafts)

    async def update(self, edits: Sequence[Edit]) -> Sequence[Outcome]:
        """See the port. A mark is written only where the notes hold one already."""
        return await writes.update(self._at, edits, self._scope.provider)

    async def delete(self, erasures: Sequence[Erasure]) -> Sequence[Outcome]:
        """Cancel each after a fresh read; a cancelled session stays readable by id, for ever."""
        return await writes.delete(self._at, erasures)

    async def schedules(self, known: Sequence[Schedule] = ()) -> Sequence[Schedule]:
        """See the port. Raises Transient when a page is missing: a schedule may not seem gone (R20)."""
        if known:
            return await schedules.as_they_are(self._at, known)
        return await schedules.schedules(self._at, self._known)

    async def foreign_connections(self) -> Sequence[ForeignConnection]:
        """See the port. Raises Forbidden without the permission or the plan."""
        return await schedules.foreign(self._at)

    async def aclose(self) -> None:
        """Close the connections. May be repeated."""
        await self._at.client.aclose()

    def _view(self, scope: Scope) -> "WixSite":
        return WixSite(self._at, self._known, scope)

    async def _where(self) -> writes.Home | Rejected:
        home = self._scope.home
        if home is None:
            return Rejected("no schedule was chosen for new blocks", side=SIDE)
        if home.kind is ScheduleKind.SERVICE:
            return Rejected("a service schedule takes no blocks", side=SIDE, hint="export only")
        staff = (home.resource or "",) if home.kind is ScheduleKind.STAFF else await self._staff()
        if len(staff) > _MOST_STAFF:
            text = f"the business schedule has {len(staff)} active staff, a block takes {_MOST_STAFF}"
            return Rejected(text, side=SIDE, hint="connect the calendar to a staff schedule")
        return writes.Home(home.id, staff, self._scope.provider)

    async def _staff(self) -> tuple[str, ...]:
        if self._known.staff is None:
            await self.schedules()
        return self._known.staff or ()
