"""Findings and audits: judging duty, keeping it right, and what doors show of it."""
