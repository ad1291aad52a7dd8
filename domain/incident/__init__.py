"""Incident: signals, alerts and findings that belong together, for whatever order they came in."""
