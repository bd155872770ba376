"""Our mark on what a round shows: rows never tell it (reference/microsoft.md, 0), so it is read beside them.

Not here: what a mark says (drafts), what becomes of the rows (calendar, series).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.microsoft.client import Client
from adapters.microsoft.drafts import KEYS_AT_ONCE, PROPERTIES, expanded, of_anyone, of_keys
from adapters.microsoft.mapping import TRANSACTION
from adapters.microsoft.refusals import Asked
from adapters.microsoft.series import Group
from adapters.sights import Resource, moment_of
from syncd.errors import Throttled, Transient

DIRECT: Final = 40  # events that are read one by one; of more, those with a mark are listed
YOUNG: Final = timedelta(hours=1)  # a listing by property may lag: what changed lately is read by itself
_PAGE: Final = 250


async def bearers(client: Client, calendar: str) -> dict[str, Resource] | None:
    """Events of a calendar with a mark, of whatever installation, by id; None where they are not listed so."""
    events = client.me.calendars.by_calendar_id(calendar).events
    try:
        return {row["id"]: row for row in await _listed(client, events, of_anyone())}
    except Throttled:
        raise
    except Transient:
        return None


async def holders(client: Client, calendar: str, keys: Sequence[str]) -> tuple[list[Resource], bool]:
    """Events that bear one of these keys, and whether they are sure to lie in the calendar.

    Where it cannot be asked by property, the mailbox is (reference/microsoft.md, 2.4 and 11).
    """
    chunks = [keys[at : at + KEYS_AT_ONCE] for at in range(0, len(keys), KEYS_AT_ONCE)]
    inside = client.me.calendars.by_calendar_id(calendar).events
    try:
        return [row for chunk in chunks for row in await _listed(client, inside, of_keys(chunk))], True
    except Throttled:
        raise
    except Transient:
        everywhere = client.me.events
        return [row for chunk in chunks for row in await _listed(client, everywhere, of_keys(chunk))], False


async def made_under(client: Client, calendar: str, keys: Iterable[str]) -> dict[str, str]:
    """Of events of a calendar that were made under these keys: id by key. All that lies there is listed for it, which

    shows what look-ups by property, of an index that lags, do not show yet.
    """
    wanted, events = set(keys), client.me.calendars.by_calendar_id(calendar).events
    call = client.get(Asked("looking for events of ours"), events, select=["id", "transactionId"], top=_PAGE)
    rows = await client.listed(call)
    return {row["transactionId"]: row["id"] for row in rows if row.get("transactionId") in wanted}


async def _listed(client: Client, events: Any, condition: str) -> list[Resource]:
    asked = Asked("looking for events of ours")
    return await client.listed(client.get(asked, events, filter=condition, expand=[expanded()], top=_PAGE))


def told_by(groups: Iterable[Group], listed: Mapping[str, Resource], now: datetime) -> dict[str, Resource]:
    """What a listing of the marked events says of groups; those that it says nothing sure of are left out."""
    told: dict[str, Resource] = {}
    for group in groups:
        row = listed.get(group.name)
        if group.lacks_master or _is_young(group, now) or (row is not None and PROPERTIES not in row):
            continue
        said = row if row is not None else {PROPERTIES: []}
        told[group.name] = {name: said[name] for name in (PROPERTIES, TRANSACTION) if name in said}
    return told


def _is_young(group: Group, now: datetime) -> bool:
    row = group.master if group.is_series else next(iter(group.rows), None)
    at = moment_of((row or {}).get("lastModifiedDateTime"))
    return at is None or now - at < YOUNG
