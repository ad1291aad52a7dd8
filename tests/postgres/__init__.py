"""Tests of what the adapters on PostgreSQL have in common."""
