"""Environment of Alembic: runs the migrations on the caller's connection, in its transaction."""

from alembic import context

from models.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=False)
context.run_migrations()
