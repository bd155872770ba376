"""The tables of the store, and the revision of the migrations that makes them.

Values of the model lie in text columns (codec); what a query asks for has a column of its own.
Not here: which value lies in which column (rows), queries (the modules beside), the migrations themselves.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)

from syncd.model import Side

REVISION: Final = "0003"

metadata: Final = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s"},
)


class Instant(TypeDecorator[datetime]):
    """An aware instant, UTC when it comes back; SQLite keeps it as text that sorts."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("the store takes aware datetimes only")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


# SQLite counts rows by itself only in a column of exactly this type.
Number: Final = BigInteger().with_variant(Integer, "sqlite")


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _item(name: str) -> Table:
    """What one side last showed of each item."""
    return Table(
        name,
        metadata,
        _key("collection"),
        _key("ref"),
        _text("group_key"),
        Column("version", Text),
        Column("fingerprint", Text),
        Column("sequence", BigInteger),
        Column("seen_at", Instant, nullable=False),
        Column("written_at", Instant),
        Column("starts_at", Instant),
        Column("ends_at", Instant),
        _text("event"),
        _text("traits"),
        Column("gone", Text),
        Column("absence", Text),
        Column("match_key", Text),
        Column("mark_key", Text),
        Column("home", Text),
        Column("series", Text),
        Column("original_start", Text),
        Index(None, "collection", "group_key"),
        Index(None, "collection", "starts_at"),
        Index(None, "collection", "match_key"),
        Index(None, "collection", "mark_key"),
        Index(None, "collection", "home"),
        Index(None, "collection", "series", "original_start"),
    )


session: Final = _item("session")
external_event: Final = _item("external_event")
ITEMS: Final[Mapping[Side, Table]] = {Side.WIX: session, Side.EXTERNAL: external_event}

superseded: Final = Table(
    "superseded",
    metadata,
    _key("side"),
    _key("collection"),
    _key("ref"),
    _key("version"),
    Column("number", BigInteger, nullable=False),
)

link: Final = Table(
    "link",
    metadata,
    _key("id"),
    _text("connection"),
    _text("origin"),
    _text("state"),
    Column("generation", Integer, nullable=False),
    Column("wix_collection", Text),
    Column("wix_ref", Text),
    Column("external_collection", Text),
    Column("external_ref", Text),
    # The original's ref as it was last, kept when the link has none any more: generations are counted by it.
    Column("original_collection", Text),
    Column("original_ref", Text),
    _text("wix_base"),
    _text("external_base"),
    Column("wix_made", Boolean, nullable=False),
    Column("external_made", Boolean, nullable=False),
    _text("participants"),
    _text("former"),
    _text("refused"),
    Column("adrift", Text, nullable=False, server_default=""),
    Index(None, "connection", "state"),
    Index(None, "wix_collection", "wix_ref"),
    Index(None, "external_collection", "external_ref"),
    Index(None, "original_collection", "original_ref"),
)

pending: Final = Table(
    "pending",
    metadata,
    _key("connection"),
    _key("side"),
    _key("collection"),
    _key("ref"),
    Column("since", Instant, nullable=False),
    Column("stamp", BigInteger, nullable=False),
)

counter: Final = Table("counter", metadata, _key("name"), Column("value", BigInteger, nullable=False))

cursor: Final = Table(
    "cursor",
    metadata,
    _key("connection"),
    _key("collection"),
    _text("token"),
    Column("window_start", Instant, nullable=False),
    Column("window_end", Instant, nullable=False),
)

reading: Final = Table(
    "reading",
    metadata,
    _key("side"),
    _key("collection"),
    Column("completed_at", Instant, nullable=False),
    Column("audited_at", Instant),
)

write: Final = Table(
    "write",
    metadata,
    _key("id"),
    _text("connection"),
    _text("run"),
    _text("side"),
    _text("calendar"),
    _text("item"),
    _text("action"),
    Column("opened_at", Instant, nullable=False),
    _text("state"),
    Column("bulk", Boolean, nullable=False),
    Column("closed_at", Instant),
    Column("outcome", Text),
    Index(None, "connection", "state"),
)

history: Final = Table(
    "history",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    _text("run"),
    _text("connection"),
    _text("item"),
    _text("kind"),
    _text("rule"),
    _text("outcome"),
    Column("side", Text),
    Column("collection", Text),
    Column("ref", Text),
    _text("detail"),
    _text("action"),
    Column("wix", Text),
    Column("external", Text),
    Column("counts", Boolean, nullable=False),
    _text("act"),
    _text("fields"),
    Index(None, "connection", "at"),
    Index(None, "item"),
    Index(None, "at"),
    sqlite_autoincrement=True,  # ids are what a reader pages by: never given twice
)

hold: Final = Table(
    "hold",
    metadata,
    _key("connection"),
    _key("action"),
    _text("group_key"),
    _text("item"),
    _text("rule"),
    _text("reason"),
    _text("body"),
    Column("since", Instant, nullable=False),
    _text("decision"),
    Column("decided_at", Instant),
    Index(None, "group_key"),
    Index(None, "connection", "item"),
)

quarantine: Final = Table(
    "quarantine",
    metadata,
    _key("connection"),
    _key("item"),
    _key("action"),
    _text("reason"),
    Column("attempts", Integer, nullable=False),
    Column("permanent", Boolean, nullable=False),
    Column("retry_at", Instant, nullable=False),
)

note: Final = Table(
    "note",
    metadata,
    _key("connection"),
    _key("item"),
    _text("rule"),
    _text("reason"),
    Column("at", Instant, nullable=False),
)

override: Final = Table(
    "override",
    metadata,
    _key("site"),
    _key("kind"),
    _key("ref"),
    Column("title", Text),
    Column("description", Text),
)

connection: Final = Table(
    "connection",
    metadata,
    _key("id"),
    _text("site"),
    _text("schedule"),
    _text("status"),
    _text("body"),
)

credential: Final = Table("credential", metadata, _key("connection"), Column("sealed", LargeBinary, nullable=False))

# Of a consent that is under way; `state` is a digest of what is shown to browsers.
consent: Final = Table(
    "consent",
    metadata,
    _key("state"),
    Column("sealed", LargeBinary, nullable=False),
    Column("until", Instant, nullable=False),
)

lease: Final = Table(
    "lease",
    metadata,
    _key("name"),
    _text("host"),
    Column("process", Integer, nullable=False),
    _text("started"),
    Column("fence", BigInteger, nullable=False),
    Column("until", Double, nullable=False),  # seconds of the database's clock since 1970; 0 when given back
)
