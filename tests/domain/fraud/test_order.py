"""What stands in the end depends on the set of signals alone: not on order, doubles or batches."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.fraud.facts import FraudScored, Reason
from domain.signals import Direction, SignalEvent
from tests.domain.fraud.field import (
    NIGHT,
    TAGS,
    Field,
    at,
    attendance,
    judged,
    location,
    scan,
)
from tests.domain.fraud.whole_set import judge_all

PERSONS = ["G-1", "G-2", "G-3"]
moments = st.builds(
    lambda day, minutes, seconds: at(minutes, day=day) + timedelta(seconds=seconds),
    day=st.integers(0, 4),
    minutes=st.one_of(st.integers(0, 40), st.integers(0, 1_200)),
    seconds=st.sampled_from([0, 7, 45]),
)
norths_m = st.sampled_from([0.0, 0.0, 50.0, 700.0, 3_000.0, 20_000.0])
attendances: st.SearchStrategy[SignalEvent] = st.builds(
    attendance,
    moments,
    st.sampled_from(PERSONS),
    site=st.sampled_from(["S-01", "S-01", "S-02"]),
    device=st.sampled_from([None, "D-shared"]),
    direction=st.sampled_from(Direction),
    north_m=norths_m,
    quality=st.sampled_from([0.93, 0.3, 0.05]),
)
locations: st.SearchStrategy[SignalEvent] = st.builds(
    location, moments, st.sampled_from(PERSONS), north_m=norths_m
)
scans: st.SearchStrategy[SignalEvent] = st.builds(
    scan,
    moments,
    st.sampled_from([*TAGS, "C-9"]),
    st.sampled_from(PERSONS),
    north_m=st.sampled_from([None, 0.0, 700.0]),
)
loose_signals = st.lists(st.one_of(attendances, locations, scans), min_size=1, max_size=30)


def shifts(draw: Random) -> list[SignalEvent]:
    """Return some days of two guards: shifts with phones that come and go, and now and then deceit."""
    signals: list[SignalEvent] = []
    for person, day in product(PERSONS[:2], range(draw.randint(1, 3))):
        start, minutes = draw.choice([0, 0, 5, 400]), draw.choice([30, 90, 130, 480])
        if draw.random() < 0.5:
            signals.append(location(at(start - draw.choice([70, 200]), day=day), person))
        device = draw.choice([None, None, "D-shared"])
        for direction, minute in (
            (Direction.CHECK_IN, start),
            (Direction.CHECK_OUT, start + minutes),
        ):
            if draw.random() < 0.85:
                signals.append(
                    attendance(
                        at(minute, day=day),
                        person,
                        device=device,
                        direction=direction,
                        site=draw.choice(["S-01"] * 5 + ["S-02"]),
                        north_m=draw.choice([0, 0, 0, 300, 3_000]),
                        quality=draw.choice([0.93, 0.93, 0.3, 0.0]),
                    )
                )
        for _ in range(draw.choice([0, 0, 3, 7])):
            moment = at(start + draw.randint(-9, minutes + 9), day=day)
            tag, north_m = draw.choice(list(TAGS)), draw.choice([None, 0.0, 0.0, 0.0, 700.0])
            signals.append(scan(moment, tag, person, north_m=north_m))
        for _ in range(draw.choice([0, 2, 5, 9])):
            moment = at(start + draw.randint(-66, minutes + 12), day=day) + timedelta(
                seconds=draw.choice([0, 0, 40])
            )
            north_m = draw.choice([0, 0, 0, 700, 40_000])
            signals.append(location(moment, person, north_m=north_m))
            if draw.random() < 0.3:
                shifted = moment + timedelta(seconds=draw.choice([0, 15]))
                signals.append(location(shifted, person, north_m=draw.choice([200, 40_000])))
    return signals or [attendance(at(0))]


def once(signals: list[SignalEvent]) -> list[SignalEvent]:
    return list({signal.signal_id: signal for signal in signals}.values())


shift_signals: st.SearchStrategy[list[SignalEvent]] = st.integers().map(
    lambda seed: shifts(Random(seed))
)
signal_sets = st.one_of(loose_signals, shift_signals).map(once)
sizes = st.lists(st.integers(1, 12), max_size=30)


def shares(reasons: list[Reason]) -> list[tuple[str, float]]:
    """Return what each reason adds. A text alone, such as another minute, is no new judgement."""
    return [(reason.code, reason.contribution) for reason in reasons]


def ends_in(signals: list[SignalEvent], cuts: list[int]) -> dict[UUID, FraudScored]:
    field = Field()
    field.signals(signals)
    field.follow(cuts)
    return field.standing()


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(), signals=signal_sets, cuts=sizes)
def test_any_order_and_any_batches_end_where_the_whole_set_ends(
    seed: int, signals: list[SignalEvent], cuts: list[int]
) -> None:
    doubled = signals + signals[::3]
    Random(seed).shuffle(doubled)
    standing = ends_in(doubled, cuts)
    wanted = judge_all(signals)
    assert set(standing) == set(wanted)
    for signal, (features, judgement, witnesses) in wanted.items():
        score = standing[signal]
        assert score.features == features
        assert (score.probability, score.fraud_type) == (
            judgement.probability,
            judgement.fraud_type,
        )
        assert shares(score.reasons) == shares(judgement.reasons)
        assert score.witnesses == witnesses


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
@given(seed=st.integers(), signals=signal_sets, cuts=sizes, again=sizes)
def test_memories_made_by_a_replay_are_the_live_ones(
    seed: int, signals: list[SignalEvent], cuts: list[int], again: list[int]
) -> None:
    field = Field()
    Random(seed).shuffle(signals)
    field.signals(signals)
    field.follow(cuts)
    assert field.replayed(again) == field.kept


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
