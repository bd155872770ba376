"""The simulators of a sandbox, started together on one clock and filled with the studio.

Not here: signals, the configuration and the database of whoever uses them (the command does that).
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from syncd.sandbox import studio
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.google import GoogleServer, GoogleState
from syncd.sandbox.google import seed as google_seed
from syncd.sandbox.ics import render
from syncd.sandbox.microsoft import MicrosoftServer, MicrosoftState
from syncd.sandbox.microsoft import seed as microsoft_seed
from syncd.sandbox.proxy import FaultProxy
from syncd.sandbox.radicale import RadicaleServer, SeedCalendar, seed
from syncd.sandbox.studio import Seeded
from syncd.sandbox.wix import WixServer, WixState

EMAIL: Final = "mara@icloud.example"
PASSWORD: Final = "abcd-efgh-ijkl-mnop"
CALENDAR: Final = "Home"
WIX_PORT, APPLE_PORT, GOOGLE_PORT, MICROSOFT_PORT = 0, 1, 2, 3  # behind the first port, when one is given


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Running simulators. `proxy` stands before Radicale and is the only address clients get."""

    clock: SandboxClock
    wix: WixServer
    proxy: FaultProxy
    radicale: RadicaleServer
    seeded: Seeded
    google: GoogleServer
    google_account: google_seed.SeededAccount
    microsoft: MicrosoftServer
    microsoft_account: microsoft_seed.SeededAccount

    def forget_requests(self) -> None:
        """Empty the request logs: what was asked up to now was part of the start."""
        self.wix.app.log.reset()
        self.proxy.log.reset()
        self.google.app.log.reset()
        self.microsoft.app.log.reset()

    @property
    def clock_url(self) -> str:
        """Where the common clock is read."""
        return f"{self.wix.base_url}/_sandbox/clock"

    def facts(self) -> dict[str, Any]:
        """What a client needs to know (DESIGN 6, the sandbox's line); a simulator that does not exist is None."""
        schedules = [
            {"id": one.id, "external_id": one.external_id, "name": one.name, "kind": one.kind}
            for one in studio.SCHEDULES
        ]
        return {
            "wix": {
                "base_url": self.wix.base_url,
                "app_id": studio.APP_ID,
                "app_secret": studio.APP_SECRET,
                "instance_id": studio.INSTANCE_ID,
                "schedules": schedules,
            },
            "google": self._google(),
            "microsoft": microsoft_seed.facts(self.microsoft.base_url, [self.microsoft_account]),
            "apple": {"url": self.proxy.base_url, "accounts": [{"email": EMAIL, "password": PASSWORD}]},
        }

    def _google(self) -> dict[str, Any]:
        account = self.google_account
        tokens = {"access_token": account.access_token, "refresh_token": account.refresh_token}
        base = self.google.base_url
        return {
            "base_url": f"{base}/",
            "auth_url": f"{base}/o/oauth2/v2/auth",
            "token_url": f"{base}/token",
            "revoke_url": f"{base}/revoke",
            "client_id": google_seed.CLIENT_ID,
            "client_secret": google_seed.CLIENT_SECRET,
            "accounts": [{"email": account.email, **tokens}],
        }

    def overrides(self) -> list[tuple[str, str, str, str]]:
        """Kind ("schedule" or "session"), id, title and description of the studio's overrides."""
        found = []
        for row in studio.OVERRIDES:
            kind = "schedule" if "schedule" in row else "session"
            name = row["schedule"] if kind == "schedule" else self.seeded.sessions[row["session"]]
            found.append((kind, name, row["title"], row["description"]))
        return found


@asynccontextmanager
async def serving(folder: Path, port_base: int = 0, clock: SandboxClock | None = None) -> AsyncIterator[Sandbox]:
    """Simulators with the studio in them, Radicale's files in `folder`; all are stopped at the end.

    `port_base`: Wix listens there, Apple, Google and Microsoft on the next ports; 0 takes free ones. Raises
    RadicaleError, and OSError for a port that is taken.
    """
    time = clock if clock is not None else SandboxClock()
    async with AsyncExitStack() as stack:
        state = WixState(time)
        seeded = studio.seed_wix(state, time)
        wix = WixServer(state)
        await wix.start(port_base + WIX_PORT if port_base else 0)
        stack.push_async_callback(wix.stop)
        radicale = RadicaleServer(folder, {EMAIL: PASSWORD})
        stack.push_async_callback(radicale.stop)
        await radicale.start()
        proxy = FaultProxy(radicale.base_url, time)
        await proxy.start(port_base + APPLE_PORT if port_base else 0)
        stack.push_async_callback(proxy.stop)
        await seed(radicale.base_url, EMAIL, PASSWORD, [_home(time)])
        google, account = await _google(stack, time, port_base + GOOGLE_PORT if port_base else 0)
        microsoft, mailbox = await _microsoft(stack, time, port_base + MICROSOFT_PORT if port_base else 0)
        yield Sandbox(time, wix, proxy, radicale, seeded, google, account, microsoft, mailbox)


async def _google(
    stack: AsyncExitStack, clock: SandboxClock, port: int
) -> tuple[GoogleServer, google_seed.SeededAccount]:
    """The second staff member's account, with the same habits as the first one's."""
    state = GoogleState(clock)
    account = google_seed.seed_account(state, studio.external_events(clock.now()))
    server = GoogleServer(state)
    await server.start(port)
    stack.push_async_callback(server.stop)
    return server, account


async def _microsoft(
    stack: AsyncExitStack, clock: SandboxClock, port: int
) -> tuple[MicrosoftServer, microsoft_seed.SeededAccount]:
    """The third staff member's mailbox, with the same habits and two more calendars."""
    state = MicrosoftState(clock)
    account = microsoft_seed.seed_account(state, studio.external_events(clock.now()))
    server = MicrosoftServer(state)
    await server.start(port)
    stack.push_async_callback(server.stop)
    return server, account


def _home(clock: SandboxClock) -> SeedCalendar:
    """The calendar that the first staff member has had all along."""
    now = clock.now()
    objects = {f"{event['uid']}.ics": render(event, stamp=now) for event in studio.external_events(now)}
    return SeedCalendar("home", CALENDAR, objects)
