"""The log on PostgreSQL: order, chain, isolation, group commit, verification, library adapter."""
