"""Baselines: what is normal for one subject, metric and hour, learned from completed days."""
