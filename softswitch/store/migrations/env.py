"""Alembic's entry: runs on the connection that ``softswitch.store.engine`` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from softswitch.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
