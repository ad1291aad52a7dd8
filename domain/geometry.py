"""Geometry: distances on the Earth and the speeds that they demand, never blaming measurement noise.

Every figure gives the benefit of the doubt: the accuracy that devices report is subtracted from a
distance, and a speed is taken over at least a minute, because on real traces fixes a few seconds
apart exceed 200 km/h ten times as often as fixes a minute apart.
"""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

# Mean radius R1 = (2a + b) / 3 of the WGS 84 ellipsoid (Moritz 2000, "Geodetic Reference System
# 1980", Journal of Geodesy 74, with the axes of WGS 84), metres. A sphere of this radius is wrong
# by at most 0.6 %.
EARTH_RADIUS_M = 6_371_008.8
SPEED_TIME_S_MIN = 60.0  # product rule: noise makes shorter ones absurd


def distance_m(
    from_latitude: float, from_longitude: float, to_latitude: float, to_longitude: float
) -> float:
    """Return the great-circle distance in metres between two points in degrees.

    Source: the haversine formula (Sinnott 1984, "Virtues of the Haversine", Sky and Telescope 68).
    """
    phi_1 = radians(from_latitude)
    phi_2 = radians(to_latitude)
    half_phi = sin((phi_2 - phi_1) / 2)
    half_lambda = sin(radians(to_longitude - from_longitude) / 2)
    h = half_phi * half_phi + cos(phi_1) * cos(phi_2) * half_lambda * half_lambda
    # Rounding may lift h above 1 for antipodes, where asin has no value.
    return 2 * EARTH_RADIUS_M * asin(sqrt(min(1.0, h)))


def outside_m(distance_from_centre_m: float, radius_m: float, accuracy_m: float) -> float:
    """Return how far outside a circle a point surely is, in metres; 0 where it may be inside."""
    return max(0.0, distance_from_centre_m - radius_m - accuracy_m)


def apart_m(distance_between_m: float, accuracy_1_m: float, accuracy_2_m: float) -> float:
    """Return how far apart two measured points surely are, in metres; 0 where they may be one."""
    return max(0.0, distance_between_m - accuracy_1_m - accuracy_2_m)


def speed_kmh(distance_apart_m: float, time_s: float) -> float:
    """Return the speed that a distance demands, in km/h, over at least `SPEED_TIME_S_MIN`.

    The order of the two moments does not matter.
    """
    return distance_apart_m / max(SPEED_TIME_S_MIN, abs(time_s)) * 3.6
