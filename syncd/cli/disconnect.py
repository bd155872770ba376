"""`syncd disconnect`: says what will be removed, asks, and ends the connection (R23). The next pass removes it.

Not here: the removal itself (plan, apply).
"""

import asyncio
from collections import Counter

import click

from syncd.cli import FINE, HELD, Command
from syncd.cli.compose import House, open_house
from syncd.cli.connect import first_plan
from syncd.cli.shown import ask, print_table
from syncd.connections import disconnect, ending, existing, farewell
from syncd.errors import AdapterError
from syncd.model import Connection, Delete
from syncd.store import SqlStore


@click.command("disconnect", cls=Command)
@click.argument("connection", metavar="ID")
@click.option("--yes", is_flag=True, help="Do it without a question.")
@click.pass_context
def disconnect_command(ctx: click.Context, connection: str, yes: bool) -> None:
    """End a connection and remove what it made, on both sides.

    The calendar stays taken until the removal, which the next `syncd run --once` does, is complete.
    """
    ctx.exit(asyncio.run(_disconnect(open_house(ctx), connection, yes=yes)))


async def _disconnect(house: House, name: str, *, yes: bool) -> int:
    async with house.store() as store:
        connection = await existing(store, name)
        try:
            counts = await _removals(house, store, connection)
        except AdapterError as error:
            click.echo(f"what will be removed cannot be counted now: {error}", err=True)
        else:
            click.echo(f"{sum(counts.values())} items that syncd made will be removed")
            print_table(("side", "count"), sorted(counts.items()))
        if not ask(f"Disconnect {connection.id}?", yes=yes):
            click.echo("nothing was changed")
            return HELD
        if await disconnect(house.desk(store), connection) is None:
            click.echo(f"connection {connection.id} was never confirmed, and is forgotten")
        else:
            click.echo(f"connection {connection.id} is disconnected: the next `syncd run --once` removes what it made")
        return FINE


async def _removals(house: House, store: SqlStore, connection: Connection) -> Counter[str]:
    """How many items the removal would take away, per side."""
    async with store.snapshot() as copy:
        ended = ending(connection)
        await copy.commit(await farewell(house.desk(copy), ended), None)
        result = await first_plan(house, copy, ended)
    actions = result.plan.actions if result.plan is not None else ()
    return Counter(action.side.value for action in actions if isinstance(action, Delete))
