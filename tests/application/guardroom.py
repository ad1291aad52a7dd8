"""A guardroom for tests: scores come in, and the policies for alerts and tickets answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from application.policies.open_ticket_whenever_alert_raised import OpenTicketWheneverAlertRaised
from application.policies.raise_alert_whenever_fraud_scored_high import (
    RaiseAlertWheneverFraudScoredHigh,
)
from domain.alert import ALERT, AlertCommand, AlertEvent, alert_stream
from domain.catalogue import AnyRecorded
from domain.directory.site import SITE, RegisterSite, site_stream
from domain.fraud.facts import Features, FraudScored, score_stream
from domain.fraud.types import FraudType
from domain.ticket import TICKET, Ticket, TicketCommand, TicketEvent, ticket_stream
from tests.memory_desk import Following, MemoryLog, settle

MONDAY = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
GPS, BUDDY = FraudType.GPS_SPOOFING, FraudType.BUDDY_PUNCHING


def scored(  # the attendance is a number, its time is in hours after Monday's shift
    attendance: int,
    probability: float,
    *,
    hours: float | None = None,
    person: str = "G-1",
    site: str = "S-1",
    fraud_type: FraudType = GPS,
) -> FraudScored:
    """Return a score of an attendance."""
    return FraudScored(
        attendance=UUID(int=attendance),
        person_id=person,
        site_id=site,
        device_id="D-1",
        occurred_at=MONDAY + timedelta(hours=attendance if hours is None else hours),
        features=Features(),
        probability=probability,
        fraud_type=fraud_type,
        model="rules",
        model_version="1",
        model_digest="0" * 64,
    )


class Guardroom:
    """A log with the two policies that follow it."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.alerts = Following(RaiseAlertWheneverFraudScoredHigh(), self.log)
        self.tickets = Following(OpenTicketWheneverAlertRaised(), self.log)

    def score(self, *scores: FraudScored) -> None:
        """Record scores and let the policies answer each before the next."""
        for score in scores:
            self.log.state(score_stream(score.attendance), score)
            settle(self.alerts, self.tickets)

    def site(self, security_manager: str | None, site: str = "S-1") -> None:
        """Register a site, or bring it up to having this security manager."""
        wish = RegisterSite(
            site_id=site,
            name=site,
            latitude=51.5,
            longitude=-0.12,
            geofence_radius_m=100.0,
            time_zone="Europe/London",
            security_manager=security_manager,
        )
        self.log.wish(SITE, site_stream(site), wish)

    def ask_alert(self, alert_id: UUID, *wishes: AlertCommand) -> None:
        """Let a person wish something of an alert."""
        for wish in wishes:
            self.log.wish(ALERT, alert_stream(alert_id), wish)
        settle(self.alerts, self.tickets)

    def ask_ticket(self, ticket_id: UUID, *wishes: TicketCommand) -> None:
        """Let a person wish something of a ticket."""
        for wish in wishes:
            self.log.wish(TICKET, ticket_stream(ticket_id), wish)
        settle(self.alerts, self.tickets)

    def alert_ids(self) -> list[UUID]:
        """Return the alerts in the order in which they were raised."""
        return self._ids("alert-")

    def ticket_ids(self) -> list[UUID]:
        """Return the tickets in the order in which they were opened."""
        return self._ids("ticket-")

    def story(self, id_: UUID) -> list[AlertEvent | TicketEvent]:
        """Return the facts of an alert or a ticket."""
        streams = alert_stream(id_), ticket_stream(id_)
        return [fact.event for fact in self.log.facts if fact.stream_id in streams]  # type: ignore[misc]  # a stream holds its own kind

    def ticket(self, ticket_id: UUID) -> Ticket:
        return TICKET.replay(self.story(ticket_id))  # type: ignore[arg-type]  # the id is a ticket's

    def redeliver(self) -> list[AnyRecorded]:
        """Hand everything to the policies once more; return what they state in answer."""
        before = len(self.log.facts)
        for following in (self.alerts, self.tickets):
            following.take(self.log.facts[:before])
        return self.log.facts[before:]

    def _ids(self, prefix: str) -> list[UUID]:
        streams = dict.fromkeys(fact.stream_id for fact in self.log.facts)
        return [UUID(name.removeprefix(prefix)) for name in streams if name.startswith(prefix)]
