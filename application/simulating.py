"""Simulating: what another threshold would have done to the anomalies of the last days.

It states nothing and asks nothing of anybody. Every anomaly in the log holds its z and the
threshold it was judged by, so what a higher threshold loses is exact. What a lower one would have
found beside them was never stated: that needs the signals to be gone through again, and is answered
as unknown instead of guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Protocol, TypeAlias, assert_never, cast
from uuid import UUID

import msgspec

from application.ports import EventLog
from domain.anomaly.facts import (
    AnomalyDetected,
    AnomalyEvent,
    AnomalyRevised,
    AnomalyWithdrawn,
    Days,
    Measured,
    Metric,
    SubjectKind,
    Threshold,
    ThresholdEvent,
    threshold_stream,
)
from domain.anomaly.worrying import is_worrying
from domain.baseline.thresholds import DEFAULT_THRESHOLD
from domain.catalogue import Recorded
from domain.kernel import Command
from domain.tuning.story import DAYS_DEFAULT
from domain.tuning.threshold import THRESHOLD, FamilyThreshold

AnomalyFact: TypeAlias = Recorded[AnomalyEvent]
SHOWN_MAX = 50  # anomalies in an answer


class SimulateThreshold(Command, frozen=True):
    """Ask what another threshold of a family would have done."""

    family: Metric
    threshold: Threshold
    days: Annotated[Days, msgspec.Meta(description="Of history, up to now.")] = DAYS_DEFAULT


class LostAnomaly(msgspec.Struct, frozen=True, kw_only=True):
    """An anomaly that stands and would not."""

    anomaly_id: UUID
    subject_kind: SubjectKind
    subject_id: str
    window_start: datetime
    z: float
    threshold: float  # by which it was judged
    explanation: str


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """What another threshold would have done.

    Alerts are told apart by metric and subject; an anomaly that worries nobody is none.
    """

    family: Metric
    threshold: float
    since: datetime
    until: datetime
    anomalies_before: int  # that stand
    anomalies_kept: int
    anomalies_lost: int
    alerts_before: int
    alerts_kept: int
    alerts_lost: int
    #: 0 where the threshold is at least as high as every one that was in force; None: the signals
    #: would have to be gone through again.
    anomalies_gained: int | None
    alerts_gained: int | None
    needs_replay: bool
    lost: list[LostAnomaly]  # up to SHOWN_MAX, the largest z first


class AnomalyHistory(Protocol):
    """The anomalies that were stated."""

    def stated(self, tenant_id: str, family: Metric, since: datetime) -> list[AnomalyFact]:
        """Return what was stated of the anomalies of a family that were detected since a moment,
        oldest first."""
        ...


class Standing(msgspec.Struct, frozen=True):
    """An anomaly as it stands."""

    detected: AnomalyDetected
    measured: Measured

    @property
    def subject(self) -> tuple[SubjectKind, str]:
        """Return whose it is: what an alert is told apart by within a family."""
        return self.detected.subject_kind, self.detected.subject_id


def simulate(
    log: EventLog,
    history: AnomalyHistory,
    tenant_id: str,
    asked: SimulateThreshold,
    now: datetime,
) -> Simulation:
    """Compare what stands with what would stand under another threshold."""
    since = now - timedelta(days=asked.days)
    standing = [
        each
        for each in standing_of(history.stated(tenant_id, asked.family, since))
        if since <= each.detected.window_start < now
    ]
    kept = [each for each in standing if abs(each.measured.z) > asked.threshold]
    lost = [each for each in standing if abs(each.measured.z) <= asked.threshold]
    before = {each.subject for each in standing if is_worrying(asked.family, each.measured)}
    after = {
        each.subject for each in kept if is_worrying(asked.family, each.measured, asked.threshold)
    } & before
    strictest = highest_in_force(log, tenant_id, asked.family, since)
    needs_replay = asked.threshold < strictest
    gained = None if needs_replay else 0
    return Simulation(
        family=asked.family,
        threshold=asked.threshold,
        since=since,
        until=now,
        anomalies_before=len(standing),
        anomalies_kept=len(kept),
        anomalies_lost=len(lost),
        alerts_before=len(before),
        alerts_kept=len(after),
        alerts_lost=len(before - after),
        anomalies_gained=gained,
        alerts_gained=gained,
        needs_replay=needs_replay,
        lost=shown(lost),
    )


def standing_of(facts: Sequence[AnomalyFact]) -> list[Standing]:
    """Fold anomalies, oldest fact first, into those that stand."""
    standing: dict[str, Standing] = {}
    for fact in facts:
        match fact.event:
            case AnomalyDetected(measured=measured) as detected:
                standing[fact.stream_id] = Standing(detected, measured)
            case AnomalyRevised(measured=measured):
                held = standing[fact.stream_id]
                standing[fact.stream_id] = Standing(held.detected, measured)
            case AnomalyWithdrawn():
                del standing[fact.stream_id]
            case _:
                assert_never(fact.event)
    return list(standing.values())


def highest_in_force(log: EventLog, tenant_id: str, family: Metric, since: datetime) -> float:
    """Return the highest threshold by which a family may have been judged since a moment."""
    state, highest = FamilyThreshold(), 0.0
    for fact in log.read_stream(tenant_id, threshold_stream(family)):
        if fact.recorded_at >= since:
            highest = max(highest, deviations(state))
        state = THRESHOLD.evolve(state, cast(ThresholdEvent, fact.event))
    return max(highest, deviations(state))


def deviations(state: FamilyThreshold) -> float:
    """Return the threshold that a state means for a baseline without much history."""
    if state.pinned is not None:
        return state.pinned
    return DEFAULT_THRESHOLD if state.tuned is None else state.tuned.threshold


def shown(lost: Sequence[Standing]) -> list[LostAnomaly]:
    """Return the anomalies that a person most wants to look at before a change."""
    worst = sorted(lost, key=lambda each: (-abs(each.measured.z), str(each.detected.anomaly_id)))
    return [
        LostAnomaly(
            anomaly_id=each.detected.anomaly_id,
            subject_kind=each.detected.subject_kind,
            subject_id=each.detected.subject_id,
            window_start=each.detected.window_start,
            z=each.measured.z,
            threshold=each.measured.threshold,
            explanation=each.measured.explanation,
        )
        for each in worst[:SHOWN_MAX]
    ]
