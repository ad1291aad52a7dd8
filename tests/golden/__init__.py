"""Samples of every fact that was ever stored, kept for ever."""
