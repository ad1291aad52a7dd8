"""Tests of the watch: windows, baselines, anomalies, and that only the set of signals matters."""
