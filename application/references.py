"""References: what a fact names of other facts, and what it says in one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from uuid import UUID

from domain.alert import alert_stream
from domain.alert.facts import AlertKind, AlertRaised, AlertRepeated
from domain.anomaly.facts import (
    AnomalyDetected,
    AnomalyRevised,
    AnomalyWithdrawn,
    anomaly_stream,
)
from domain.catalogue import tag_of
from domain.finding.facts import (
    FindingRaised,
    FindingRevised,
    FindingTakenUp,
    FindingWithdrawn,
    audit_stream,
    finding_stream,
)
from domain.fraud.facts import FraudScored, score_stream
from domain.incident.facts import (
    IncidentEvidenceLinked,
    IncidentMerged,
    IncidentOpened,
    Item,
    ItemKind,
    incident_stream,
)
from domain.kernel import Event
from domain.muting.facts import ActionMuted, MutedBy, maintenance_stream, silence_stream
from domain.signals import SignalEvent, signal_stream
from domain.ticket import TicketOpened, TicketRepeated, ticket_stream


class Relation(StrEnum):
    """How one fact has to do with another."""

    CAUSE = "cause"  # it was stated because of it
    EVIDENCE = "evidence"  # it was judged from it
    LATE = "late"  # it came late and changed the judgement
    ABOUT = "about"  # it is about it
    PART = "part"  # it is part of it
    MUTED = "muted"  # it did not call anybody because of it
    STORY = "story"  # an earlier fact of the same story


def references(event: Event) -> Iterator[tuple[Relation, str]]:
    """Yield the streams that a fact names, and how it has to do with them."""
    yield from of_judgements(event)
    yield from of_work(event)
    yield from of_incidents(event)


def of_judgements(event: Event) -> Iterator[tuple[Relation, str]]:
    """Yield what a score, an anomaly or a finding was judged from."""
    match event:
        case FraudScored(attendance=attendance, because=because, witnesses=witnesses):
            yield from signals(Relation.EVIDENCE, [attendance, *witnesses])
            yield from signals(Relation.LATE, because)
        case AnomalyDetected(measured=measured):
            yield from signals(Relation.EVIDENCE, measured.signals)
        case AnomalyRevised(measured=measured, because=because):
            yield from signals(Relation.EVIDENCE, measured.signals)
            yield from signals(Relation.LATE, because)
        case AnomalyWithdrawn(because=because):
            yield from signals(Relation.LATE, because)
        case FindingRaised(evidence=evidence, because=because, audit_id=audit_id):
            yield from signals(Relation.EVIDENCE, evidence.received)
            yield from signals(Relation.LATE, because)
            if audit_id is not None:
                yield Relation.CAUSE, audit_stream(audit_id)
        case (
            FindingRevised(evidence=evidence, because=because)
            | FindingWithdrawn(evidence=evidence, because=because)
        ):
            yield from signals(Relation.EVIDENCE, evidence.received)
            yield from signals(Relation.LATE, because)
        case _:
            return


def of_work(event: Event) -> Iterator[tuple[Relation, str]]:
    """Yield what a fact of an alert or a ticket names."""
    match event:
        case AlertRaised(kind=AlertKind.ANOMALY, evidence=anomaly):
            yield Relation.EVIDENCE, anomaly_stream(anomaly)
        case AlertRaised(kind=AlertKind.FRAUD, evidence=attendance):
            yield Relation.EVIDENCE, score_stream(attendance)
        case AlertRaised(evidence=signal):
            yield Relation.EVIDENCE, signal_stream(signal)
        case AlertRepeated(evidence=evidence):
            # Its kind stands in the fact before; only one of these streams is there.
            yield Relation.EVIDENCE, score_stream(evidence)
            yield Relation.EVIDENCE, anomaly_stream(evidence)
            yield Relation.EVIDENCE, signal_stream(evidence)
        case TicketOpened(alert_id=alert_id, finding_id=finding_id, incident_id=incident_id):
            if alert_id is not None:
                yield Relation.ABOUT, alert_stream(alert_id)
            if finding_id is not None:
                yield Relation.ABOUT, finding_stream(finding_id)
            if incident_id is not None:
                yield Relation.ABOUT, incident_stream(incident_id)
        case TicketRepeated(alert_id=UUID() as alert_id):
            yield Relation.ABOUT, alert_stream(alert_id)
        case TicketRepeated(finding_id=UUID() as finding_id):
            yield Relation.ABOUT, finding_stream(finding_id)
        case FindingTakenUp(ticket_id=ticket_id):
            yield Relation.ABOUT, ticket_stream(ticket_id)
        case ActionMuted(muted_by=by, muter_id=UUID() as muter):
            yield Relation.MUTED, MUTERS[by](muter)
        case _:
            return


def of_incidents(event: Event) -> Iterator[tuple[Relation, str]]:
    """Yield what a fact of an incident names."""
    match event:
        case IncidentOpened(items=items):
            for item in items:
                yield Relation.PART, item_stream(item)
        case IncidentEvidenceLinked(item=item):
            yield Relation.PART, item_stream(item)
        case IncidentMerged(into_incident_id=into):
            yield Relation.ABOUT, incident_stream(into)
        case _:
            return


MUTERS = {
    MutedBy.SILENCE: silence_stream,
    MutedBy.MAINTENANCE: maintenance_stream,
    MutedBy.INHIBITION: finding_stream,
    MutedBy.DEDUPLICATION: ticket_stream,
}
ITEM_STREAMS = {
    ItemKind.SIGNAL: signal_stream,
    ItemKind.ALERT: alert_stream,
    ItemKind.FINDING: finding_stream,
    ItemKind.ANOMALY: anomaly_stream,
}


def item_stream(item: Item) -> str:
    """Return the stream of what is part of an incident."""
    return ITEM_STREAMS[item.kind](item.id)


def signals(relation: Relation, ids: Iterable[UUID]) -> Iterator[tuple[Relation, str]]:
    """Yield the streams of signals."""
    for each in ids:
        yield relation, signal_stream(each)


def words(event: Event) -> str:
    """Return what a fact says in one line, with the numbers that decided where it has some."""
    match event:
        case FraudScored(probability=probability, reasons=reasons):
            said = " ".join(reason.text for reason in reasons) or "nothing unusual"
            return f"Fraud score {probability:.2f}: {said}"
        case AnomalyDetected(metric=metric, measured=measured):
            why = f"threshold {measured.threshold:g} ({measured.threshold_reason})"
            return f"{metric}: {measured.explanation}; z {measured.z:.1f}, {why}"
        case AnomalyRevised(measured=measured):
            return f"Now {measured.explanation}; z {measured.z:.1f}"
        case (
            FindingRaised(title=title, evidence=evidence)
            | FindingRevised(title=title, evidence=evidence)
        ):
            return f"{title}: {evidence.explanation}"
        case FindingWithdrawn(reason=reason) | AnomalyWithdrawn(reason=reason):
            return f"Withdrawn: {reason}"
        case AlertRaised(title=title) | TicketOpened(title=title) | IncidentOpened(title=title):
            return title
        case IncidentEvidenceLinked(item=item, link=link):
            return f"{item.label} joined, {link.score:.2f}: {'; '.join(link.reasons)}"
        case ActionMuted(action=action, muted_by=by):
            return f"No {action}: muted by {by}"
        case _ if isinstance(event, SignalEvent):
            who = event.person_id or event.device_id or "somebody"
            kind = tag_of(event).partition(".")[0].replace("_", " ")
            return f"{kind} of {who}"
        case _:
            return tag_of(event).replace(".", " ").replace("_", " ")
