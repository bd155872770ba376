"""A connection as listings show it: as JSON, as a row, its status in words.

Not here: tables themselves (shown), how a connection is doing (status).
"""

from collections.abc import Sequence
from typing import Any

from syncd.model import Connection, Status


def summary(connection: Connection) -> dict[str, Any]:
    """A connection as the listings show it."""
    config = connection.config
    return {
        "id": connection.id,
        "provider": connection.provider,
        "email": connection.email,
        "site": connection.site,
        "schedule": {
            "id": connection.schedule.id,
            "external_id": connection.schedule.external_id,
            "name": connection.schedule.name,
            "kind": connection.schedule.kind.value,
        },
        "status": connection.status.value,
        "reason": None if connection.reason is None else connection.reason.value,
        "detail": connection.detail,
        "confirmed": connection.confirmed,
        "paused": connection.paused,
        "disconnecting": connection.disconnecting,
        "import": config.imports,
        "export": config.exports,
        "calendars": list(config.calendars or ()),
        "target": config.target.value,
        "calendar": connection.calendar,
        "created_at": connection.created_at,
        "last_success_at": connection.last_success_at,
        "next_due_at": connection.next_due_at,
    }


def rows_of(connections: Sequence[Connection]) -> list[tuple[object, ...]]:
    """Rows for the columns id, provider, account, schedule, kind, status, import, export."""
    return [
        (one.id, one.provider, one.email, one.schedule.name, one.schedule.kind, standing(one), *_directions(one))
        for one in connections
    ]


def _directions(connection: Connection) -> tuple[str, str]:
    config = connection.config
    return (
        ", ".join(config.calendars or ()) if config.imports else "off",
        f"{config.target}" if config.exports else "off",
    )


def standing(connection: Connection) -> str:
    """The status in words, with ours beside the API's."""
    more = [] if connection.reason is None else [connection.reason.value]
    if connection.paused:
        more.append("paused")
    if connection.disconnecting:
        more.append("being removed")
    elif not connection.confirmed and connection.status is not Status.DISCONNECTED:
        more.append("not confirmed")
    return connection.status.value + (f" ({', '.join(more)})" if more else "")
