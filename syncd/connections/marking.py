"""What becomes pending when a connection begins or changes, so that the next cycle plans it.

Not here: what is planned for it (plan), how pending rows are kept (store).
"""

from syncd.connections.values import Desk
from syncd.model import Connection, Cursor, Ref, Side
from syncd.ports import Changes, Touch


async def contact(desk: Desk, before: Connection | None, after: Connection) -> Changes:
    """The connection as it is to be, with everything pending that its configuration may concern.

    What lies in the store already would not be news to the next reading, so what is switched on is touched here.
    """
    touched = await _linked(desk, after) if before is not None else []
    was_exporting = before is not None and before.config.exports
    if after.config.exports and not was_exporting:
        touched += await _sessions(desk, after)
    old, new = _imported(before), _imported(after)
    for calendar in new - old:
        name = desk.names.collection(after, calendar)
        refs_in = await desk.store.entering(Side.EXTERNAL, name, None, desk.window)
        touched += [_touch(desk, after, Side.EXTERNAL, ref) for ref in refs_in]
    dropped: dict[str, Cursor | None] = {desk.names.collection(after, calendar): None for calendar in old - new}
    return Changes(connections=[after], touched=touched, cursors_of=after.id, cursors=dropped)


async def farewell(desk: Desk, ended: Connection) -> Changes:
    """A connection that is being removed, with all that it made pending: by link, and by mark (R23)."""
    touched = await _linked(desk, ended)
    collections = [(Side.WIX, ended.site)]
    if ended.calendar is not None:
        collections.append((Side.EXTERNAL, desk.names.collection(ended, ended.calendar)))
    for side, collection in collections:
        stored = await desk.store.stored(side, await desk.store.entering(side, collection, None, desk.window))
        marked = [ref for ref, row in stored.items() if row.observation.traits.mark is not None]
        touched += [_touch(desk, ended, side, ref) for ref in marked]
    return Changes(connections=[ended], touched=touched)


async def _linked(desk: Desk, connection: Connection) -> list[Touch]:
    """Everything that has a link."""
    links = await desk.store.links(connection.id)
    refs = [(side, link.refs[side]) for link in links for side in Side]
    return [_touch(desk, connection, side, ref) for side, ref in refs if ref is not None]


async def _sessions(desk: Desk, connection: Connection) -> list[Touch]:
    """The stored sessions that concern it."""
    refs = await desk.store.entering(Side.WIX, connection.site, None, desk.window)
    stored = await desk.store.stored(Side.WIX, refs)
    return [
        _touch(desk, connection, Side.WIX, ref)
        for ref, row in stored.items()
        if desk.names.covers(connection, row.observation)
    ]


def _imported(connection: Connection | None) -> set[str]:
    if connection is None or not connection.config.imports:
        return set()
    return set(connection.config.calendars or ())


def _touch(desk: Desk, connection: Connection, side: Side, ref: Ref) -> Touch:
    return Touch(connection.id, side, ref, desk.now)
