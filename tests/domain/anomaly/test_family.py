"""A family: days that are settled, and days that late windows open again."""

from __future__ import annotations

from random import Random

from domain.anomaly.facts import Bucket, Metric, ThresholdReason
from domain.anomaly.family import SETTLED_AFTER_DAYS, Excluded, Family, Going, Kept, Told
from domain.anomaly.lending import KEPT_DAYS, LENT_AFTER_DAYS, Lending, lent
from domain.anomaly.metrics import RULES, explanation, placed
from domain.anomaly.tally import coarse
from domain.baseline.history import Expected
from domain.baseline.judging import Judgement
from domain.baseline.thresholds import Threshold
from domain.severity import Severity

FIRST = 739_000  # a day's ordinal
HOUR = 3_600
METRIC = Metric.GPS_ACCURACY


def windows(days: int) -> list[Kept]:
    draw = Random(9)
    return [
        Kept(day * 24 * HOUR + hour * HOUR, FIRST + day, hour, draw.gauss(10, 2), 3, 0)
        for day in range(days)
        for hour in range(8, 16)
    ]


def gone_through(going: Going, kept: list[Kept], recorded_days: list[int]) -> Family:
    """Put windows one after the other, each recorded on a day, and return the family."""
    for window, recorded in zip(kept, recorded_days, strict=True):
        going.put(window)
        for _ in going.go_through(0):
            pass
        going.settle(recorded)
    return going.family


def going() -> Going:
    return Going(Family(), METRIC, RULES[METRIC])


def test_settled_days_teach_the_same_as_days_that_are_not() -> None:
    kept = windows(20)
    settling = gone_through(going(), kept, [each.day for each in kept])
    keeping = gone_through(going(), kept, [FIRST] * len(kept))
    assert settling.recent == keeping.recent
    assert settling.today == keeping.today == FIRST + 19
    assert settling.kept[0].day == FIRST + 19 - SETTLED_AFTER_DAYS + 1
    assert len(keeping.kept) == len(kept)


def test_after_a_long_absence_everything_is_settled() -> None:
    watched = going()
    told = Told(1, True, Severity.LOW, 1.0, 1.0, 1.0, 30, 3.0, ThresholdReason.DEFAULT)
    kept = windows(3)
    gone_through(watched, kept, [FIRST + 2] * len(kept))
    watched.family.told[kept[0].start_us] = told
    watched.family.excluded = [Excluded("alert-1", kept[0].start_us)]
    watched.settle(FIRST + 100)
    assert (watched.family.kept, watched.family.told) == ([], {})
    assert watched.family.recent == watched.family.settled
    assert watched.family.recent.buckets["*"].count == len(kept)
    watched.settle(FIRST + 101)
    assert watched.family.recent.buckets["*"].count == len(kept)


def test_a_window_that_is_put_again_as_it_was_changes_nothing() -> None:
    watched = going()
    kept = windows(2)
    gone_through(watched, kept, [FIRST] * len(kept))
    watched.put(windows(2)[3])
    assert list(watched.go_through(0)) == []


def test_only_long_gone_days_are_lent_and_sums_are_exact() -> None:
    lending = Lending()
    for day in range(40):
        lending.move(FIRST + day, lent(10.0 + day % 2, 200.0), 1)
    lending.move(FIRST, lent(5_000.0, 200.0), 1)
    lending.move(FIRST, lent(5_000.0, 200.0), -1)
    assert lending.expect(FIRST + LENT_AFTER_DAYS + 28) is None
    known = lending.expect(FIRST + LENT_AFTER_DAYS + 29)
    assert known is not None
    assert (known.mean, known.count, known.bucket.value) == (10.5, 30, "site")
    lending.settle(FIRST + 40)
    assert min(lending.days) == FIRST + 40 - KEPT_DAYS + 1
    assert (lending.long_ago.count, lending.long_ago.total) == (19, 10 * 1_000 + 9 * 1_100)
    assert lending.expect(FIRST + LENT_AFTER_DAYS + 29) == known


def test_words_say_what_is_typical() -> None:
    threshold = Threshold(3.0, ThresholdReason.DEFAULT)
    expected = Expected(10.0, 2.0, 40, Bucket.HOUR_OF_DAY)
    judged = Judgement(expected, 2.0, 15.5, threshold)
    assert explanation(METRIC, 41.0, judged) == "actual 41 m, typical 8-12 m at this hour"
    late = Judgement(Expected(1_430.0, 20.0, 40, Bucket.HOUR_OF_DAY), 20.0, 9.0, threshold)
    words = explanation(Metric.CHECK_IN_TIME, 240.0, late)
    assert words == "actual 04:00, typical 23:30-00:10 at this hour"


def test_a_value_is_placed_nearest_to_the_mean() -> None:
    assert placed(10.0, 1_430.0, 1_440.0) == 1_450.0
    assert placed(1_430.0, 5.0, 1_440.0) == -10.0
    assert placed(41.0, 5.0, None) == 41.0


def test_what_goes_on_is_counted_in_coarse_steps() -> None:
    assert [coarse(each) for each in (0, 1, 7, 9, 15, 17, 50, 1_000)] == [
        0,
        1,
        7,
        8,
        14,
        16,
        48,
        896,
    ]
