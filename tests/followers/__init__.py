"""Followers: leases, batches, parking, rebuilding, against the real database."""
