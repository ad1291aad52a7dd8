"""The watch: what is measured, what is unusual, and what takes it back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from application.watching.memories import Subject, family_key
from domain.alert import (
    AlertKind,
    AlertRaised,
    AlertReopened,
    AlertRepeated,
    AlertResolved,
    Verdict,
    alert_stream,
)
from domain.anomaly.facts import (
    AnomalyDetected,
    AnomalyRevised,
    AnomalyWithdrawn,
    Bucket,
    Measured,
    Metric,
    SubjectKind,
    ThresholdExpired,
    ThresholdPinned,
    ThresholdReason,
    ThresholdReleased,
    ThresholdReverted,
    ThresholdTuned,
    anomaly_stream,
    threshold_stream,
)
from domain.directory.person import PersonEnrolled, PersonStationed, person_stream
from domain.directory.site import SiteTimeZoneCorrected, site_stream
from domain.directory.tour import tour_stream
from domain.fraud.memory import micros
from domain.fraud.types import FraudType
from domain.severity import Severity
from domain.signals import Direction, PanicRecorded, SignalEvent
from tests.application.watching.post import (
    OTHER,
    SITE,
    TOUR,
    Post,
    activity,
    at,
    check_in,
    location,
    scan,
    task,
    uuid_of,
)

GPS = Metric.GPS_ACCURACY


def usual(
    person: str = "G-1", *, days: range = range(5), accuracy_m: float = 10.0
) -> list[SignalEvent]:
    """Return eight hours a day with three locations each."""
    return [
        location(at(day, hour, minute), person, accuracy_m=accuracy_m + minute / 20 - 1)
        for day in days
        for hour in range(8, 16)
        for minute in (0, 20, 40)
    ]


def hour_of(
    accuracy_m: float, *, day: int = 5, hour: int = 10, fixes: int = 3
) -> list[SignalEvent]:
    return [location(at(day, hour, 3 * n), accuracy_m=accuracy_m) for n in range(fixes)]


@pytest.fixture
def post() -> Post:
    """A post that knows what is usual for one guard."""
    built = Post()
    built.record(*usual())
    built.settle()
    assert built.standing() == {}
    return built


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


def test_check_ins_are_compared_around_midnight() -> None:
    post = Post()
    for day in range(6):
        for number in range(8):
            moment = at(day, 0) + timedelta(minutes=-10 + 2.5 * number)
            post.record(check_in(moment))
    post.record(check_in(at(2, 12), direction=Direction.CHECK_OUT))
    post.settle()
    assert post.standing(Metric.CHECK_IN_TIME) == {}
    # The phone tells where it is at the very same moment, which is no check-in.
    post.record(location(at(5, 4)), check_in(at(5, 4)))
    post.settle()
    (odd,) = post.standing(Metric.CHECK_IN_TIME).values()
    assert odd.measured.value == 240.0
    assert odd.measured.signals == (uuid_of(check_in(at(5, 4))),)
    assert odd.measured.explanation.startswith("actual 04:00, typical 23:")
    assert odd.measured.bucket is Bucket.SUBJECT


def test_of_two_check_ins_of_one_moment_the_same_one_counts() -> None:
    first, second = check_in(at(1, 8), site=SITE), check_in(at(1, 8), site=OTHER)
    posts = []
    for signals in ((first, second), (second, first)):
        post = Post()
        post.tell(site_stream(OTHER), SiteTimeZoneCorrected(time_zone="Europe/Paris"))
        post.record(*signals)
        post.settle()
        posts.append(post.family(Metric.CHECK_IN_TIME))
    assert posts[0].kept == posts[1].kept
    assert len(posts[0].kept) == 1


def walk(day: int, hour: int, minutes: float, *, checkpoints: int = 3) -> list[SignalEvent]:
    return [scan(at(day, hour, 5 + minutes * n), n) for n in range(checkpoints)]


def test_walks_are_timed_and_counted() -> None:
    post = Post()
    usual_walks = [walk(day, hour, 4.0 + hour % 2) for day in range(5) for hour in range(8, 15)]
    post.record(*[each for scans in usual_walks for each in scans])
    post.record(*walk(5, 8, 20.0), *walk(5, 11, 4.0, checkpoints=1))
    post.settle()
    (slow,) = post.standing(Metric.TOUR_DURATION).values()
    assert (slow.measured.value, slow.measured.count) == (40.0, 35)
    assert post.standing(Metric.TOUR_COMPLETION) == {}  # it may go on
    post.record(location(at(5, 13)))
    post.settle()
    (broken,) = post.standing(Metric.TOUR_COMPLETION).values()
    assert broken.measured.value == pytest.approx(1 / 3)
    assert len(broken.measured.signals) == 1
    # The phone was offline: the walk went on, and there were two that were one.
    post.record(*walk(5, 11, 4.0)[1:])
    post.settle()
    assert post.standing(Metric.TOUR_COMPLETION) == {}


def test_walks_that_late_scans_join_are_one() -> None:
    post = Post()
    for day in range(5):
        for hour in range(8, 15):
            post.record(*walk(day, hour, 4.0))
    post.record(scan(at(5, 8), 0), scan(at(5, 9, 40), 1), location(at(5, 13)))
    post.settle()
    assert len(post.standing(Metric.TOUR_COMPLETION)) == 2
    # Touched twice, and the third door in between: it was one walk, and a slow one.
    post.record(scan(at(5, 8, 50), 2), scan(at(5, 8, 2), 0))
    post.settle()
    assert post.standing(Metric.TOUR_COMPLETION) == {}
    (slow,) = post.standing(Metric.TOUR_DURATION).values()
    assert (slow.window_start, slow.measured.value) == (at(5, 8), 100.0)


def test_a_tour_that_nobody_defined_is_not_judged() -> None:
    post = Post()
    post.record(scan(at(5, 8), 0, tour="T-9"), location(at(5, 13)))
    post.settle()
    key = family_key(Subject(SubjectKind.PERSON, "G-1"), Metric.TOUR_COMPLETION)
    assert post.family(Metric.TOUR_COMPLETION).kept == [] if key in post.watch.kept else True
    post.tell(tour_stream("T-1"), TOUR)
    post.record(*walk(5, 14, 2.0))
    post.settle()
    assert len(post.family(Metric.TOUR_COMPLETION).kept) == 1


def test_a_walk_is_measured_by_the_tour_as_it_was_then() -> None:
    post = Post()
    post.settle()
    post.tell(tour_stream("T-1"), replace(TOUR, checkpoints=TOUR.checkpoints[:2]))
    # The log's clock says 08:00 of the last day.
    post.record(*walk(5, 14, 4.0, checkpoints=2), *walk(6, 9, 4.0, checkpoints=2))
    post.settle()
    before, after = post.family(Metric.TOUR_COMPLETION).kept
    assert before.value == pytest.approx(2 / 3)
    assert after.value == 1.0


def test_a_site_hears_storms_at_once_and_silences_when_they_are_over() -> None:
    post = Post()
    post.record(
        *[
            check_in(at(day, hour, 10 * n))
            for day in range(5)
            for hour in range(8, 16)
            for n in range(4)
        ]
    )
    post.settle()
    assert post.standing(Metric.SITE_SIGNALS) == {}
    post.record(*[check_in(at(5, 8, n)) for n in range(50)])
    post.settle()
    (storm,) = post.standing(Metric.SITE_SIGNALS).values()
    assert (storm.subject_id, storm.measured.value) == (SITE, 48.0)  # in coarse steps so far
    assert post.log.events(AnomalyDetected)[-1].person_id is None
    post.record(check_in(at(5, 9)), check_in(at(5, 10)))
    post.settle()
    values = sorted(each.measured.value for each in post.standing(Metric.SITE_SIGNALS).values())
    assert values == [50.0] if len(values) == 1 else values == [1.0, 50.0]
    post.record(check_in(at(5, 8, 55)))
    post.settle()
    assert max(e.measured.value for e in post.standing(Metric.SITE_SIGNALS).values()) == 51.0


def test_tasks_are_counted_by_the_day_of_the_site() -> None:
    post = Post(zone="America/New_York")
    post.record(*[task(at(day, hour)) for day in range(3) for hour in (14, 16, 18)])
    post.record(task(at(2, 3)), task(at(4, 14)))
    post.settle()
    days = [(kept.value, kept.signals) for kept in post.family(Metric.TASK_COMPLETIONS, SITE).kept]
    assert days == [(3.0, 3), (4.0, 4), (3.0, 3)]


def test_a_threshold_that_was_tuned_or_pinned_judges_what_begins_after_it() -> None:
    post = Post()
    post.record(*usual())
    stream = threshold_stream(GPS)
    tuned = ThresholdTuned(
        family=GPS,
        threshold=4.0,
        previous=3.0,
        reason=ThresholdReason.FALSE_POSITIVES,
        verdicts=40,
        false_positives=20,
        left_out=0,
        rate=0.5,
        since=at(0, 0),
        until=at(1, 0),
        expires_at=None,
        tuning_id=UUID(int=1),
    )
    told = [
        tuned,
        ThresholdPinned(family=GPS, threshold=9.0, reason="Noisy street."),
        ThresholdReleased(family=GPS, reason="Quiet again."),
        ThresholdReverted(family=GPS, threshold=5.0, reason="Better before."),
        ThresholdReverted(family=GPS, threshold=None, reason="None at all."),
        ThresholdExpired(family=GPS),
    ]
    for event in told:
        post.tell(stream, event)
    post.settle()
    rulings = post.rulings(GPS)
    assert [(r.tuned and r.tuned.deviations, r.pinned) for r in rulings] == [
        (4.0, None),
        (4.0, 9.0),
        (4.0, None),
        (5.0, None),
        (None, None),
        (None, None),
    ]
    post.watch.take(post.log.facts)
    assert post.rulings(GPS) == rulings
    by_rule = ThresholdReason.STABLE
    post.tell(stream, replace(tuned, reason=by_rule, threshold=2.5))
    post.tell(stream, ThresholdPinned(family=GPS, threshold=20.0, reason="Never."))
    post.settle()
    assert post.rulings(GPS)[-2].tuned is None
    # Its hour began before the pin, so the pin does not hold for it …
    post.record(*hour_of(25.0))
    post.settle()
    assert len(post.standing(GPS)) == 1
    # … but for one that begins after it. The log's clock is hours later than these signals.
    after = timedelta(hours=27)
    post.record(*[location(at(5, 8, n) + after, accuracy_m=25.0) for n in range(3)])
    post.settle()
    assert len(post.standing(GPS)) == 1


def raised(kind: AlertKind, evidence: SignalEvent, person: str | None = "G-1") -> AlertRaised:
    return AlertRaised(
        alert_id=UUID(int=7),
        kind=kind,
        dedup_key="k",
        severity=Severity.HIGH,
        score=0.9,
        title="Look",
        evidence=uuid_of(evidence),
        seen_at=evidence.occurred_at,
        site_id=SITE,
        person_id=person,
        fraud_type=FraudType.GPS_SPOOFING if kind is AlertKind.FRAUD else None,
    )


def resolved(reason: Verdict, *evidence: SignalEvent) -> AlertResolved:
    return AlertResolved(
        dedup_key="k",
        reason=reason,
        person_id="G-1",
        site_id=SITE,
        evidence=tuple(uuid_of(each) for each in evidence),
    )


def test_confirmed_fraud_never_teaches(post: Post) -> None:
    faked = [check_in(at(2, 20), accuracy_m=80.0), check_in(at(3, 20), accuracy_m=90.0)]
    post.record(*faked)
    post.settle()
    stream = alert_stream(UUID(int=7))
    learned = post.family(GPS).recent
    post.tell(stream, raised(AlertKind.FRAUD, faked[0]))
    repeated = AlertRepeated(
        dedup_key="k",
        evidence=uuid_of(faked[1]),
        score=0.9,
        evidence_severity=Severity.HIGH,
        severity=Severity.HIGH,
        count=2,
        seen_at=faked[1].occurred_at,
    )
    post.tell(stream, repeated)
    post.tell(stream, resolved(Verdict.BENIGN_EXPECTED, *faked))
    post.settle()
    assert post.family(GPS).recent == learned
    post.tell(stream, resolved(Verdict.CONFIRMED_FRAUD, *faked))
    post.settle()
    honest = post.family(GPS).recent.buckets["*"]
    assert honest.count == learned.buckets["*"].count - 2
    assert honest.mean == pytest.approx(10.0)
    again = dict(post.watch.kept)
    post.watch.take(post.log.facts[-3:])
    assert post.watch.kept == again
    post.tell(stream, AlertReopened(dedup_key="k", reason="It was not."))
    post.settle()
    assert post.family(GPS).recent == learned


def test_alerts_of_other_kinds_and_of_nobody_teach_nothing_about_fraud(post: Post) -> None:
    one = location(at(2, 9, 20))
    kept = dict(post.watch.kept)
    for number, alert in enumerate(
        (raised(AlertKind.ANOMALY, one), raised(AlertKind.FRAUD, one, person=None))
    ):
        stream = alert_stream(UUID(int=number))
        post.tell(stream, alert)
        post.tell(stream, resolved(Verdict.CONFIRMED_FRAUD, one))
        post.tell(stream, AlertReopened(dedup_key="k", reason="No."))
        post.settle()
    assert post.watch.kept == kept


def test_a_fraud_of_somebody_whose_signals_all_came_too_late_is_confirmed() -> None:
    post = Post()
    faked = check_in(at(-3, 9))
    post.record(faked)
    stream = alert_stream(UUID(int=7))
    post.tell(stream, raised(AlertKind.FRAUD, faked))
    post.tell(stream, resolved(Verdict.CONFIRMED_FRAUD, faked))
    post.settle()
    assert post.family(GPS).kept == []
    (excluded,) = post.family(GPS).excluded
    assert (excluded.alert, excluded.at_us) == (stream, micros(faked.occurred_at))
    assert post.standing() == {}


def test_an_anomaly_of_a_site_that_nobody_heard_of_is_left_as_it_is() -> None:
    """It was judged by signals that this log does not hold."""
    post = Post()
    anomaly = AnomalyDetected(
        anomaly_id=UUID(int=8),
        metric=Metric.SITE_SIGNALS,
        subject_kind=SubjectKind.SITE,
        subject_id=SITE,
        site_id=SITE,
        person_id=None,
        device_id=None,
        severity=Severity.HIGH,
        window_start=at(5, 10),
        window_end=at(5, 11),
        measured=Measured(
            value=50.0,
            mean=4.0,
            deviation=1.0,
            count=40,
            z=46.0,
            threshold=3.0,
            threshold_reason=ThresholdReason.DEFAULT,
            bucket=Bucket.SUBJECT,
            explanation="actual 50, typical 1-7",
            signals=(),
        ),
    )
    post.tell(anomaly_stream(anomaly.anomaly_id), anomaly)
    post.settle()
    assert post.log.facts[-1].event is anomaly
    assert [each.measured.value for each in post.standing().values()] == [50.0]


def test_a_person_without_a_home_is_watched_by_the_tenants_clock() -> None:
    post = Post(zone="America/New_York")
    post.tell(person_stream("G-9"), PersonEnrolled(person_id="G-9", name="Nobody"))
    post.record(*[location(at(1, 3, n), "G-9") for n in range(3)], location(at(1, 9), "G-9"))
    post.record(
        PanicRecorded(
            signal_id="help",
            source="test",
            person_id="G-9",
            device_id="D-1",
            occurred_at=at(1, 9, 1),
        )
    )
    post.settle()
    (kept,) = post.family(GPS, "G-9").kept
    assert kept.day == at(0, 0).toordinal()
    assert kept.hour_of_week % 24 == 22
    assert (kept.site_id, kept.lent) == (None, None)
    key = family_key(Subject(SubjectKind.PERSON, "G-9"), Metric.GEOFENCE_DISTANCE)
    assert key not in post.watch.kept
    post.tell(person_stream("G-9"), PersonStationed(site_id=OTHER))
    post.settle()
    post.watch.take(post.log.facts[-1:])
    assert post.log.facts[-1].event == PersonStationed(site_id=OTHER)
