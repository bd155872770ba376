"""`syncd pause` and `syncd resume`. Not here: what a pause means to a pass (cycle)."""

import asyncio
from collections.abc import Awaitable, Callable

import click

from syncd.cli import Command
from syncd.cli.compose import House, open_house
from syncd.connections import Desk, existing, pause, resume
from syncd.model import Connection

Change = Callable[[Desk, Connection], Awaitable[Connection]]


@click.command("pause", cls=Command)
@click.argument("connection", metavar="ID")
@click.pass_context
def pause_command(ctx: click.Context, connection: str) -> None:
    """Stop a connection: nothing is read, written or removed until `syncd resume`."""
    changed = asyncio.run(_change(open_house(ctx), connection, pause))
    click.echo(f"connection {changed.id} is paused: `syncd resume {changed.id}` goes on")


@click.command("resume", cls=Command)
@click.argument("connection", metavar="ID")
@click.pass_context
def resume_command(ctx: click.Context, connection: str) -> None:
    """Go on with a paused connection."""
    changed = asyncio.run(_change(open_house(ctx), connection, resume))
    click.echo(f"connection {changed.id} goes on with the next pass")


async def _change(house: House, name: str, change: Change) -> Connection:
    async with house.store() as store:
        return await change(house.desk(store), await existing(store, name))
