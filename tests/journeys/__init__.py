"""Journeys: from the first door to the last, everything real."""
