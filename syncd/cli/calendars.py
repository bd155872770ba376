"""`syncd calendars`: the calendars of a connection's account. Not here: choosing among them (connect, configure)."""

import asyncio
from collections.abc import Sequence

import click

from syncd.cli import Command
from syncd.cli.compose import House, open_house
from syncd.cli.shown import print_json, print_table
from syncd.connections import existing
from syncd.model import Connection
from syncd.ports import CalendarInfo


@click.command("calendars", cls=Command)
@click.argument("connection", metavar="CONNECTION")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def calendars_command(ctx: click.Context, connection: str, as_json: bool) -> None:
    """List the calendars of a connection's account: id, name, default, writable, who shares it, what it is used for."""
    one, found = asyncio.run(_calendars(open_house(ctx), connection))
    rows = [(info.id, info.name, info.default, info.writable, info.owner, _used(one, info)) for info in found]
    columns = ("id", "name", "default", "writable", "shared by", "used for")
    if as_json:
        print_json([dict(zip((name.replace(" ", "_") for name in columns), row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)


def _used(connection: Connection, info: CalendarInfo) -> str:
    config = connection.config
    imported = ["import"] if config.imports and info.id in (config.calendars or ()) else []
    exported = ["export"] if config.exports and info.id == connection.calendar else []
    retired = ["being emptied"] if info.id in connection.retired else []
    return ", ".join([*imported, *exported, *retired])


async def _calendars(house: House, name: str) -> tuple[Connection, Sequence[CalendarInfo]]:
    keys = house.keys()
    async with house.store(read_only=True) as store:
        connection = await existing(store, name)
        account = await house.account_of(store, keys, connection)
        try:
            return connection, await account.calendars()
        finally:
            await account.aclose()
