"""The page stays right when the connection does not: drops, gaps and too much at once.

An old snapshot with the tail must show what a fresh snapshot shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from msgspec.structs import replace
from playwright.sync_api import WebSocketRoute, expect

from application.ports import Append, Expect
from domain.kernel import Event
from domain.severity import Severity
from domain.ticket import TicketCommented
from interfaces.feed.listeners import QUEUE_FRAMES_MAX
from tests.browser.cable import Cable
from tests.browser.desk import Desk, Field
from tests.http.field import within
from tests.live import CAUSE, LiveServer
from tests.projections.rows import OPENED

pytestmark = pytest.mark.browser

GUARDS = 12
SOON_S = 15.0  # on a busy machine
# What the columns show when the tickets were worked on.
WORKED_ON = {
    "ALERTS": GUARDS,
    "NEW": 3,
    "ASSIGNED": 3,
    "IN_PROGRESS": 2,
    "RESOLVED": 2,
    "SCORES": GUARDS,
}


def test_after_a_drop_the_page_resumes_by_position_and_misses_nothing(
    desk: Desk, field: Field
) -> None:
    with Cable(desk.server.port) as cable:
        sockets: list[str] = []
        desk.page.on("websocket", lambda socket: sockets.append(socket.url))
        desk.sit_down(url=cable.url)
        field.deceive("G-001")
        expect(desk.column("NEW")).to_have_count(1)
        cable.pull()
        expect(desk.page.get_by_text("What you see is from")).to_be_visible()
        field.work(field.tickets()[0], "assign", assignee="supervisor")
        field.deceive("G-002")
        cable.plug()
        desk.expect_live()
        expect(desk.column("ASSIGNED")).to_contain_text("G-001")
        expect(desk.column("NEW")).to_contain_text("G-002")
        expect(desk.page.get_by_text("What you see is from")).to_have_count(0)
        # What was missed came as frames behind the last one seen, not by loading the lists again.
        expect(desk.page.locator(".frame", has_text="Ticket assigned")).to_have_count(1)
        assert int(parse_qs(urlsplit(sockets[-1]).query)["after"][0]) > 0


def test_a_frame_that_is_missing_makes_the_page_load_its_lists_again(
    desk: Desk, field: Field
) -> None:
    swallowed: list[str] = []

    def leaky(page_side: WebSocketRoute) -> None:
        server_side = page_side.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            event = json.loads(message).get("event")
            if event == "ticket.opened" and not swallowed:
                swallowed.append(event)
            else:
                page_side.send(message)

        server_side.on_message(pass_on)

    desk.page.route_web_socket("**/ws/noc/dashboard/**", leaky)
    desk.sit_down()
    field.deceive("G-001")
    expect(desk.column("ALERTS")).to_have_count(1)
    field.deceive("G-002")  # its first frame does not link to what the page has seen
    expect(desk.column("NEW")).to_have_count(2)
    assert swallowed == ["ticket.opened"]


def test_when_the_feed_asks_for_it_the_lists_are_loaded_again(desk: Desk, field: Field) -> None:
    sockets: list[WebSocketRoute] = []

    def watched(page_side: WebSocketRoute) -> None:
        page_side.connect_to_server()
        sockets.append(page_side)

    desk.page.route_web_socket("**/ws/noc/dashboard/**", watched)
    desk.sit_down()
    field.deceive("G-001")
    expect(desk.column("NEW")).to_have_count(1)
    with desk.page.expect_request("**/api/v2/noc/tickets/**"):
        sockets[0].send(json.dumps({"type": "resync_required", "position": 1}))
    desk.expect_live()
    expect(desk.column("NEW")).to_have_count(1)
    assert len(sockets) == 2
    field.deceive("G-002")
    expect(desk.column("NEW")).to_have_count(2)


def test_what_a_storm_left_out_is_said_and_stands_in_the_lists(
    desk: Desk, field: Field, live_server: LiveServer
) -> None:
    desk.sit_down()
    watched = begin(live_server, ticket())
    expect(desk.column("NEW")).to_have_count(1)
    desk.press("2", "Enter")
    expect(desk.drawer).not_to_contain_text("Look behind the fence")
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    words = [TicketCommented(text=f"Nothing new {number}") for number in range(QUEUE_FRAMES_MAX)]
    begin(
        live_server,
        (watched, [TicketCommented(text="Look behind the fence")]),
        ticket(title="Told by the gap alone"),
        ticket(title="Never left out", severity=Severity.CRITICAL),
        ticket(*words, title="Told at last"),
    )
    # The drawer shows what the gap left out, and so does the list.
    expect(desk.drawer).to_contain_text("Look behind the fence")
    desk.press("Escape")
    for title in ("Told by the gap alone", "Never left out", "Told at last"):
        expect(desk.column("NEW").filter(has_text=title)).to_have_count(1)
    gaps = desk.page.locator(".frame.gap")
    expect(gaps).to_have_count(2)
    expect(gaps.last).to_contain_text("2 left out")
    expect(gaps.first).to_contain_text(f"{QUEUE_FRAMES_MAX - 2} tickets")
    expect(gaps.first).to_contain_text("North Gate")
    expect(desk.page.locator(".frame", has_text="Never left out")).to_have_count(1)
    lists = {path for path in asked if path.startswith("/api/v2/noc/") and path.count("/") == 5}
    assert lists == {"/api/v2/noc/tickets/"}, "What nothing was left out of is not read again."
    # The chain is whole: what happens now is put on top, and nothing is loaded for it.
    field.deceive("G-001")
    expect(desk.column("NEW")).to_have_count(5)
    expect(desk.page.locator(".toast", has_text="Loading the lists again")).to_have_count(0)


def ticket(
    *facts: Event, title: str = "Look", severity: Severity = Severity.HIGH
) -> tuple[str, list[Event]]:
    """Return the stream and the story of a new ticket."""
    opened = replace(
        OPENED, ticket_id=uuid4(), site_id="S-01", title=title, severity=severity, person_id=None
    )
    return f"ticket-{opened.ticket_id}", [opened, *facts]


def begin(server: LiveServer, *stories: tuple[str, list[Event]]) -> str:
    """Record stories in one transaction; return the stream of the last."""
    appends = [Append.of(stream, Expect.ANY, facts, CAUSE) for stream, facts in stories]
    server.vedette.log.append_each(server.tenant, appends)
    return stories[-1][0]


def test_without_the_feed_the_lists_are_shown_and_said_to_be_old(desk: Desk, field: Field) -> None:
    field.deceive("G-001")
    desk.page.route_web_socket(
        "**/ws/noc/dashboard/**",
        lambda socket: socket.close(code=4403, reason="This needs the capability feed:view."),
    )
    desk.open()
    desk.log_in()
    expect(desk.page.locator(".toast")).to_contain_text("feed:view")
    expect(desk.page.get_by_text("The feed is not open to you; reload")).to_be_visible()
    expect(desk.column("NEW")).to_have_count(1)


def test_an_old_snapshot_with_its_tail_shows_what_a_fresh_snapshot_shows(
    desk: Desk, field: Field
) -> None:
    for number in range(1, GUARDS // 2):
        field.deceive(f"G-{number:03}")
    desk.sit_down()
    for number in range(GUARDS // 2, GUARDS + 1):
        field.deceive(f"G-{number:03}", "S-02")
    expect(desk.column("SCORES")).to_have_count(GUARDS)
    expect(desk.column("NEW")).to_have_count(GUARDS)
    # The feed may tell of a ticket before the read model shows it.
    assert within(SOON_S, lambda: len(field.tickets()) == GUARDS)
    tickets = field.tickets()
    for ticket in tickets[:8]:
        field.work(ticket, "assign", assignee="operator")
    for ticket in tickets[:5]:
        field.work(ticket, "start")
    for ticket in tickets[:3]:
        field.work(ticket, "resolve", resolution="Looked into.")
    field.work(tickets[0], "close")
    field.work(tickets[9], "cancel", reason="Nothing to it.")
    field.work(tickets[10], "prioritise", priority="LOW")
    expect(desk.page.locator(".frame", has_text="Ticket prioritised")).to_have_count(1)
    expect_cards(desk, WORKED_ON)
    told = desk.board()
    assert {name: len(cards) for name, cards in told.items()} == WORKED_ON
    desk.page.reload()
    desk.expect_live()
    # Each list comes with an answer of its own, and what the lists do not hold yet with the tail.
    expect_cards(desk, WORKED_ON)
    within(SOON_S, lambda: desk.board() == told)
    assert desk.board() == told


def expect_cards(desk: Desk, wanted: Mapping[str, int]) -> None:
    """Wait until each column shows so many cards."""
    for column, cards in wanted.items():
        expect(desk.column(column)).to_have_count(cards)
