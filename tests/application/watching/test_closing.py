"""Windows that are over: check-ins, walks, and what a site heard in an hour or a day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.anomaly.facts import AnomalyDetected, Bucket, Metric
from domain.directory.site import SiteTimeZoneCorrected, site_stream
from domain.signals import Direction
from tests.application.watching.habits import walk
from tests.application.watching.post import (
    OTHER,
    SITE,
    Post,
    at,
    check_in,
    location,
    scan,
    task,
    uuid_of,
)


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
