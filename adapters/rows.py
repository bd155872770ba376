"""A calendar whose items are rows of an API: what its verbs have in common, whatever API it is.

Not here: what is listed and how, what a row means, what is written (the calendar of each provider).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from adapters.batches import Answer
from adapters.refusals import SIDE, Asked, Missing, is_item
from adapters.sights import MalformedError, Remembered, Resource, View
from syncd.errors import AdapterError, Transient
from syncd.model import ChangeSet, Cursor, Observation, Side, Window
from syncd.ports import NOTHING_KNOWN, Capabilities, Draft, Edit, Erasure, Known, Outcome, Standing


class Account(Protocol):
    """What such a calendar asks its account."""

    capabilities: Capabilities

    async def identity(self) -> str: ...

    async def about(self, calendar: str) -> Mapping[str, Any]: ...

    async def writable(self, calendar: str, *, afresh: bool = False) -> bool: ...


class Writer(Protocol):
    """Writes to one calendar."""

    async def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]: ...

    async def update(self, edits: Sequence[Edit]) -> Sequence[Outcome]: ...

    async def delete(self, erasures: Sequence[Erasure]) -> Sequence[Outcome]: ...


A = TypeVar("A", bound=Account)
W = TypeVar("W", bound=Writer)


class RowCalendar(ABC, Generic[A, W]):
    """The calendar with one id. `zone`: the schedule's. `last_seen`: rows as this pass saw them, for its updates."""

    side = Side.EXTERNAL
    writer: W

    def __init__(self, account: A, calendar: str, *, zone: str, collection: str) -> None:
        self.capabilities = account.capabilities
        self.collection = collection
        self.account = account
        self.id = calendar
        self.zone = zone
        self.remembered = Remembered()

    async def check(self) -> Standing:
        await self.account.about(self.id)
        return Standing(await self.account.identity(), await self.account.writable(self.id))

    async def read(self, since: Cursor | Window, known: Known = NOTHING_KNOWN) -> ChangeSet:
        if isinstance(since, Cursor):
            return await self.changes(since, known)
        return await self.everything(since, known)

    async def create(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        return await self.writer.create(drafts)

    async def update(self, edits: Sequence[Edit]) -> Sequence[Outcome]:
        return await self.writer.update(edits)

    async def delete(self, erasures: Sequence[Erasure]) -> Sequence[Outcome]:
        return await self.writer.delete(erasures)

    # for its writer too

    def last_seen(self, name: str, version: str | None) -> Resource | None:
        """The row at this version, if it was seen in this pass."""
        row = self.remembered.rows.get(name)
        return row if row is not None and version is not None and self.version_of(row) == version else None

    def shown(self, resource: Resource, view: View, asked: Asked) -> Observation:
        """The observation of an answer. Raises Transient for one that cannot be read: of a write, applied."""
        try:
            seen = self.observed(resource, view)
        except MalformedError as error:
            text = f"{asked.what}: {error}"
            raise Transient(text, side=SIDE, ref=asked.ref, applied=asked.writes) from None
        self.remembered.take(resource)
        return seen

    async def asked(self, calls: Sequence[Any]) -> list[Answer]:
        """An answer or an error for each. While one of them says "not there", the calendar itself has to answer."""
        answers = await self.answers(calls)
        if any(isinstance(one, Missing) and not self.is_proven(one) for one in answers):
            await self.account.about(self.id)
        return answers

    async def answers(self, calls: Sequence[Any]) -> list[Answer]:
        """The same, whatever the calendar says."""
        try:
            return await self.sent(calls) if calls else []
        except AdapterError as error:
            if not is_item(error) or calls[0].asked.writes:
                raise
            return [error] * len(calls)  # events that cannot be read say nothing of the calendar

    # of each provider

    @abstractmethod
    async def everything(self, window: Window, known: Known) -> ChangeSet:
        """All of a window."""

    @abstractmethod
    async def changes(self, cursor: Cursor, known: Known) -> ChangeSet:
        """What has changed. Raises CursorExpired."""

    @abstractmethod
    async def sent(self, calls: Sequence[Any]) -> list[Answer]:
        """An answer or an error for each call."""

    @abstractmethod
    def observed(self, resource: Resource, view: View) -> Observation:
        """A row as the core sees it. Raises MalformedError."""

    @abstractmethod
    def version_of(self, resource: Resource) -> str | None:
        """What preconditions name."""

    def is_proven(self, _missing: Missing) -> bool:
        """Whether the answer itself says that the calendar is there."""
        return False
