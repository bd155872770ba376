"""`syncd configure`: what a connection imports and exports. Not here: what follows from it (the next pass, R30)."""

import asyncio
from typing import Unpack

import click

from syncd.cli import Command
from syncd.cli.compose import House, open_house
from syncd.cli.listing import summary
from syncd.cli.shown import print_json
from syncd.cli.wishes import WishOptions, wish_of, wish_options
from syncd.connections import Wish, configure, existing
from syncd.model import Connection


class ConfigureOptions(WishOptions):
    """The options of `configure`."""

    connection: str
    new_calendar: bool
    as_json: bool


@click.command("configure", cls=Command)
@click.argument("connection", metavar="ID")
@wish_options
@click.option("--new-calendar", is_flag=True, help="Make a new dedicated calendar, when the old one was deleted.")
@click.option("--json", "as_json", is_flag=True, help="The connection as JSON.")
@click.pass_context
def configure_command(ctx: click.Context, **options: Unpack[ConfigureOptions]) -> None:
    """Change what a connection imports and exports; the next pass carries it out.

    Switching import off, or leaving a calendar out, removes the blocks that came from it; switching export off removes
    what was exported. `syncd run --once --dry-run` shows it first.
    """
    wish = wish_of(options, new_calendar=options["new_calendar"])
    if wish == Wish():
        raise click.UsageError("say what to change: --import, --export, --calendar, --target or --new-calendar", ctx)
    changed = asyncio.run(_configure(open_house(ctx), options["connection"], wish))
    if options["as_json"]:
        print_json(summary(changed))
    else:
        click.echo(f"changed: `syncd run --once --dry-run --connection {changed.id}` shows what the next pass will do")


async def _configure(house: House, name: str, wish: Wish) -> Connection:
    keys = house.keys()
    async with house.store() as store:
        connection = await existing(store, name)
        account = await house.account_of(store, keys, connection)
        try:
            return await configure(house.desk(store), account, connection, wish)
        finally:
            await account.aclose()
