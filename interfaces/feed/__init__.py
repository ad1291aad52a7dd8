"""The feed: one resumable stream of public frames per tenant, fanned out over WebSockets."""
