"""`syncd status`: how each connection is, and what was left as it is.

Not here: finding it out (a pass does), deciding holds (holds).
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import click

from syncd.cli import FAILED, FINE, Command
from syncd.cli.compose import House, open_house
from syncd.cli.listing import standing
from syncd.cli.shown import moment, print_json, print_table
from syncd.connections import is_alive
from syncd.model import Connection, Status
from syncd.ports import Note

COUNTS: Final = ("links", "pending", "held", "quarantined", "listed", "open", "unknown")
_LEAST: Final = timedelta(minutes=15)
_POLLS: Final = 3  # a connection may miss so many passes before it is called stale


@dataclass(frozen=True, slots=True)
class Row:
    """One connection. `stale`: why it is behind, if so."""

    connection: Connection
    counts: dict[str, int]
    stale: str | None
    age: timedelta | None

    def to_json(self) -> dict[str, Any]:
        """As the listing gives it."""
        one = self.connection
        return {
            "connection": one.id,
            "provider": one.provider,
            "schedule": one.schedule.id,
            "status": one.status.value,
            "reason": None if one.reason is None else one.reason.value,
            "detail": one.detail,
            "confirmed": one.confirmed,
            "paused": one.paused,
            "last_success_at": one.last_success_at,
            "next_due_at": one.next_due_at,
            "age_seconds": None if self.age is None else int(self.age.total_seconds()),
            "stale": self.stale,
            **self.counts,
        }


@click.command("status", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--exit-code", is_flag=True, help="Exit 1 when something is stale.")
@click.pass_context
def status_command(ctx: click.Context, as_json: bool, exit_code: bool) -> None:
    """Show how each connection is: status, last success, next pass, what waits, and what was left as it is."""
    rows, notes = asyncio.run(_status(open_house(ctx)))
    if as_json:
        print_json({"connections": [row.to_json() for row in rows], "notes": [_note(note) for note in notes]})
    else:
        _print(rows, notes)
    ctx.exit(FAILED if exit_code and any(row.stale for row in rows) else FINE)


async def _status(house: House) -> tuple[list[Row], list[Note]]:
    now = house.clock.now()
    patience = max(_LEAST, timedelta(seconds=_POLLS * house.settings.service.poll_seconds))
    async with house.store(read_only=True) as store:
        rows = []
        for one in await store.connections():
            counts = await store.tally(one.id)
            age = None if one.last_success_at is None else now - one.last_success_at
            rows.append(Row(one, {name: counts.get(name, 0) for name in COUNTS}, stale(one, now, patience), age))
        return rows, list(await store.notes())


def stale(connection: Connection, now: datetime, patience: timedelta) -> str | None:
    """Why a connection is behind; None for one that is not, or that is not meant to run."""
    if not is_alive(connection) or connection.paused or not (connection.confirmed or connection.disconnecting):
        return None
    if connection.status is Status.ERROR:
        return "in error"
    since = connection.last_success_at or connection.created_at
    if since is not None and now - since > patience:
        return f"no success since {moment(since)}"
    return None


def _print(rows: list[Row], notes: list[Note]) -> None:
    if not rows:
        click.echo("there is no connection: `syncd schedules` lists what can be connected")
        return
    columns = ("connection", "schedule", "status", "last success", "next pass", "stale", *COUNTS)
    print_table(columns, [_cells(row) for row in rows])
    for row in rows:
        if row.connection.detail:
            click.echo(f"{row.connection.id}: {row.connection.detail}")
        if row.counts["unknown"]:
            click.echo(f"{row.connection.id}: {row.counts['unknown']} items could not be found for more than 7 days")
        if row.counts["held"]:
            click.echo(f"{row.connection.id}: `syncd holds` lists what waits")
    if notes:
        click.echo("")
        cells = [(note.connection, note.item, note.rule, note.reason, note.at) for note in notes]
        print_table(("connection", "item", "rule", "left as it is, because", "since"), cells)


def _cells(row: Row) -> tuple[object, ...]:
    one = row.connection
    counts = [row.counts[name] for name in COUNTS]
    return one.id, one.schedule.name, standing(one), one.last_success_at, one.next_due_at, row.stale, *counts


def _note(note: Note) -> dict[str, Any]:
    return {
        "connection": note.connection,
        "item": note.item,
        "rule": note.rule,
        "reason": note.reason,
        "at": note.at,
    }
