"""A guard's check-in becomes a ticket on an operator's screen, and every step stands in the log."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from domain.alert import AlertRaised
from domain.fraud.facts import FraudScored
from domain.signals import AttendanceRecorded
from domain.ticket import (
    TicketAssigned,
    TicketOpened,
    TicketResolved,
    TicketStarted,
)
from projections.published import FRAME_TYPES
from tests.http.field import SIGNALS, attendance, enrol_field
from tests.live import LiveServer

TICKETS = "/api/v2/noc/tickets/"
SOON_S = 20.0


class Screen:
    """An operator's feed, and everything it was told so far."""

    def __init__(self, socket: ClientConnection, *types: str, soon_s: float = SOON_S) -> None:
        self._socket = socket
        self._types = types or FRAME_TYPES
        self._soon_s = soon_s
        self.frames: list[dict[str, Any]] = []
        self.start: int = self._next("snapshot")["position"]

    def hears(self, event: str) -> dict[str, Any]:
        """Wait for a happening; whatever comes before it is kept."""
        deadline = time.monotonic() + self._soon_s
        while True:
            for frame in self.frames:
                if frame["event"] == event and not frame.get("looked at"):
                    frame["looked at"] = True
                    return frame
            assert time.monotonic() < deadline, f"{event} was not told in time."
            self.frames.append(self._next())

    def _next(self, *types: str) -> dict[str, Any]:
        while True:
            frame: dict[str, Any] = json.loads(self._socket.recv(timeout=self._soon_s))
            if frame["type"] in (types or self._types):
                return frame


def screen(live_server: LiveServer, token: str, **query: int) -> ClientConnection:
    address = live_server.ws_url + "".join(f"?{name}={value}" for name, value in query.items())
    headers = {"Authorization": f"Bearer {token}"}
    return connect(address, additional_headers=headers, proxy=None)


def wish(client: httpx.Client, ticket_id: str, verb: str, **fields: Any) -> int:
    """Wish something of a ticket and return the position that the log reached."""
    answer = client.post(f"{TICKETS}{ticket_id}/{verb}/", json=fields)
    assert answer.status_code == 200, answer.text
    position = answer.json()["data"]["position"]
    assert isinstance(position, int)
    return position


def test_an_attendance_becomes_a_ticket_that_is_worked_off(live_server: LiveServer) -> None:
    token = live_server.token("operator")
    with live_server.client() as field, live_server.client(token) as desk:
        enrol_field(field)
        with screen(live_server, token) as socket:
            feed = Screen(socket)
            answer = field.post(SIGNALS, json=[attendance(latitude=53.5)])
            (taken,) = answer.json()["data"]["results"]
            assert taken["status"] == "accepted"

            scored = feed.hears("fraud.scored")
            raised = feed.hears("alert.raised")
            opened = feed.hears("ticket.opened")
            assigned = feed.hears("ticket.assigned")
            assert scored["data"]["probability"] >= 0.8
            assert raised["data"]["severity"] == opened["data"]["severity"]
            assert assigned["data"]["assignee"] == "supervisor"
            ticket_id = opened["data"]["ticket_id"]

            moves = [
                ("assign", {"assignee": "operator"}, "ticket.assigned", "ASSIGNED"),
                ("start", {}, "ticket.started", "IN_PROGRESS"),
                ("resolve", {"resolution": "Spoke to the guard."}, "ticket.resolved", "RESOLVED"),
            ]
            position = 0
            for verb, fields, event, status in moves:
                position = wish(desk, ticket_id, verb, **fields)
                frame = feed.hears(event)
                assert (frame["position"], frame["data"]["status"]) == (position, status)
                assert frame["actor"] == "user:operator"
                shown = desk.get(f"{TICKETS}{ticket_id}/", params={"wait_for": position})
                assert shown.json()["position"] >= position
                assert shown.json()["data"]["version"] == frame["data"]["version"]

        # The chain of the feed has no gap, from the snapshot to the last frame.
        before = [feed.start, *(frame["position"] for frame in feed.frames)]
        assert [frame["previous"] for frame in feed.frames] == before[:-1]

        # Whoever comes back by position is told the rest, exactly.
        half = feed.frames[len(feed.frames) // 2]["position"]
        later = [frame["position"] for frame in feed.frames if frame["position"] > half]
        with screen(live_server, token, after=half) as socket:
            again = Screen(socket)
            again.hears("ticket.resolved")
            assert [frame["position"] for frame in again.frames] == later

    in_the_log(live_server, taken["position"], assigned["position"], position)


def in_the_log(live_server: LiveServer, signal: int, assigned: int, last: int) -> None:
    """Every step names the one that brought it about, and the story bears one correlation id."""
    facts = live_server.vedette.log.read(live_server.tenant, signal - 1, 100)
    caused = [fact for fact in facts if signal <= fact.position <= assigned]
    kinds = [AttendanceRecorded, FraudScored, AlertRaised, TicketOpened, TicketAssigned]
    story = [fact for fact in caused if type(fact.event) in kinds]
    assert [type(fact.event) for fact in story] == kinds
    score, alert, opened, handed_over = story[1:]
    assert score.caused_by == signal
    assert alert.caused_by == score.position
    assert opened.caused_by == handed_over.caused_by == alert.position
    assert len({fact.correlation_id for fact in story}) == 1
    people = [fact for fact in facts if fact.actor == "user:operator"]
    assert [type(fact.event) for fact in people] == [TicketAssigned, TicketStarted, TicketResolved]
    assert people[-1].position == last


def test_the_same_trouble_again_is_counted_in_the_ticket_that_is_worked_on(
    live_server: LiveServer,
) -> None:
    token = live_server.token("operator")
    with live_server.client() as field, live_server.client(token) as desk:
        enrol_field(field)
        with screen(live_server, token) as socket:
            feed = Screen(socket)
            field.post(SIGNALS, json=[attendance(latitude=53.5)])
            opened = feed.hears("ticket.opened")
            once_more = attendance(latitude=53.5, direction="check_out")
            field.post(SIGNALS, json=[once_more, once_more])
            repeated = feed.hears("ticket.repeated")
            assert repeated["data"]["ticket_id"] == opened["data"]["ticket_id"]
            assert repeated["data"]["repeat_count"] == 1
        listed = desk.get(TICKETS, params={"wait_for": repeated["position"]}).json()["data"]
        assert [ticket["ticket_id"] for ticket in listed["items"]] == [opened["data"]["ticket_id"]]
