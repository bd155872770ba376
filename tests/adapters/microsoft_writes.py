"""What the tests of writes to Microsoft share: one write at a time, and what was sent of it.

Not here: the world itself (microsoft_world).
"""

from typing import Any

from syncd.model import Event, Observation, Ref
from syncd.ports import Edit, Erasure
from tests.adapters.microsoft_world import World, draft, put, shown

BEN = "ben@example.test"


async def made(microsoft: World, name: str = "one", given: Event | None = None) -> Observation:
    return shown((await microsoft.calendar.create([draft(name, given)]))[0])


async def seen(microsoft: World, ref: Ref) -> Observation:
    return (await microsoft.calendar.get([ref]))[ref]


async def updated(microsoft: World, item: Observation, wanted: Event) -> Any:
    return (await microsoft.calendar.update([Edit(item.ref, wanted, item.version)]))[0]


async def deleted(microsoft: World, item: Observation) -> Any:
    return (await microsoft.calendar.delete([Erasure(item.ref, item.version)]))[0]


def writes(microsoft: World) -> list[str]:
    return [str(row["operation"]) for row in microsoft.rows() if row["write"]]


def sent(microsoft: World) -> Any:
    """The body of the only write."""
    (row,) = [row for row in microsoft.rows() if row["write"]]
    return row["body"]


def invited(microsoft: World, title: str = "Board") -> Ref:
    """The person's own event to which they have asked somebody; what they do themselves mails nobody here."""
    guest = {"emailAddress": {"address": BEN, "name": "Ben"}, "type": "required"}
    ref = put(microsoft, title, attendees=[guest])
    microsoft.state.mailed.clear()
    return ref
