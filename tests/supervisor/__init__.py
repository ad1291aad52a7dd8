"""Tests of `vedette up`, with stand-ins for the parts that it starts."""
