"""How a connection stands after what was seen: its status, its reason, what is in doubt. Pure. Rules R15, R19 to R22.

Not here: reading and planning (cycle), what a person does with a connection (connections).
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from syncd.errors import AdapterError, AuthRevoked, CalendarGone, Forbidden
from syncd.model import Connection, Gone, Item, LinkState, Reason, Schedule, Side, Status, Workload

PATIENCE: Final = timedelta(minutes=3)  # after which a refusal that may pass, and comes again, counts


def verify(
    connection: Connection, schedule: Schedule | None, *, synced_elsewhere: bool
) -> tuple[Connection, str | None]:
    """The connection as its schedule makes it, and why nothing may be deleted in this pass, if so. Pure.

    R20: a cancelled schedule ends the connection at once; a missing one, or another owner, when two reads say so (an
    owner that is not told is no change). R19: a schedule that the site's own sync has is left alone.
    """
    if synced_elsewhere and connection.reason is not Reason.SYNCED_BY_WIX:
        return in_error(connection, Reason.SYNCED_BY_WIX, _ELSEWHERE), None
    if not synced_elsewhere and connection.reason is Reason.SYNCED_BY_WIX:
        connection = replace(connection, status=Status.CONNECTED, reason=None, detail=None)
    if schedule is not None and not schedule.active:
        return _lost(connection, _CANCELLED), None
    old = connection.schedule.owner
    changed = schedule is not None and old is not None and schedule.owner is not None and schedule.owner != old
    if schedule is not None and not changed:
        fresh = replace(schedule, owner=schedule.owner or old)
        return replace(connection, schedule=fresh, doubt=None), None
    doubt = _DOUBTS[1] if changed else _DOUBTS[0]
    if connection.doubt == doubt:
        return _lost(connection, doubt), None
    return replace(connection, doubt=doubt), doubt


_DOUBTS = ("the schedule was not found", "the schedule has another owner")
_CANCELLED = "the schedule was cancelled"
_ONCE = "it may pass: the connection stops when it is refused again some minutes later"
_NEXT = "nothing was removed; `syncd disconnect` removes what was made, `syncd connect` connects another schedule"


_ELSEWHERE = (
    "the site's own calendar sync has this schedule: disconnect it there, and the next pass goes on; nothing is removed"
)


def _lost(connection: Connection, why: str) -> Connection:
    detail = f"{why}: {_NEXT}"
    return replace(connection, status=Status.DISCONNECTED, reason=Reason.SCHEDULE_LOST, detail=detail)


def in_error(connection: Connection, reason: Reason, detail: str) -> Connection:
    """The connection in ERROR, for a reason and in words that hold nobody's text."""
    return replace(connection, status=Status.ERROR, reason=reason, detail=detail)


def counts(connection: Connection, error: AdapterError, now: datetime) -> bool:
    """Whether an error is to be believed at once: a refusal that may pass is not, until it came before (R21). Pure."""
    if not isinstance(error, AuthRevoked) or not error.passing:
        return True
    return connection.refused_at is not None and now - connection.refused_at >= PATIENCE


def after_error(connection: Connection, error: AdapterError, now: datetime) -> Connection:
    """The status that an error of the whole connection leads to (R21, R22). A passing one changes nothing. Pure.

    `now` is aware. A refusal that may pass is remembered, and counts when it comes again after `PATIENCE`.
    """
    if not counts(connection, error, now):
        detail = connection.detail if connection.status is Status.ERROR else f"{error.told}; {_ONCE}"
        return replace(connection, refused_at=connection.refused_at or now, detail=detail)
    if connection.disconnecting:
        return replace(connection, detail=error.told)
    match error:
        case AuthRevoked() if error.side != Side.WIX:
            return in_error(connection, Reason.TOKEN_REVOKED, error.told)
        case CalendarGone() if error.side != Side.WIX:
            return in_error(connection, Reason.EXTERNAL_CALENDAR_DELETED, error.told)
        case Forbidden(code="CALENDAR_CREATION_FAILED"):
            return in_error(connection, Reason.EXTERNAL_CALENDAR_CREATION_FAILED, error.told)
        case Forbidden(code="PREMIUM_FEATURE_NOT_ENABLED"):
            return in_error(connection, Reason.PREMIUM_FEATURE_NOT_ENABLED, error.told)
        case Forbidden() if error.side != Side.WIX:
            return in_error(connection, Reason.FORBIDDEN, error.told)
    # What a person has to repair stays on show while something else is passing.
    return connection if connection.status is Status.ERROR else replace(connection, detail=error.told)


def empty_sides(load: Workload) -> frozenset[Side]:
    """Sides on which none of at least five linked items is left (R15)."""
    return frozenset(
        side
        for side in Side
        if len(lost := [item for item in load.items if _is_lost(item, side)]) >= 5 and len(lost) >= load.linked
    )


def _is_lost(item: Item, side: Side) -> bool:
    seen = item.at(side)
    gone = seen is not None and seen.absence is not None and seen.absence.kind is Gone.GONE
    return gone and item.link is not None and item.link.state is LinkState.LIVE
