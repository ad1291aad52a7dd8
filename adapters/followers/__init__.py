"""Followers on PostgreSQL: leases, batches, checkpoints, parking, wake-ups."""
