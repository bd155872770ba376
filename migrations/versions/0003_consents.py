"""Consents that are under way: asked for, and not yet answered."""

import sqlalchemy as sa
from alembic import op

from syncd.store.tables import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: a database goes back by restoring a backup."""
    op.create_table(
        "consent",
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("state", name="pk_consent"),
    )
