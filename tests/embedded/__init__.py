"""Tests of the embedded servers and of the harness that uses them."""
