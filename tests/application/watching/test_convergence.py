"""What stands in the end depends on the set of signals alone: not on order, doubles or batches."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from application.policies.judge_baselines_whenever_signals_recorded import (
    JudgeBaselinesWheneverSignalsRecorded,
)
from domain.signals import SignalEvent
from tests.application.watching.post import Post, shifts
from tests.memory_desk import Following, settle

seeds = st.integers(0, 2**32)
sizes = st.sampled_from([7, 50, 1_000])


def delivered(signals: list[SignalEvent], batch: int) -> Post:
    post = Post()
    for first in range(0, len(signals), batch):
        post.record(*signals[first : first + batch])
        post.settle(batch)
    return post


@settings(max_examples=8, deadline=None)
@given(seed=seeds, batch=sizes)
def test_any_order_and_any_batches_end_in_the_same_anomalies_and_baselines(
    seed: int, batch: int
) -> None:
    draw = Random(seed)
    signals = shifts(draw)
    in_order = delivered(signals, 1_000)
    doubled = signals + signals[::5]
    # Late as phones are: some signals come long after their neighbours, and some come twice.
    delays = {id(signal): draw.choice([0] * 9 + [draw.random() * 200]) for signal in doubled}
    late = sorted(doubled, key=lambda s: s.occurred_at.timestamp() / 3_600 + delays[id(s)])
    shuffled = delivered(late, batch)
    assert shuffled.standing() == in_order.standing()
    assert shuffled.baselines() == in_order.baselines()
    for following in (shuffled.watch, in_order.watch):
        kept, facts = dict(following.kept), list(following.log.facts)
        following.take(facts, len(facts))
        assert following.log.facts == facts
        assert following.kept == kept


@settings(max_examples=4, deadline=None)
@given(seed=seeds, batch=sizes, cut=sizes)
def test_memories_rebuilt_without_stating_anything_are_the_live_ones(
    seed: int, batch: int, cut: int
) -> None:
    draw = Random(seed)
    signals = shifts(draw)
    draw.shuffle(signals)
    live = delivered(signals, batch)
    facts = list(live.log.facts)
    rebuilt = Following(JudgeBaselinesWheneverSignalsRecorded(), live.log, replaying=True)
    settle(rebuilt, batch_facts_max=cut)
    assert live.log.facts == facts
    assert rebuilt.kept == live.watch.kept
