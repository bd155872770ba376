"""What the store knows of items that bear our mark but have no link: the session they name, its link, their twins.

Not here: what the mark says (adapters), what is decided about it (plan).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.model import Connection, Item, Link, LinkState, Observation, Ref, Side, same
from syncd.store.observations import observed
from syncd.store.rows import link_of, match_key, observation_of
from syncd.store.statements import at_refs, rows_at, rows_named
from syncd.store.tables import link, session

_NEWEST_LAST: Final = tuple(reversed(LinkState))
_CLAIMS: Final = at_refs(
    select(link).where(link.c.connection == bindparam("owner"), link.c.origin == Side.WIX.value),
    link.c.original_collection,
    link.c.original_ref,
)
_MADE: Final = exists().where(
    link.c.wix_collection == session.c.collection,
    link.c.wix_ref == session.c.ref,
    link.c.state == LinkState.LIVE.value,
    link.c.wix_made,
)
_LINKED_BLOCKS: Final = select(session).where(
    session.c.collection == bindparam("site"),
    session.c.gone.is_(None),
    session.c.match_key.in_(bindparam("names")),
    _MADE,
)


def named_session(item: Item, site: str) -> Ref | None:
    """The session that the mark of an unlinked external event names as its original."""
    seen = item.external
    if item.link is not None or seen is None or seen.traits.mark is None or seen.traits.mark.original is None:
        return None
    return Ref(site, seen.traits.mark.original)


async def with_marks(connection: AsyncConnection, owner: Connection, items: Sequence[Item]) -> list[Item]:
    """The items, those with our mark filled in: copies with their session and its link, blocks with `twin`."""
    refs = [ref for item in items if (ref := named_session(item, owner.site)) is not None]
    sessions = await observed(connection, Side.WIX, refs)
    claims = await _claims(connection, owner.id, refs)
    blocks = await _linked_blocks(connection, owner.site, [item.wix for item in items if _is_block(item)])

    def fill(item: Item) -> Item:
        ref = named_session(item, owner.site)
        if ref is not None:
            return replace(item, wix=sessions.get(ref), claim=claims.get(ref))
        if _is_block(item) and item.wix is not None:
            equals = blocks.get(match_key(item.wix.event), ())
            return replace(item, twin=any(_are_twins(item.wix, other) for other in equals))
        return item

    return [fill(item) for item in items]


def _is_block(item: Item) -> bool:
    return item.link is None and item.external is None and item.wix is not None and item.wix.traits.mark is not None


async def _claims(connection: AsyncConnection, owner: str, sessions: Iterable[Ref]) -> dict[Ref, Link]:
    """The newest link of a connection for each session it exported, in any state; of equals the liveliest."""
    rows = await rows_at(connection, _CLAIMS, sessions, {"owner": owner})
    ordered = sorted(rows, key=lambda row: (row["generation"], _NEWEST_LAST.index(LinkState(row["state"])), row["id"]))
    return {Ref(row["original_collection"], row["original_ref"]): link_of(row) for row in ordered}


async def _linked_blocks(
    connection: AsyncConnection, site: str, blocks: Iterable[Observation | None]
) -> dict[str | None, list[Observation]]:
    """By match key, the present blocks under a live link of any connection that share it with one of these."""
    keys = {key for block in blocks if block is not None and (key := match_key(block.event)) is not None}
    found: dict[str | None, list[Observation]] = {}
    for row in await rows_named(connection, _LINKED_BLOCKS, sorted(keys), {"site": site}):
        found.setdefault(row["match_key"], []).append(observation_of(Side.WIX, row))
    return found


def _are_twins(left: Observation, right: Observation) -> bool:
    equal = same(left.event.when, right.event.when) and same(left.event.title, right.event.title)
    return left.ref != right.ref and equal and left.traits.home == right.traits.home
