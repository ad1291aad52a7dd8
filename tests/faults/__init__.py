"""Faults: what is left after races, crashes and cuts."""
