"""Showing: the baselines as the policy remembers them, for people who ask what is normal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from application.watching.memories import (
    DEFAULT_ZONE,
    ZONE_KEY,
    PersonWatched,
    Rulings,
    SiteWatched,
    Subject,
    Zone,
    family_key,
    home_at,
    lending_key,
    local_hour,
    person_key,
    place_key,
    ruling_at,
    rulings_key,
    site_key,
)
from domain.anomaly.facts import Bucket, Metric, SubjectKind, ThresholdReason
from domain.anomaly.family import Family
from domain.anomaly.lending import Lending
from domain.anomaly.metrics import RULES
from domain.anomaly.tally import hour_start
from domain.baseline.history import HOURS_OF_DAY, WHOLE, Expected
from domain.baseline.thresholds import Ruling, threshold_for
from domain.fraud.memory import SiteMemory, micros
from domain.fraud.remembering import fence_at

M = TypeVar("M", bound=msgspec.Struct)

POLICY = "judge-baselines-whenever-signals-recorded"


class Memories(Protocol):
    """What policies remember, read from outside."""

    def memories(
        self, tenant_id: str, policy: str, keys: Sequence[str], type_: type[M]
    ) -> dict[str, M]:
        """Return what a policy remembers under these keys; absent keys are left out."""
        ...


class BaselineShown(StrEnum):
    """Whether a baseline judges yet: an answer of its own, which is not a score of 0."""

    JUDGES = "JUDGES"
    NOT_ENOUGH_HISTORY = "NOT_ENOUGH_HISTORY"


class HourRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one bucket of a baseline learned by itself."""

    bucket: Bucket
    hour: int | None  # of the week (0 to 167, from Monday) or of the day; null of the whole
    count: int
    days: int
    mean: float
    deviation: float


class BaselineRow(msgspec.Struct, frozen=True, kw_only=True):
    """A baseline, as it judges at a moment, and what it is made of."""

    metric: Metric
    unit: str
    subject_kind: SubjectKind
    subject_id: str
    site_id: str | None
    at: datetime
    status: BaselineShown
    samples: int  # of the subject itself
    mean: float | None = None
    deviation: float | None = None  # as values are divided by it
    count: int | None = None  # of the bucket that judges
    bucket: Bucket | None = None
    inherited: bool = False  # from the site: the subject itself is too new
    threshold: float  # standard deviations
    threshold_reason: ThresholdReason
    buckets: list[HourRow]  # of the subject itself


class Baselines:
    """The baselines of all tenants."""

    def __init__(self, memories: Memories) -> None:
        self._memories = memories

    def of(
        self, tenant_id: str, subject: Subject, metrics: Sequence[Metric], at: datetime
    ) -> list[BaselineRow] | None:
        """Return a person's or a site's baselines as they judge at a moment; None of an unknown one."""
        at_us = micros(at)
        if subject.kind is SubjectKind.PERSON:
            person = self._one(tenant_id, person_key(subject.id), PersonWatched)
            site_id = None if person is None else home_at(person, at_us)
            known = person is not None
        else:
            site_id = subject.id
            known = self._one(tenant_id, site_key(site_id), SiteWatched) is not None
        if not known:
            return None
        zone = self._zone(tenant_id, site_id, at_us)
        day, hour_of_week = local_hour(hour_start(at_us), zone)
        keys = {metric: family_key(subject, metric) for metric in metrics}
        families = self._memories.memories(tenant_id, POLICY, list(keys.values()), Family)
        found = []
        for metric, key in keys.items():
            if RULES[metric].subject is not subject.kind:
                continue
            family = families[key] if key in families else Family()
            expected = family.recent.expect(hour_of_week)
            if expected is None and site_id is not None:
                lending = self._one(tenant_id, lending_key(site_id, metric), Lending)
                expected = None if lending is None else lending.expect(day)
            rulings = self._one(tenant_id, rulings_key(metric), Rulings)
            ruling = ruling_at(rulings, at_us)
            found.append(shown(subject, site_id, metric, family, expected, ruling, at))
        return found

    def _one(self, tenant_id: str, key: str, type_: type[M]) -> M | None:
        return self._memories.memories(tenant_id, POLICY, [key], type_).get(key)

    def _zone(self, tenant_id: str, site_id: str | None, at_us: int) -> str:
        if site_id is not None:
            place = self._one(tenant_id, place_key(site_id), SiteMemory)
            fence = None if place is None else fence_at(place, at_us)
            if fence is not None:
                return fence.time_zone
        zone = self._one(tenant_id, ZONE_KEY, Zone)
        return DEFAULT_ZONE if zone is None else zone.name


def shown(  # noqa: PLR0917 - what a row is made of, in its order
    subject: Subject,
    site_id: str | None,
    metric: Metric,
    family: Family,
    expected: Expected | None,
    ruling: Ruling | None,
    at: datetime,
) -> BaselineRow:
    """Return a baseline as it judges at a moment."""
    rule, whole = RULES[metric], family.recent.buckets.get(WHOLE)
    threshold = threshold_for(0 if expected is None else expected.count, ruling)
    row = BaselineRow(
        metric=metric,
        unit=rule.unit,
        subject_kind=subject.kind,
        subject_id=subject.id,
        site_id=site_id,
        at=at,
        status=BaselineShown.NOT_ENOUGH_HISTORY,
        samples=0 if whole is None else whole.count,
        threshold=threshold.deviations,
        threshold_reason=threshold.reason,
        buckets=hours_of(family),
    )
    if expected is None:
        return row
    return replace(
        row,
        status=BaselineShown.JUDGES,
        mean=expected.mean,
        deviation=max(expected.deviation, rule.finest),
        count=expected.count,
        bucket=expected.bucket,
        inherited=expected.bucket is Bucket.SITE,
    )


def hours_of(family: Family) -> list[HourRow]:
    """Return what the buckets of a baseline learned, the whole first, then by hour."""
    rows = []
    for key, moments in family.recent.buckets.items():
        bucket, hour = Bucket.SUBJECT, None
        if key != WHOLE:
            bucket = Bucket.HOUR_OF_WEEK if key[0] == "w" else Bucket.HOUR_OF_DAY
            hour = int(key[1:])
        rows.append(
            HourRow(
                bucket=bucket,
                hour=hour,
                count=moments.count,
                days=moments.days,
                mean=moments.mean,
                deviation=moments.deviation,
            )
        )
    order = {Bucket.SUBJECT: -1, Bucket.HOUR_OF_DAY: 0, Bucket.HOUR_OF_WEEK: HOURS_OF_DAY}
    rows.sort(key=lambda row: order[row.bucket] + (row.hour or 0))
    return rows
