"""Statements are put together once, and a long list of refs is asked for in parts.

Not here: what each verb answers (the modules beside).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import event as event_of

from syncd.model import Cursor, Override, Quarantine, Ref, Side, Window
from syncd.ports import Changes
from syncd.store import SqlStore
from syncd.store.statements import CHUNK
from tests.store.builders import (
    CALENDAR,
    ME,
    NOW,
    SITE,
    WINDOW,
    connection,
    gone,
    history,
    hold,
    journal,
    link,
    mark,
    outside,
    session,
    touch,
)


@contextmanager
def listening(store: SqlStore) -> Iterator[list[Any]]:
    """The statements that a store runs meanwhile, as they were handed to SQLAlchemy."""
    found: list[Any] = []

    def note(_connection: object, statement: object, *_: object) -> None:
        found.append(statement)

    engine = store._database._engine.sync_engine
    event_of.listen(engine, "before_execute", note)
    yield found
    event_of.remove(engine, "before_execute", note)


def everything(version: str) -> Changes:
    """A commit with rows for every table; another version of the items each time."""
    copy = outside("e2", version, traits=replace(outside().traits, mark=mark(original="s1")))
    return Changes(
        observations=[session(version=version), session("s3", absence=gone()), outside(version=version), copy],
        wrote=[(Side.WIX, Ref(SITE, "s1"), NOW)],
        forgotten=[(Side.WIX, Ref(SITE, "s9"))],
        cursors_of="c1",
        cursors={CALENDAR: Cursor("token", WINDOW), "c1:old": None},
        read=[(Side.EXTERNAL, CALENDAR, NOW)],
        links=[link(), link("l2", "s3", None)],
        dissolved=["l9"],
        touched=[touch(session()), touch(session("s3")), touch(session("s4")), touch(outside()), touch(copy)],
        journal=[journal()],
        history=[history()],
        holds=[hold()],
        void=[("c1", "0123456789abcdef")],
        quarantine=[("c1", "l1", Quarantine("update", "refused", 1, False, NOW))],
        lifted=[("c1", "l9")],
        quieted=[("c1", "l9")],
        overrides=[(Ref(SITE, "s1"), Override("Private", None))],
        connections=[connection()],
    )


async def whole_pass(store: SqlStore, version: str) -> None:
    """Every verb that a pass calls."""
    lease = await store.acquire("connection:c1", ME, 60)
    assert lease is not None
    await store.commit(everything(version), await store.renew(lease))
    earlier = Window(WINDOW.start, NOW)
    for side, collection in ((Side.WIX, SITE), (Side.EXTERNAL, CALENDAR)):
        refs = [Ref(collection, "s1"), Ref(collection, "e1")]
        await store.stored(side, refs)
        await store.in_groups(side, collection, ["s1", "e1"])
        await store.entering(side, collection, None, WINDOW)
        await store.entering(side, collection, earlier, WINDOW)
        await store.last_read(side, collection)
        await store.last_full(side, collection)
        await store.links_of(side, refs)
        await store.cursor("c1", collection)
        for singles in (True, False):
            await store.fingerprints(side, collection, singles=singles)
    await store.connections()
    await store.connection("c1")
    await store.links("c1")
    assert await store.unsettled("c1")
    workload = await store.workload("c1", NOW, WINDOW)
    assert workload.items
    await store.overrides(SITE, [Ref(SITE, "s1")], ["staff-1"])
    await store.open_writes("c1")
    await store.history(connection="c1", item="l1", before=1000)
    await store.holds("c1")
    await store.notes("c1")
    await store.tally("c1")
    await store.credentials("c1")
    await store.release(lease)


async def test_a_second_pass_puts_no_statement_together(store: SqlStore) -> None:
    with listening(store) as first:
        await whole_pass(store, "1")
        await whole_pass(store, "2")  # only now there are versions to supersede
    with listening(store) as second:
        await whole_pass(store, "3")
    assert len(second) > 70
    known = {id(statement) for statement in first}
    assert [str(statement) for statement in second if id(statement) not in known] == []


async def test_more_refs_than_one_statement_takes_are_all_found(store: SqlStore) -> None:
    ends = ["s0", f"s{CHUNK}"]
    await store.commit(Changes(observations=[session(name) for name in ends]), None)
    refs = [Ref(SITE, f"s{number}") for number in range(CHUNK + 1)]
    assert sorted(ref.id for ref in await store.stored(Side.WIX, refs)) == ends
    assert sorted(seen.ref.id for seen in await store.in_groups(Side.WIX, SITE, [ref.id for ref in refs])) == ends
