"""Tests of the domain: rules, facts and pure maths."""
