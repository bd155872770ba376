"""One calendar of a memory world, as capable as it is told to be, and faithful to the contract.

Not here: accounts (memory), what is special about sites (memory_site), faults (memory_calls).
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, TypeVar

from adapters.memory_calls import Caller, Fault
from adapters.memory_world import EMPTY, MemoryItem, MemoryWorld, Shelf
from syncd.errors import AdapterError, CalendarGone, CursorExpired, Exists, Forbidden, Rejected, Stale
from syncd.model import (
    TEXTS,
    UNSEEN,
    Absence,
    AllDay,
    ChangeSet,
    Cursor,
    Event,
    Gone,
    Kind,
    Observation,
    Ref,
    Removal,
    Side,
    Timed,
    Traits,
    When,
    Window,
    instants,
)
from syncd.ports import (
    NOTHING_KNOWN,
    Capabilities,
    Draft,
    Edit,
    Erasure,
    Known,
    Outcome,
    Standing,
    nothing_kept,
)

T = TypeVar("T")
W = TypeVar("W", Draft, Edit, Erasure)


def _as_sent(written: Event) -> Event:
    return written


FULL: Final = Capabilities(
    delta=True,
    keyed_create=True,
    keyed_bulk=True,
    conditional_write=True,
    max_batch=50,
    max_in_flight=8,
    series_edit=True,
    mails_guests=False,
    kept=_as_sent,
)
"""A calendar that can do everything."""

UNKNOWN: Final = (Gone.UNKNOWN, "not found")
"""The absence of what was asked for in vain, without proof."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one `read` looks at. `changed`: ids, None for all. `shown`: the items it sees, by group."""

    window: Window
    changed: frozenset[str] | None
    shown: Mapping[str, list[MemoryItem]]


@dataclass(frozen=True, slots=True)
class Place:
    """Which calendar of the world, or which site. `collection`: what its refs carry, None for the id itself.

    `zone`: where dates begin and end.
    """

    calendar: str
    collection: str | None = None
    zone: str = "UTC"


class MemoryCalendar:
    """One calendar of a world, as capable as it is told to be.

    `rewrites`: texts over a limit are cut, as some servers do; otherwise they are refused. With delta or without, every
    group that exists is listed. A call for more groups than `max_batch` is a ValueError: the caller's mistake.
    """

    side: Side = Side.EXTERNAL
    lists_window: ClassVar[bool] = False  # whether a listing ends at the window, as one by query does
    needs_title: ClassVar[bool] = False

    def __init__(
        self,
        world: MemoryWorld,
        place: Place,
        capabilities: Capabilities = FULL,
        *,
        rewrites: bool = False,
    ) -> None:
        self.capabilities = dataclasses.replace(capabilities, kept=nothing_kept) if rewrites else capabilities
        self.collection = place.collection if place.collection is not None else place.calendar
        self._world = world
        self._place = place
        self._rewrites = rewrites

    async def check(self) -> Standing:
        return await self._call("check", lambda shelf, _: Standing(self._identity(shelf), shelf.writable))

    async def read(self, since: Cursor | Window, known: Known = NOTHING_KNOWN) -> ChangeSet:
        stored = await known(None)
        return await self._read("read", lambda shelf, fault: self._changes(shelf, since, stored, fault))

    async def get(self, refs: Sequence[Ref]) -> Mapping[Ref, Observation]:
        return await self._read(
            "get", lambda shelf, fault: {ref: self._look(shelf, ref, replay=fault is Fault.REPLAY) for ref in refs}
        )

    async def find(self, keys: Sequence[str]) -> Mapping[str, Observation]:
        return await self._read("find", lambda shelf, _: self._bearers(shelf, frozenset(keys)))

    async def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        self._check_batch(draft.key for draft in drafts)
        keyed = self.capabilities.keyed_create if len(drafts) == 1 else self.capabilities.keyed_bulk
        return await self._write("create", drafts, lambda shelf, draft: self._create(shelf, draft, keyed=keyed))

    async def update(self, edits: Sequence[Edit]) -> Sequence[Outcome]:
        self._check_batch(self._group_of(edit.ref) for edit in edits)
        return await self._write("update", edits, self._update)

    async def delete(self, erasures: Sequence[Erasure]) -> Sequence[Outcome]:
        self._check_batch(self._group_of(erasure.ref) for erasure in erasures)
        return await self._write("delete", erasures, self._delete)

    # The way to the world.

    async def _call(self, verb: str, apply: Callable[[Shelf, Fault | None], T]) -> T:
        """One remote call on this collection, which must be there when the call arrives."""
        shelf = self._world.shelf(self._place.calendar)
        caller = Caller(verb, shelf.owner if shelf else "", self.side)
        return await self._world.calls.run(caller, lambda fault: apply(self._shelf(), fault))

    async def _read(self, verb: str, answer: Callable[[Shelf, Fault | None], T]) -> T:
        """One remote call that reads, perhaps from before the last changes; the world notes where that made a lie."""

        def shown(shelf: Shelf, fault: Fault | None) -> T:
            told = answer(shelf.before(self._world.lag) if fault is Fault.STALE else shelf, fault)
            if fault in {Fault.STALE, Fault.REPLAY} and told != answer(shelf, None):
                self._world.deceived.append((verb, self.side))
            return told

        return await self._call(verb, shown)

    async def _write(self, verb: str, items: Sequence[W], apply: Callable[[Shelf, W], Ref]) -> Sequence[Outcome]:
        """One remote call that writes; `apply` gives the ref that its answer shows, or raises for this item alone."""

        def answer(shelf: Shelf, item: W, fault: Fault | None) -> Outcome:
            try:
                ref = apply(shelf, item)
            except AdapterError as error:
                return error
            if fault is Fault.FOREIGN and ref.id in shelf.items:
                self._world.stranger(Ref(shelf.id, ref.id))
            return self._look(shelf, ref)

        def all_of_them(shelf: Shelf, fault: Fault | None) -> Sequence[Outcome]:
            if not shelf.writable:
                raise Forbidden("the calendar is read-only", code="READ_ONLY", side=self.side.value)
            return [answer(shelf, item, fault) for item in items]

        return await self._call(verb, all_of_them)

    def _shelf(self) -> Shelf:
        shelf = self._world.shelf(self._place.calendar)
        if shelf is None:
            raise CalendarGone("the calendar is not there", side=self.side.value)
        return shelf

    def _identity(self, shelf: Shelf) -> str:
        return self._world.identity(shelf.owner)

    def _check_batch(self, groups: Iterable[str]) -> None:
        if len(set(groups)) > self.capabilities.max_batch:
            raise ValueError(f"at most {self.capabilities.max_batch} at once")

    def _group_of(self, ref: Ref) -> str:
        shelf = self._world.shelf(self._place.calendar)
        item = shelf.items.get(ref.id) if shelf else None
        return item.group if item else ref.id

    # Reading.

    def _changes(
        self, shelf: Shelf, since: Cursor | Window, known: Mapping[str, str | None], fault: Fault | None
    ) -> ChangeSet:
        reading = self._reading(shelf, since, replay=fault is Fault.REPLAY)
        names = sorted(self._listed(reading))
        if fault is Fault.EMPTY:
            names = []
        elif fault is Fault.CUT:
            names = names[: len(names) // 2]
        groups: dict[str, frozenset[str]] = {}
        observations: list[Observation] = []
        for name in names:
            items = reading.shown[name]
            fingerprint = _fingerprint(items)
            if known.get(name) != fingerprint:
                present = [item for item in items if self._meets(reading.window, item)]
                groups[name] = frozenset(item.id for item in present)
                observations += [self._observe(item, fingerprint) for item in present]
        return ChangeSet(
            observations=tuple(observations),
            window=reading.window,
            removed=() if fault in {Fault.EMPTY, Fault.CUT} else self._removed(shelf, reading),
            groups=groups,
            listed=frozenset(names) if reading.changed is None else None,
            cursor=self._cursor(shelf, reading, since) if fault is not Fault.CUT else None,
            complete=fault is not Fault.CUT,
        )

    def _reading(self, shelf: Shelf, since: Cursor | Window, *, replay: bool) -> _Reading:
        changed = None
        if isinstance(since, Cursor):
            if not self.capabilities.delta:
                raise CursorExpired("this calendar knows no cursors", side=self.side.value)
            changed = shelf.changed_since(since.token)
        replayed = shelf.changed_last(self._world.lag) if replay else frozenset()
        if changed is not None:
            changed |= replayed
        shown: dict[str, list[MemoryItem]] = {}
        for name in shelf.groups_with(changed):
            items = [shelf.earlier[item.id] if item.id in replayed else item for item in shelf.group(name)]
            if kept := [item for item in items if self._is_in_scope(item)]:
                shown[name] = kept
        return _Reading(since.window if isinstance(since, Cursor) else since, changed, shown)

    def _listed(self, reading: _Reading) -> Iterable[str]:
        """The groups that an answer speaks of: those looked at (that have something in the window)."""
        if reading.changed is not None or not self.lists_window:
            return reading.shown
        meets = self._meets
        return (name for name, items in reading.shown.items() if any(meets(reading.window, item) for item in items))

    def _removed(self, shelf: Shelf, reading: _Reading) -> tuple[Removal, ...]:
        gone = [shelf.former[id_] for id_ in sorted(reading.changed or ()) if id_ in shelf.former]
        whole = {item.group: item for item in gone if item.group not in shelf.groups}
        return tuple(Removal(name, "cancelled" if item.cancelled else "tombstone") for name, item in whole.items())

    def _cursor(self, shelf: Shelf, reading: _Reading, since: Cursor | Window) -> Cursor | None:
        asked = since.token if isinstance(since, Cursor) and shelf.lagging else ""
        return Cursor(shelf.token(asked), reading.window) if self.capabilities.delta else None

    def _meets(self, window: Window, item: MemoryItem) -> bool:
        when = item.event.when
        return when is not UNSEEN and window.meets(_placed(when, self._place.zone))

    def _is_in_scope(self, item: MemoryItem) -> bool:  # noqa: ARG002 - a site narrows it
        return True

    def _look(self, shelf: Shelf, ref: Ref, *, replay: bool = False) -> Observation:
        """A direct read of one ref."""
        item = shelf.items.get(ref.id) if ref.collection == self.collection else None
        if item is not None:
            shown = shelf.earlier.get(ref.id, item) if replay else item
            group = [shown if one.id == ref.id else one for one in shelf.group(item.group)]
            return self._observe(shown, _fingerprint(group))
        last = shelf.former.get(ref.id) if ref.collection == self.collection else None
        kind, evidence = self._absence(last) if ref.collection == self.collection else UNKNOWN
        now = self._world.clock.now()
        absence = Absence(kind, evidence, now)
        if last is None:
            return Observation(self.side, ref, Event(), now, absence=absence)
        return dataclasses.replace(self._observe(last, None), absence=absence)

    def _absence(self, last: MemoryItem | None) -> tuple[Gone, str]:
        """Why nothing lies under an id while the calendar answers: only one with cursors remembers removals."""
        return Gone.GONE, "tombstone" if last is not None and self.capabilities.delta else "listing"

    def _observe(self, item: MemoryItem, fingerprint: str | None) -> Observation:
        return Observation(
            side=self.side,
            ref=Ref(self.collection, item.id),
            event=item.event,
            seen_at=self._world.clock.now(),
            version=str(item.version),
            fingerprint=fingerprint,
            sequence=item.version,
            traits=dataclasses.replace(item.traits, group=item.group),
        )

    def _bearers(self, shelf: Shelf, keys: frozenset[str]) -> Mapping[str, Observation]:
        found: dict[str, MemoryItem] = {}
        marked = [(item.traits.mark, item) for item in shelf.items.values() if item.traits.mark is not None]
        bearers = [(mark.key, item) for mark, item in marked if mark.key in keys]
        for key, item in sorted(bearers, key=lambda bearer: bearer[1].age):
            if item.id == key or key not in found:
                found[key] = item
        return {key: self._look(shelf, Ref(self.collection, item.id)) for key, item in found.items()}

    # Writing; each raises for the one item.

    def _create(self, shelf: Shelf, draft: Draft, *, keyed: bool) -> Ref:
        if draft.event.when is UNSEEN:
            raise Rejected("an item needs a time", side=self.side.value)
        ref = Ref(self.collection, self._id_for(shelf, draft.key, keyed=keyed))
        if keyed and self._answers_again(shelf, ref):
            return ref
        event = self._fit(draft.event.over(EMPTY), ref)
        shelf.write(ref.id, event, self._traits_for(draft, ref.id))
        if keyed:
            shelf.keys[draft.key] = ref.id
        self._note("create", shelf, ref.id)
        return ref

    def _id_for(self, shelf: Shelf, key: str, *, keyed: bool) -> str:  # noqa: ARG002 - a site asks the shelf
        return key if keyed else self._world.new_id()

    def _answers_again(self, shelf: Shelf, ref: Ref) -> bool:
        """Whether a create is answered with what lies there. Raises Exists where it is refused instead."""
        if ref.id in shelf.items:
            raise Exists("something lies under the key", side=self.side.value, ref=str(ref))
        return False

    def _traits_for(self, draft: Draft, id_: str) -> Traits:
        return Traits(uid=id_, mark=draft.mark, created=self._world.clock.now())

    def _update(self, shelf: Shelf, edit: Edit) -> Ref:
        item = self._writable(shelf, edit.ref, edit.if_match)
        event = self._fit(edit.event, edit.ref).over(item.event)
        has_mark = item.traits.mark is not None and edit.mark is not None
        traits = dataclasses.replace(item.traits, mark=edit.mark) if has_mark else item.traits
        shelf.write(item.id, event, traits)
        self._note("update", shelf, item.id, mails=item.traits.guests)
        return edit.ref

    def _delete(self, shelf: Shelf, erasure: Erasure) -> Ref:
        if erasure.ref.id not in shelf.items:
            return erasure.ref
        item = self._writable(shelf, erasure.ref, erasure.if_match)
        if erasure.participants is not None and item.traits.participants != erasure.participants:
            raise Stale("the participants are not the same", side=self.side.value, ref=str(erasure.ref))
        shelf.take(item.id, cancelled=self.side is Side.WIX)
        self._note("delete", shelf, item.id, mails=item.traits.guests)
        return erasure.ref

    def _writable(self, shelf: Shelf, ref: Ref, if_match: str | None) -> MemoryItem:
        item = shelf.items.get(ref.id) if ref.collection == self.collection else None
        if item is None:
            raise Stale("there is nothing under this ref", side=self.side.value, ref=str(ref))
        if self.capabilities.conditional_write and if_match not in {None, str(item.version)}:
            raise Stale("not at this version any more", side=self.side.value, ref=str(ref))
        if item.traits.kind is not Kind.ORDINARY:
            raise Rejected("this kind of item is not written", side=self.side.value, ref=str(ref))
        if item.traits.series is not None and not self.capabilities.series_edit:
            raise Rejected("one occurrence cannot be written", side=self.side.value, ref=str(ref))
        return item

    def _fit(self, event: Event, ref: Ref) -> Event:
        """The event as the side takes it. Raises Rejected."""
        if self.needs_title and event.title in {None, ""}:
            raise Rejected("a title is needed", side=self.side.value, ref=str(ref))
        if (self.side, event.title) in self._world.refuses_titles:
            raise Rejected("this title is not taken", side=self.side.value, ref=str(ref))
        for name in TEXTS:
            text, limit = event.get(name), self.capabilities.limits.get(name)
            if isinstance(text, str) and limit is not None and len(text) > limit:
                if not self._rewrites:
                    raise Rejected(f"{name} is longer than {limit}", side=self.side.value, ref=str(ref))
                event = event.put({name: text[:limit]})
        return event

    def _note(self, verb: str, shelf: Shelf, id_: str, *, mails: bool = False) -> None:
        self._world.log.append((verb, shelf.id, id_))
        if mails and self.capabilities.mails_guests:
            self._world.mailed.append(Ref(shelf.id, id_))


def _placed(when: When, zone: str) -> When:
    """A floating interval where `zone` puts it."""
    return Timed(*instants(when, zone), zone) if isinstance(when, AllDay) else when


def _fingerprint(group: Sequence[MemoryItem]) -> str:
    """Of a whole stored object, so that any item of it shows that something in it changed."""
    return "|".join(f"{item.id}:{item.version}" for item in group)
