"""`syncd override`: another title or description shown outside (ExternalCalendarOverrides).

Not here: which text is shown in the end (R8).
"""

import asyncio
from typing import TypedDict, Unpack

import click

from syncd.cli import Command
from syncd.cli.compose import House, open_house
from syncd.cli.shown import may_show_text, print_json
from syncd.errors import ConfigError
from syncd.model import Override, Ref
from syncd.store import SqlStore


class Options(TypedDict):
    """The options of `override`."""

    kind: str
    name: str
    title: str | None
    description: str | None
    clear: bool
    site: str | None
    as_json: bool


@click.command("override", cls=Command)
@click.argument("kind", type=click.Choice(["schedule", "session"]))
@click.argument("name", metavar="ID")
@click.option("--title", metavar="T", help="The title shown outside.")
@click.option("--description", metavar="D", help='The description shown outside; "" shows none.')
@click.option("--clear", is_flag=True, help="Show the session's own again.")
@click.option("--site", metavar="INSTANCE", help="The site, where several are configured.")
@click.option("--json", "as_json", is_flag=True, help="What is set now, as JSON.")
@click.pass_context
def override_command(ctx: click.Context, **options: Unpack[Options]) -> None:
    """Show another title or description outside than the session's own.

    Of a schedule it holds for all its sessions, of a session for this one; each field counts by itself. Without an
    option it tells what is set. The next pass carries it over.
    """
    changes = options["title"] is not None or options["description"] is not None
    if options["clear"] and changes:
        raise click.UsageError("give --clear, or what to show", ctx)
    if options["title"] is not None and not options["title"].strip():
        raise click.UsageError("a title cannot be empty: --clear shows the session's own again", ctx)
    house = open_house(ctx)
    value, touched = asyncio.run(_override(house, options, changes=changes or options["clear"]))
    if options["as_json"]:
        print_json({"title": value.title, "description": value.description, "links": touched})
        return
    if touched is not None:
        click.echo(f"stored; {touched} linked items follow with the next pass")
    elif may_show_text(show_text=False):
        click.echo(f"title: {value.title}\ndescription: {value.description}")
    else:
        named = [name for name in ("title", "description") if getattr(value, name) is not None]
        click.echo(f"set: {', '.join(named) or 'nothing'}; --json prints it")


async def _override(house: House, options: Options, *, changes: bool) -> tuple[Override, int | None]:
    async with house.store(read_only=not changes) as store:
        site = options["site"] or await _site_of(house, store, options)
        present = await _present(store, site, options)
        if not changes:
            return present, None
        wanted = Override() if options["clear"] else _merged(present, options)
        touched = await store.put_override(site, options["kind"], options["name"], wanted, house.clock.now())
        return wanted, touched


async def _site_of(house: House, store: SqlStore, options: Options) -> str:
    """The only site, or that of a connection with this schedule. Raises ConfigError when it stays open."""
    sites = house.sites()
    if len(sites) == 1:
        return sites[0]
    known = {one.site for one in await store.connections() if one.schedule.id == options["name"]}
    if options["kind"] == "schedule" and len(known) == 1:
        return known.pop()
    raise ConfigError(["several sites are configured: name one by --site"])


async def _present(store: SqlStore, site: str, options: Options) -> Override:
    ref = Ref(site, options["name"])
    if options["kind"] == "schedule":
        found = await store.overrides(site, [], [ref.id])
        return found[ref].schedule if ref in found else Override()
    found = await store.overrides(site, [ref], [])
    return found[ref].session if ref in found else Override()


def _merged(present: Override, options: Options) -> Override:
    title, description = options["title"], options["description"]
    return Override(
        present.title if title is None else title, present.description if description is None else description
    )
