"""The feed: hub, session and door, on the real log."""
