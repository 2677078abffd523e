"""Jobs that are tried again, listed, and told as they go; sums for the metrics."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_column("progress")
        jobs.add_column(sa.Column("progress", sa.JSON, nullable=False, server_default="{}"))
        jobs.add_column(sa.Column("client", sa.String, nullable=False, server_default=""))
        jobs.add_column(sa.Column("key", sa.String))
        jobs.add_column(sa.Column("fingerprint", sa.String, nullable=False, server_default=""))
        jobs.add_column(sa.Column("bytes", sa.BigInteger, nullable=False, server_default="0"))
        jobs.add_column(sa.Column("limit", sa.Float, nullable=False, server_default="3600"))
        jobs.add_column(sa.Column("attempts", sa.Integer, nullable=False, server_default="0"))
        jobs.add_column(sa.Column("beat", sa.Float))
        jobs.add_column(sa.Column("sent", sa.Float, nullable=False, server_default="0"))
        jobs.create_unique_constraint("jobs_key", ["client", "key"])
        jobs.create_index("jobs_state", ["state", "created"])
        jobs.create_index("jobs_client", ["client", "created", "id"])
    op.create_table(
        "segments",
        sa.Column("job", sa.String, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("document", sa.JSON, nullable=False),
    )
    op.create_table(
        "tallies",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("label", sa.String, primary_key=True),
        sa.Column("value", sa.Float, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("tallies")
    op.drop_table("segments")
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_index("jobs_client")
        jobs.drop_index("jobs_state")
        jobs.drop_constraint("jobs_key")
        for name in ("sent", "beat", "attempts", "limit", "bytes", "fingerprint", "key", "client"):
            jobs.drop_column(name)
        jobs.drop_column("progress")
        jobs.add_column(sa.Column("progress", sa.Float, nullable=False, server_default="0"))
