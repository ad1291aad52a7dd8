"""The doors over HTTP, on a real database."""
