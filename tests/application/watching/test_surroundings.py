"""What windows are judged by that no signal says: tours, thresholds, homes and clocks, as they were then."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from application.watching.memories import Subject, family_key
from domain.anomaly.facts import (
    Metric,
    SubjectKind,
    ThresholdExpired,
    ThresholdPinned,
    ThresholdReason,
    ThresholdReleased,
    ThresholdReverted,
    ThresholdTuned,
    threshold_stream,
)
from domain.directory.person import PersonEnrolled, PersonStationed, person_stream
from domain.directory.tour import tour_stream
from domain.signals import PanicRecorded
from tests.application.watching.habits import hour_of, usual, walk
from tests.application.watching.post import OTHER, TOUR, Post, at, location, scan

GPS = Metric.GPS_ACCURACY


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
