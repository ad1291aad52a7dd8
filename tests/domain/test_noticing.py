"""What is noticed of each fact, and that a fact that was taken in changes nothing."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from domain.alert import (
    AlertEvidenceDropped,
    AlertEvidenceRevised,
    AlertKind,
    AlertRepeated,
    AlertWithdrawn,
    Verdict,
)
from domain.anomaly.facts import AnomalyRevised, Metric
from domain.catalogue import AnyRecorded
from domain.finding.facts import Evidence, FindingResolved, FindingRevised
from domain.incident.facts import Sign
from domain.incident.noticing import Holder, Notice, notice
from domain.kernel import Event
from domain.severity import Severity
from tests.application.control_room import Stated, alert, anomaly, at, device, finding, measured
from tests.memory_desk import MemoryLog


def told(first: Stated, *more: Event) -> Notice:
    log = MemoryLog()
    stream_id, event = first
    facts: list[AnyRecorded] = [log.state(stream_id, each) for each in (event, *more)]
    known = Notice()
    for fact in facts:
        known = notice(known, fact, Holder())
        assert notice(known, fact, Holder()) == known
    return known


def test_an_alert_lasts_from_its_first_evidence_to_its_last() -> None:
    second = UUID(int=2)
    repeated = AlertRepeated(
        dedup_key="a",
        evidence=second,
        score=0.9,
        evidence_severity=Severity.HIGH,
        severity=Severity.CRITICAL,
        count=2,
        seen_at=at(-20),
    )
    known = told(alert("a", 0, AlertKind.ANOMALY), repeated)
    assert known.item is not None
    assert (known.item.at, known.item.until) == (at(-20), at(0))
    assert (known.item.severity, known.item.sign) == (Severity.CRITICAL, Sign.UNUSUAL)
    assert known.item.label == "unusual phone interactions alert"
    revised = AlertEvidenceRevised(
        dedup_key="a",
        evidence=second,
        score=0.8,
        evidence_severity=Severity.HIGH,
        severity=Severity.HIGH,
    )
    dropped = AlertEvidenceDropped(
        dedup_key="a", evidence=second, reason="x", severity=Severity.LOW, count=1
    )
    known = told(alert("a", 0), repeated, revised, dropped)
    assert known.item is not None
    assert (known.item.at, known.item.until, known.item.severity) == (at(0), None, Severity.LOW)
    assert not told(alert("a", 0), AlertWithdrawn(dedup_key="a", reason="x")).stands


def test_a_revision_is_the_item_as_it_is_known_now() -> None:
    evidence = Evidence(expected=(), received=(UUID(int=5),), explanation="x", judged_up_to=1)
    revised = FindingRevised(
        severity=Severity.HIGH, title="x", evidence=evidence, because=(), person_id="G-9"
    )
    known = told(finding("f", 0, 10), revised, FindingResolved(reason=Verdict.CONFIRMED_NEGLIGENCE))
    assert known.stands
    assert known.item is not None
    assert (known.item.severity, known.item.person_id) == (Severity.HIGH, "G-9")
    assert UUID(int=5) in known.stands_on
    anew = AnomalyRevised(severity=Severity.LOW, measured=measured(-5, (UUID(int=6),)), because=())
    known = told(anomaly("n", 0, 10, Metric.GPS_ACCURACY), anew)
    assert known.item is not None
    assert (known.item.severity, known.item.label) == (Severity.LOW, "unusual gps accuracy")
    assert UUID(int=6) in known.stands_on


def test_what_comes_too_late_and_what_has_no_beginning_is_nothing() -> None:
    week = timedelta(days=7).total_seconds() / 60
    assert told(device("late", -week - 1)).item is None
    stream_id, _ = alert("a", 0)
    assert told((stream_id, AlertWithdrawn(dedup_key="a", reason="x"))).item is None
