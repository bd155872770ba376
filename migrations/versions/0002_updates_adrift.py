"""Updates of our copies that were sent and seemed to have no effect."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: a database goes back by restoring a backup. None is known of links that are there already."""
    op.add_column("link", sa.Column("adrift", sa.Text(), nullable=False, server_default=""))
