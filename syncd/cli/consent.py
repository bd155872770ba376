"""A consent on the command line: the link, the answer by callback or by paste, the grant that comes of it.

Not here: the messages of OAuth (adapters.oauth), the page that the answer comes to (callback), what a grant is for
(connect).
"""

import asyncio
import getpass
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
import msgspec

from syncd.cli import callback
from syncd.cli.clients import consenting
from syncd.cli.compose import House
from syncd.connections import ladder
from syncd.errors import AuthRevoked, Forbidden
from syncd.model import Side
from syncd.ports import Grant

if TYPE_CHECKING:
    from adapters.oauth import Begun


async def grant_of(house: House, provider: str, login_hint: str | None) -> Grant:
    """What the owner of an account grants. Raises what adapters.oauth raises, after telling what to try."""
    from adapters import oauth

    asked = consenting(house.settings, provider, house.transport)
    now = house.clock.now()
    url, begun = oauth.begin(asked.provider, asked.client, asked.redirect_uri, now, login_hint)
    try:
        await _keep(house, begun)
        returned = await _answer(house, url, begun)
        kept = await _kept(house, begun.state)
        return await oauth.finish(asked.provider, asked.client, kept, returned, house.clock.now(), asked.http)
    except (Forbidden, AuthRevoked):
        low, high = ladder.PAUSE_MINUTES
        click.echo(f"If it goes on failing, try in this order, {low} to {high} minutes apart:", err=True)
        for number, rung in enumerate(ladder.RUNGS, 1):
            click.echo(f"  {number}. {rung}", err=True)
        raise
    finally:
        await asked.http.aclose()


async def _keep(house: House, begun: "Begun") -> None:
    sealed = house.keys().seal(msgspec.json.encode(begun))
    async with house.store() as store:
        await store.put_consent(begun.state, sealed, begun.until)


async def _kept(house: House, state: str) -> "Begun":
    """What was kept, which nobody else can take any more. Raises Forbidden when it is too late."""
    from adapters.oauth import Begun

    async with house.store() as store:
        sealed = await store.take_consent(state, house.clock.now())
    if sealed is None:
        text = "the answer came too late, or somebody was quicker"
        raise Forbidden(text, code="EXPIRED", side=Side.EXTERNAL, hint="run the same command again")
    return msgspec.json.decode(house.keys().open(sealed), type=Begun)


async def _answer(house: House, url: str, begun: "Begun") -> str | Mapping[str, str]:
    """What came back first: the callback's parameters, or a pasted line."""
    place = urlsplit(begun.redirect_uri)
    port = house.settings.service.loopback_port
    seconds = (begun.until - house.clock.now()).total_seconds()
    async with AsyncExitStack() as stack:
        waits: list[asyncio.Future[dict[str, str]] | asyncio.Task[str]] = []
        try:
            page = await stack.enter_async_context(callback.listening(port, place.path, begun.state))
            waits.append(page.came)
        except OSError:
            click.echo(f"port {port} of this machine is taken, so that only a pasted address line works", err=True)
        _tell(url, port)
        line = asyncio.create_task(callback.pasted())
        waits.append(line)
        done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        line.cancel()
        if not done:
            raise Forbidden(
                "nobody consented in time", code="EXPIRED", side=Side.EXTERNAL, hint="run the same command again"
            )
        return done.pop().result()


def _tell(url: str, port: int) -> None:
    click.echo("Open this link in a browser where the account is signed in, and agree:", err=True)
    click.echo(f"\n  {url}\n", err=True)
    if not has_display():
        host = socket.gethostname()
        click.echo(
            f"On another machine than this one? Either run there: ssh -L {port}:{callback.HOST}:{port} "
            f"{getpass.getuser()}@{host}\nor paste here the whole address line of the page that cannot be opened:",
            err=True,
        )
    else:
        click.echo("(or paste here the whole address line of the page that you come to)", err=True)


def has_display() -> bool:
    """Whether a browser on this machine is likely."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
