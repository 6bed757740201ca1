"""One script per revision of the schema. A script that was released is never edited."""
