"""Whenever an attendance is scored 0.80 or above, raise an alert, or repeat the one that stands."""

from __future__ import annotations

from uuid import UUID

import pytest

from application.policies.raise_alert_whenever_fraud_scored_high import (
    NAME,
    RaiseAlertWheneverFraudScoredHigh,
)
from domain.alert import (
    AcknowledgeAlert,
    AlertEvidenceDropped,
    AlertEvidenceRevised,
    AlertRaised,
    AlertRepeated,
    AlertWithdrawn,
    ReopenAlert,
    ResolveAlert,
    Verdict,
)
from domain.directory.person import PersonEnrolled
from domain.severity import Severity
from tests.application.guardroom import BUDDY, GPS, Guardroom, scored
from tests.memory_desk import MemoryDesk

FRAUD = ResolveAlert(reason=Verdict.CONFIRMED_FRAUD)


def kinds(room: Guardroom, alert_id: UUID) -> list[type]:
    return [type(event) for event in room.story(alert_id)]


@pytest.fixture
def room() -> Guardroom:
    return Guardroom()


@pytest.mark.parametrize(
    ("probability", "severity"),
    [
        (0.80, Severity.HIGH),
        (0.9499, Severity.HIGH),
        (0.95, Severity.CRITICAL),
        (1.0, Severity.CRITICAL),
    ],
)
def test_an_alert_is_raised_from_0_80_on(
    room: Guardroom, probability: float, severity: Severity
) -> None:
    room.score(scored(1, probability))
    (alert_id,) = room.alert_ids()
    (raised,) = room.log.events(AlertRaised)
    assert raised.alert_id == alert_id
    assert (raised.score, raised.severity) == (probability, severity)
    assert (raised.person_id, raised.site_id, raised.fraud_type) == ("G-1", "S-1", GPS)
    assert raised.dedup_key == "fraud/G-1/gps_spoofing"
    assert raised.evidence == UUID(int=1)
    assert "G-1" in raised.title
    (stated,) = [fact for fact in room.log.facts if isinstance(fact.event, AlertRaised)]
    assert (stated.actor, stated.caused_by) == (f"policy:{NAME}", 1)


def test_below_0_80_nobody_is_asked(room: Guardroom) -> None:
    room.score(scored(1, 0.7999), scored(2, 0.0))
    assert room.alert_ids() == []
    assert room.alerts.kept == {}


def test_other_facts_than_scores_are_passed_over(room: Guardroom) -> None:
    enrolled = room.log.state("person-G-1", PersonEnrolled(person_id="G-1", name="Ada"))
    score = room.log.state("score-1", scored(1, 0.9))
    policy = RaiseAlertWheneverFraudScoredHigh()
    policy.handle(None, [enrolled])  # type: ignore[arg-type]  # no desk is needed for nothing
    desk = MemoryDesk(room.log, NAME, {})
    policy.handle(desk, [enrolled, score, enrolled])
    desk.finish()
    assert [type(fact.event) for fact in room.log.facts[2:]] == [AlertRaised]


@pytest.mark.parametrize("hours", [-24, -0.5, 0, 24])
def test_within_24_hours_the_open_alert_is_repeated(room: Guardroom, hours: float) -> None:
    room.score(scored(1, 0.9, hours=100), scored(2, 0.96, hours=100 + hours))
    (alert_id,) = room.alert_ids()
    repeated = room.story(alert_id)[-1]
    assert isinstance(repeated, AlertRepeated)
    assert (repeated.count, repeated.severity) == (2, Severity.CRITICAL)


@pytest.mark.parametrize("hours", [-24.01, 24.01])
def test_after_24_hours_there_is_a_new_alert(room: Guardroom, hours: float) -> None:
    room.score(scored(1, 0.9, hours=100), scored(2, 0.9, hours=100 + hours))
    assert len(room.alert_ids()) == 2


def test_an_acknowledged_alert_takes_repeats_as_well(room: Guardroom) -> None:
    room.score(scored(1, 0.9))
    room.ask_alert(room.alert_ids()[0], AcknowledgeAlert())
    room.score(scored(2, 0.9))
    assert len(room.alert_ids()) == 1


def test_persons_and_fraud_types_have_alerts_of_their_own(room: Guardroom) -> None:
    room.score(scored(1, 0.9), scored(2, 0.9, fraud_type=BUDDY), scored(3, 0.9, person="G-2"))
    assert len(room.alert_ids()) == 3


def test_a_late_attendance_joins_the_alert_of_its_own_day(room: Guardroom) -> None:
    """The newest alert is of another day; two open alerts about one day would be a second one."""
    room.score(scored(1, 0.9, hours=0), scored(2, 0.9, hours=72), scored(3, 0.9, hours=3))
    first, second = room.alert_ids()
    assert kinds(room, first) == [AlertRaised, AlertRepeated]
    room.score(scored(4, 0.9, hours=73))
    assert kinds(room, second) == [AlertRaised, AlertRepeated]
    assert len(room.alert_ids()) == 2


def test_a_resolved_alert_takes_no_repeats(room: Guardroom) -> None:
    room.score(scored(1, 0.9))
    room.ask_alert(room.alert_ids()[0], FRAUD)
    room.score(scored(2, 0.9))
    assert len(room.alert_ids()) == 2


def test_a_score_that_falls_drops_its_evidence_and_the_last_one_withdraws_the_alert(
    room: Guardroom,
) -> None:
    room.score(scored(1, 0.97), scored(2, 0.85), scored(1, 0.3))
    (alert_id,) = room.alert_ids()
    dropped = room.story(alert_id)[-1]
    assert isinstance(dropped, AlertEvidenceDropped)
    assert (dropped.evidence, dropped.count, dropped.severity) == (
        UUID(int=1),
        1,
        Severity.HIGH,
    )
    assert dropped.reason == "A later score of the attendance is 0.30 (gps_spoofing)."
    room.score(scored(2, 0.79))
    assert kinds(room, alert_id)[2:] == [
        AlertEvidenceDropped,
        AlertEvidenceDropped,
        AlertWithdrawn,
    ]


def test_a_score_that_stays_high_revises_its_evidence(room: Guardroom) -> None:
    room.score(scored(1, 0.85), scored(1, 0.97))
    (alert_id,) = room.alert_ids()
    assert kinds(room, alert_id) == [AlertRaised, AlertEvidenceRevised]


def test_a_revised_score_stays_in_its_alert_when_a_newer_one_is_open(room: Guardroom) -> None:
    room.score(scored(1, 0.85, hours=0), scored(2, 0.85, hours=48), scored(1, 0.97, hours=0))
    first, second = room.alert_ids()
    assert kinds(room, first) == [AlertRaised, AlertEvidenceRevised]
    assert kinds(room, second) == [AlertRaised]


def test_a_score_that_changes_its_type_moves_to_an_alert_of_that_type(room: Guardroom) -> None:
    room.score(scored(1, 0.9), scored(1, 0.9, fraud_type=BUDDY))
    first, second = room.alert_ids()
    assert kinds(room, first) == [AlertRaised, AlertEvidenceDropped, AlertWithdrawn]
    assert kinds(room, second) == [AlertRaised]
    room.score(scored(2, 0.9), scored(2, 0.9, fraud_type=BUDDY))
    assert kinds(room, second) == [AlertRaised, AlertRepeated]


def test_a_score_that_rises_again_is_asked_again(room: Guardroom) -> None:
    room.score(scored(1, 0.9), scored(1, 0.3), scored(1, 0.9))
    first, second = room.alert_ids()
    assert kinds(room, first)[-1] is AlertWithdrawn
    assert kinds(room, second) == [AlertRaised]


@pytest.mark.parametrize("later", [0.1, 0.99])
def test_a_persons_verdict_is_not_asked_again(room: Guardroom, later: float) -> None:
    room.score(scored(1, 0.9))
    (alert_id,) = room.alert_ids()
    room.ask_alert(alert_id, FRAUD)
    room.score(scored(1, later), scored(1, later, fraud_type=BUDDY))
    assert room.alert_ids() == [alert_id]
    assert kinds(room, alert_id)[1:] == [type(room.story(alert_id)[-1])]


def test_a_verdict_taken_back_lets_scores_speak_again(room: Guardroom) -> None:
    room.score(scored(1, 0.9))
    (alert_id,) = room.alert_ids()
    room.ask_alert(alert_id, FRAUD, ReopenAlert(reason="Too early"))
    room.score(scored(1, 0.1))
    assert kinds(room, alert_id)[-1] is AlertWithdrawn


def test_what_was_dropped_before_a_verdict_was_not_judged_by_it(room: Guardroom) -> None:
    room.score(scored(1, 0.9), scored(2, 0.9), scored(1, 0.3))
    (alert_id,) = room.alert_ids()
    room.ask_alert(alert_id, FRAUD)
    room.score(scored(1, 0.9))
    assert len(room.alert_ids()) == 2


def test_the_same_scores_again_ask_nothing_more(room: Guardroom) -> None:
    room.score(
        scored(1, 0.9),
        scored(2, 0.9),
        scored(1, 0.3),
        scored(3, 0.9, hours=48),
        scored(3, 0.9, hours=48, fraud_type=BUDDY),
    )
    room.ask_alert(room.alert_ids()[0], FRAUD)
    room.score(scored(2, 0.1))
    assert room.redeliver() == []
