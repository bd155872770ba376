"""`syncd connect`: verify, store, show the first plan, ask (R29). A connect that fails leaves nothing behind.

Not here: what may be connected (syncd.connections), how a plan looks (plans).
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar, Unpack

import click
import msgspec

from syncd.cli import FINE, HELD, Command, shared_options
from syncd.cli.clients import GOOGLE, MICROSOFT
from syncd.cli.compose import APPLE, Credentials, House, new_id, open_house, seal
from syncd.cli.consent import grant_of
from syncd.cli.listing import summary
from syncd.cli.passes import one_pass
from syncd.cli.plans import print_plan
from syncd.cli.shown import ask, may_show_text, print_json, progress
from syncd.cli.wishes import WishOptions, wish_of, wish_options
from syncd.connections import Request, confirm, connect, is_alive, verified
from syncd.errors import ConfigError
from syncd.model import Connection, Target
from syncd.ports import CalendarInfo, SiteAdapter
from syncd.run import Result
from syncd.store import SqlStore

F = TypeVar("F", bound=Callable[..., object])


class ConnectOptions(WishOptions):
    """The options of every `connect`."""

    schedule: str
    yes: bool
    as_json: bool
    show_text: bool


class AppleOptions(ConnectOptions):
    """The options of `connect apple`."""

    email: str
    password_stdin: bool
    url: str | None


class ConsentOptions(ConnectOptions):
    """The options where the owner of an account consents."""

    email: str | None


@click.group("connect", params=[*shared_options()])
def connect_command() -> None:
    """Connect a schedule with the calendars of an account."""


def connect_options(command: F) -> F:
    """Adds what every `connect` takes."""
    for option in (
        click.option("--show-text", is_flag=True, help="Print titles also where nobody sits before a terminal."),
        click.option("--json", "as_json", is_flag=True, help="The connection and its first plan as JSON."),
        click.option("--yes", is_flag=True, help="Accept the first plan without a question."),
        wish_options,
        click.option("--schedule", required=True, metavar="ID", help="As `syncd schedules` lists it."),
    ):
        command = option(command)
    return command


_proposal = click.option("--email", metavar="E", help="The account to propose on the page of the consent.")


@connect_command.command("apple", cls=Command)
@click.option("--email", required=True, metavar="E", help="The address of the account.")
@click.option("--password-stdin", is_flag=True, help="Read the app-specific password from standard input.")
@click.option("--url", metavar="URL", help="Another CalDAV server than the configured one.")
@connect_options
@click.pass_context
def apple_command(ctx: click.Context, **options: Unpack[AppleOptions]) -> None:
    """Connect a schedule with an account at iCloud, or at another CalDAV server.

    Nothing is written on either side: the first plan is shown, and the next `syncd run --once` applies it when you
    agreed. The same account and schedule again renews the connection.
    """
    house = open_house(ctx)
    credentials = Credentials(options["email"], _password(house, options), options["url"])
    ctx.exit(asyncio.run(_connect(house, APPLE, credentials, options)))


@connect_command.command("google", cls=Command)
@_proposal
@connect_options
@click.pass_context
def google_command(ctx: click.Context, **options: Unpack[ConsentOptions]) -> None:
    """Connect a schedule with the primary calendar of a Google account, both ways.

    Prints a link. Its owner opens it and agrees; the answer comes back to this machine by itself, or you paste the
    address line of the page that you come to. Then the first plan is shown, and the next `syncd run --once` applies it
    when you agreed. The same account and schedule again renews the connection. Nothing is mailed to anyone.
    """
    house = open_house(ctx)
    ctx.exit(asyncio.run(_consented(house, GOOGLE, options, Target.PRIMARY)))


@connect_command.command("microsoft", cls=Command)
@_proposal
@connect_options
@click.pass_context
def microsoft_command(ctx: click.Context, **options: Unpack[ConsentOptions]) -> None:
    """Connect a schedule with calendars of a Microsoft account, both ways.

    Prints a link. Its owner opens it and agrees; the answer comes back to this machine by itself, or you paste the
    address line of the page that you come to. Sessions are shown in a calendar that is made for them, or in the default
    one with --target primary; what lies in the default calendar, or in each that --calendar names, blocks time in Wix.
    Then the first plan is shown, and the next `syncd run --once` applies it when you agreed. The same account and
    schedule again renews the connection. Nothing is mailed to anyone.
    """
    house = open_house(ctx)
    ctx.exit(asyncio.run(_consented(house, MICROSOFT, options, Target.DEDICATED)))


async def _consented(house: House, provider: str, options: ConsentOptions, target: Target) -> int:
    """Keys, database and schedule are looked at before a person is sent to a page. `target`: where nothing is said."""
    house.keys()
    async with house.store() as store:
        there = [one for one in await store.connections() if one.provider == provider and is_alive(one)]
        site = await site_of(house, options["schedule"])
        try:
            schedule = await verified(site, options["schedule"])
        finally:
            await site.aclose()
    credentials = Credentials(grant=await grant_of(house, provider, options["email"]))
    account = house.account(provider, credentials)
    try:
        address, identity = await account.address(), await account.identity()
        listed = await account.calendars()
    finally:
        await account.aclose()
    click.echo(f"account {address}, schedule {schedule.name}", err=True)
    _tell_calendars(listed)
    renews = any((one.schedule.id, one.identity) == (schedule.id, identity) for one in there)
    if options["target"] is None and not renews:
        options["target"] = target.value
    return await _connect(house, provider, msgspec.structs.replace(credentials, email=address), options)


def _tell_calendars(listed: Sequence[CalendarInfo]) -> None:
    """What may be chosen from, where there is a choice."""
    if len(listed) < 2:
        return
    click.echo(
        "calendars of the account (--calendar NAME, once for each, imports from others than the default):", err=True
    )
    for one in listed:
        said = (one.default, "default"), (not one.writable, "read-only"), (bool(one.owner), f"shared by {one.owner}")
        more = ", ".join(word for is_so, word in said if is_so)
        click.echo(f"  {one.name}" + (f" ({more})" if more else ""), err=True)


def _password(house: House, options: AppleOptions) -> str:
    """What was given; one that cannot be right is sent only when a person wants it, who is asked on the same input."""
    if options["password_stdin"]:
        word = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        word = click.prompt("App-specific password", hide_input=True, err=True)
    else:
        raise click.UsageError("give the password on standard input, with --password-stdin")
    if not word:
        raise click.UsageError("the password is empty")
    from adapters.apple.passwords import WARNING, is_no_app_password

    if is_no_app_password(options["url"] or house.settings.apple.url, word):
        click.echo(f"warning: {WARNING}", err=True)
        if not ask("Send this one all the same?", yes=False):
            raise click.UsageError("nothing was sent; run the same command again with an app-specific password")
    return word


async def _connect(house: House, provider: str, credentials: Credentials, options: ConnectOptions) -> int:
    keys = house.keys()
    async with house.store() as store:
        before = {one.id for one in await store.connections()}
        request = Request(
            id=new_id(),
            provider=provider,
            schedule=options["schedule"],
            email=credentials.email,
            sealed=seal(keys, credentials),
            wish=wish_of(options),
        )
        made = await stored(house, store, credentials, request)
        try:
            result = await first_plan(house, store, made)
        except BaseException:
            if made.id not in before:
                await store.forget_connection(made.id)
            raise
        return await _settle(house, store, result, options)


async def stored(house: House, store: SqlStore, credentials: Credentials, request: Request) -> Connection:
    """The verified connection, stored."""
    account = house.account(request.provider, credentials)
    site: SiteAdapter | None = None
    try:
        site = await site_of(house, request.schedule)
        return await connect(house.desk(store), site, account, request)
    finally:
        await account.aclose()
        if site is not None:
            await site.aclose()


async def site_of(house: House, schedule: str) -> SiteAdapter:
    """The site that has the schedule; the first one when none has it, so that its error says so."""
    names = house.sites()
    for name in names if len(names) > 1 else ():
        site = house.site(name)
        if any(schedule in (one.id, one.external_id) for one in await site.schedules()):
            return site
        await site.aclose()
    return house.site(names[0])


async def first_plan(house: House, store: SqlStore, connection: Connection) -> Result:
    """What the next pass would do for a connection that may be unconfirmed. Raises what stopped the plan."""
    async with store.snapshot() as copy:
        with progress() as tell:
            work = house.work(copy, dry=True, unconfirmed=True, progress=tell)
            results = await one_pass(house, work, [connection])
    if not results:
        raise ConfigError([f"there is no connection {connection.id}: `syncd connections` lists them"])
    if results[0].error is not None:
        raise results[0].error
    return results[0]


def _what(connection: Connection) -> str:
    """What will be synced, for people."""
    config, who = connection.config, connection.email or connection.identity
    place = "its primary calendar" if config.target is Target.PRIMARY else "a calendar made for them"
    exported = f"sessions are shown in {place}" if config.exports else "no session is shown"
    if not config.imports:
        return f"account {who}: {exported}; nothing is imported to block time in Wix"
    count = len(config.calendars or ())
    return f"account {who}: {exported}; {count} of its calendars {'blocks' if count == 1 else 'block'} time in Wix"


async def _settle(house: House, store: SqlStore, result: Result, options: ConnectOptions) -> int:
    """Show the plan and ask; an accepted one is applied by the next pass."""
    connection = result.connection
    if not options["as_json"]:
        click.echo(f"connection {connection.id}: {connection.schedule.kind} schedule {connection.schedule.id}")
        click.echo(_what(connection))
        if result.plan is not None:
            print_plan(result.plan, show_text=may_show_text(options["show_text"]))
    agreed = connection.confirmed or ask("Apply this with the next pass?", yes=options["yes"])
    if agreed and not connection.confirmed:
        connection = await confirm(house.desk(store), connection)
    if options["as_json"]:
        print_json(summary(connection) | {"plan": None if result.plan is None else result.plan.to_json()})
    elif agreed:
        click.echo("confirmed: the next `syncd run --once` applies it")
    else:
        click.echo(
            f"stored, not confirmed: nothing happens until you run the same command with --yes, or end it with "
            f"`syncd disconnect {connection.id}`"
        )
    return FINE if agreed else HELD
