"""`syncd connections`: lists them. Not here: how each is doing (status)."""

import asyncio

import click

from syncd.cli import Command
from syncd.cli.compose import House, open_house
from syncd.cli.listing import rows_of, summary
from syncd.cli.shown import print_json, print_table
from syncd.model import Connection

COLUMNS = ("id", "provider", "account", "schedule", "kind", "status", "import from", "export to")


@click.command("connections", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def connections_command(ctx: click.Context, as_json: bool) -> None:
    """List the connections."""
    found = asyncio.run(_connections(open_house(ctx)))
    if as_json:
        print_json([summary(one) for one in found])
    elif not found:
        click.echo("there is no connection: `syncd schedules` lists what can be connected")
    else:
        print_table(COLUMNS, rows_of(found))


async def _connections(house: House) -> list[Connection]:
    async with house.store(read_only=True) as store:
        return list(await store.connections())
