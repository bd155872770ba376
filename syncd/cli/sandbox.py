"""`syncd sandbox`: the simulators, with a configuration and a database that fit them, until SIGTERM.

Not here: the simulators (syncd.sandbox).
"""

import asyncio
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from syncd import config
from syncd.cli import Command
from syncd.cli.clients import GOOGLE, MICROSOFT
from syncd.cli.compose import APPLE, Credentials, House, new_id, seal
from syncd.cli.connect import stored
from syncd.cli.init import new_bridge_id, write_config
from syncd.connections import Request, Wish, confirm
from syncd.errors import ConfigError
from syncd.model import Override, Target
from syncd.ports import Grant
from syncd.sandbox import studio
from syncd.sandbox.google import seed as google_seed
from syncd.sandbox.microsoft import seed as microsoft_seed
from syncd.sandbox.radicale import RadicaleError
from syncd.sandbox.serve import EMAIL, PASSWORD, Sandbox, serving
from syncd.secrets import write_file
from syncd.store import migrate

_CONFIG: Final = """\
# Configuration of a sandbox: its addresses hold while it runs.
bridge_id = "{bridge}"

[store]
url = "sqlite:///syncd.db"

[secrets]
key_file = "syncd.key"

[wix]
base_url = "{wix}"
app_id = "{app_id}"
app_secret = "{app_secret}"

[[wix.sites]]
instance_id = "{instance_id}"

[apple]
url = "{apple}"

[google]
client_id = "{google[client_id]}"
client_secret = "{google[client_secret]}"
base_url = "{google[base_url]}"
auth_url = "{google[auth_url]}"
token_url = "{google[token_url]}"
revoke_url = "{google[revoke_url]}"

[microsoft]
client_id = "{microsoft[client_id]}"
client_secret = "{microsoft[client_secret]}"
base_url = "{microsoft[base_url]}"
authority = "{microsoft[authority]}"

[service]
clock_url = "{clock}"

[log]
level = "warning"
"""


@click.command("sandbox", cls=Command)
@click.option(
    "--dir",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where its files go, a new or empty folder.  [default: one that is removed at the end]",
)
@click.option(
    "--port-base", type=click.IntRange(0, 65_000), default=0, help="Listen from this port on.  [default: free]"
)
@click.option("--no-connect", is_flag=True, help="Do not store the studio's connections.")
def sandbox_command(folder: Path | None, port_base: int, no_connect: bool) -> None:
    """Start a Wix site, and accounts at Apple, Google and Microsoft, on this machine, with a studio to try.

    Prints one line of JSON when everything is there, and runs until SIGTERM or Ctrl-C.
    """
    with _folder(folder) as place:
        asyncio.run(_run(place, port_base, connect=not no_connect))


async def _run(place: Path, port_base: int, *, connect: bool) -> None:
    stop = _stopped()
    try:
        async with serving(place / "radicale", port_base) as sandbox:
            file = _written(place, sandbox)
            house = House(config.load(file, {}), sandbox.clock)
            await _prepared(house, sandbox, connect=connect)
            sandbox.forget_requests()
            click.echo(_line(file, place, sandbox))
            await stop.wait()
    except RadicaleError as error:
        raise ConfigError([str(error)]) from error
    except OSError as error:
        raise ConfigError(
            [f"the sandbox cannot start: {error.strerror or error}: choose another --port-base"]
        ) from error


def _stopped() -> asyncio.Event:
    """Set by SIGTERM and Ctrl-C, also while the simulators are still starting."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


@contextmanager
def _folder(named: Path | None) -> Iterator[Path]:
    """The named folder, which must be empty; or one for this time only."""
    if named is None:
        with tempfile.TemporaryDirectory(prefix="syncd-sandbox-") as made:
            yield Path(made)
        return
    if named.exists() and any(named.iterdir()):
        raise ConfigError([f"{named}: is not empty: a sandbox begins anew each time, give it a folder of its own"])
    named.mkdir(parents=True, exist_ok=True)
    yield named


def _written(place: Path, sandbox: Sandbox) -> Path:
    """The configuration and the key file."""
    file = place.absolute() / "syncd.toml"
    write_file(place / "syncd.key")
    text = _CONFIG.format(
        bridge=new_bridge_id(),
        wix=sandbox.wix.base_url,
        app_id=studio.APP_ID,
        app_secret=studio.APP_SECRET,
        instance_id=studio.INSTANCE_ID,
        apple=sandbox.proxy.base_url,
        clock=sandbox.clock_url,
        google=sandbox.facts()["google"],
        microsoft=sandbox.facts()["microsoft"],
    )
    write_config(file, text)
    return file


async def _prepared(house: House, sandbox: Sandbox, *, connect: bool) -> None:
    """The database, the studio's overrides, and its connections, one for each staff member with an account."""
    await migrate(house.settings.store.url)
    async with house.store() as store:
        for kind, name, title, description in sandbox.overrides():
            value = Override(title, description)
            await store.put_override(studio.INSTANCE_ID, kind, name, value, house.clock.now())
        if not connect:
            return
        for staff, (provider, credentials, wish) in zip(studio.STAFF, _outside(sandbox), strict=True):
            sealed = seal(house.keys(), credentials)
            request = Request(new_id(), provider, staff.schedule_id, credentials.email, sealed, wish)
            made = await stored(house, store, credentials, request)
            await confirm(house.desk(store), made)


def _outside(sandbox: Sandbox) -> tuple[tuple[str, Credentials, Wish], ...]:
    """What each staff member connects, in their order. The third reads the default calendar and a read-only one."""
    mailbox = sandbox.microsoft_account
    chosen = (mailbox.calendars[0][0], mailbox.calendars[-1][0])
    return (
        (APPLE, Credentials(EMAIL, PASSWORD), Wish()),
        (GOOGLE, Credentials(sandbox.google_account.email, grant=granted(sandbox)), Wish(target=Target.PRIMARY)),
        (MICROSOFT, Credentials(mailbox.email, grant=granted_by_mailbox(sandbox)), Wish(calendars=chosen)),
    )


def granted(sandbox: Sandbox) -> Grant:
    """What the second staff member has consented to."""
    account, now = sandbox.google_account, sandbox.clock.now()
    sub = sandbox.google.state.accounts[account.email].sub
    scopes = tuple(google_seed.SCOPES)
    return Grant(account.access_token, account.refresh_token, now, scopes, sub, account.email, now)


def granted_by_mailbox(sandbox: Sandbox) -> Grant:
    """What the third staff member has consented to."""
    account, now = sandbox.microsoft_account, sandbox.clock.now()
    person = sandbox.microsoft.state.accounts[account.email]
    identity, scopes = f"{person.oid}.{person.tid}", tuple(microsoft_seed.SCOPES)
    return Grant(account.access_token, account.refresh_token, now, scopes, identity, account.email, now)


def _line(file: Path, place: Path, sandbox: Sandbox) -> str:
    import json

    facts: dict[str, Any] = {"config": str(file), "database": str(place.absolute() / "syncd.db"), **sandbox.facts()}
    return json.dumps(facts)
