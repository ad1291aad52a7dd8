"""A screen that talks too much: of 150 messages in a minute 50 are answered by errors, and it hears on."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from projections.published import FRAME_TYPES
from tests.http.field import enrol_field
from tests.journeys.test_attendance import SOON_S, screen
from tests.journeys.test_ticket import opened
from tests.live import LiveServer

MESSAGES = 150
ALLOWED_A_MINUTE = 100


def test_of_150_messages_in_a_minute_50_are_answered_by_errors(live_server: LiveServer) -> None:
    token = live_server.token("operator")
    with live_server.client() as field, live_server.client(token) as desk:
        enrol_field(field)
        with screen(live_server, token) as socket:
            assert json.loads(socket.recv(timeout=SOON_S))["type"] == "snapshot"
            for _ in range(MESSAGES):
                socket.send('{"type":"ping"}')
            answers: list[dict[str, Any]] = []
            while len(answers) < MESSAGES:
                frame = json.loads(socket.recv(timeout=SOON_S))
                if frame["type"] in {"pong", "error"}:
                    answers.append(frame)
            kinds = [frame["type"] for frame in answers]
            assert Counter(kinds) == {
                "pong": ALLOWED_A_MINUTE,
                "error": MESSAGES - ALLOWED_A_MINUTE,
            }
            assert kinds == sorted(kinds, reverse=True), "First what is allowed, then errors."
            assert {frame.get("code") for frame in answers if frame["type"] == "error"} == {
                "rate.exceeded"
            }

            # What happens is told all the same.
            ticket_id = opened(desk)
            while (frame := json.loads(socket.recv(timeout=SOON_S)))["type"] not in FRAME_TYPES:
                pass
            assert (frame["event"], frame["data"]["ticket_id"]) == ("ticket.opened", ticket_id)
