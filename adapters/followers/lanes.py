"""Lanes: followers that somebody waits for run in one process, all others in another.

Threads of one Python process take turns, whatever they are at. While a storm is joined into
incidents and ten boards are written, the step from a fraud to its ticket would wait for each of
them. A process of its own has a core when it wants one; the other one steps back by its niceness.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import StrEnum

from adapters.followers.runtime import Handler
from application.policies import assign_ticket_whenever_opened_without_assignee as assigning
from application.policies import escalate_finding_whenever_raised_high as escalating
from application.policies import open_ticket_whenever_alert_raised as opening
from application.policies import raise_alert_whenever_anomaly_detected as raising_anomaly
from application.policies import raise_alert_whenever_device_tampered as raising_tamper
from application.policies import raise_alert_whenever_fraud_scored_high as raising_fraud
from application.policies import raise_alert_whenever_panic_recorded as raising_panic
from application.policies import score_fraud_whenever_attendance_recorded as scoring

#: What stands in a row on the way from a signal to whoever is called.
CALLING = frozenset(
    {
        scoring.NAME,
        raising_fraud.NAME,
        raising_panic.NAME,
        raising_tamper.NAME,
        raising_anomaly.NAME,
        opening.NAME,
        escalating.NAME,
        assigning.NAME,
    }
)
BACKGROUND_NICENESS = 5  # of 19; enough to step back, too little to starve


class Lane(StrEnum):
    """Which of the followers a process runs."""

    URGENT = "urgent"
    BACKGROUND = "background"


def of_lane(handlers: Sequence[Handler], lane: Lane | None) -> list[Handler]:
    """Return the followers of a lane; None means all."""
    if lane is None:
        return list(handlers)
    return [each for each in handlers if (each.name in CALLING) is (lane is Lane.URGENT)]


def step_back(lane: Lane | None) -> None:
    """Let this process, if it is of the background, give way to those that somebody waits for."""
    if lane is Lane.BACKGROUND:
        os.nice(BACKGROUND_NICENESS)
