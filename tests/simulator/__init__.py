"""Tests of the field simulator, against a small stand-in for the far side where one is needed."""
