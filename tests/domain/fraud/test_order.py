"""What stands in the end depends on the set of signals alone: not on order, doubles or batches."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.fraud.facts import FraudScored
from domain.signals import Direction, SignalEvent
from tests.domain.fraud.field import NIGHT, Field, at, attendance, judged, location
from tests.domain.fraud.whole_set import judge_all

PERSONS = ["G-1", "G-2", "G-3"]
moments = st.builds(
    lambda day, minutes, seconds: at(minutes, day=day) + timedelta(seconds=seconds),
    day=st.integers(0, 4),
    minutes=st.one_of(st.integers(0, 40), st.integers(0, 1_200)),
    seconds=st.sampled_from([0, 7, 45]),
)
norths_m = st.sampled_from([0.0, 0.0, 50.0, 700.0, 3_000.0, 20_000.0])
attendances = st.builds(
    attendance,
    moments,
    st.sampled_from(PERSONS),
    site=st.sampled_from(["S-01", "S-01", "S-02"]),
    device=st.sampled_from([None, "D-shared"]),
    direction=st.sampled_from(Direction),
    north_m=norths_m,
    quality=st.sampled_from([0.93, 0.3, 0.05]),
)
locations = st.builds(location, moments, st.sampled_from(PERSONS), north_m=norths_m)
signal_sets = st.lists(
    st.one_of(attendances, locations),
    min_size=1,
    max_size=30,
    unique_by=lambda signal: (signal.source, signal.signal_id),
)
sizes = st.lists(st.integers(1, 12), max_size=30)


def ends_in(signals: list[SignalEvent], cuts: list[int]) -> dict[UUID, FraudScored]:
    field = Field()
    field.signals(signals)
    field.follow(cuts)
    return field.standing()


@settings(max_examples=150, deadline=None)
@given(data=st.data(), signals=signal_sets, cuts=sizes)
def test_any_order_and_any_batches_end_where_the_whole_set_ends(
    data: st.DataObject, signals: list[SignalEvent], cuts: list[int]
) -> None:
    shuffled = data.draw(st.permutations(signals))
    doubled = shuffled + data.draw(st.lists(st.sampled_from(signals), max_size=5))
    standing = ends_in(doubled, cuts)
    wanted = judge_all(signals)
    assert set(standing) == set(wanted)
    for signal, (features, judgement, _) in wanted.items():
        score = standing[signal]
        assert score.features == features
        assert (score.probability, score.fraud_type, score.reasons) == (
            judgement.probability,
            judgement.fraud_type,
            judgement.reasons,
        )


@settings(max_examples=50, deadline=None)
@given(signals=signal_sets, cuts=sizes)
def test_a_fact_that_is_read_again_changes_nothing(
    signals: list[SignalEvent], cuts: list[int]
) -> None:
    field = Field()
    field.signals(signals)
    field.follow(cuts)
    kept = dict(field.kept)
    assert field.take(field.log) == []
    assert field.kept == kept


@settings(max_examples=50, deadline=None)
@given(signals=signal_sets, cuts=sizes)
def test_every_score_names_the_one_that_it_supersedes(
    signals: list[SignalEvent], cuts: list[int]
) -> None:
    field = Field()
    field.signals(signals)
    field.follow(cuts)
    standing: dict[UUID, tuple[int, FraudScored]] = {}
    for recorded in field.log:
        score = recorded.event
        if isinstance(score, FraudScored):
            before = standing.get(score.attendance)
            assert score.supersedes == (before[0] if before else None)
            assert bool(score.because) is (before is not None)
            assert before is None or judged(before[1]) != judged(score)
            standing[score.attendance] = (recorded.position, score)


def test_a_signal_beyond_the_horizon_judges_nothing() -> None:
    field = Field()
    old = at(0) - timedelta(days=1, hours=1)
    assert NIGHT - old > timedelta(days=7)
    field.signals([attendance(old), location(old)])
    assert field.follow() == []
