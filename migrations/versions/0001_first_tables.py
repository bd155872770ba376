"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: a database goes back by restoring a backup."""
    for name in ("session", "external_event"):
        make_items(name)
    make_superseded()
    make_links()
    make_pending()
    make_connections()
    make_leases()
    make_journal()
    make_history()
    make_holds()
    make_settings()


def make_items(name: str) -> None:
    op.create_table(
        name,
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("version", sa.Text()),
        sa.Column("fingerprint", sa.Text()),
        sa.Column("sequence", sa.BigInteger()),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True)),
        sa.Column("starts_at", sa.DateTime(timezone=True)),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("traits", sa.Text(), nullable=False),
        sa.Column("gone", sa.Text()),
        sa.Column("absence", sa.Text()),
        sa.Column("match_key", sa.Text()),
        sa.Column("mark_key", sa.Text()),
        sa.Column("home", sa.Text()),
        sa.Column("series", sa.Text()),
        sa.Column("original_start", sa.Text()),
        sa.PrimaryKeyConstraint("collection", "ref", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_collection_group_key"), name, ["collection", "group_key"])
    op.create_index(op.f(f"ix_{name}_collection_home"), name, ["collection", "home"])
    op.create_index(op.f(f"ix_{name}_collection_mark_key"), name, ["collection", "mark_key"])
    op.create_index(op.f(f"ix_{name}_collection_match_key"), name, ["collection", "match_key"])
    op.create_index(
        op.f(f"ix_{name}_collection_series_original_start"), name, ["collection", "series", "original_start"]
    )
    op.create_index(op.f(f"ix_{name}_collection_starts_at"), name, ["collection", "starts_at"])


def make_superseded() -> None:
    op.create_table(
        "superseded",
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("side", "collection", "ref", "version", name=op.f("pk_superseded")),
    )


def make_links() -> None:
    op.create_table(
        "link",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("wix_collection", sa.Text()),
        sa.Column("wix_ref", sa.Text()),
        sa.Column("external_collection", sa.Text()),
        sa.Column("external_ref", sa.Text()),
        sa.Column("original_collection", sa.Text()),
        sa.Column("original_ref", sa.Text()),
        sa.Column("wix_base", sa.Text(), nullable=False),
        sa.Column("external_base", sa.Text(), nullable=False),
        sa.Column("wix_made", sa.Boolean(), nullable=False),
        sa.Column("external_made", sa.Boolean(), nullable=False),
        sa.Column("participants", sa.Text(), nullable=False),
        sa.Column("former", sa.Text(), nullable=False),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
    )
    op.create_index(op.f("ix_link_connection_state"), "link", ["connection", "state"])
    op.create_index(op.f("ix_link_external_collection_external_ref"), "link", ["external_collection", "external_ref"])
    op.create_index(op.f("ix_link_original_collection_original_ref"), "link", ["original_collection", "original_ref"])
    op.create_index(op.f("ix_link_wix_collection_wix_ref"), "link", ["wix_collection", "wix_ref"])


def make_pending() -> None:
    op.create_table(
        "pending",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "side", "collection", "ref", name=op.f("pk_pending")),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "cursor",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_end", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection", "collection", name=op.f("pk_cursor")),
    )
    op.create_table(
        "reading",
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audited_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("side", "collection", name=op.f("pk_reading")),
    )


def make_connections() -> None:
    op.create_table(
        "connection",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
    )
    op.create_table(
        "credential",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("connection", name=op.f("pk_credential")),
    )


def make_leases() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("started", sa.Text(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )


def make_journal() -> None:
    op.create_table(
        "write",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("bulk", sa.Boolean(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write")),
    )
    op.create_index(op.f("ix_write_connection_state"), "write", ["connection", "state"])


def make_history() -> None:
    op.create_table(
        "history",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("side", sa.Text()),
        sa.Column("collection", sa.Text()),
        sa.Column("ref", sa.Text()),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("wix", sa.Text()),
        sa.Column("external", sa.Text()),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_history_at"), "history", ["at"])
    op.create_index(op.f("ix_history_connection_at"), "history", ["connection", "at"])
    op.create_index(op.f("ix_history_item"), "history", ["item"])


def make_holds() -> None:
    op.create_table(
        "hold",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("connection", "action", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_connection_item"), "hold", ["connection", "item"])
    op.create_index(op.f("ix_hold_group_key"), "hold", ["group_key"])


def make_settings() -> None:
    op.create_table(
        "quarantine",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("permanent", sa.Boolean(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection", "item", "action", name=op.f("pk_quarantine")),
    )
    op.create_table(
        "note",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection", "item", name=op.f("pk_note")),
    )
    op.create_table(
        "override",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.PrimaryKeyConstraint("site", "kind", "ref", name=op.f("pk_override")),
    )
