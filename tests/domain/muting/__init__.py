"""Tests of what mutes: silences, maintenance, inhibition."""
