"""Runs the scripts on the connection that opening the ledger hands over.

There is no ``alembic.ini``: a ledger is upgraded by opening it.
"""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
