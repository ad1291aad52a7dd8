"""Facts and wishes about one family's threshold, for the tests of this package."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.anomaly.facts import (
    Metric,
    ThresholdExpired,
    ThresholdPinned,
    ThresholdReason,
    ThresholdReleased,
    ThresholdReverted,
    ThresholdTuned,
)
from domain.tuning.threshold import (
    ExpireThreshold,
    PinThreshold,
    ReleaseThreshold,
    RevertThreshold,
    TuneThreshold,
)

FAMILY = Metric.GEOFENCE_DISTANCE
SUNDAY = datetime(2026, 11, 22, 3, tzinfo=UTC)
MONTH = timedelta(days=30)


def tuned(
    threshold: float,
    reason: ThresholdReason,
    *,
    previous: float = 3.0,
    until: datetime = SUNDAY,
    expires_at: datetime | None = None,
) -> ThresholdTuned:
    return ThresholdTuned(
        family=FAMILY,
        threshold=threshold,
        previous=previous,
        reason=reason,
        verdicts=25,
        false_positives=10,
        left_out=2,
        rate=0.4,
        since=until - MONTH,
        until=until,
        expires_at=expires_at,
        tuning_id=UUID(int=1),
    )


def tune_to(fact: ThresholdTuned) -> TuneThreshold:
    """The wish that leads to a fact."""
    fields = {name: getattr(fact, name) for name in TuneThreshold.__struct_fields__}
    return TuneThreshold(**fields)


raised = tuned(4.0, ThresholdReason.FALSE_POSITIVES, expires_at=SUNDAY + MONTH)
confirmed = tuned(
    4.0,
    ThresholdReason.FALSE_POSITIVES,
    previous=4.0,
    until=SUNDAY + timedelta(days=7),
    expires_at=SUNDAY + timedelta(days=37),
)
let_go = tuned(3.0, ThresholdReason.DEFAULT, previous=4.0, until=SUNDAY + timedelta(days=7))
expired = ThresholdExpired(family=FAMILY)
pinned = ThresholdPinned(family=FAMILY, threshold=5.0, reason="Works next door until May.")
released = ThresholdReleased(family=FAMILY, reason="The works are over.")
reverted = ThresholdReverted(family=FAMILY, threshold=None, reason="A new guard gave the verdicts.")
expire = ExpireThreshold(family=FAMILY, at=SUNDAY + MONTH)
pin = PinThreshold(family=FAMILY, threshold=5.0, reason="Works next door until May.")
release = ReleaseThreshold(family=FAMILY, reason="The works are over.")
revert = RevertThreshold(family=FAMILY, reason="A new guard gave the verdicts.")
