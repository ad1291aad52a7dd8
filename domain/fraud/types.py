"""Fraud types: the ways in which an attendance deceives, shared by scores, alerts and tickets."""

from __future__ import annotations

from enum import StrEnum


class FraudType(StrEnum):
    """What an attendance looks like; the last one is for what fits no known way."""

    BUDDY_PUNCHING = "buddy_punching"
    GPS_SPOOFING = "gps_spoofing"
    GHOST_SHIFT = "ghost_shift"
    DEVICE_SHARING = "device_sharing"
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    TWO_PLACES_AT_ONCE = "two_places_at_once"
    TAGS_IN_ONE_PLACE = "tags_in_one_place"
    UNUSUAL_ATTENDANCE = "unusual_attendance"
