"""Scripts that bring an older ledger to the schema of this version; run by alembic."""
