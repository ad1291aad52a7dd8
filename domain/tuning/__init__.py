"""Tuning: how people's verdicts on alerts move the thresholds of baselines, and what holds that loop."""
