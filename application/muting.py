"""Muting by the clock: what tells that a silence, or a window of maintenance, has come to its end.

A timer may ring late and twice; each ring reads the log, tells what is over and not told, and
answers when to ring again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from application.handling import handle
from application.ports import Cause, EventLog, StreamMoved
from application.timers import SOON, TIMER, Now
from domain.directory.site import SITE, SiteEvent, site_stream
from domain.muting.facts import maintenance_stream, silence_stream
from domain.muting.maintenance import (
    MAINTENANCE,
    CloseMaintenanceWindow,
    Maintenance,
    MaintenanceEvent,
)
from domain.muting.silence import SILENCE, LapseSilence, SilenceEvent, SilenceStatus
from domain.muting.windows import Occurrence, last_closed, upcoming

SILENCE_TIMER = "silence-end"  # what its rows in the book of timers are called: never rename
MAINTENANCE_TIMER = "maintenance-window"  # never rename
# A site's time zone may be corrected between two windows, and the end with it.
LOOK_AGAIN_AFTER = timedelta(hours=1)


class LapseSilences:
    """Tells that the time of a silence is over."""

    def __init__(self, log: EventLog, now: Now) -> None:
        self._log = log
        self._now = now

    def __call__(self, tenant_id: str, silence_id: UUID, attempt: int) -> datetime | None:  # noqa: ARG002 - each ring is as good as the first
        stream = silence_stream(silence_id)
        story = self._log.read_stream(tenant_id, stream)
        silence = SILENCE.replay(cast("SilenceEvent", fact.event) for fact in story)
        if silence.status is not SilenceStatus.RUNNING or silence.ends_at is None:
            return None
        now = self._now()
        if now < silence.ends_at:
            return silence.ends_at
        cause = Cause(TIMER, correlation_id=story[0].correlation_id, caused_by=story[-1].position)
        try:
            handle(self._log, tenant_id, SILENCE, stream, LapseSilence(at=now), cause)
        except StreamMoved:
            return now + SOON
        return None


class CloseWindows:
    """Tells that a window of maintenance is over."""

    def __init__(self, log: EventLog, now: Now) -> None:
        self._log = log
        self._now = now

    def __call__(self, tenant_id: str, window_id: UUID, attempt: int) -> datetime | None:  # noqa: ARG002 - each ring is as good as the first
        stream = maintenance_stream(window_id)
        story = self._log.read_stream(tenant_id, stream)
        work = MAINTENANCE.replay(cast("MaintenanceEvent", fact.event) for fact in story)
        if work.plan is None or work.cancelled:
            return None
        zone = time_zone(self._log, tenant_id, work.plan.site_id)
        now = self._now()
        window = last_closed(work.plan, zone, now)
        if window is not None and is_news(work, window, story[0].recorded_at):
            wish = CloseMaintenanceWindow(started_at=window.starts_at, ended_at=window.ends_at)
            cause = Cause(
                TIMER, correlation_id=story[0].correlation_id, caused_by=story[-1].position
            )
            try:
                handle(self._log, tenant_id, MAINTENANCE, stream, wish, cause)
            except StreamMoved:
                return now + SOON
        to_come = upcoming(work.plan, zone, now, 1)
        return min(to_come[0].ends_at, now + LOOK_AGAIN_AFTER) if to_come else None


def is_news(work: Maintenance, window: Occurrence, planned_at: datetime) -> bool:
    """Return whether the end of a window is not told yet; what was over before the plan never mattered."""
    told_until = work.closed_until or planned_at
    return window.ends_at > told_until


def time_zone(log: EventLog, tenant_id: str, site_id: str) -> str:
    """Return the time zone of a site, as its story stands; UTC where it is not registered."""
    story = log.read_stream(tenant_id, site_stream(site_id))
    content = SITE.replay(cast("SiteEvent", fact.event) for fact in story).content
    return "UTC" if content is None else content.time_zone
