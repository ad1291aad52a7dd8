"""Simulating: what another threshold would have done to the anomalies of the last days.

It states nothing and asks nothing of anybody. Every anomaly in the log holds its z and the
threshold it was judged by, so what a higher threshold loses is exact, however long ago. What a lower
one would have found beside them was never stated: the windows of the days that late signals may
still change are judged again by the same code (`application.watching.rejudging`). For longer ago the
windows are not remembered one by one, and the answer says from when on its gains are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Protocol, TypeAlias, assert_never, cast
from uuid import UUID

import msgspec

from application.following import KnownSignals
from application.ports import EventLog
from application.watching.memories import Subject
from application.watching.rejudging import AllMemories, Rejudged, Rejudging, kept_since
from application.watching.stating import SIGNALS_MAX, id_of, sources, window_of
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
from domain.anomaly.metrics import explanation
from domain.anomaly.worrying import is_worrying, worries
from domain.baseline.thresholds import DEFAULT_THRESHOLD
from domain.catalogue import Recorded
from domain.fraud.memory import micros, moment_of
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


class SimulatedAnomaly(msgspec.Struct, frozen=True, kw_only=True):
    """An anomaly that stands and would not, or would stand and does not."""

    anomaly_id: UUID
    subject_kind: SubjectKind
    subject_id: str
    window_start: datetime
    window_end: datetime
    value: float
    z: float
    threshold: float  # by which it was judged: of a lost one the old, of a gained one the new
    explanation: str
    signals: tuple[UUID, ...]  # that the value was measured from


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
    #: Of windows that are over and began since `gains_since`: how many are judged unusual that stand
    #: usual now, and of how many subjects one would worry that has no alert now.
    anomalies_gained: int
    alerts_gained: int
    #: Equal to `since` where the gains are complete. Else the days before are not remembered window
    #: by window: ask for fewer days.
    gains_since: datetime
    windows_rejudged: int
    gains_cut: bool  # more windows than are judged again for one question: there may be more gains
    lost: list[SimulatedAnomaly]  # up to SHOWN_MAX, the largest z first
    gained: list[SimulatedAnomaly]  # likewise


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
    def subject(self) -> Subject:
        """Return whose it is: what an alert is told apart by within a family."""
        return Subject(self.detected.subject_kind, self.detected.subject_id)


class Past(msgspec.Struct, frozen=True):
    """What a simulation reads."""

    log: EventLog
    history: AnomalyHistory
    memories: AllMemories
    signals: KnownSignals


def simulate(past: Past, tenant_id: str, asked: SimulateThreshold, now: datetime) -> Simulation:
    """Compare what stands with what would stand under another threshold."""
    since = now - timedelta(days=asked.days)
    standing = [
        each
        for each in standing_of(past.history.stated(tenant_id, asked.family, since))
        if since <= each.detected.window_start < now
    ]
    kept = [each for each in standing if abs(each.measured.z) > asked.threshold]
    lost = [each for each in standing if abs(each.measured.z) <= asked.threshold]
    gains_since, rejudging = (
        since,
        Rejudging(past.memories, tenant_id, asked.family, asked.threshold),
    )
    gained: list[Rejudged] = []
    if asked.threshold < highest_in_force(past.log, tenant_id, asked.family, since):
        gains_since = max(since, kept_since(now))
        gained = gained_beside(standing, rejudging, gains_since, now)
    before = {each.subject for each in standing if is_worrying(asked.family, each.measured)}
    after = {
        each.subject for each in kept if is_worrying(asked.family, each.measured, asked.threshold)
    }
    after |= {each.subject for each in gained if alerts(asked, each)}
    return Simulation(
        family=asked.family,
        threshold=asked.threshold,
        since=since,
        until=now,
        anomalies_before=len(standing),
        anomalies_kept=len(kept),
        anomalies_lost=len(lost),
        alerts_before=len(before),
        alerts_kept=len(before & after),
        alerts_lost=len(before - after),
        anomalies_gained=len(gained),
        alerts_gained=len(after - before),
        gains_since=gains_since,
        windows_rejudged=rejudging.windows,
        gains_cut=rejudging.cut,
        lost=shown(lost),
        gained=shown_gains(past, tenant_id, asked, gained),
    )


def gained_beside(
    standing: Sequence[Standing], rejudging: Rejudging, since: datetime, until: datetime
) -> list[Rejudged]:
    """Return the windows that would be anomalies and are none, whether or not they were once."""
    stand = {(each.subject, micros(each.detected.window_start)) for each in standing}
    since_us, until_us = micros(since), micros(until)
    return [
        each
        for each in rejudging.found()
        if since_us <= each.window.start_us < until_us
        and (each.subject, each.window.start_us) not in stand
    ]


def alerts(asked: SimulateThreshold, gained: Rejudged) -> bool:
    """Return whether an anomaly that is gained would call somebody."""
    signals = min(gained.window.signals, SIGNALS_MAX)
    return worries(asked.family, gained.judgement.z, asked.threshold, signals)


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


def shown(lost: Sequence[Standing]) -> list[SimulatedAnomaly]:
    """Return the anomalies that a person most wants to look at before a change."""
    worst = sorted(lost, key=lambda each: (-abs(each.measured.z), str(each.detected.anomaly_id)))
    return [
        SimulatedAnomaly(
            anomaly_id=each.detected.anomaly_id,
            subject_kind=each.detected.subject_kind,
            subject_id=each.detected.subject_id,
            window_start=each.detected.window_start,
            window_end=each.detected.window_end,
            value=each.measured.value,
            z=each.measured.z,
            threshold=each.measured.threshold,
            explanation=each.measured.explanation,
            signals=each.measured.signals,
        )
        for each in worst[:SHOWN_MAX]
    ]


def shown_gains(
    past: Past, tenant_id: str, asked: SimulateThreshold, gained: Sequence[Rejudged]
) -> list[SimulatedAnomaly]:
    """Return likewise what would be found, with the signals that it would be measured from."""
    worst = sorted(
        gained, key=lambda each: (-abs(each.judgement.z), each.subject, each.window.start_us)
    )[:SHOWN_MAX]
    windows = [
        window_of(each.subject, each.window.start_us, each.window.until_us) for each in worst
    ]
    up_to = past.log.head(tenant_id).position
    found = past.signals.signals(tenant_id, windows, up_to) if windows else []
    return [
        SimulatedAnomaly(
            anomaly_id=id_of(asked.family, each.subject, each.window.start_us),
            subject_kind=each.subject.kind,
            subject_id=each.subject.id,
            window_start=moment_of(each.window.start_us),
            window_end=moment_of(each.window.until_us),
            value=each.window.value,
            z=each.judgement.z,
            threshold=asked.threshold,
            explanation=explanation(asked.family, each.window.value, each.judgement),
            signals=sources(asked.family, signals),
        )
        for each, signals in zip(worst, found, strict=True)
    ]
