"""Answers that stand in no fact: who signs in, what a batch came to, what is normal, how Vedette is."""

from collections.abc import Iterator

import msgspec

from application.ingestion import TakenAs
from application.principals import Principal
from application.simulating import SimulatedAnomaly, Simulation
from application.watching.showing import BaselineRow, BaselineShown, HourRow
from domain.access import Role, capabilities_of
from domain.alert.lifecycle import AlertIsOver
from domain.anomaly.facts import Bucket, Metric, SubjectKind, ThresholdReason
from domain.assignment import AssignmentRule, AssignTo
from domain.severity import Severity
from domain.signals import signal_stream
from domain.ticket import TicketCategory
from domain.ticket.refusals import TicketIsOver
from interfaces.http.access import NewKey
from interfaces.http.auth import Session, SignedInHere, signed_in
from interfaces.http.bulk import (
    AlertBulkAnswer,
    AlertBulkResult,
    BulkAnswer,
    BulkResult,
    counted,
)
from interfaces.http.examples.duty import ANOMALY, ENDS_AT, QUIET_PHONE, STARTS_AT
from interfaces.http.examples.fraud import ALERT, CHECK_IN, TICKET
from interfaces.http.examples.story import TENANT, Story, moment, named
from interfaces.http.operations import Alive, Component, Health
from interfaces.http.problems import refusal
from interfaces.http.service_levels import AddressShown, RulesShown
from interfaces.http.signals import BatchResult, SignalResult, item_of

OPERATOR = Principal(
    tenant_id=TENANT,
    subject="user:operator",
    name="Max Huber",
    roles=(Role.OPERATOR,),
    capabilities=capabilities_of([Role.OPERATOR]),
    site_scope=None,
)
ME = signed_in(OPERATOR)
TOKEN = "eyJhbGciOiJIUzI1NiJ9.…"  # noqa: S105 - nobody is let in on this

BASELINE = BaselineRow(
    metric=Metric.PHONE_INTERACTIONS,
    unit="per hour",
    subject_kind=SubjectKind.PERSON,
    subject_id="G-012",
    site_id="S-02",
    at=STARTS_AT,
    status=BaselineShown.JUDGES,
    samples=412,
    mean=14.2,
    deviation=3.1,
    count=46,
    bucket=Bucket.HOUR_OF_WEEK,
    threshold=3.0,
    threshold_reason=ThresholdReason.DEFAULT,
    buckets=[
        HourRow(bucket=Bucket.SUBJECT, hour=None, count=412, days=58, mean=15.0, deviation=4.4),
        HourRow(bucket=Bucket.HOUR_OF_WEEK, hour=166, count=46, days=8, mean=14.2, deviation=3.1),
    ],
)
SIMULATION = Simulation(
    family=Metric.PHONE_INTERACTIONS,
    threshold=4.5,
    since=moment("2026-10-23 23:06:00"),
    until=moment("2026-11-22 23:06:00"),
    anomalies_before=9,
    anomalies_kept=8,
    anomalies_lost=1,
    alerts_before=3,
    alerts_kept=3,
    alerts_lost=0,
    anomalies_gained=0,
    alerts_gained=0,
    gains_since=moment("2026-10-23 23:06:00"),
    windows_rejudged=0,
    gains_cut=False,
    lost=[
        SimulatedAnomaly(
            anomaly_id=ANOMALY,
            subject_kind=SubjectKind.PERSON,
            subject_id="G-012",
            window_start=STARTS_AT,
            window_end=ENDS_AT,
            value=1.0,
            z=-4.26,
            threshold=3.0,
            explanation="actual 1 per hour, typical 11.1-17.3 per hour at this hour",
            signals=(QUIET_PHONE,),
        )
    ],
    gained=[],
)
RULES = RulesShown(
    rules=(
        AssignmentRule(assign_to=AssignTo.ON_DUTY_SUPERVISOR, severity=Severity.CRITICAL),
        AssignmentRule(assign_to=AssignTo.SECURITY_MANAGER, category=TicketCategory.SECURITY_FRAUD),
        AssignmentRule(assign_to=AssignTo.USER, username="operator", site_id="S-02"),
    )
)
HEALTH = Health(
    status="ok",
    components=[
        Component(name="database", state="ok"),
        Component(name="follower:alert-board", state="ok", lag_events=0, lag_s=0.0),
        Component(name="redis", state="ok"),
    ],
)


def beside(told: Story) -> Iterator[msgspec.Struct]:
    """Yield what the night itself does not tell."""
    yield Session(access_token=TOKEN, expires_at="2026-11-23T09:00:00+00:00", user=ME)
    yield SignedInHere(tenant=TENANT, **msgspec.structs.asdict(ME))
    yield NewKey(
        key_id="41c07e5fa2b9",
        key=f"vdt_{TENANT}.41c07e5fa2b9.…",
        expires_at=moment("2027-11-22 00:00:00"),
        position=told.position,
    )
    yield from taken(told)
    yield from in_bulk(told.position)
    yield from (BASELINE, SIMULATION, RULES, AddressShown(email="noc@example.org"))
    yield from (HEALTH, Alive())


def taken(told: Story) -> Iterator[msgspec.Struct]:
    """Yield what a batch of three came to: one is new, one was sent before, and one is broken."""
    (before,) = told.of_streams(TENANT, [signal_stream(CHECK_IN)])
    results = [
        SignalResult(
            index=0, status=TakenAs.ACCEPTED, signal_id="45c48cce", position=told.position
        ),
        SignalResult(
            index=1, status=TakenAs.DUPLICATE, signal_id="8f14e45f", position=before.position
        ),
        SignalResult(
            index=2,
            status=TakenAs.REFUSED,
            problem=item_of(b'{"kind": "panic", "signal_id": "c51ce410"}', below="$[2]").problem,
        ),
    ]
    yield BatchResult(accepted=1, duplicates=1, refused=1, results=results)
    yield from results


def in_bulk(position: int) -> Iterator[msgspec.Struct]:
    """Yield what a command came to for two things: the first took it, the second is over."""
    tickets = [
        BulkResult(index=0, ticket_id=TICKET, status="done", position=position),
        BulkResult(
            index=1,
            ticket_id=named("old-ticket"),
            status="refused",
            problem=refusal(TicketIsOver("The ticket is CLOSED; reopen it first.")),
        ),
    ]
    alerts = [
        AlertBulkResult(index=0, alert_id=ALERT, status="done", position=position),
        AlertBulkResult(
            index=1,
            alert_id=named("old-alert"),
            status="refused",
            problem=refusal(AlertIsOver("The alert is resolved; reopen it first.")),
        ),
    ]
    yield BulkAnswer(**counted(tickets), results=tickets)
    yield AlertBulkAnswer(**counted(alerts), results=alerts)
