"""Tests of what anomalies are made of: families, lending, tallies."""
