"""Rejudging: what another threshold would find is what it finds when it was in force all along."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar, cast

import msgspec
import pytest
from msgspec.structs import replace

from application.following import KnownSignal, Window
from application.ports import Append, Expect
from application.simulating import AnomalyFact, Past, SimulateThreshold, Simulation, simulate
from application.watching import rejudging
from application.watching.memories import lending_key
from application.watching.showing import POLICY
from domain.anomaly.facts import (
    AnomalyDetected,
    AnomalyEvent,
    Metric,
    SubjectKind,
    ThresholdEvent,
    ThresholdPinned,
    threshold_stream,
)
from domain.anomaly.lending import Lending
from domain.anomaly.worrying import is_worrying
from domain.signals import SignalEvent
from tests.application.watching.habits import usual
from tests.application.watching.post import FIRST, SITE, Post, at, location, shifts, task, uuid_of
from tests.application.watching.test_showing import Kept
from tests.live import CAUSE
from tests.memory_desk import MemoryDesk
from tests.memory_log import MemoryLog

M = TypeVar("M", bound=msgspec.Struct)
GPS = Metric.GPS_ACCURACY
NOW = at(6, 12)


class Remembered(Kept):
    """The port `AllMemories` on what a post keeps."""

    def named(
        self,
        tenant_id: str,
        policy: str,
        ends: tuple[str, str],
        type_: type[M],
        *,
        after: str,
        limit: int,
    ) -> dict[str, M]:
        prefix, suffix = ends
        keys = [
            key
            for key in sorted(self.post.watch.kept)
            if key > after and key.startswith(prefix) and key.endswith(suffix)
        ]
        return self.memories(tenant_id, policy, keys[:limit], type_)


class Stored:
    """What a post's log tells of anomalies and signals."""

    def __init__(self, post: Post) -> None:
        self.post = post

    def stated(self, _tenant_id: str, family: Metric, _since: datetime) -> list[AnomalyFact]:
        facts = [fact for fact in self.post.log.facts if isinstance(fact.event, AnomalyEvent)]
        mine = {
            fact.stream_id
            for fact in facts
            if isinstance(fact.event, AnomalyDetected) and fact.event.metric is family
        }
        return [cast(AnomalyFact, fact) for fact in facts if fact.stream_id in mine]

    def signals(
        self, _tenant_id: str, windows: Sequence[Window], _up_to: int
    ) -> list[list[KnownSignal]]:
        return MemoryDesk(self.post.log, POLICY, {}).signals(windows)


def simulated(post: Post, family: Metric, threshold: float) -> Simulation:
    """Ask what a threshold would have done; nothing that is remembered or stated may change."""
    before = dict(post.watch.kept), len(post.log.facts)
    log = MemoryLog()
    log.open_tenant("t")
    for fact in post.log.facts:
        if isinstance(fact.event, ThresholdEvent):
            log.append("t", Append.of(fact.stream_id, Expect.ANY, [fact.event], CAUSE))
    past = Past(log, Stored(post), Remembered(post), Stored(post))
    asked = SimulateThreshold(family=family, threshold=threshold, days=7)
    result = simulate(past, "t", asked, NOW)
    assert (dict(post.watch.kept), len(post.log.facts)) == before
    return result


def pin(post: Post, family: Metric, threshold: float) -> None:
    """Let a threshold be in force since before the first signal."""
    pinned = ThresholdPinned(family=family, threshold=threshold, reason="Tried")
    post.tell(threshold_stream(family), pinned)
    post.log.facts[-1] = replace(post.log.facts[-1], recorded_at=FIRST - timedelta(days=1))


def lived(signals: list[SignalEvent], draw: Random, *pins: tuple[Metric, float]) -> Post:
    """Return a post that lived through signals, some of them late, to quiet hours at the end."""
    post = Post()
    for family, threshold in pins:
        pin(post, family, threshold)
    late = set(draw.sample(range(len(signals)), len(signals) // 10))
    post.record(*[signal for number, signal in enumerate(signals) if number not in late])
    post.settle()
    post.record(*[signals[number] for number in sorted(late)])
    # What goes on is judged when it is over; so at the end nothing unusual goes on.
    post.record(*[location(at(6, 10), person) for person in ("G-1", "G-2")], task(at(6, 10)))
    post.settle()
    return post


FAMILIES = tuple(metric for metric in Metric if metric is not Metric.TASK_COMPLETIONS)


@pytest.mark.parametrize(("seed", "threshold"), [(1, 0.7), (2, 1.2), (6, 5.0)])
def test_what_is_gained_and_lost_is_what_applying_it_to_the_same_history_gives(
    seed: int, threshold: float
) -> None:
    signals = shifts(Random(seed))
    before = lived(signals, Random(seed))
    after = lived(signals, Random(seed), *[(each, threshold) for each in FAMILIES])
    gained_at_all = lost_at_all = 0
    for family in FAMILIES:
        result = simulated(before, family, threshold)
        stood = before.standing(family)
        stands = after.standing(family)
        gained = {each.anomaly_id: each for each in result.gained}
        lost = {each.anomaly_id for each in result.lost}
        assert set(stood) - lost | set(gained) == set(stands)
        assert (result.anomalies_lost, result.anomalies_gained) == (len(lost), len(gained))
        assert result.anomalies_before == len(stood)
        for anomaly_id, each in gained.items():
            measured = stands[anomaly_id].measured
            assert (each.value, each.explanation) == (measured.value, measured.explanation)
            assert each.z == pytest.approx(measured.z)
            assert each.signals == measured.signals
        alerts = {each.subject_id for each in stands.values() if is_worrying(family, each.measured)}
        assert result.alerts_kept + result.alerts_gained == len(alerts)
        gained_at_all += len(gained)
        lost_at_all += len(lost)
    assert (gained_at_all if threshold < 2.5 else lost_at_all) >= 3


def test_subjects_come_by_name_and_no_more_windows_than_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post = Post()
    for person in ("G-1", "G-2", "G-3"):
        post.record(
            *usual(person), *[location(at(5, 10, n), person, accuracy_m=12.5) for n in (1, 2)]
        )
        post.record(location(at(6, 9), person))
    post.settle()
    monkeypatch.setattr(rejudging, "SUBJECTS_MAX", 2)
    whole = simulated(post, GPS, 2.0)
    assert [each.subject_id for each in whole.gained] == ["G-1", "G-2", "G-3"]
    assert (whole.gains_cut, whole.windows_rejudged) == (False, 3 * 41)
    assert whole.alerts_gained == 0  # a phone that receives badly calls nobody
    monkeypatch.setattr(rejudging, "WINDOWS_MAX", 100)
    cut = simulated(post, GPS, 2.0)
    assert [each.subject_id for each in cut.gained] == ["G-1", "G-2"]
    assert (cut.gains_cut, cut.windows_rejudged) == (True, 2 * 41)


def test_who_is_new_is_judged_again_by_what_the_site_lends() -> None:
    post = Post()
    post.settle()
    lending = Lending()
    for number in range(40):
        lending.move(at(5, 0).toordinal() - 15, 900 + 5 * number, 1)
    post.watch.kept[lending_key(SITE, GPS)] = msgspec.json.encode(lending)
    post.record(*[location(at(5, 10, n), accuracy_m=11.0) for n in range(3)], location(at(5, 11)))
    post.settle()
    assert post.standing(GPS) == {}
    (gained,) = simulated(post, GPS, 1.0).gained
    assert gained.explanation.endswith("at this site")
    assert (gained.subject_kind, gained.subject_id) == (SubjectKind.PERSON, "G-1")
    assert gained.signals == tuple(
        uuid_of(location(at(5, 10, n), accuracy_m=11.0)) for n in range(3)
    )
