"""Writes: each object is one conditional request, however many of its occurrences are edited.

Not here: reading (calendar), what an edit does to an object (series, mapping).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeAlias, TypeVar

from adapters.apple import mapping
from adapters.apple.client import SIDE, Answer, refusal
from adapters.apple.collection import Body, Collection
from adapters.apple.ics import MAX_BYTES, UNREADABLE, MalformedError
from adapters.apple.reading import Look, absent, opened, reason_of, sought, split
from adapters.apple.series import StoredObject
from syncd.errors import AdapterError, Exists, Forbidden, Rejected, Stale, Transient
from syncd.model import Gone, Ref
from syncd.ports import Draft, Edit, Erasure, Outcome

T = TypeVar("T", Edit, Erasure)
R = TypeVar("R")
Outcomes: TypeAlias = dict[Ref, Outcome]
_DONE: Final = (200, 201, 202, 204)
_GONE: Final = (404, 410)
_TYPE: Final = {"Content-Type": "text/calendar; charset=utf-8"}


class Writer:
    """Writes to one collection. `look` gives the view for the answers."""

    def __init__(self, collection: Collection, look: Callable[[], Awaitable[Look]]) -> None:
        self._collection = collection
        self._look = look

    async def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        return await self._each([partial(self._create, draft) for draft in drafts])

    async def update(self, edits: Sequence[Edit]) -> Sequence[Outcome]:
        return await self._by_object(edits, self._update)

    async def delete(self, erasures: Sequence[Erasure]) -> Sequence[Outcome]:
        return await self._by_object(erasures, self._delete)

    async def _by_object(
        self, wanted: Sequence[T], write: Callable[[str, Sequence[T]], Awaitable[Outcomes]]
    ) -> Sequence[Outcome]:
        groups: dict[str, list[T]] = {}
        for one in wanted:
            groups.setdefault(split(one.ref)[0], []).append(one)
        done = await self._each([partial(write, name, group) for name, group in groups.items()])
        outcomes: Outcomes = {}
        for (_, group), result in zip(groups.items(), done, strict=True):
            outcomes |= result if isinstance(result, dict) else {one.ref: result for one in group}
        return [outcomes[one.ref] for one in wanted]

    # create

    async def _create(self, draft: Draft) -> Outcome:
        look, name = await self._look(), f"{draft.key}.ics"
        ref = Ref(look.collection, name)
        try:
            if not mapping.KEY.fullmatch(draft.key):
                raise MalformedError("the key cannot be a file name")
            text = mapping.new_object(draft, look.seen_at).serialised()
        except MalformedError as error:
            return Rejected(str(error), side=SIDE, ref=name)
        if (large := _too_large(text, name)) is not None:
            return large
        answer = await self._put(name, text, {"If-None-Match": "*"})
        if answer.status in _DONE:
            body = await self._kept(name, text, answer)
            return sought(look, ref, opened(look, name, body), body)
        return await self._not_created(name, answer)

    async def _not_created(self, name: str, answer: Answer) -> AdapterError:
        error = refusal(answer.status, "creating an event", ref=name, wrote=True)
        if not isinstance(error, Rejected | Forbidden):
            raise error
        if answer.status in (413, 507):
            return error
        there = await self._collection.alone(name)
        if there.text is not None:
            return Exists("an event lies under this key already", side=SIDE, ref=name)
        await self._raise_if_closed(answer.status)
        if answer.status in (403, 409, 412) or answer.conditions:
            text = f"creating an event: its UID is taken, or it is too large ({answer.status})"
            return Rejected(text, side=SIDE, ref=name)
        return Rejected(str(error), side=SIDE, ref=name)

    # update

    async def _update(self, name: str, edits: Sequence[Edit]) -> Outcomes:
        look = await self._look()
        body = await self._collection.body(name)
        if (stopped := _unusable(name, body)) is not None:
            return {edit.ref: stopped for edit in edits}
        try:
            stored = opened(look, name, body)
        except MalformedError as error:
            return {edit.ref: Rejected(str(error), side=SIDE, ref=name) for edit in edits}
        outcomes, changed = await asyncio.to_thread(_edited, stored, edits, body.etag, look)
        if changed:
            refused, body = await self._replaced(name, stored, body)
            if refused is not None:
                return {edit.ref: outcomes.get(edit.ref, refused) for edit in edits}
            stored = opened(look, name, body)
        return {edit.ref: outcomes.get(edit.ref) or sought(look, edit.ref, stored, body) for edit in edits}

    async def _replaced(self, name: str, stored: StoredObject, body: Body) -> tuple[AdapterError | None, Body]:
        """PUT the object as it is now over the version it was read at."""
        text = stored.calendar.serialised()
        if (large := _too_large(text, name)) is not None:
            return large, body
        answer = await self._put(name, text, {"If-Match": body.etag or ""})
        if answer.status in _DONE:
            return None, await self._kept(name, text, answer)
        return await self._not_written(answer, "changing an event", name), body

    # delete

    async def _delete(self, name: str, erasures: Sequence[Erasure]) -> Outcomes:
        look = await self._look()
        whole = [one for one in erasures if split(one.ref)[1] is None]
        if whole:
            result = await self._delete_object(name, whole[0].if_match)
        else:
            return await self._delete_occurrences(name, erasures, look)
        gone = {one.ref: absent(look, one.ref, Gone.GONE, "tombstone") for one in erasures}
        return {ref: result or gone[ref] for ref in gone}

    async def _delete_object(self, name: str, if_match: str | None) -> AdapterError | None:
        """What is not there was deleted, as long as its collection still is: an account that moved has it elsewhere."""
        etag = if_match
        if etag is None:
            body = await self._collection.body(name)
            if body.gone:
                await self._collection.account.about(self._collection.calendar)
                return None
            if (stopped := _unusable(name, body, parsed=False)) is not None:
                return stopped
            etag = body.etag
        headers = {"If-Match": etag or ""}
        answer = await self._collection.account.send("DELETE", self._collection.calendar, name, headers=headers)
        if answer.status in _DONE:
            return None
        if answer.status in _GONE:
            await self._collection.account.about(self._collection.calendar)
            return None
        return await self._not_written(answer, "deleting an event", name)

    async def _delete_occurrences(self, name: str, erasures: Sequence[Erasure], look: Look) -> Outcomes:
        """All of them in one request; an object of which nothing is left is deleted itself."""
        gone: Mapping[Ref, Outcome] = {one.ref: absent(look, one.ref, Gone.GONE, "tombstone") for one in erasures}
        body = await self._collection.body(name)
        if body.gone:
            await self._collection.account.about(self._collection.calendar)
            return dict(gone)
        if (stopped := _unusable(name, body)) is not None:
            return {one.ref: stopped for one in erasures}
        try:
            stored = opened(look, name, body)
        except MalformedError as error:
            return {one.ref: Rejected(str(error), side=SIDE, ref=name) for one in erasures}
        cut = await asyncio.to_thread(_cut, stored, erasures, body.etag, look)
        refused: AdapterError | None = None
        if cut.changed and cut.stored is not None:
            refused, _ = await self._replaced(name, cut.stored, body)
        elif cut.changed:
            refused = await self._delete_object(name, body.etag)
        return {ref: cut.outcomes.get(ref) or refused or gone[ref] for ref in gone}

    # common

    async def _each(self, calls: Sequence[Callable[[], Awaitable[R]]]) -> list[R | AdapterError]:
        """Each call, as many at once as the account may have. The error of a single call is raised; of several, each
        has its own in its place."""
        if len(calls) == 1:
            return [await calls[0]()]
        slots = asyncio.Semaphore(self._collection.account.capabilities.max_in_flight)

        async def one(call: Callable[[], Awaitable[R]]) -> R | AdapterError:
            async with slots:
                try:
                    return await call()
                except AdapterError as error:
                    return error

        return list(await asyncio.gather(*map(one, calls)))

    async def _put(self, name: str, text: str, headers: Mapping[str, str]) -> Answer:
        account, calendar = self._collection.account, self._collection.calendar
        return await account.send("PUT", calendar, name, body=text, headers={**_TYPE, **headers})

    async def _kept(self, name: str, text: str, answer: Answer) -> Body:
        """What lies there after a PUT. An answer without a strong ETag says that the server changed the body (RFC
        4791, 5.3.4), or that somebody must look."""
        if answer.strong_etag is not None:
            return Body(text, answer.strong_etag, answer.strong_etag)
        try:
            body = await self._collection.body(name)
            opened(await self._look(), name, body)
        except (MalformedError, Transient):
            return Body(text)  # it was written, but what lies there now says nothing
        return body

    async def _not_written(self, answer: Answer, what: str, name: str) -> AdapterError:
        if answer.status in (412, *_GONE):
            return Stale(f"{what}: it has changed meanwhile", side=SIDE, ref=name)
        error = refusal(answer.status, what, ref=name, wrote=True)
        if not isinstance(error, Rejected | Forbidden):
            raise error
        await self._raise_if_closed(answer.status)
        return error if isinstance(error, Rejected) else Rejected(str(error), side=SIDE, ref=name)

    async def _raise_if_closed(self, status: int) -> None:
        """A refusal may concern the whole calendar: gone (raises CalendarGone) or read-only (raises Forbidden)."""
        if status not in (403, 404, 405, 409, 410):
            return
        calendar = self._collection.calendar
        await self._collection.account.about(calendar)
        if not (await self._collection.account.owner(calendar)).writable:
            raise Forbidden("the calendar may not be written", code="READ_ONLY", side=SIDE, ref=calendar)


def _edited(stored: StoredObject, edits: Sequence[Edit], etag: str | None, look: Look) -> tuple[Outcomes, bool]:
    """Make the edits in the object; outcomes of those that cannot be made, and whether anything changed."""
    outcomes: Outcomes = {}
    changed = False
    for edit in edits:
        try:
            _match(edit.if_match, etag)
            changed |= stored.edit(split(edit.ref)[1], edit.event, edit.mark, look.seen_at)
        except AdapterError as error:
            outcomes[edit.ref] = _named(error, edit.ref)
        except UNREADABLE as error:
            outcomes[edit.ref] = Rejected(reason_of(error), side=SIDE, ref=edit.ref.id)
    return outcomes, changed


@dataclass(slots=True)
class Cut:
    """An object with occurrences taken out. `stored`: None when nothing of it is left."""

    stored: StoredObject | None
    outcomes: Outcomes = field(default_factory=dict)
    changed: bool = False


def _cut(stored: StoredObject, erasures: Sequence[Erasure], etag: str | None, look: Look) -> Cut:
    """Take the occurrences out that are there; each that cannot be has its error in its place."""
    cut = Cut(stored)
    for one in erasures:
        try:
            if cut.stored is None or cut.stored.find(split(one.ref)[1]) is None:
                continue  # gone already
            _match(one.if_match, etag)
            left = cut.stored.remove(split(one.ref)[1], look.seen_at)
            cut.stored = _again(cut.stored) if left else None
            cut.changed = True
        except AdapterError as error:
            cut.outcomes[one.ref] = _named(error, one.ref)
        except UNREADABLE as error:
            cut.outcomes[one.ref] = Rejected(reason_of(error), side=SIDE, ref=one.ref.id)
    return cut


def _again(stored: StoredObject) -> StoredObject:
    """The object parsed anew after an edit of its components."""
    return StoredObject(stored.calendar.serialised(), stored.name, stored.zones.home.name)


def _match(if_match: str | None, etag: str | None) -> None:
    if if_match is not None and if_match != etag:
        raise Stale("the object has changed since it was read", side=SIDE)


def _named(error: AdapterError, ref: Ref) -> AdapterError:
    error.side, error.ref = SIDE, ref.id
    return error


def _unusable(name: str, body: Body, *, parsed: bool = True) -> AdapterError | None:
    if body.gone:
        return Stale("the object is not there any more", side=SIDE, ref=name)
    if parsed and body.text is None:
        return Rejected(body.reason or "it cannot be read", side=SIDE, ref=name)
    if body.etag is None:
        return Rejected("the server gives no strong ETag to write against", side=SIDE, ref=name)
    return None


def _too_large(text: str, name: str) -> Rejected | None:
    # Radicale answers 412 to what is too large; nothing of ours ever gets that far.
    if len(text.encode()) <= MAX_BYTES:
        return None
    return Rejected("it would be larger than 1 MiB", side=SIDE, ref=name)
