"""`syncd history`: what was done, with rule, observations and outcome. Not here: recording it (apply)."""

import asyncio
from typing import Any, TypedDict, Unpack

import click

from syncd.cli import Command
from syncd.cli.compose import House, open_house
from syncd.cli.shown import print_json, print_table
from syncd.model import plain
from syncd.ports import HistoryRow


class Options(TypedDict):
    """The options of `history`."""

    connection: str | None
    item: str | None
    limit: int
    before: int | None
    as_json: bool


@click.command("history", cls=Command)
@click.option("--connection", metavar="ID", help="Of this connection only.")
@click.option("--item", metavar="ITEM", help="Of this item only, as a plan or another row names it.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Rows at most.")
@click.option("--before", type=click.IntRange(1), metavar="ROW", help="Older than this row.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with observations and titles.")
@click.pass_context
def history_command(ctx: click.Context, **options: Unpack[Options]) -> None:
    """List every write, newest first: rule, side, item, outcome."""
    rows = asyncio.run(_history(open_house(ctx), options))
    if options["as_json"]:
        print_json([_json(row) for row in rows])
    elif not rows:
        click.echo("nothing was done yet")
    else:
        columns = ("row", "at", "connection", "action", "rule", "side", "item", "outcome", "detail")
        print_table(columns, [_cells(row) for row in rows])


async def _history(house: House, options: Options) -> list[HistoryRow]:
    from syncd.connections import existing

    async with house.store(read_only=True) as store:
        name = None if options["connection"] is None else (await existing(store, options["connection"])).id
        return list(
            await store.history(connection=name, item=options["item"], limit=options["limit"], before=options["before"])
        )


def _cells(row: HistoryRow) -> tuple[object, ...]:
    ref = row.ref.id if row.ref is not None else row.item
    return row.id, row.at, row.connection, row.kind, row.rule, row.side, ref, row.outcome, row.detail


def _json(row: HistoryRow) -> dict[str, Any]:
    body: dict[str, Any] = plain(row)
    return body
