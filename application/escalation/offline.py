"""Offline: the times in which a site said nothing, as the findings say that stand."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec

from application.following import Desk
from domain.muting.judging import Offline

# Signals that come later than the horizon of a week judge nothing any more.
KEPT_FOR = timedelta(days=8)


class Offlines(msgspec.Struct, frozen=True):
    """The silent times of a site."""

    times: tuple[Offline, ...] = ()


def offline_key(site_id: str) -> str:
    """Return the key under which the silent times of a site are remembered."""
    return f"offline/{site_id}"


def offline_at(desk: Desk, site_id: str) -> tuple[Offline, ...]:
    """Return the silent times of a site."""
    key = offline_key(site_id)
    remembered = desk.memories([key], Offlines).get(key)
    return () if remembered is None else remembered.times


def note_offline(desk: Desk, site_id: str, time: Offline) -> None:
    """Remember that a finding says a site to be offline for a time."""
    others = without(offline_at(desk, site_id), time.finding_id)
    recent = tuple(each for each in others if each.until > time.since - KEPT_FOR)
    desk.remember(offline_key(site_id), Offlines((*recent, time)))


def forget_offline(desk: Desk, site_id: str, finding_id: UUID) -> None:
    """Remember that a finding does not stand any more."""
    left = without(offline_at(desk, site_id), finding_id)
    desk.remember(offline_key(site_id), Offlines(left))


def without(times: tuple[Offline, ...], finding_id: UUID) -> tuple[Offline, ...]:
    return tuple(each for each in times if each.finding_id != finding_id)
