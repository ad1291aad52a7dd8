"""The night, second trouble: a guard falls silent, his phone goes offline, and a checkpoint is missed."""

from application.following import policy_actor
from application.policies import (
    correlate_whenever_something_happens,
    escalate_finding_whenever_raised_high,
    judge_baselines_whenever_signals_recorded,
)
from application.policies.escalate_finding_whenever_raised_high import dedup_key
from domain.anomaly.facts import (
    AnomalyDetected,
    Bucket,
    Measured,
    Metric,
    SubjectKind,
    ThresholdReason,
    anomaly_stream,
)
from domain.finding.facts import (
    AuditCompleted,
    AuditKind,
    AuditRequested,
    Evidence,
    Expected,
    FindingRaised,
    FindingTakenUp,
    FindingType,
    audit_stream,
    finding_stream,
)
from domain.incident.describing import opening
from domain.incident.facts import Item, ItemKind, Link, Sign, incident_stream
from domain.incident.lifecycle import INCIDENT as INCIDENT_DECIDER
from domain.incident.matching import Standing, match
from domain.muting.facts import Action, ActionMuted, MutedBy, ledger_stream
from domain.severity import Severity
from domain.signals import DeviceStatus, DeviceStatusRecorded, PhoneActivityRecorded, signal_uuid
from domain.ticket import Priority, TicketAssigned, TicketCategory, TicketOpened, ticket_stream
from interfaces.http.examples.day import SCHEDULE, SILENCE
from interfaces.http.examples.fraud import SOURCE, take
from interfaces.http.examples.story import Story, moment, named

WATCHING = policy_actor(judge_baselines_whenever_signals_recorded.NAME)
ESCALATING = policy_actor(escalate_finding_whenever_raised_high.NAME)
CORRELATING = policy_actor(correlate_whenever_something_happens.NAME)
AUDITOR = "system:auditor"

ANOMALY, INCIDENT, AUDIT = named("anomaly"), named("incident"), named("audit")
SILENT, MISSED, FINDING_TICKET = named("silent"), named("missed"), named("finding-ticket")
STARTS_AT, ENDS_AT = moment("2026-11-22 22:00:00"), moment("2026-11-22 23:00:00")
QUIET_PHONE, PHONE_LOST = signal_uuid(SOURCE, "d3d94468"), signal_uuid(SOURCE, "c20ad4d7")
SILENT_TITLE = "G-012 hardly used the phone from 22:00 for an hour"
MISSED_TITLE = "1 of 2 checkpoints of T-night missed, walk of 22:00"


def tell_duty(story: Story) -> None:
    """Tell of what was not done, what belongs together, and who was called."""
    quiet, lost = tell_signals(story)
    tell_anomaly(story, quiet)
    tell_audit(story)
    tell_incident(story, lost)


def tell_signals(story: Story) -> tuple[int, int]:
    quiet = PhoneActivityRecorded(
        signal_id="d3d94468",
        source=SOURCE,
        person_id="G-012",
        device_id="D-012",
        interactions=1,
        interval_s=3_600,
        site_id="S-02",
        occurred_at=ENDS_AT,
    )
    lost = DeviceStatusRecorded(
        signal_id="c20ad4d7",
        source=SOURCE,
        device_id="D-012",
        status=DeviceStatus.OFFLINE,
        person_id="G-012",
        site_id="S-02",
        battery_percent=9,
        occurred_at=moment("2026-11-22 23:04:40"),
    )
    return take(story, "2026-11-22 23:00:01", quiet), take(story, "2026-11-22 23:04:42", lost)


def tell_anomaly(story: Story, quiet: int) -> None:
    measured = Measured(
        value=1.0,
        mean=14.2,
        deviation=3.1,
        count=46,
        z=-4.26,
        threshold=3.0,
        threshold_reason=ThresholdReason.DEFAULT,
        bucket=Bucket.HOUR_OF_WEEK,
        explanation="actual 1 per hour, typical 11.1-17.3 per hour at this hour",
        signals=(QUIET_PHONE,),
    )
    anomaly = AnomalyDetected(
        anomaly_id=ANOMALY,
        metric=Metric.PHONE_INTERACTIONS,
        subject_kind=SubjectKind.PERSON,
        subject_id="G-012",
        site_id="S-02",
        person_id="G-012",
        device_id="D-012",
        severity=Severity.MEDIUM,
        window_start=STARTS_AT,
        window_end=ENDS_AT,
        measured=measured,
    )
    story.tell("2026-11-22 23:04:43", anomaly_stream(ANOMALY), WATCHING, anomaly, quiet)


def tell_audit(story: Story) -> None:
    at = "2026-11-22 23:05:00"
    request = AuditRequested(audit_id=AUDIT, kind=AuditKind.HEARTBEAT, as_of=moment(at))
    asked = story.tell(at, audit_stream(AUDIT), SCHEDULE, request)
    tell_silent(story, asked)
    tell_missed(story, asked)
    completed = AuditCompleted(
        audit_id=AUDIT, judged_up_to=asked, sites=2, windows=9, raised=2, revised=0, withdrawn=0
    )
    story.tell("2026-11-22 23:05:01", audit_stream(AUDIT), AUDITOR, completed, asked)


def tell_silent(story: Story, asked: int) -> None:
    """Tell of the finding that somebody is called for."""
    at = "2026-11-22 23:05:01"
    finding = FindingRaised(
        finding_id=SILENT,
        finding_type=FindingType.LOW_PHONE_ACTIVITY,
        severity=Severity.HIGH,
        site_id="S-02",
        person_id="G-012",
        device_id="D-012",
        subject_id="SH-1122-S-02",
        title=SILENT_TITLE,
        window_start=STARTS_AT,
        window_end=ENDS_AT,
        evidence=Evidence(
            expected=(Expected("About 14 interactions an hour", ENDS_AT),),
            received=(QUIET_PHONE,),
            explanation="1 interactions in 1 reports since 22:00; about 14 would be usual.",
            judged_up_to=asked,
        ),
        audit_id=AUDIT,
    )
    raised = story.tell(at, finding_stream(SILENT), AUDITOR, finding, asked)
    ticket = TicketOpened(
        ticket_id=FINDING_TICKET,
        category=TicketCategory.OPERATIONS,
        title=SILENT_TITLE,
        severity=Severity.HIGH,
        priority=Priority.HIGH,
        site_id="S-02",
        person_id="G-012",
        dedup_key=dedup_key(finding),
        assignee="supervisor",
        finding_id=SILENT,
        seen_at=STARTS_AT,
    )
    opened = story.tell(at, ticket_stream(FINDING_TICKET), ESCALATING, ticket, raised)
    assigned = TicketAssigned(assignee="supervisor")
    story.tell(at, ticket_stream(FINDING_TICKET), ESCALATING, assigned, raised)
    taken_up = FindingTakenUp(ticket_id=FINDING_TICKET)
    story.tell(at, finding_stream(SILENT), ESCALATING, taken_up, opened)


def tell_missed(story: Story, asked: int) -> None:
    """Tell of the finding that calls nobody, since a silence says so."""
    at = "2026-11-22 23:05:01"
    due_at = moment("2026-11-22 22:20:00")
    finding = FindingRaised(
        finding_id=MISSED,
        finding_type=FindingType.MISSED_CHECKPOINT,
        severity=Severity.HIGH,
        site_id="S-02",
        person_id="G-012",
        device_id=None,
        subject_id="T-night",
        title=MISSED_TITLE,
        window_start=STARTS_AT,
        window_end=moment("2026-11-22 22:30:00"),
        evidence=Evidence(
            expected=(Expected("Checkpoint C-2", due_at),),
            received=(),
            explanation="1 of 2 checkpoints were scanned.",
            judged_up_to=asked,
        ),
        audit_id=AUDIT,
    )
    raised = story.tell(at, finding_stream(MISSED), AUDITOR, finding, asked)
    muted = ActionMuted(
        action=Action.TICKET,
        subject=f"finding:{FindingType.MISSED_CHECKPOINT}",
        subject_id=MISSED,
        muted_by=MutedBy.SILENCE,
        muter_id=SILENCE,
        severity=Severity.HIGH,
        title=MISSED_TITLE,
        site_id="S-02",
        person_id="G-012",
        assignee="supervisor",
        seen_at=STARTS_AT,
        until=moment("2026-11-23 05:00:00"),
    )
    story.tell(at, ledger_stream(MISSED), ESCALATING, muted, raised)


def tell_incident(story: Story, lost: int) -> None:
    """Tell that the silent guard and the lost phone belong together, by the rules that say so."""
    silent = Item(
        kind=ItemKind.FINDING,
        id=SILENT,
        sign=Sign.LOW_PHONE_ACTIVITY,
        label="low phone activity",
        severity=Severity.HIGH,
        at=STARTS_AT,
        until=ENDS_AT,
        site_id="S-02",
        person_id="G-012",
        device_id="D-012",
    )
    offline = Item(
        kind=ItemKind.SIGNAL,
        id=PHONE_LOST,
        sign=Sign.DEVICE_OFFLINE,
        label="device offline",
        severity=Severity.MEDIUM,
        at=moment("2026-11-22 23:04:40"),
        site_id="S-02",
        person_id="G-012",
        device_id="D-012",
    )
    found = match(Standing(silent), Standing(offline), {})
    assert found is not None, "A guard and his phone belong together."
    links = tuple(Link(found.score, found.reasons, other.id) for other in (offline, silent))
    wish = opening(INCIDENT, (silent, offline), links)
    for fact in INCIDENT_DECIDER.decide(INCIDENT_DECIDER.initial, wish):
        story.tell("2026-11-22 23:05:02", incident_stream(INCIDENT), CORRELATING, fact, lost)
