"""Geography: metres on the ground turned into degrees, and back.

Written here a second time on purpose: a simulator that borrowed the detectors' geometry would hide their mistakes.
"""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

METRES_PER_DEGREE = 111_195.0  # of latitude, on a sphere of 6,371 km
EARTH_RADIUS_M = 6_371_008.8


def displaced(
    latitude: float, longitude: float, east_m: float, north_m: float
) -> tuple[float, float]:
    """The point some metres east and north of another one, kept inside the legal range of degrees."""
    north = min(89.9, max(-89.9, latitude + north_m / METRES_PER_DEGREE))
    east = longitude + east_m / (METRES_PER_DEGREE * cos(radians(latitude)))
    return round(north, 6), round((east + 180.0) % 360.0 - 180.0, 6)


def distance_m(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> float:
    """Great-circle distance between two points (haversine)."""
    rise = sin(radians(other_latitude - latitude) / 2)
    run = sin(radians(other_longitude - longitude) / 2)
    chord = rise * rise + cos(radians(latitude)) * cos(radians(other_latitude)) * run * run
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(chord)))
