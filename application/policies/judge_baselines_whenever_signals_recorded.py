"""Whenever signals are recorded, judge the windows they belong to by their baselines, and state what
is unusual; whenever late signals change a window, judge it again, and all that stands on it.

The judging is that of `application.watching`; here it is given its place in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from application.following import Desk
from application.watching.returning import ALERT_FACTS, OWN_FACTS
from application.watching.surroundings import SITE_FACTS
from application.watching.watch import Watch
from domain.anomaly.facts import ThresholdEvent
from domain.catalogue import AnyRecorded
from domain.directory.person import PersonEnrolled, PersonStationed
from domain.directory.tenant import TenantFounded
from domain.directory.tour import TourDefined
from domain.signals import SignalEvent

NAME = "judge-baselines-whenever-signals-recorded"


class JudgeBaselinesWheneverSignalsRecorded:
    """The policy `judge-baselines-whenever-signals-recorded`."""

    name = NAME
    behind = "signals"
    facts = (
        *get_args(SignalEvent),
        *SITE_FACTS,
        PersonEnrolled,
        PersonStationed,
        TenantFounded,
        TourDefined,
        *get_args(ThresholdEvent),
        *ALERT_FACTS,
        *OWN_FACTS,
    )

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        Watch(desk).take(batch)
