"""Tickets against the clock: service levels, escalation, assignment and mail, on the real parts."""
