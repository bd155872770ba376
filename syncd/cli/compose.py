"""The composition root: settings become a store, a clock, sites, accounts and rules.

Provider names are known here and in the adapters. Not here: what commands do with them, any decision of the core.
"""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from syncd import config, telemetry
from syncd.cli import config_file
from syncd.cli.clients import client_of, places_of
from syncd.cli.clocks import DistantClock, MachineClock
from syncd.config import Settings
from syncd.connections import Desk, Names
from syncd.drain import Drain
from syncd.errors import AuthRevoked, ConfigError
from syncd.model import Connection, Side
from syncd.normalise import calendar_key, collection_of, covers
from syncd.ports import Account, Clock, Grant, Shelf, SiteAdapter, StateStore
from syncd.run import Pass, Rules
from syncd.secrets import Keys
from syncd.secrets import load as load_keys

if TYPE_CHECKING:
    from adapters.http import Transport
    from syncd.store import SqlStore

APPLE: Final = "apple"
WIX: Final = "wix"


class Credentials(msgspec.Struct, frozen=True):
    """What opens an account: a password, or a grant. `url`: its server, where it is not the configured one.

    `found`: what an account opened with them told of itself (`ports.Account.found`); new credentials have none.
    """

    email: str = ""
    password: str = ""
    url: str | None = None
    found: str = ""
    grant: Grant | None = None

    def __repr__(self) -> str:
        return "Credentials(…)"


@dataclass(frozen=True)
class House:
    """One configuration, ready to be used. Nothing is opened before it is asked for.

    `transport`: what carries every request in place of sockets.
    """

    settings: Settings
    clock: Clock
    transport: "Transport | None" = None

    @property
    def rules(self) -> Rules:
        values = msgspec.structs.asdict(self.settings.policy)
        return Rules(**{**values, "bridge": self.settings.bridge_id, "on_clash": Side(self.settings.policy.on_clash)})

    @property
    def names(self) -> Names:
        return Names(collection_of, partial(calendar_key, self.settings.bridge_id), covers)

    def keys(self) -> Keys:
        """Raises ConfigError when the key file is missing or open to others."""
        return load_keys(Path(self.settings.secrets.key_file))

    def site(self, instance_id: str) -> SiteAdapter:
        """The adapter of a configured site. Raises ConfigError for any other, and without the app's id and secret."""
        from adapters import load

        wix = self.settings.wix
        problems = self.missing_app()
        if instance_id not in {site.instance_id for site in wix.sites}:
            problems.append(f"site {instance_id} is not configured: give it a table [[wix.sites]]")
        if problems:
            raise ConfigError(problems)
        from adapters.wix import Options

        site: SiteAdapter = load(WIX)(
            base_url=wix.base_url,
            app_id=wix.app_id,
            app_secret=wix.app_secret,
            instance_id=instance_id,
            clock=self.clock,
            bridge=self.settings.bridge_id,
            options=Options(override_namespace=wix.override_namespace or None, transport=self.transport),
        )
        return site

    def missing_app(self) -> list[str]:
        """What is not said of the app that opens every site."""
        wix = self.settings.wix
        ways = {"app_id": "write it into the configuration", "app_secret": "write it there, or name app_secret_file"}
        return [f"[wix] {key} is missing: {way}" for key, way in ways.items() if not getattr(wix, key)]

    def sites(self) -> Sequence[str]:
        """The instance ids of the configured sites. Raises ConfigError when there is none."""
        found = [site.instance_id for site in self.settings.wix.sites]
        if not found:
            raise ConfigError(["no site is configured: give it a table [[wix.sites]] with its instance_id"])
        return found

    def account(self, provider: str, credentials: Credentials, shelf: Shelf | None = None) -> Account:
        """The account that the credentials open; makes no request. `shelf`: where a grant lies that is stored."""
        match provider:
            case "apple":
                return self._with_password(credentials)
            case "google" | "microsoft":
                return self._with_grant(provider, credentials, shelf)
        raise ConfigError([f"connections of {provider} are not part of this edition"])

    def _with_grant(self, provider: str, credentials: Credentials, shelf: Shelf | None) -> Account:
        from adapters import load
        from syncd.cli.grants import InHand

        client = client_of(self.settings, provider)
        account: Account = load(provider)(
            client_id=client.id,
            client_secret=client.secret,
            shelf=shelf or InHand(credentials.grant),
            clock=self.clock,
            bridge=self.settings.bridge_id,
            found=credentials.found,
            transport=self.transport,
            **places_of(self.settings, provider),
        )
        return account

    def _with_password(self, credentials: Credentials) -> Account:
        from adapters import load

        account: Account = load(APPLE)(
            url=credentials.url or self.settings.apple.url,
            email=credentials.email,
            password=credentials.password,
            found=credentials.found,
            clock=self.clock,
            bridge=self.settings.bridge_id,
            max_in_flight=self.settings.apple.max_in_flight,
            transport=self.transport,
        )
        return account

    async def account_of(self, store: StateStore, keys: Keys, connection: Connection) -> Account:
        """The account of a connection. Raises as `credentials_of`."""
        _, credentials = await self.credentials_of(store, keys, connection)
        return self.account(connection.provider, credentials, self.shelf_of(connection, keys, credentials))

    def shelf_of(self, connection: Connection, keys: Keys, credentials: Credentials) -> Shelf | None:
        """Where the grant of a connection lies; None where it has none."""
        from syncd.cli.grants import Stored

        return None if credentials.grant is None else Stored(self, keys, connection, credentials.grant)

    async def credentials_of(self, store: StateStore, keys: Keys, connection: Connection) -> tuple[bytes, Credentials]:
        """The stored credentials of a connection, sealed and open. Raises AuthRevoked when there are none, ConfigError

        without their key.
        """
        sealed = await store.credentials(connection.id)
        if sealed is None:
            raise AuthRevoked(
                f"no credentials are stored for connection {connection.id}",
                side=Side.EXTERNAL,
                hint=f"syncd connect {connection.provider} --schedule {connection.schedule.id} …",
            )
        try:
            return sealed, msgspec.json.decode(keys.open(sealed), type=Credentials)
        except msgspec.DecodeError:
            raise ConfigError([f"the stored credentials of {connection.id} are damaged: connect once more"]) from None

    def desk(self, store: StateStore) -> Desk:
        from syncd.store import this_process

        now = self.clock.now()
        return Desk(store, self.names, this_process(), now, self.rules.window(now), asyncio.sleep)

    def work(self, store: StateStore, **more: Any) -> Pass:
        """A pass of this process under a new run id. `more`: fields of Pass."""
        from syncd.store import this_process

        return Pass(
            run=secrets.token_hex(8),
            store=store,
            clock=self.clock,
            owner=this_process(),
            rules=self.rules,
            lease_seconds=self.settings.service.lease_seconds,
            pause=asyncio.sleep,
            drain=Drain(self.settings.service.drain_seconds),
            **more,
        )

    @asynccontextmanager
    async def store(self, *, read_only: bool = False) -> AsyncIterator["SqlStore"]:
        """The store, closed at the end. Raises StoreError when it is unreachable or not migrated."""
        from syncd.store import open_store

        store = await open_store(self.settings.store.url, read_only=read_only)
        try:
            yield store
        finally:
            await store.aclose()

    @asynccontextmanager
    async def store_or_empty(self) -> AsyncIterator["SqlStore"]:
        """The store for reading only; without a database file an empty one, and nothing is made (DESIGN 4)."""
        from syncd.store import empty_store
        from syncd.store.database import file_of, is_there, normalised

        file = file_of(normalised(self.settings.store.url))
        if file is None or is_there(file):
            async with self.store(read_only=True) as store:
                yield store
            return
        store = await empty_store()
        try:
            yield store
        finally:
            await store.aclose()


def open_house(ctx: click.Context, *, quiet: bool = True) -> House:
    """The house of the configuration that the command was given; log lines go to standard error from here on.

    `quiet`: on a terminal only warnings are logged, since the command itself shows what it does.
    """
    settings = config.load(config_file(ctx))
    level = settings.log.level
    if quiet and sys.stderr.isatty() and level == "info":
        level = "warning"
    telemetry.set_up(settings.log.format, level)
    url = settings.service.clock_url
    return House(settings, MachineClock() if url is None else DistantClock(url))


def seal(keys: Keys, credentials: Credentials) -> bytes:
    """The credentials as the store may have them."""
    return keys.seal(msgspec.json.encode(credentials))


def new_id() -> str:
    """The id of a new connection."""
    return secrets.token_hex(8)
