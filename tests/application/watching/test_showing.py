"""Showing: baselines as they judge at a moment, for people who ask."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from application.watching.memories import Subject, lending_key
from application.watching.showing import Baselines, BaselineShown
from domain.anomaly.facts import AnomalyDetected, Bucket, Metric, SubjectKind, ThresholdReason
from domain.anomaly.lending import Lending
from domain.directory.person import PersonEnrolled, person_stream
from tests.application.watching.habits import usual
from tests.application.watching.post import SITE, Post, at, check_in, location

M = TypeVar("M", bound=msgspec.Struct)
GPS = Metric.GPS_ACCURACY


class Kept:
    """The port `Memories` on what a post keeps."""

    def __init__(self, post: Post) -> None:
        self.post = post

    def memories(
        self, tenant_id: str, policy: str, keys: Sequence[str], type_: type[M]
    ) -> dict[str, M]:
        assert (tenant_id, policy) == ("t", self.post.watch.policy.name)
        kept = self.post.watch.kept
        return {key: msgspec.json.decode(kept[key], type=type_) for key in keys if key in kept}


def subject(name: str) -> Subject:
    return Subject(SubjectKind.SITE if name == SITE else SubjectKind.PERSON, name)


def test_a_baseline_shows_what_judges_and_what_it_is_made_of() -> None:
    post = Post()
    for day in range(-1, 6):
        post.record(*usual(days=range(day, day + 1)))
    post.record(check_in(at(5, 17)))
    post.settle()
    baselines = Baselines(Kept(post))
    rows = baselines.of("t", subject("G-1"), [GPS, Metric.SITE_SIGNALS], at(5, 10))
    assert rows is not None
    (row,) = rows  # the other one is of sites
    assert (row.status, row.bucket, row.inherited) == (BaselineShown.JUDGES, Bucket.SUBJECT, False)
    assert (row.threshold, row.threshold_reason) == (3.0, ThresholdReason.DEFAULT)
    assert row.site_id == SITE
    assert [each.bucket for each in row.buckets[:2]] == [Bucket.SUBJECT, Bucket.HOUR_OF_DAY]
    assert row.buckets[-1].bucket is Bucket.HOUR_OF_WEEK
    at_site = baselines.of("t", subject(SITE), [Metric.SITE_SIGNALS], at(5, 10))
    assert at_site is not None
    assert at_site[0].status is BaselineShown.NOT_ENOUGH_HISTORY
    assert at_site[0].mean is None
    assert baselines.of("t", subject("G-404"), [GPS], at(5, 10)) is None


def test_who_is_new_shows_and_is_judged_by_what_the_site_lends() -> None:
    post = Post()
    post.settle()
    lending = Lending()
    day = at(5, 0).toordinal() - 15
    for number in range(40):
        lending.move(day, 900 + 5 * number, 1)
    post.watch.kept[lending_key(SITE, GPS)] = msgspec.json.encode(lending)
    post.record(*[location(at(5, 10, n / 2), "G-2", accuracy_m=60.0) for n in range(100)])
    post.settle()
    rows = Baselines(Kept(post)).of("t", subject("G-2"), [GPS, Metric.CHECK_IN_TIME], at(5, 10))
    assert rows is not None
    assert (rows[0].status, rows[0].bucket, rows[0].inherited) == (
        BaselineShown.JUDGES,
        Bucket.SITE,
        True,
    )
    assert rows[0].samples == 0
    assert rows[1].status is BaselineShown.NOT_ENOUGH_HISTORY
    (anomaly,) = [each for each in post.log.events(AnomalyDetected) if each.metric is GPS]
    assert anomaly.measured.bucket is Bucket.SITE
    assert len(anomaly.measured.signals) == 64  # the earliest
    assert anomaly.measured.explanation.endswith("at this site")


def test_who_belongs_nowhere_is_shown_by_the_tenants_clock() -> None:
    post = Post()
    post.tell(person_stream("G-9"), PersonEnrolled(person_id="G-9", name="Nobody"))
    post.record(location(at(5, 10), "G-9"))
    post.settle()
    rows = Baselines(Kept(post)).of("t", subject("G-9"), [GPS], at(5, 10) + timedelta(hours=1))
    assert rows is not None
    assert rows[0].site_id is None
    del post.watch.kept["zone"]
    assert Baselines(Kept(post)).of("t", subject("G-9"), [GPS], at(5, 10)) is not None


def test_a_site_that_nobody_registered_is_shown_all_the_same() -> None:
    post = Post(zone="America/New_York")
    post.record(replace(check_in(at(5, 10)), site_id="S-9"))
    post.settle()
    at_site = Subject(SubjectKind.SITE, "S-9")
    rows = Baselines(Kept(post)).of("t", at_site, [Metric.SITE_SIGNALS], at(5, 10))
    assert rows is not None
    assert (rows[0].site_id, rows[0].status) == ("S-9", BaselineShown.NOT_ENOUGH_HISTORY)
