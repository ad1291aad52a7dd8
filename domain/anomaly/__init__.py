"""Anomaly: a measured deviation of a subject from its baseline, and the thresholds in force."""
