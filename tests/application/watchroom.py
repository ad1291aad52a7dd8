"""A watchroom for tests: findings, silences and rosters come in, and tickets open or do not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from application.policies.escalate_finding_whenever_raised_high import (
    EscalateFindingWheneverRaisedHigh,
)
from application.policies.open_ticket_whenever_alert_raised import OpenTicketWheneverAlertRaised
from domain.access import Role, UserBound, UserEnrolled, user_stream
from domain.alert import AlertKind, AlertRaised, alert_stream
from domain.catalogue import AnyRecorded
from domain.directory.shift import ShiftPlanned, ShiftRole, shift_stream
from domain.directory.site import SITE, RegisterSite, site_stream
from domain.finding.facts import (
    Evidence,
    FindingRaised,
    FindingRevised,
    FindingType,
    FindingWithdrawn,
    finding_stream,
)
from domain.muting.facts import (
    ActionMuted,
    MaintenancePlanned,
    Matcher,
    SilenceEnded,
    SilenceLapsed,
    SilenceStarted,
    maintenance_stream,
    silence_stream,
)
from domain.muting.windows import WEEKDAYS
from domain.severity import Severity
from domain.ticket import (
    TICKET,
    AssignTicket,
    StartTicket,
    Ticket,
    TicketCommand,
    TicketOpened,
    ticket_stream,
)
from tests.memory_desk import BEGAN_AT, NAMESPACE, Following, MemoryLog, settle

NO_SHOW, GPS_OFF, SILENT_SITE = FindingType.NO_SHOW, FindingType.GPS_OFF, FindingType.SILENT_SITE
EVIDENCE = Evidence(expected=(), received=(), explanation="0 of 1", judged_up_to=1)
HOUR = timedelta(hours=1)
BEGIN = (AssignTicket(assignee="eve"), StartTicket())


def finding_id(number: int) -> UUID:
    return uuid5(NAMESPACE, f"finding/{number}")


class Watchroom:
    """A log with the two policies that call people."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.findings = Following(EscalateFindingWheneverRaisedHigh(), self.log)
        self.alerts = Following(OpenTicketWheneverAlertRaised(), self.log)

    def settle(self, batch_facts_max: int = 1_000) -> None:
        settle(self.findings, self.alerts, batch_facts_max=batch_facts_max)

    def site(
        self, manager: str | None = None, site: str = "S-1", zone: str = "Europe/London"
    ) -> None:
        wish = RegisterSite(
            site_id=site,
            name=site,
            latitude=51.5,
            longitude=-0.12,
            geofence_radius_m=100.0,
            time_zone=zone,
            security_manager=manager,
        )
        self.log.wish(SITE, site_stream(site), wish)

    def user(self, name: str, *, bound_to: str | None = None) -> None:
        """Enrol a supervisor, and say which person it is."""
        enrolled = UserEnrolled(username=name, name=name, roles=(Role.SUPERVISOR,))
        self.log.state(user_stream(name), enrolled)
        if bound_to is not None:
            self.log.state(user_stream(name), UserBound(person_id=bound_to))

    def supervisor(self, name: str, begins: float, ends: float, site: str = "S-1") -> None:
        """Enrol a supervisor and plan a shift, in hours after the log began."""
        self.user(name)
        self.on_duty(name, begins, ends, site)

    def on_duty(
        self, person_id: str, begins: float = -1, ends: float = 7, site: str = "S-1"
    ) -> None:
        """Plan a supervisor's shift, in hours after the log began."""
        planned = ShiftPlanned(
            shift_id=f"shift-of-{person_id}",
            site_id=site,
            role=ShiftRole.SUPERVISOR,
            person_id=person_id,
            starts_at=BEGAN_AT + begins * HOUR,
            ends_at=BEGAN_AT + ends * HOUR,
        )
        self.log.state(shift_stream(planned.shift_id), planned)

    def found(
        self,
        number: int,
        finding_type: FindingType = NO_SHOW,
        severity: Severity = Severity.HIGH,
        *,
        hours: float = -2.0,
        site: str = "S-1",
        person: str | None = "G-1",
    ) -> UUID:
        """Raise a finding about an hour that began so many hours after the log."""
        raised = FindingRaised(
            finding_id=finding_id(number),
            finding_type=finding_type,
            severity=severity,
            site_id=site,
            person_id=person,
            device_id=None,
            subject_id=f"shift-{number}",
            title=f"{finding_type} at {site}",
            window_start=BEGAN_AT + hours * HOUR,
            window_end=BEGAN_AT + (hours + 1) * HOUR,
            evidence=EVIDENCE,
        )
        self.log.state(finding_stream(raised.finding_id), raised)
        return raised.finding_id

    def revised(self, number: int, severity: Severity) -> None:
        event = FindingRevised(severity=severity, title="Revised", evidence=EVIDENCE, because=())
        self.log.state(finding_stream(finding_id(number)), event)

    def withdrawn(self, number: int) -> None:
        event = FindingWithdrawn(reason="The guard was there", evidence=EVIDENCE, because=())
        self.log.state(finding_stream(finding_id(number)), event)

    def alarmed(self, number: int, kind: AlertKind, severity: Severity, **change: Any) -> UUID:
        """Raise an alert of a kind."""
        alert_id = uuid5(NAMESPACE, f"alert/{number}")
        fields: dict[str, Any] = {
            "alert_id": alert_id,
            "kind": kind,
            "dedup_key": f"{kind}/G-1",
            "severity": severity,
            "score": 1.0,
            "title": f"{kind}",
            "evidence": uuid5(NAMESPACE, f"evidence/{number}"),
            "seen_at": BEGAN_AT,
            "site_id": "S-1",
            "person_id": "G-1",
        }
        self.log.state(alert_stream(alert_id), AlertRaised(**{**fields, **change}))
        return alert_id

    def silence(self, number: int = 1, hours: float = 2.0, **matcher: Any) -> UUID:
        """Start a silence that ends so many hours after the log began."""
        silence_id = UUID(int=number)
        started = SilenceStarted(
            silence_id=silence_id,
            matcher=Matcher(**(matcher or {"site_id": "S-1"})),
            starts_at=BEGAN_AT,
            ends_at=BEGAN_AT + hours * HOUR,
            reason="Drill",
        )
        self.log.state(silence_stream(silence_id), started)
        return silence_id

    def ended(self, number: int = 1) -> None:
        self.log.state(silence_stream(UUID(int=number)), SilenceEnded(reason="Over"))

    def lapsed(self, number: int = 1) -> None:
        self.log.state(silence_stream(UUID(int=number)), SilenceLapsed())

    def maintain(self, number: int = 50, starts_at: str = "07:30", minutes: int = 60) -> UUID:
        """Plan windows of every day; the log began at 08:00 in London."""
        planned = MaintenancePlanned(
            window_id=UUID(int=number),
            site_id="S-1",
            kinds=(),
            weekdays=WEEKDAYS,
            starts_at=starts_at,
            duration_minutes=minutes,
            first_day="2026-11-20",
            last_day="2026-12-20",
            reason="Work",
        )
        self.log.state(maintenance_stream(planned.window_id), planned)
        return planned.window_id

    def ask(self, ticket_id: UUID, *wishes: TicketCommand) -> None:
        for wish in wishes:
            self.log.wish(TICKET, ticket_stream(ticket_id), wish)

    def opened(self) -> list[TicketOpened]:
        return self.log.events(TicketOpened)

    def lines(self) -> list[ActionMuted]:
        return self.log.events(ActionMuted)

    def ticket(self, ticket_id: UUID) -> Ticket:
        story = self.log.stream(ticket_stream(ticket_id))
        return TICKET.replay(fact.event for fact in story)  # type: ignore[misc]  # a ticket's own

    def redeliver(self) -> list[AnyRecorded]:
        """Hand everything to the policies once more; return what they state in answer."""
        before = len(self.log.facts)
        for following in (self.findings, self.alerts):
            following.take(self.log.facts[:before])
        return self.log.facts[before:]


def at_hours(hours: float) -> datetime:
    return BEGAN_AT + hours * HOUR
