"""Watching: how signals become windows, windows baselines, and what is unusual a fact."""
