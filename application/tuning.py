"""Tuning: the verdicts of some days move thresholds, all of them at once or none.

What a tuning states and its answer are one append, so a worker that is killed in the middle leaves
nothing behind, and one that runs twice states nothing twice.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol, cast
from uuid import UUID, uuid4

import msgspec

from application.handling import handle, require_valid
from application.ports import Append, Cause, EventLog, NewFact, Slice, StreamMoved
from domain.alert.facts import Verdict
from domain.anomaly.facts import (
    Metric,
    ThresholdEvent,
    ThresholdReverted,
    TuningRequested,
    Unchanged,
    threshold_stream,
)
from domain.catalogue import AnyRecorded
from domain.jobs import TUNING_JOB
from domain.tuning.rating import Move, Tally, rated, tally_of
from domain.tuning.story import DAYS_DEFAULT, TUNING, CompleteTuning, RequestTuning
from domain.tuning.threshold import (
    THRESHOLD,
    ExpireThreshold,
    FamilyThreshold,
    ThresholdCommand,
    TuneThreshold,
)

TUNER = "system:tuner"
RACES_MAX = 5  # how often it decides afresh when people decide at the same moment


class GivenVerdict(msgspec.Struct, frozen=True):
    """A verdict on an alert about an anomaly, as it stood at a position."""

    family: Metric
    verdict: Verdict
    given_at: datetime


class Verdicts(Protocol):
    """The verdicts that people gave."""

    def standing(
        self, tenant_id: str, since: datetime, until: datetime, up_to: int
    ) -> list[GivenVerdict]:
        """Return the verdicts on anomalies that were given in [since, until) and not taken back,
        as the log tells it up to a position."""
        ...


class Looked(msgspec.Struct, frozen=True):
    """What a tuning found about one family."""

    family: Metric
    stream: str
    version: int
    facts: list[ThresholdEvent]
    why: str  # it stays, where there is no fact


def request_tuning(
    log: EventLog, tenant_id: str, cause: Cause, *, until: datetime, days: int = DAYS_DEFAULT
) -> tuple[UUID, int]:
    """Ask for a tuning by the verdicts of some days; return its id and the request's position."""
    tuning_id = uuid4()
    wish = RequestTuning(tuning_id=tuning_id, until=until, days=days)
    position = handle(log, tenant_id, TUNING, TUNING_JOB.stream(tuning_id), wish, cause)
    assert position is not None, "Nobody asked under a fresh id before."
    return tuning_id, position


class TuneThresholds:
    """Tunes because somebody, or the schedule, asked, and answers in the log."""

    def __init__(self, log: EventLog, verdicts: Verdicts) -> None:
        self._log = log
        self._verdicts = verdicts

    def __call__(self, tenant_id: str, tuning_id: UUID, position: int) -> None:
        """Answer the request at a position. What is answered already, or was never asked, stays so.

        Raises:
            StreamMoved: people decided about thresholds at the same moment, again and again.
            LogUnavailable: the database did not answer; trying again is safe.
        """
        for _ in range(RACES_MAX):
            with suppress(StreamMoved):
                return self._answer(tenant_id, tuning_id, position)
        return self._answer(tenant_id, tuning_id, position)

    def _answer(self, tenant_id: str, tuning_id: UUID, position: int) -> None:
        story = self._log.read_stream(tenant_id, TUNING_JOB.stream(tuning_id))
        if len(story) == 1:
            self._log.append(tenant_id, self._tuned(tenant_id, story[0], position))

    def _tuned(self, tenant_id: str, asked: AnyRecorded, position: int) -> Append:
        request = cast(TuningRequested, asked.event)
        since = request.until - timedelta(days=request.days)
        given = self._verdicts.standing(tenant_id, since, request.until, position)
        looked = [self._look(tenant_id, family, request, since, given) for family in Metric]
        wish = CompleteTuning(
            tuning_id=request.tuning_id,
            changed=tuple(each.family for each in looked if each.facts),
            unchanged=tuple(Unchanged(each.family, each.why) for each in looked if not each.facts),
        )
        require_valid(wish)
        state = TUNING.replay([request])
        cause = Cause(TUNER, correlation_id=asked.correlation_id, caused_by=position)
        slices = [
            Slice(each.stream, each.version, [NewFact(fact) for fact in each.facts], cause)
            for each in looked
            if each.facts
        ]
        answer = [NewFact(fact) for fact in TUNING.decide(state, wish)]
        return Append([*slices, Slice(asked.stream_id, asked.version, answer, cause)])

    def _look(
        self,
        tenant_id: str,
        family: Metric,
        request: TuningRequested,
        since: datetime,
        given: list[GivenVerdict],
    ) -> Looked:
        stream = threshold_stream(family)
        story = self._log.read_stream(tenant_id, stream)
        state = THRESHOLD.replay(cast(ThresholdEvent, fact.event) for fact in story)
        reverted = [fact.recorded_at for fact in story if isinstance(fact.event, ThresholdReverted)]
        # What a person took back must not be put in force again by the verdicts that led to it.
        since = max([since, *reverted])
        tally = tally_of(
            each.verdict for each in given if each.family is family and each.given_at >= since
        )
        facts, why = judged(family, state, tally, request, since)
        return Looked(family, stream, len(story), facts, why)


def judged(
    family: Metric,
    state: FamilyThreshold,
    tally: Tally,
    request: TuningRequested,
    since: datetime,
) -> tuple[list[ThresholdEvent], str]:
    """Return the facts that a tuning states of a family, or why there are none."""
    verdict = rated(state, tally, request.until)
    wish: ThresholdCommand
    if isinstance(verdict, Move):
        wish = tune(family, verdict, tally, request, since)
    else:
        # Whatever is not confirmed by now, pinned over or not, ends when its time has come.
        wish = ExpireThreshold(family=family, at=request.until)
    require_valid(wish)
    return THRESHOLD.decide(state, wish), verdict if isinstance(verdict, str) else ""


def tune(
    family: Metric, move: Move, tally: Tally, request: TuningRequested, since: datetime
) -> TuneThreshold:
    """Return the wish for a move, with everything that it stands on."""
    return TuneThreshold(
        family=family,
        threshold=move.threshold,
        reason=move.reason,
        verdicts=tally.verdicts,
        false_positives=tally.false_positives,
        left_out=tally.left_out,
        rate=tally.rate,
        since=since,
        until=request.until,
        expires_at=move.expires_at,
        tuning_id=request.tuning_id,
    )
