"""What the page shows of a job before it is done, and what people say of its result."""

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("facts", sa.JSON))
    op.add_column("jobs", sa.Column("playable", sa.String))
    op.add_column("jobs", sa.Column("corrections", sa.JSON, nullable=False, server_default="{}"))
    op.create_table(
        "questions",
        sa.Column("job", sa.String, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("token", sa.String, nullable=False),
        sa.Column("labels", sa.JSON),
        sa.Column("asked", sa.Float, nullable=False),
        sa.Column("worker", sa.String),
        sa.Column("taken", sa.Float),
        sa.Column("error", sa.JSON),
    )


def downgrade() -> None:
    op.drop_table("questions")
    with op.batch_alter_table("jobs") as jobs:
        for name in ("corrections", "playable", "facts"):
            jobs.drop_column(name)
