"""Tests of tuning: its story, its numbers, and what people may decide."""
