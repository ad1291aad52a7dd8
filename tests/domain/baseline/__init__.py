"""Tests of the baselines: moments, histories, judging and series."""
