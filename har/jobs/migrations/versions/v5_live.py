"""Live streams: where workers take them, and what a job that is one will have as its result."""

import sqlalchemy as sa
from alembic import op

revision = "5"
down_revision = "4"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("outline", sa.JSON))
    op.add_column("workers", sa.Column("live", sa.JSON))
    op.add_column("workers", sa.Column("models", sa.JSON))


def downgrade() -> None:
    with op.batch_alter_table("workers") as workers:
        workers.drop_column("models")
        workers.drop_column("live")
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_column("outline")
