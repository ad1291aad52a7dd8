"""Fixtures of the doors: clients of each kind, and tickets and alerts to work on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from uuid import UUID, uuid4

import httpx
import pytest
from litestar.testing import TestClient

from application.handling import handle
from application.ports import Append
from domain.alert import ALERT, RaiseAlert, alert_stream
from domain.alert.facts import AlertKind
from domain.fraud.types import FraudType
from domain.severity import Severity
from domain.signals import DeviceStatus, DeviceStatusRecorded, signal_stream, signal_uuid
from domain.ticket import TICKET, OpenTicket, Priority, TicketCategory, ticket_stream
from interfaces.http.app import web
from projections.incidents import INCIDENTS
from projections.views import Wanted
from tests.http.field import NOW, within
from tests.live import CAUSE, LiveServer

Opener = Callable[..., UUID]


@pytest.fixture
def machine(live_server: LiveServer) -> Iterator[httpx.Client]:
    """A client with the tenant's key, which may do everything."""
    with live_server.client() as client:
        yield client


@pytest.fixture
def operator(live_server: LiveServer) -> Iterator[httpx.Client]:
    """A client that an operator has logged in on."""
    with live_server.client(live_server.token("operator")) as client:
        yield client


@pytest.fixture
def doors(live_server: LiveServer) -> Iterator[TestClient]:  # type: ignore[type-arg]
    """The same application in this process, with rate limits of its own."""
    with TestClient(web(live_server.vedette)) as client:
        yield client


@pytest.fixture
def open_ticket(live_server: LiveServer) -> Opener:
    """Open a ticket as a policy would."""

    def open_(site_id: str = "S-01", title: str = "Look here", tenant: str | None = None) -> UUID:
        ticket_id = uuid4()
        command = OpenTicket(
            ticket_id=ticket_id,
            category=TicketCategory.SECURITY_FRAUD,
            title=title,
            severity=Severity.HIGH,
            priority=Priority.HIGH,
            site_id=site_id,
            person_id="G-001",
        )
        log = live_server.vedette.log
        owner = tenant or live_server.tenant
        handle(log, owner, TICKET, ticket_stream(ticket_id), command, CAUSE)
        return ticket_id

    return open_


@pytest.fixture
def raise_alert(live_server: LiveServer) -> Opener:
    """Raise an alert as a policy would."""

    def raise_(site_id: str = "S-01", tenant: str | None = None) -> UUID:
        alert_id = uuid4()
        command = RaiseAlert(
            alert_id=alert_id,
            kind=AlertKind.FRAUD,
            fraud_type=FraudType.GPS_SPOOFING,
            dedup_key=f"fraud/{alert_id}",
            severity=Severity.HIGH,
            score=0.85,
            site_id=site_id,
            person_id="G-001",
            title="Look here",
            evidence=uuid4(),
            seen_at=NOW,
        )
        log = live_server.vedette.log
        owner = tenant or live_server.tenant
        handle(log, owner, ALERT, alert_stream(alert_id), command, CAUSE)
        return alert_id

    return raise_


@pytest.fixture
def open_incident(live_server: LiveServer) -> Opener:
    """Let a device be tampered with and fall silent, and return the incident that it becomes.

    Each time it is the device of another guard, two hours earlier than the time before. Nothing
    more is linked to it afterwards, so that it stands at the version at which it was read.
    """
    opened = count(1)

    def open_(site_id: str = "S-01", tenant: str | None = None) -> UUID:
        number = next(opened)
        owner = tenant or live_server.tenant
        for status in (DeviceStatus.TAMPER, DeviceStatus.OFFLINE):
            event = DeviceStatusRecorded(
                signal_id=f"{status}-{number}",
                source="test",
                occurred_at=NOW - timedelta(hours=2 * number),
                device_id=f"D-{number:03}",
                status=status,
                person_id=f"G-{number:03}",
                site_id=site_id,
            )
            stream = signal_stream(signal_uuid("test", event.signal_id))
            live_server.vedette.log.append(owner, Append.of(stream, 0, [event], CAUSE))

        def incident() -> UUID | None:
            wanted = Wanted(holding={"devices": f"D-{number:03}"})
            rows = live_server.vedette.views.page(INCIDENTS, owner, wanted).rows
            # Both signals, and the alert that another policy raises because of the first.
            whole = [row.incident_id for row in rows if row.item_count == 3]
            return whole[0] if whole else None

        assert within(20, lambda: incident() is not None), "Nothing was correlated."
        found = incident()
        assert found is not None
        return found

    return open_


@pytest.fixture
def head(live_server: LiveServer) -> Callable[[], int]:
    """Return where the tenant's log ends, to be waited for."""
    return lambda: live_server.vedette.log.head(live_server.tenant).position
