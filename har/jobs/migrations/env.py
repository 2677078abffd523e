"""What Alembic runs to migrate: har.jobs.database hands it the connection."""

from alembic import context

from har.jobs.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
