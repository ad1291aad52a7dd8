"""A client that talks too much: of 150 messages in a minute 50 are answered by error frames."""

from __future__ import annotations

import json

from tests.http.field import enrol_field
from tests.journeys.test_attendance import screen
from tests.journeys.test_ticket import opened
from tests.live import LiveServer

SOON_S = 45.0  # on a busy machine; within the minute


def test_of_150_messages_in_a_minute_50_are_answered_by_errors(live_server: LiveServer) -> None:
    token = live_server.token("operator")
    with live_server.client() as field, live_server.client(token) as desk:
        enrol_field(field)
        with screen(live_server, token) as socket:

            def hear(*types: str) -> dict[str, object]:
                while True:
                    frame: dict[str, object] = json.loads(socket.recv(timeout=SOON_S))
                    if frame["type"] in types:
                        return frame

            hear("snapshot")
            for _ in range(150):
                socket.send('{"type":"ping"}')
            answers = [hear("pong", "error") for _ in range(150)]
            assert [frame["type"] for frame in answers] == ["pong"] * 100 + ["error"] * 50
            assert {frame["code"] for frame in answers[100:]} == {"rate.exceeded"}
            # What happens is told all the same.
            ticket_id = opened(desk)
            told = hear("ticket")
            assert told["event"] == "ticket.opened"
            assert ticket_id in str(told["data"])
