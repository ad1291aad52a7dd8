"""The night, first trouble: a check-in at one end of the city, a minute after the phone was at the other."""

from application.following import policy_actor
from application.policies import (
    keep_service_level_whenever_ticket_told,
    open_ticket_whenever_alert_raised,
    raise_alert_whenever_fraud_scored_high,
    score_fraud_whenever_attendance_recorded,
    send_mail_whenever_escalated,
)
from domain.alert import AlertAcknowledged, AlertKind, AlertRaised, alert_stream
from domain.fraud.facts import Features, FraudScored, Reason, score_stream
from domain.fraud.types import FraudType
from domain.mail import MailKind, MailRequested, MailSent, mail_stream
from domain.service_level.clock import clock_stream
from domain.service_level.facts import Deadline, Hours, TicketTimed
from domain.severity import Severity
from domain.signals import (
    AttendanceRecorded,
    Direction,
    LocationRecorded,
    SignalEvent,
    signal_stream,
    signal_uuid,
)
from domain.ticket import (
    Priority,
    TicketAssigned,
    TicketCategory,
    TicketCommented,
    TicketOpened,
    TicketStarted,
    ticket_stream,
)
from interfaces.http.examples.day import KEY_ID, SUPERVISOR
from interfaces.http.examples.story import Story, moment, named

OPERATOR, KEY = "user:operator", f"key:{KEY_ID}"
SCORING = policy_actor(score_fraud_whenever_attendance_recorded.NAME)
ALERTING = policy_actor(raise_alert_whenever_fraud_scored_high.NAME)
OPENING = policy_actor(open_ticket_whenever_alert_raised.NAME)
TIMING = policy_actor(keep_service_level_whenever_ticket_told.NAME)
MAILING = policy_actor(send_mail_whenever_escalated.NAME)

SOURCE = "gate-app"
CHECK_IN = signal_uuid(SOURCE, "8f14e45f")
ALERT, TICKET, MAIL = named("alert"), named("ticket"), named("mail")
TITLE = "G-007 travelled faster than possible"
DEDUP_KEY = f"fraud/G-007/{FraudType.IMPOSSIBLE_TRAVEL}"
SEEN_AT = moment("2026-11-22 21:15:12")


def take(story: Story, at: str, signal: SignalEvent) -> int:
    """Tell that a signal came in, and return its position."""
    signal_id = signal_uuid(signal.source, signal.signal_id)
    return story.tell(at, signal_stream(signal_id), KEY, signal, event_id=signal_id)


def tell_fraud(story: Story) -> None:
    """Tell of the attendance, its score, the alert, and the ticket that somebody works on."""
    scored = tell_score(story)
    alert = AlertRaised(
        alert_id=ALERT,
        kind=AlertKind.FRAUD,
        dedup_key=DEDUP_KEY,
        severity=Severity.CRITICAL,
        score=0.97,
        title=TITLE,
        evidence=CHECK_IN,
        seen_at=SEEN_AT,
        site_id="S-01",
        person_id="G-007",
        device_id="D-007",
        fraud_type=FraudType.IMPOSSIBLE_TRAVEL,
    )
    raised = story.tell("2026-11-22 21:15:15", alert_stream(ALERT), ALERTING, alert, scored)
    tell_ticket(story, raised)
    story.tell("2026-11-22 21:16:40", alert_stream(ALERT), OPERATOR, AlertAcknowledged())
    story.tell("2026-11-22 21:17:05", ticket_stream(TICKET), SUPERVISOR, TicketStarted())
    comment = TicketCommented(text="Called the gate; somebody else answers the phone.")
    story.tell("2026-11-22 21:21:30", ticket_stream(TICKET), SUPERVISOR, comment)


def tell_score(story: Story) -> int:
    elsewhere = LocationRecorded(
        signal_id="9bf31c7f",
        source=SOURCE,
        person_id="G-007",
        device_id="D-007",
        latitude=48.0665,
        longitude=11.6217,
        gps_accuracy_m=12.0,
        occurred_at=moment("2026-11-22 21:14:10"),
    )
    take(story, "2026-11-22 21:14:12", elsewhere)
    check_in = AttendanceRecorded(
        signal_id="8f14e45f",
        source=SOURCE,
        person_id="G-007",
        site_id="S-01",
        device_id="D-007",
        direction=Direction.CHECK_IN,
        latitude=48.1771,
        longitude=11.5563,
        gps_accuracy_m=8.0,
        biometric_quality=0.41,
        biometric_matched=True,
        occurred_at=SEEN_AT,
        phone_signal_dbm=-71,
        battery_percent=83,
        sent_at=moment("2026-11-22 21:15:13"),
    )
    taken = take(story, "2026-11-22 21:15:14", check_in)
    score = FraudScored(
        attendance=CHECK_IN,
        person_id="G-007",
        site_id="S-01",
        device_id="D-007",
        occurred_at=SEEN_AT,
        features=Features(
            biometric_quality_score=0.41,
            gps_accuracy=8.0,
            geofence_distance_meters=0.0,
            time_of_day_anomaly_score=0.12,
            velocity_kmh=769.0,
            historical_fraud_rate=0.05,
            consecutive_violations=0.0,
            phone_signal_strength=-71.0,
            battery_level=83.0,
        ),
        probability=0.97,
        fraud_type=FraudType.IMPOSSIBLE_TRAVEL,
        model="rules",
        model_version="1",
        model_digest="2c26b46b68ffc68ff99b453c1d304134" * 2,
        reasons=[
            Reason(
                code="velocity_kmh",
                text="Being here took travelling at 769 km/h.",
                contribution=4.6,
            ),
            Reason(
                code="biometric_quality_score",
                text="The biometric sample scored 0.41 of 1.",
                contribution=0.9,
            ),
        ],
        contradictions=["impossible_travel"],
    )
    return story.tell("2026-11-22 21:15:15", score_stream(CHECK_IN), SCORING, score, taken)


def tell_ticket(story: Story, raised: int) -> None:
    at = "2026-11-22 21:15:15"
    ticket = TicketOpened(
        ticket_id=TICKET,
        category=TicketCategory.SECURITY_FRAUD,
        title=TITLE,
        severity=Severity.CRITICAL,
        priority=Priority.URGENT,
        site_id="S-01",
        person_id="G-007",
        fraud_type=FraudType.IMPOSSIBLE_TRAVEL,
        dedup_key=DEDUP_KEY,
        alert_id=ALERT,
        assignee="supervisor",
        evidence=CHECK_IN,
        seen_at=SEEN_AT,
    )
    opened = story.tell(at, ticket_stream(TICKET), OPENING, ticket, raised)
    assigned = story.tell(
        at, ticket_stream(TICKET), OPENING, TicketAssigned(assignee="supervisor"), raised
    )
    resolve = Deadline(
        target_s=3_600,
        counted_s=0.0,
        at_risk_at=moment("2026-11-22 22:03:15"),
        due_at=moment("2026-11-22 22:15:15"),
    )
    timed = TicketTimed(
        ticket_id=TICKET,
        version=2,
        priority=Priority.URGENT,
        hours=Hours.ALWAYS,
        time_zone="Europe/Berlin",
        since=moment(at),
        resolve=resolve,
    )
    story.tell(at, clock_stream(TICKET), TIMING, timed, assigned)
    mail = MailRequested(
        mail_id=MAIL,
        kind=MailKind.CRITICAL_TICKET,
        to=("supervisor@example.org",),
        subject=f"Critical: {TITLE}",
        text=f"It is critical.\n\nTicket: {TITLE}\nSite: S-01\nPerson: G-007",
        ticket_id=TICKET,
    )
    asked = story.tell(at, mail_stream(MAIL), MAILING, mail, opened)
    story.tell(
        "2026-11-22 21:15:16", mail_stream(MAIL), "system:mailer", MailSent(attempts=1), asked
    )
