"""The watch: hours of a guard, what is unusual about them, and what takes that back."""

from __future__ import annotations

import pytest

from domain.anomaly.facts import (
    AnomalyDetected,
    AnomalyRevised,
    AnomalyWithdrawn,
    Bucket,
    Metric,
    SubjectKind,
    ThresholdReason,
)
from domain.severity import Severity
from tests.application.watching.habits import hour_of
from tests.application.watching.post import (
    SITE,
    Post,
    activity,
    at,
    location,
    tampered,
    uuid_of,
)

GPS = Metric.GPS_ACCURACY


def test_an_hour_that_lies_far_out_is_an_anomaly_with_every_number(post: Post) -> None:
    bad = hour_of(40.0)
    post.record(*bad)
    post.settle()
    (anomaly,) = post.log.events(AnomalyDetected)
    assert (anomaly.metric, anomaly.subject_kind, anomaly.subject_id) == (
        GPS,
        SubjectKind.PERSON,
        "G-1",
    )
    assert (anomaly.person_id, anomaly.site_id, anomaly.device_id) == ("G-1", SITE, None)
    assert anomaly.window_start == at(5, 10)
    assert anomaly.window_end == at(5, 11)
    assert anomaly.severity is Severity.CRITICAL
    measured = anomaly.measured
    assert (measured.value, measured.count) == (40.0, 40)
    assert measured.mean == pytest.approx(10.0)
    assert measured.deviation == 1.0  # they never varied by more than means anything
    assert measured.z == pytest.approx(30.0)
    assert (measured.threshold, measured.threshold_reason) == (3.0, ThresholdReason.DEFAULT)
    assert measured.bucket is Bucket.SUBJECT
    assert measured.explanation == "actual 40 m, always 10 m so far"
    assert measured.signals == tuple(uuid_of(signal) for signal in bad)
    (fact,) = [each for each in post.log.facts if each.event is anomaly]
    assert fact.actor == "policy:judge-baselines-whenever-signals-recorded"
    assert fact.caused_by == fact.position - 1


def test_an_anomaly_names_every_signal_whichever_came_last(post: Post) -> None:
    """Also the one that changes none of its numbers."""
    bad = hour_of(40.0, fixes=4)
    post.record(*bad[:3], location(at(5, 11)))
    post.settle()
    post.record(bad[3])
    post.settle()
    (anomaly,) = post.standing(GPS).values()
    assert anomaly.measured.signals == tuple(uuid_of(signal) for signal in bad)
    post.settle()
    assert len(post.log.events(AnomalyRevised)) == 1


def test_one_bad_fix_is_no_anomaly_and_moves_nothing(post: Post) -> None:
    before = post.family(GPS).recent
    post.record(*hour_of(10.0, fixes=4), location(at(5, 10, 50), accuracy_m=9_000.0))
    post.record(location(at(5, 11)), location(at(5, 11, 1)))
    post.settle()
    assert post.standing() == {}
    assert post.family(GPS).recent.buckets["*"].mean == pytest.approx(
        before.buckets["*"].mean, abs=0.1
    )


def test_before_an_hour_is_over_it_can_only_be_too_much(post: Post) -> None:
    post.record(location(at(5, 10)))
    post.settle()
    assert post.standing() == {}
    post.record(location(at(5, 11)))
    post.settle()
    assert post.standing() == {}
    post.record(*[location(at(5, 11, 0.5 * n)) for n in range(1, 40)])
    post.settle()
    standing = [each for each in post.standing().values() if each.window_start == at(5, 11)]
    (many,) = [each for each in standing if each.metric is Metric.LOCATION_UPDATES]
    assert many.measured.value == 40.0


def test_late_signals_withdraw_what_they_disprove_and_raise_it_again(post: Post) -> None:
    post.record(*hour_of(40.0), location(at(5, 11)))
    post.settle()
    late = [location(at(5, 10, 30 + n), accuracy_m=10.0) for n in range(4)]
    post.record(*late)
    post.settle()
    (withdrawn,) = post.log.events(AnomalyWithdrawn)
    assert withdrawn.because == tuple(uuid_of(signal) for signal in late)
    assert withdrawn.reason == "actual 10 m, always 10 m so far"
    assert post.standing(GPS) == {}
    worse = [location(at(5, 10, 40 + n), accuracy_m=60.0) for n in range(8)]
    post.record(*worse)
    post.settle()
    first, again = [e for e in post.log.events(AnomalyDetected) if e.metric is GPS]
    assert first.anomaly_id == again.anomaly_id
    post.record(*[location(at(5, 10, 9 + n), accuracy_m=90.0) for n in range(20)])
    post.settle()
    revised = [e.measured.value for e in post.log.events(AnomalyRevised)]
    assert again.measured.value == 60.0
    assert 90.0 in revised
    assert len(post.standing(GPS)) == 1


def test_a_late_hour_changes_what_later_days_are_judged_by(post: Post) -> None:
    post.record(*hour_of(14.0), location(at(5, 11)))
    post.settle()
    assert len(post.standing(GPS)) == 1
    # It turns out that the phone was bad for days: now it is usual.
    post.record(
        *[
            location(at(day, hour, minute), accuracy_m=18.0)
            for day in range(4)
            for hour in range(16, 22)
            for minute in (0, 1, 2)
        ]
    )
    post.settle()
    assert post.standing(GPS) == {}


def test_what_comes_too_late_judges_nothing(post: Post) -> None:
    post.record(*[location(at(-3, 10, n), accuracy_m=500.0) for n in range(5)])
    kept = dict(post.watch.kept)
    post.settle()
    assert post.standing() == {}
    assert post.watch.kept == kept


def test_what_came_too_late_is_left_out_of_an_hour_that_is_read_again() -> None:
    post = Post()
    post.record(location(at(0, 8)))
    # Seven days before this is recorded it is just 08:00, so the first of these judges nothing.
    post.record(location(at(-1, 8), accuracy_m=500.0), location(at(-1, 8, 30), accuracy_m=20.0))
    post.settle()
    (hour,) = post.family(GPS).kept
    assert (hour.value, hour.signals) == (20.0, 1)


def test_a_position_far_from_the_site_counts_from_the_fence_on(post: Post) -> None:
    post.record(*[location(at(5, 10, n), north_m=1_110.0) for n in range(3)])
    post.settle()
    (away,) = post.standing(Metric.GEOFENCE_DISTANCE).values()
    assert away.measured.value == pytest.approx(1_000.0, abs=5.0)
    assert away.measured.explanation.endswith("always 0 m outside the fence so far") or (
        "typical 0-5 m" in away.measured.explanation
    )


def test_phone_habits_are_rates(post: Post) -> None:
    post.record(*[activity(at(day, hour, 30)) for day in range(5) for hour in range(8, 16)])
    post.record(activity(at(5, 9, 30), interactions=0))
    post.record(location(at(5, 10)))
    post.settle()
    (idle,) = post.standing(Metric.PHONE_INTERACTIONS).values()
    assert idle.measured.value == 0.0
    assert idle.measured.mean == pytest.approx(20.0)
    assert idle.measured.z < 0


def test_a_signal_of_nobody_counts_for_its_site_alone() -> None:
    """A panel that somebody opened is on no guard's phone."""
    post = Post()
    post.record(*[tampered(at(5, 8, 10 * number)) for number in range(2)], tampered(at(5, 9)))
    post.settle()
    (kept,) = post.family(Metric.SITE_SIGNALS, SITE).kept
    assert kept.value == 2.0
    assert [key for key in post.watch.kept if key.startswith("baseline/") and "G-" in key] == []
