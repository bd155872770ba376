"""`syncd migrate`: brings the database to this version's tables. Not here: the migrations (folder `migrations`)."""

import asyncio

import click

from syncd.cli import Command, config_file


@click.command("migrate", cls=Command)
@click.pass_context
def migrate_command(ctx: click.Context) -> None:
    """Bring the database to this version's tables; make it when there is none.

    May be repeated. Never goes back: make a backup first. Refuses a database that a newer version has made.
    """
    from syncd import config
    from syncd.store import migrate

    asyncio.run(migrate(config.load(config_file(ctx)).store.url))
    click.echo("the database is ready")
