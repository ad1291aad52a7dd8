"""What an anomaly's story is made of, and how the threshold of a family of baselines came about.

An anomaly is a judgement about one value: a metric of a subject in one window. Late signals may
change the value, and then the judgement is revised or withdrawn by a new fact.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec

from domain.kernel import Event, Identifier, Instant, ShortText
from domain.severity import Severity


class Metric(StrEnum):
    """What is measured; also the name of the family of baselines that share a threshold."""

    PHONE_INTERACTIONS = "phone_interactions"  # per hour of interval
    LOCATION_UPDATES = "location_updates"  # per hour
    TOUR_DURATION = "tour_duration"  # minutes from first to last scan
    TOUR_COMPLETION = "tour_completion"  # 0 to 1 of the checkpoints
    CHECK_IN_TIME = "check_in_time"  # minutes of the local day
    GEOFENCE_DISTANCE = "geofence_distance"  # metres outside the fence, 0 inside
    GPS_ACCURACY = "gps_accuracy"  # metres
    SITE_SIGNALS = "site_signals"  # signals per site and hour
    TASK_COMPLETIONS = "task_completions"  # per site and day


class SubjectKind(StrEnum):
    """Whose baseline it is."""

    PERSON = "person"
    SITE = "site"
    DEVICE = "device"


class Bucket(StrEnum):
    """Which history a value was compared with: the first of these that has enough of it."""

    HOUR_OF_WEEK = "hour_of_week"
    HOUR_OF_DAY = "hour_of_day"
    SUBJECT = "subject"
    SITE = "site"  # inherited: the subject itself is too new


class ThresholdReason(StrEnum):
    """Why a threshold is what it is."""

    DEFAULT = "default"
    STABLE = "stable"  # more than 100 samples
    TUNED = "tuned"
    FALSE_POSITIVES = "false_positives"  # their rate is above the limit; wins over all but a pin
    PINNED = "pinned"  # a person decided


Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Threshold = Annotated[float, msgspec.Meta(ge=0.5, le=20)]  # standard deviations
SampleCount = Annotated[int, msgspec.Meta(ge=0)]
Days = Annotated[int, msgspec.Meta(ge=1, le=365)]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers that decided, all of them as they were at that moment."""

    value: float
    mean: float
    deviation: Annotated[float, msgspec.Meta(ge=0)]  # standard, in the metric's unit
    count: SampleCount  # samples behind mean and deviation
    z: float  # signed; of a deviation of 0, capped
    threshold: Threshold
    threshold_reason: ThresholdReason
    bucket: Bucket
    explanation: ShortText  # "actual 41 m, typical 8-12 m at this hour"
    signals: tuple[UUID, ...]  # that the value was measured from


class AnomalyDetected(Event, frozen=True, tag="anomaly.detected"):
    """A value lay farther from its baseline than the threshold allows. Stated by a policy; unusual is not the same as wrong."""

    anomaly_id: UUID
    metric: Metric
    subject_kind: SubjectKind
    subject_id: Identifier
    site_id: Identifier | None
    person_id: Identifier | None
    device_id: Identifier | None
    severity: Severity
    window_start: Instant
    window_end: Instant
    measured: Measured


class AnomalyRevised(Event, frozen=True, tag="anomaly.revised"):
    """Late signals changed a value that is an anomaly still. Stated by a policy; the earlier numbers stay in history."""

    severity: Severity
    measured: Measured
    because: tuple[UUID, ...]  # the signals that came late


class AnomalyWithdrawn(Event, frozen=True, tag="anomaly.withdrawn"):
    """Late signals showed that a value was no anomaly. Stated by a policy; it is not a person's verdict."""

    reason: ShortText
    because: tuple[UUID, ...]


class ThresholdTuned(Event, frozen=True, tag="baseline.threshold_tuned"):
    """The verdicts on a family's alerts moved its threshold, or confirmed it for longer. Stated by a tuning, with what it looked at; with the reason "default" it let a raised threshold go, and the default rule holds again."""

    family: Metric
    threshold: Threshold
    previous: Threshold
    reason: ThresholdReason
    verdicts: SampleCount  # that counted
    false_positives: SampleCount
    left_out: SampleCount  # verdicts on bad data, duplicates, undecided ones
    rate: Share
    since: Instant
    until: Instant
    expires_at: Instant | None
    tuning_id: UUID


class ThresholdPinned(Event, frozen=True, tag="baseline.threshold_pinned"):
    """A person fixed a family's threshold. No tuning moves it until it is released."""

    family: Metric
    threshold: Threshold
    reason: ShortText


class ThresholdReleased(Event, frozen=True, tag="baseline.threshold_released"):
    """A person let a pinned threshold go; what was in force before holds again."""

    family: Metric
    reason: ShortText


class ThresholdReverted(Event, frozen=True, tag="baseline.threshold_reverted"):
    """A person took the latest tuning of a family back."""

    family: Metric
    threshold: Threshold | None  # in force from here on; None: the default rule
    reason: ShortText


class ThresholdExpired(Event, frozen=True, tag="baseline.threshold_expired"):
    """A tuned threshold came to its end without being confirmed; the default rule holds again."""

    family: Metric


class TuningRequested(Event, frozen=True, tag="tuning.requested"):
    """Somebody, or the schedule, asked for the thresholds to be tuned from the verdicts of the last days."""

    tuning_id: UUID
    until: Instant  # the end of the time whose verdicts count
    days: Days


class Unchanged(msgspec.Struct, frozen=True):
    """A family whose threshold a tuning left as it was, and why."""

    family: Metric
    why: ShortText


class TuningCompleted(Event, frozen=True, tag="tuning.completed"):
    """A tuning looked at every family. What it changed are facts of their own."""

    tuning_id: UUID
    changed: tuple[Metric, ...]
    unchanged: tuple[Unchanged, ...]


class TuningFailed(Event, frozen=True, tag="tuning.failed"):
    """A tuning could not be done; every threshold stays."""

    tuning_id: UUID
    reason: ShortText


AnomalyEvent: TypeAlias = AnomalyDetected | AnomalyRevised | AnomalyWithdrawn
ThresholdEvent: TypeAlias = (
    ThresholdTuned | ThresholdPinned | ThresholdReleased | ThresholdReverted | ThresholdExpired
)
TuningEvent: TypeAlias = TuningRequested | TuningCompleted | TuningFailed


def anomaly_stream(anomaly_id: UUID) -> str:
    """Return the stream of one anomaly; its id is derived from metric, subject and window."""
    return f"anomaly-{anomaly_id}"


def threshold_stream(family: Metric) -> str:
    """Return the stream of a family's threshold."""
    return f"threshold-{family.value}"


def tuning_stream(tuning_id: UUID) -> str:
    """Return the stream of one tuning."""
    return f"tuning-{tuning_id}"
