"""A storm: more happens at once than anybody can read, and who listens is told so."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from msgspec.structs import replace
from websockets.sync.client import ClientConnection

from application.ports import Append, Expect
from domain.severity import Severity
from domain.ticket import TicketCommented
from tests.feed.stage import chained
from tests.http.field import within
from tests.journeys.test_attendance import screen
from tests.live import CAUSE, LiveServer
from tests.projections.rows import OPENED

COMMENTS = 900  # of one ticket, in one append: more than is told one by one
TICKETS = 4
SOON_S = 20.0
RECIPIENTS = "/api/v2/noc/feed/recipients/"


def storm(server: LiveServer) -> list[int]:
    """Let hundreds comment on tickets, and raise something CRITICAL between; return where that stands."""
    words = [TicketCommented(text="Nothing new") for _ in range(COMMENTS)]

    def told(severity: Severity, *more: TicketCommented) -> int:
        opened = replace(OPENED, ticket_id=uuid4(), severity=severity)
        stream = f"ticket-{opened.ticket_id}"
        append = Append.of(stream, Expect.ANY, [opened, *more], CAUSE)
        return server.vedette.log.append(server.tenant, append).last

    critical = []
    for _ in range(TICKETS):
        told(Severity.HIGH, *words)
        critical.append(told(Severity.CRITICAL))
    return critical


def frames_until(listener: ClientConnection, position: int) -> list[dict[str, Any]]:
    """Listen until a position is told; return the frames, gaps among them."""
    told: list[dict[str, Any]] = []
    while not told or told[-1]["position"] < position:
        frame = json.loads(listener.recv(timeout=SOON_S))
        if "previous" in frame:
            told.append(frame)
    return told


def test_in_a_storm_all_is_told_or_counted_and_what_is_critical_is_told(
    live_server: LiveServer,
) -> None:
    with screen(live_server, live_server.key) as listener:
        start = json.loads(listener.recv(timeout=SOON_S))["position"]
        critical = storm(live_server)
        told = frames_until(listener, critical[-1])
    assert chained(start, told)
    gaps = [frame for frame in told if frame["type"] == "gap"]
    shown = [frame["position"] for frame in told if frame["type"] != "gap"]
    assert gaps
    assert set(critical) <= set(shown)
    # What was left out is told to whoever asks for it by position.
    first = gaps[0]
    with screen(live_server, live_server.key, after=first["previous"]) as again:
        fetched = frames_until(again, critical[-1])
    assert chained(first["previous"], fetched)
    assert fetched[0]["position"] == first["first_position"]
    assert fetched[first["left_out"] - 1]["position"] == first["position"]
    assert "gap" not in {frame["type"] for frame in fetched}
    # And it is on record who was told what: nobody of what was left out, until it was asked for.
    with live_server.client() as auditor:

        def counted(position: int) -> list[tuple[int, int]]:
            items = auditor.get(RECIPIENTS, params={"position": position}).json()["data"]["items"]
            return [(frame["recipients"], frame["left_out"]) for frame in items]

        assert within(SOON_S, lambda: counted(first["first_position"]) == [(1, 1)])
        assert within(SOON_S, lambda: counted(critical[-1]) == [(2, 0)])
