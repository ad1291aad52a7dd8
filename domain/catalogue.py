"""The catalogue: every fact that Vedette can state, and the envelope in which a fact is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar, get_args
from uuid import UUID

import msgspec

from domain.access import ApiKeyEvent, UserEvent
from domain.alert import AlertEvent
from domain.anomaly.facts import AnomalyEvent, ThresholdEvent, TuningEvent
from domain.assignment import AssignmentEvent
from domain.directory.device import DeviceEvent
from domain.directory.person import PersonEvent
from domain.directory.shift import ShiftEvent
from domain.directory.site import SiteEvent
from domain.directory.task import TaskEvent
from domain.directory.tenant import TenantEvent
from domain.directory.tour import TourEvent
from domain.finding.facts import AuditEvent, FindingEvent
from domain.fraud.facts import FraudEvent
from domain.incident.facts import IncidentEvent
from domain.kernel import Event
from domain.mail import EscalationAddressEvent, MailEvent
from domain.muting.facts import MutingEvent
from domain.operations import OperationsEvent
from domain.service_level.facts import ServiceLevelEvent
from domain.signals import SignalEvent
from domain.ticket import TicketEvent

AnyEvent: TypeAlias = (
    TenantEvent
    | SiteEvent
    | PersonEvent
    | DeviceEvent
    | TourEvent
    | ShiftEvent
    | TaskEvent
    | UserEvent
    | ApiKeyEvent
    | SignalEvent
    | OperationsEvent
    | FraudEvent
    | AnomalyEvent
    | ThresholdEvent
    | TuningEvent
    | AuditEvent
    | FindingEvent
    | AlertEvent
    | IncidentEvent
    | MutingEvent
    | TicketEvent
    | ServiceLevelEvent
    | AssignmentEvent
    | EscalationAddressEvent
    | MailEvent
)

E_co = TypeVar("E_co", bound=Event, covariant=True)


class Recorded(msgspec.Struct, Generic[E_co], frozen=True, kw_only=True):
    """A fact as it stands in the log of its tenant."""

    tenant_id: str
    position: int  # place in the tenant's log, 1..n without a gap
    stream_id: str
    version: int  # place in the stream, 1..n without a gap
    event_id: UUID
    occurred_at: datetime  # the world's clock
    recorded_at: datetime  # the log's clock, never running backwards
    actor: str  # "user:…", "key:…", "policy:…" or "system:…"
    caused_by: int | None  # position of the fact that brought this one about
    correlation_id: UUID  # shared by everything that one request or signal led to
    event: E_co


AnyRecorded: TypeAlias = Recorded[AnyEvent]


def event_types() -> Iterator[type[Event]]:
    """Yield every fact's Struct, in the order of the catalogue."""
    yield from get_args(AnyEvent)


def tag_of(event: Event | type[Event]) -> str:
    """Return the public name under which a fact is stored."""
    tag = event.__struct_config__.tag
    assert isinstance(tag, str), f"{event} has no tag."
    return tag
