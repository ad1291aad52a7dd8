"""The log on PostgreSQL: stored form, appends, group commit, verification, library adapter."""
