"""A ticket in time: three frames from NEW to IN_PROGRESS; a breach escalates and mails; a hold pauses."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.http.field import enrol_field, within
from tests.journeys.test_attendance import Screen, screen, wish
from tests.live import LiveServer, end

TICKETS = "/api/v2/noc/tickets/"
LATER = "2127-01-01T08:00:00+00:00"


class Letterbox:
    """What the mail server took over."""

    def __init__(self) -> None:
        self.mails: list[Message] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as aiosmtpd calls it
        del server, session
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content))
        return "250 taken over"


@pytest.fixture
def letterbox(live_server: LiveServer) -> Iterator[Letterbox]:
    """A mail server, and a worker process that hands mail to it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    box = Letterbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    worker = live_server.start_worker(
        VEDETTE_SMTP_HOST="127.0.0.1",
        VEDETTE_SMTP_PORT=str(port),
        VEDETTE_SMTP_SECURITY="none",
        VEDETTE_MAIL_FROM="vedette@noc.example",
    )
    yield box
    end(worker)
    controller.stop()


def opened(desk: httpx.Client, **fields: Any) -> str:
    """Open a ticket by hand and return its id."""
    new = {"title": "The gate does not close", "severity": "MEDIUM", "site_id": "S-01", **fields}
    answer = desk.post(TICKETS, json=new)
    assert answer.status_code == 201, answer.text
    ticket_id: str = answer.json()["data"]["ticket_id"]
    return ticket_id


def shown(desk: httpx.Client, ticket_id: str) -> dict[str, Any]:
    data: dict[str, Any] = desk.get(f"{TICKETS}{ticket_id}/").json()["data"]
    return data


def test_three_frames_from_new_to_in_progress(live_server: LiveServer) -> None:
    token = live_server.token("operator")
    with live_server.client() as field, live_server.client(token) as desk:
        enrol_field(field)
        with screen(live_server, token) as socket_:
            feed = Screen(socket_)
            ticket_id = opened(desk)
            position = wish(desk, ticket_id, "assign", assignee="operator")
            position = wish(desk, ticket_id, "start")
            last = feed.hears("ticket.started")
            assert last["position"] == position
            tickets = [frame for frame in feed.frames if frame["type"] == "ticket"]
            assert [(frame["event"], frame["data"]["status"]) for frame in tickets] == [
                ("ticket.opened", "NEW"),
                ("ticket.assigned", "ASSIGNED"),
                ("ticket.started", "IN_PROGRESS"),
            ]


@pytest.mark.timeout(300)
def test_a_breach_escalates_and_mails_and_a_hold_pauses(
    live_server: LiveServer, letterbox: Letterbox
) -> None:
    token = live_server.token("operator")
    with live_server.client() as machine, live_server.client(token) as desk:
        enrol_field(machine)
        machine.put("/api/v2/noc/mails/escalation-address/", json={"email": "noc@example.org"})
        supervisor = {"name": "Sue", "roles": ["supervisor"], "email": "sue@example.org"}
        machine.put("/api/v2/noc/access/users/supervisor/", json=supervisor)
        # The one that is held has its time until somebody has held it, on a busy machine as well.
        for priority, seconds in (("LOW", 2), ("NORMAL", 2), ("URGENT", 6)):
            soon = {"acknowledge_s": seconds, "resolve_s": seconds}
            machine.put(f"/api/v2/noc/service-levels/{priority}/", json=soon)
        with screen(live_server, token) as socket_:
            feed = Screen(socket_)
            held = opened(desk, priority="URGENT", assignee="operator")
            wish(desk, held, "start")
            wish(desk, held, "hold", reason="Waits for the smith", waiting_until=LATER)
            ticket_id = opened(desk, priority="LOW")
            at_risk = feed.hears("ticket.sla_at_risk")
            assert (at_risk["data"]["ticket_id"], at_risk["data"]["sla"]) == (ticket_id, "AT_RISK")
            breached = feed.hears("ticket.sla_breached")
            assert (breached["data"]["sla"], breached["actor"]) == ("BREACHED", "system:timer")
            first = feed.hears("ticket.escalated")
            assert first["data"]["assignee"] == "supervisor"
            assert first["data"]["escalation_level"] == 1
            second = feed.hears("ticket.escalated")
            assert second["data"]["priority"] == "URGENT"
            assert second["data"]["escalation_level"] == 2

        def sent(heading: str) -> list[Message]:
            return [mail for mail in letterbox.mails if mail["Subject"].startswith(heading)]

        assert within(20, lambda: bool(sent("Escalated to level 2")))
        (lifted,) = sent("Escalated to level 1")
        (last,) = sent("Escalated to level 2")
        assert lifted["To"] == "sue@example.org"
        assert last["To"] == "sue@example.org, noc@example.org"

        def recorded() -> bool:
            found = machine.get("/api/v2/noc/mails/", params={"status": "sent"}).json()["data"]
            return {"Escalated to level 2: The gate does not close"} <= {
                mail["subject"] for mail in found["items"]
            }

        assert within(20, recorded)
        ticket = shown(desk, held)
        assert (ticket["sla"], ticket["status"], ticket["clock"]["paused"]) == (
            "OK",
            "ON_HOLD",
            True,
        )
        assert ticket["clock"]["next_due_at"] is None
