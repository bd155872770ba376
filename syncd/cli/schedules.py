"""`syncd schedules`: what can be connected, and what speaks for or against it.

Not here: whether a schedule may be connected (syncd.connections.objections).
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import click

from syncd.cli import FAILED, FINE, Command, explain
from syncd.cli.compose import House, open_house
from syncd.cli.shown import print_json, print_table
from syncd.connections import is_alive, objections
from syncd.errors import AdapterError, Forbidden, StoreError
from syncd.model import Connection, Kind, Observation, Schedule, ScheduleKind, Window
from syncd.ports import ForeignConnection, SiteAdapter

COLUMNS = ("name", "kind", "id", "zone", "ahead", "connected to", "advice")
ADVICE = {
    ScheduleKind.BUSINESS: "for the company's calendar: shows every session, and blocks all staff",
    ScheduleKind.STAFF: "for this person's own calendar",
    ScheduleKind.SERVICE: "export only: nothing outside blocks it",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A schedule with what a person wants to know before connecting it. `ahead`: sessions within the window."""

    site: str
    schedule: Schedule
    ahead: int
    connected: tuple[str, ...]
    advice: str

    def to_json(self) -> dict[str, Any]:
        """As the listing gives it."""
        return {
            "site": self.site,
            "id": self.schedule.id,
            "external_id": self.schedule.external_id,
            "name": self.schedule.name,
            "kind": self.schedule.kind.value,
            "time_zone": self.schedule.time_zone,
            "active": self.schedule.active,
            "sessions_ahead": self.ahead,
            "connections": list(self.connected),
            "advice": self.advice,
        }


@click.command("schedules", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def schedules_command(ctx: click.Context, as_json: bool) -> None:
    """List what can be connected: name, kind, id, zone, sessions ahead, connected to, advice."""
    offers, errors = asyncio.run(_offers(open_house(ctx)))
    if as_json:
        print_json([offer.to_json() for offer in offers])
    else:
        print_table(COLUMNS, [_row(offer) for offer in offers])
    for error in errors:
        explain(error)
    ctx.exit(FAILED if errors else FINE)


def _row(offer: Offer) -> tuple[object, ...]:
    one = offer.schedule
    return one.name, one.kind, one.id, one.time_zone, offer.ahead, ", ".join(offer.connected), offer.advice


async def _offers(house: House) -> tuple[list[Offer], list[AdapterError]]:
    connections = await _connections(house)
    offers: list[Offer] = []
    errors: list[AdapterError] = []
    for name in house.sites():
        site = house.site(name)
        try:
            offers += await _of_site(house, site, [one for one in connections if one.site == name])
        except AdapterError as error:
            errors.append(error)
        finally:
            await site.aclose()
    return offers, errors


async def _connections(house: House) -> Sequence[Connection]:
    """None are known before the database is made."""
    try:
        async with house.store_or_empty() as store:
            return await store.connections()
    except StoreError as error:
        explain(error)
        return ()


async def _of_site(house: House, site: SiteAdapter, connections: Sequence[Connection]) -> list[Offer]:
    schedules = await site.schedules()
    try:
        foreign = await site.foreign_connections()
    except Forbidden as error:
        explain(error)
        foreign = ()
    now = house.clock.now()
    days = house.settings.policy.window_future_days
    seen = await site.covering(schedules).read(Window(now, now + timedelta(days=days)))
    ahead = _ahead(schedules, seen.observations)
    return [_offer(site, schedule, ahead[schedule.id], connections, foreign) for schedule in schedules]


def _ahead(schedules: Sequence[Schedule], sessions: Sequence[Observation]) -> Counter[str]:
    """How many sessions concern each schedule."""
    found: Counter[str] = Counter()
    for session in sessions:
        traits = session.traits
        if session.absence is not None or traits.kind is Kind.WORKING_HOURS:
            continue
        names = traits.schedules | {traits.home}
        found.update(
            one.id
            for one in schedules
            if one.kind is ScheduleKind.BUSINESS
            or one.id in names
            or (one.resource is not None and one.resource in names)
        )
    return found


def _offer(
    site: SiteAdapter,
    schedule: Schedule,
    ahead: int,
    connections: Sequence[Connection],
    foreign: Sequence[ForeignConnection],
) -> Offer:
    mine = tuple(one.id for one in connections if one.schedule.id == schedule.id and is_alive(one))
    against = objections(schedule, foreign)
    return Offer(site.collection, schedule, ahead, mine, against[0] if against else ADVICE[schedule.kind])
