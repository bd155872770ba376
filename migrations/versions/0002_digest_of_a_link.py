"""What the mark of our copy said when the bases of its link last advanced."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: a database goes back by restoring a backup. Not known for links that are there already."""
    op.add_column("link", sa.Column("digest", sa.Text(), nullable=True))
