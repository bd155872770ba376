"""`syncd holds`, `approve`, `reject`: what waits for a person, and the decision. The next pass acts on it.

Not here: what is held and why (plan, R15, R28, R29).
"""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import click

from syncd.cli import Command
from syncd.cli.compose import House, open_house
from syncd.cli.shown import NOTHING, may_show_text, print_json, print_table
from syncd.errors import ConfigError
from syncd.model import Decision
from syncd.ports import HoldRow


@click.command("holds", cls=Command)
@click.option("--connection", metavar="ID", help="Of this connection only.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, titles included.")
@click.option("--show-text", is_flag=True, help="Print titles also where nobody sits before a terminal.")
@click.pass_context
def holds_command(ctx: click.Context, connection: str | None, as_json: bool, show_text: bool) -> None:
    """List what waits for a decision. One decision covers all actions of one id, and exactly these."""
    rows = asyncio.run(_holds(open_house(ctx), connection))
    if as_json:
        print_json([_json(group) for group in _groups(rows)])
        return
    if not rows:
        click.echo("nothing waits")
        return
    shown = may_show_text(show_text)
    for group in _groups(rows):
        first = group[0]
        click.echo(f"{first.group}: {first.reason} ({first.rule}, connection {first.connection})")
        print_table(("action", "side", "item", "what"), [_cells(row.body, show_text=shown) for row in group])
        click.echo(f"  syncd approve {first.group}   or   syncd reject {first.group}\n")


@click.command("approve", cls=Command)
@click.argument("hold", metavar="ID")
@click.pass_context
def approve_command(ctx: click.Context, hold: str) -> None:
    """Do what a hold waits to do: exactly these items at exactly these versions, with the next pass."""
    rows = asyncio.run(_decide(open_house(ctx), hold, Decision.APPROVED))
    click.echo(f"approved: {len(rows)} {_actions(rows)}; the next `syncd run --once` does it")


@click.command("reject", cls=Command)
@click.argument("hold", metavar="ID")
@click.pass_context
def reject_command(ctx: click.Context, hold: str) -> None:
    """Refuse what a hold waits to do; the next pass puts the other side back as it was."""
    rows = asyncio.run(_decide(open_house(ctx), hold, Decision.REJECTED))
    click.echo(f"rejected: {len(rows)} {_actions(rows)}; the next `syncd run --once` puts it back")


def _actions(rows: Sequence[HoldRow]) -> str:
    return "action" if len(rows) == 1 else "actions"


async def _holds(house: House, connection: str | None) -> list[HoldRow]:
    from syncd.connections import existing

    async with house.store(read_only=True) as store:
        name = None if connection is None else (await existing(store, connection)).id
        return list(await store.holds(name))


async def _decide(house: House, name: str, decision: Decision) -> Sequence[HoldRow]:
    """Raises ConfigError when nothing, or more than one thing, waits under this id or an id that begins so."""
    async with house.store() as store:
        waiting = {row.group for row in await store.holds()}
        exact = {name} & (waiting | {row.action for row in await store.holds()})
        found = exact or {group for group in waiting if name and group.startswith(name)}
        if len(found) != 1:
            which = "nothing waits" if not found else "more than one thing waits"
            raise ConfigError([f"{which} under {name}: `syncd holds` lists what does"])
        return await store.decide(found.pop(), decision, house.clock.now())


def _groups(rows: Sequence[HoldRow]) -> list[list[HoldRow]]:
    ordered = sorted(rows, key=lambda row: (row.since, row.group))
    return [list(group) for _, group in groupby(ordered, key=lambda row: row.group)]


def _json(group: Sequence[HoldRow]) -> dict[str, Any]:
    first = group[0]
    return {
        "id": first.group,
        "connection": first.connection,
        "rule": first.rule,
        "reason": first.reason,
        "since": first.since,
        "actions": [{"digest": row.action, "item": row.item, **row.body} for row in group],
    }


def _cells(body: Mapping[str, Any], *, show_text: bool) -> tuple[object, ...]:
    """One held action, as its JSON has it."""
    ref = body.get("ref") or {}
    changes = [_change(row, show_text=show_text) for row in body.get("changes") or ()]
    shows = body.get("shows") or body.get("event") or {}
    told = [_value(shows[name], show_text=show_text) for name in ("title", "when") if shows.get(name) is not None]
    changes = changes or [", ".join(told)]
    return body.get("kind"), body.get("side"), ref.get("id"), "; ".join(changes)


def _change(row: Mapping[str, Any], *, show_text: bool) -> str:
    values = [_value(row.get(key), show_text=show_text) for key in ("before", "after")]
    return f"{row.get('field')}: {values[0]} → {values[1]}"


def _value(value: object, *, show_text: bool) -> str:
    match value:
        case {"start": start, "end": end}:
            return f"{start} - {end}"
        case {"first": first, "until": until}:
            return f"{first} until {until}"
        case str() if not show_text:
            return "…"
        case None:
            return NOTHING
    return str(value)
