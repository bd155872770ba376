"""`syncd run --once`: one pass over the connections, dry or real.

Not here: the pass (passes), how plans look (plans).
"""

import asyncio
from typing import TypedDict, Unpack

import click

from syncd.cli import FAILED, UNUSABLE, Command
from syncd.cli.clients import MICROSOFT, expiring
from syncd.cli.compose import House, open_house
from syncd.cli.ending import heeding, printing, tell_what_was_cut
from syncd.cli.passes import choose, exit_code, one_pass
from syncd.cli.plans import digest, document, print_plan
from syncd.cli.shown import may_show_text, print_json, progress
from syncd.run import Pass, Result
from syncd.telemetry import logger


class Options(TypedDict):
    """The options of `run`, by the names that click gives them."""

    once: bool
    dry_run: bool
    connection: tuple[str, ...]
    as_json: bool
    exit_code: bool
    show_text: bool


@click.command("run", cls=Command)
@click.option("--once", is_flag=True, help="One pass, then end.")
@click.option("--dry-run", is_flag=True, help="Show the plan and change nothing; implies --once.")
@click.option("--connection", multiple=True, metavar="ID", help="This connection only; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, titles included.")
@click.option("--exit-code", is_flag=True, help="With --dry-run: exit 3 when there is something to do.")
@click.option("--show-text", is_flag=True, help="Print titles also where nobody sits before a terminal.")
@click.pass_context
def run_command(ctx: click.Context, **options: Unpack[Options]) -> None:
    """Read both sides, plan, and apply: one pass over the connections.

    Exits 2 when something is not usable, 1 when a connection failed, 4 when something waits for a decision, else 0.
    A connection that another process works on is skipped and named. SIGTERM and Ctrl-C end the pass early: what is
    under way is finished and recorded, the next pass goes on.
    """
    if not (options["once"] or options["dry_run"]):
        raise click.UsageError("give --once; the service is not part of this edition", ctx)
    house = open_house(ctx)
    _alert_of_secrets(house)
    work, results = asyncio.run(_dry(house, options) if options["dry_run"] else _real(house, options))
    tell_what_was_cut(work.drain)
    with printing():
        if options["as_json"]:
            print_json(document(work.run, results, dry=options["dry_run"]))
        else:
            _print(results, options)
    code = exit_code(results, dry=options["dry_run"], tell_changes=options["exit_code"])
    ctx.exit(FAILED if work.drain.has_cut and code != UNUSABLE else code)


def _alert_of_secrets(house: House) -> None:
    """Every connection of a provider stops when the secret of our client expires: told in time, with each pass."""
    step = expiring(house.settings, house.clock.now().date())
    if step is not None:
        logger().error("client_secret_expires", provider=MICROSOFT, next=step)


async def _dry(house: House, options: Options) -> tuple[Pass, list[Result]]:
    """The plans of a private copy: nothing outside or in the database changes, no lease is taken."""
    async with house.store_or_empty() as store, store.snapshot() as copy:
        with progress() as tell:
            work = house.work(copy, dry=True, progress=tell)
            with heeding(work.drain):
                return work, await one_pass(house, work, await choose(copy, options["connection"]))


async def _real(house: House, options: Options) -> tuple[Pass, list[Result]]:
    async with house.store() as store:
        with progress() as tell:
            work = house.work(store, progress=tell)
            with heeding(work.drain):
                return work, await one_pass(house, work, await choose(store, options["connection"]))


def _print(results: list[Result], options: Options) -> None:
    show_text = may_show_text(options["show_text"])
    if not results:
        click.echo("there is no connection: `syncd schedules` lists what can be connected")
        return
    for result in results:
        one = result.connection
        schedule = f"{one.schedule.kind} schedule {one.schedule.id} of site {one.site}"
        click.echo(f"connection {one.id}: {schedule} with {one.provider}")
        _print_one(result, options, show_text=show_text)
        click.echo("")
    click.echo(f"digest of all plans: {digest(results)}")


def _print_one(result: Result, options: Options, *, show_text: bool) -> None:
    if result.skipped is not None:
        click.echo(f"skipped: {result.skipped}")
        return
    if result.plan is not None:
        print_plan(result.plan, show_text=show_text)
    if result.error is not None:
        side, ref, hint = (getattr(result.error, name, "") for name in ("side", "ref", "hint"))
        where = "".join(f"{part}: " for part in (side, ref) if part)
        click.echo(f"failed: {where}{result.error}")
        if hint:
            click.echo(f"  next: {hint}")
    elif not options["dry_run"]:
        click.echo(f"{result.written} written, {result.failed} failed, {result.held} held: {result.connection.status}")
