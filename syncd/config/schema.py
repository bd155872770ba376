"""Every section and key of `syncd.toml`, with what is allowed and what holds when nothing is said.

`Meta.extra`: `secret` values are never quoted and may come from a file; `url` says which addresses are taken.
Not here: reading a file (the package itself), what the settings are used for (cli composes).
"""

from datetime import date
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

_SECRET: Final = {"secret": True}
_LOOPBACK: Final = {"url": "loopback"}
Secret: TypeAlias = Annotated[str, Meta(description="a text, or the name of a file by *_file", extra=_SECRET)]
Url: TypeAlias = Annotated[
    str, Meta(description="an https address; plain http on loopback addresses only", extra={"url": "any"})
]
SecretUrl: TypeAlias = Annotated[
    str, Meta(description="an https address; plain http on loopback addresses only", extra={"url": "any", **_SECRET})
]
LoopbackUrl: TypeAlias = Annotated[str, Meta(description="an http address on loopback", extra=_LOOPBACK)]
Count: TypeAlias = Annotated[int, Meta(ge=0, description="a whole number, 0 or more")]
Positive: TypeAlias = Annotated[int, Meta(ge=1, description="a whole number, 1 or more")]
Seconds: TypeAlias = Annotated[float, Meta(gt=0, description="a number of seconds, more than 0")]
Share: TypeAlias = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]
Port: TypeAlias = Annotated[int, Meta(ge=1, le=65535, description="a port from 1 to 65535")]
Bridge: TypeAlias = Annotated[
    str, Meta(pattern="^[a-z0-9]{4,32}$", description="4 to 32 characters of a-z and 0-9, as `syncd init` writes it")
]
Name: TypeAlias = Annotated[str, Meta(min_length=1, description="a text that is not empty")]


class _Section(Struct, frozen=True, kw_only=True):
    pass


class Store(_Section, frozen=True):
    url: Secret = "sqlite:///syncd.db"


class Secrets(_Section, frozen=True):
    key_file: Name = "syncd.key"


class WixSite(_Section, frozen=True):
    instance_id: Name
    alert_email: str | None = None


class Wix(_Section, frozen=True):
    base_url: Url = "https://www.wixapis.com"
    app_id: str = ""
    app_secret: Secret = ""
    override_namespace: str = ""
    sites: tuple[WixSite, ...] = ()


class Google(_Section, frozen=True):
    client_id: str = ""
    client_secret: Secret = ""
    base_url: Url = "https://www.googleapis.com/"
    auth_url: Url = "https://accounts.google.com/o/oauth2/v2/auth"
    token_url: Url = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    revoke_url: Url = "https://oauth2.googleapis.com/revoke"


class Microsoft(_Section, frozen=True):
    client_id: str = ""
    client_secret: Secret = ""
    client_secret_expires: Annotated[date, Meta(description="a date, 2030-12-31")] | None = None
    tenant: Name = "common"
    base_url: Url = "https://graph.microsoft.com/v1.0"
    authority: Url = "https://login.microsoftonline.com"


class Apple(_Section, frozen=True):
    url: Url = "https://caldav.icloud.com"
    max_in_flight: Positive = 8


class Policy(_Section, frozen=True):
    window_past_days: Count = 7
    window_future_days: Positive = 365
    on_clash: Literal["wix", "external"] = "wix"
    write_back: Literal["without_participants", "all", "off"] = "without_participants"
    description: Literal["notes", "override_only"] = "notes"
    import_details: Literal["full", "title", "busy"] = "full"
    delete_limit: Count = 10
    delete_share: Share = 0.2
    delete_hard_limit: Count = 100
    create_limit: Count = 500


class Service(_Section, frozen=True):
    poll_seconds: Seconds = 300
    host: Name = "127.0.0.1"
    port: Port = 8080
    public_url: Url | None = None
    loopback_port: Port = 8765
    engine: Literal["embedded", "cluster"] = "embedded"
    concurrency: Positive = 4
    drain_seconds: Seconds = 30
    lease_seconds: Seconds = 180
    clock_url: LoopbackUrl | None = None


class Api(_Section, frozen=True):
    redirect_origins: tuple[Url, ...] = ()
    clients: tuple[Name, ...] = ()


class Mail(_Section, frozen=True):
    smtp_url: Secret | None = None
    sender: str | None = msgspec.field(default=None, name="from")


class Alerts(_Section, frozen=True):
    url: SecretUrl | None = None
    email_to: str | None = None
    repeat_hours: Count = 24
    heartbeat_url: SecretUrl | None = None


class Retention(_Section, frozen=True):
    history_days: Positive = 90
    journal_days: Positive = 30


class Log(_Section, frozen=True):
    format: Literal["json", "console"] = "json"
    level: Literal["info", "debug", "warning", "error"] = "info"


class Settings(_Section, frozen=True):
    """Everything that can be set. Paths are absolute: those of the file count from its folder."""

    bridge_id: Bridge
    store: Store = Store()
    secrets: Secrets = Secrets()
    wix: Wix = Wix()
    google: Google = Google()
    microsoft: Microsoft = Microsoft()
    apple: Apple = Apple()
    policy: Policy = Policy()
    service: Service = Service()
    api: Api = Api()
    mail: Mail = Mail()
    alerts: Alerts = Alerts()
    retention: Retention = Retention()
    log: Log = Log()
