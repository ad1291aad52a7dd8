"""Metrics: what each one is measured in, and what of it means anything.

The numbers are assumptions about guard duty; they are judgements about units, not about tenants.
"""

from __future__ import annotations

from math import floor

import msgspec

from domain.anomaly.facts import Bucket, Metric, SubjectKind
from domain.baseline.judging import Judgement

DAY_MINUTES = 1_440


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """How the values of a metric are taken."""

    unit: str
    subject: SubjectKind
    finest: float  # the smallest difference that means anything, in the unit
    by_hour: bool = True  # whether the hour says anything that the value does not say itself
    around: float | None = None  # after this much the values begin anew, as minutes of the day do
    lent_most: float | None = None  # what is lent to the site's newcomers counts so much at most
    least: float = 0.0


PERSON, SITE = SubjectKind.PERSON, SubjectKind.SITE

RULES: dict[Metric, Rule] = {
    Metric.PHONE_INTERACTIONS: Rule(
        unit="interactions an hour", subject=PERSON, finest=1.0, lent_most=1_000.0
    ),
    Metric.LOCATION_UPDATES: Rule(
        unit="locations an hour", subject=PERSON, finest=1.0, lent_most=1_000.0
    ),
    Metric.GEOFENCE_DISTANCE: Rule(
        unit="m outside the fence", subject=PERSON, finest=5.0, lent_most=1_000.0
    ),
    Metric.GPS_ACCURACY: Rule(unit="m", subject=PERSON, finest=1.0, lent_most=200.0),
    Metric.CHECK_IN_TIME: Rule(
        unit="", subject=PERSON, finest=5.0, by_hour=False, around=float(DAY_MINUTES)
    ),
    Metric.TOUR_DURATION: Rule(unit="minutes", subject=PERSON, finest=1.0),
    Metric.TOUR_COMPLETION: Rule(unit="of the checkpoints", subject=PERSON, finest=0.05),
    Metric.SITE_SIGNALS: Rule(unit="signals an hour", subject=SITE, finest=1.0),
    Metric.TASK_COMPLETIONS: Rule(unit="tasks a day", subject=SITE, finest=1.0, by_hour=False),
}

WHEN = {
    Bucket.HOUR_OF_WEEK: "at this hour of the week",
    Bucket.HOUR_OF_DAY: "at this hour",
    Bucket.SUBJECT: "so far",
    Bucket.SITE: "at this site",
}


def placed(value: float, mean: float, around: float | None) -> float:
    """Return a value where it lies nearest to the mean: 23:50 is close to 00:10."""
    if around is None:
        return value
    half = around / 2
    return mean + (value - mean + half) % around - half


def explanation(metric: Metric, value: float, judgement: Judgement) -> str:
    """Return the numbers in words: "actual 41 m, typical 8-12 m at this hour"."""
    rule = RULES[metric]
    expected = judgement.expected
    low = expected.mean - expected.deviation
    if rule.around is None:
        low = max(low, rule.least)
    first, last = said(metric, low), said(metric, expected.mean + expected.deviation)
    typical = f"always {first}" if first == last else f"typical {first}-{last}"
    unit = f" {rule.unit}" if rule.unit else ""
    return f"actual {said(metric, value)}{unit}, {typical}{unit} {WHEN[expected.bucket]}"


def said(metric: Metric, value: float) -> str:
    """Return a value as people read it."""
    if metric is Metric.CHECK_IN_TIME:
        minutes = floor(value + 0.5) % DAY_MINUTES
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
