"""The page: what an operator sees and does."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk, Field

pytestmark = pytest.mark.browser


def test_a_wrong_password_is_told_with_its_code(desk: Desk) -> None:
    desk.open()
    desk.log_in(password="guess")
    expect(desk.page.get_by_role("alert")).to_contain_text("credentials.invalid")
    desk.log_in()
    desk.expect_live()


def test_a_deception_shows_up_live_as_score_alert_ticket_and_frames(
    desk: Desk, field: Field
) -> None:
    desk.sit_down()
    expect(desk.page.get_by_text("Nothing waits for somebody to take it.")).to_be_visible()
    field.deceive("G-003")
    for name in ("NEW", "ALERTS", "SCORES"):
        expect(desk.column(name)).to_have_count(1)
        expect(desk.column(name)).to_contain_text("G-003")
        expect(desk.column(name)).to_contain_text("North Gate")
    for event in ("Fraud scored", "Alert raised", "Ticket opened"):
        expect(desk.page.locator(".frame", has_text=event)).to_have_count(1)
    expect(desk.page.locator(".figure", has_text="Unassigned")).to_contain_text("1")
    expect(desk.page.locator("[aria-live=polite]")).to_contain_text("New ticket")
    expect(desk.page).to_have_title(re.compile(r"^\(1\) Vedette"))


def test_a_ticket_is_worked_off_by_keyboard_alone(desk: Desk, field: Field) -> None:
    field.deceive()
    desk.sit_down()
    expect(desk.column("NEW")).to_have_count(1)
    desk.press("j", "a")
    expect(desk.dialog.get_by_label("To whom")).to_have_value("operator")
    desk.press("Enter")
    expect(desk.column("ASSIGNED")).to_contain_text("operator")
    # The focus went with the card, so the next key needs no search for it.
    expect(desk.column("ASSIGNED")).to_be_focused()
    desk.press("s")
    expect(desk.column("IN_PROGRESS")).to_have_count(1)
    expect(desk.column("IN_PROGRESS")).to_be_focused()
    desk.press("r")
    desk.dialog.get_by_label("What was found").fill("Sent a patrol; the guard was at home.")
    desk.press("Control+Enter")
    expect(desk.column("RESOLVED")).to_have_count(1)
    desk.press("Enter")
    for happened in ("Opened", "Assigned", "Started", "Resolved"):
        expect(desk.drawer.locator(".history")).to_contain_text(happened)
    expect(desk.drawer).to_contain_text("Sent a patrol; the guard was at home.")
    desk.press("Escape")
    expect(desk.drawer).to_have_count(0)
    desk.press("x")
    expect(desk.column("RESOLVED")).to_have_count(0)
    (ticket,) = field.tickets()
    assert (ticket["status"], ticket["assignee"]) == ("CLOSED", "operator")


def test_the_menu_holds_every_other_command(desk: Desk, field: Field) -> None:
    field.deceive("G-001")
    field.deceive("G-002")
    desk.sit_down()
    expect(desk.column("NEW")).to_have_count(2)
    desk.press("2", "m", "p")
    desk.dialog.get_by_label("Priority").select_option("LOW")
    desk.dialog.get_by_role("button", name="Change priority").click()
    expect(desk.column("NEW").filter(has_text="Low")).to_have_count(1)
    desk.press("m", "c")
    desk.dialog.get_by_label("Comment").fill("Called the guard.")
    desk.press("Control+Enter")
    expect(desk.dialog).to_have_count(0)
    expect(desk.page.locator(".frame", has_text="Ticket commented")).to_have_count(1)
    desk.press("a", "Enter")
    expect(desk.column("ASSIGNED")).to_be_focused()
    desk.press("s")
    expect(desk.column("IN_PROGRESS")).to_have_count(1)
    desk.press("m", "w")
    desk.dialog.get_by_label("What is being waited for").fill("The patrol's report")
    desk.press("Control+Enter")
    expect(desk.column("IN_PROGRESS")).to_contain_text("On hold")
    expect(desk.dialog).to_have_count(0)
    desk.press("m", "u")
    expect(desk.column("IN_PROGRESS")).not_to_contain_text("On hold")
    desk.press("m", "d")
    desk.dialog.get_by_label("Why it needs no work").fill("A test of the alarm chain")
    desk.press("Control+Enter")
    expect(desk.column("IN_PROGRESS")).to_have_count(0)
    statuses = sorted(ticket["status"] for ticket in field.tickets())
    assert statuses == ["CANCELLED", "NEW"]


def test_an_alert_is_acknowledged_and_resolved_with_a_reason(desk: Desk, field: Field) -> None:
    field.deceive()
    desk.sit_down()
    desk.press("1", "a")
    expect(desk.column("ALERTS")).to_contain_text("Seen: operator")
    desk.press("r")
    desk.dialog.get_by_label("Verdict").select_option("DEVICE_FAULT")
    desk.dialog.get_by_label("Comment").fill("The phone was in for repair.")
    desk.press("Control+Enter")
    expect(desk.column("ALERTS")).to_have_count(0)
    (alert,) = field.alerts()
    assert (alert["status"], alert["verdict"]) == ("RESOLVED", "DEVICE_FAULT")


def test_a_refusal_is_shown_where_it_happened_with_its_code(desk: Desk, field: Field) -> None:
    field.deceive()
    desk.sit_down()
    expect(desk.column("NEW")).to_have_count(1)
    desk.press("j", "a")
    expect(desk.dialog).to_be_visible()
    # A colleague is quicker.
    field.work(field.tickets()[0], "assign", assignee="supervisor")
    expect(desk.page.locator("[data-column=ASSIGNED]")).to_contain_text("supervisor")
    desk.press("Enter")
    expect(desk.dialog.get_by_role("alert")).to_contain_text("version.mismatch")
    desk.press("Escape")
    expect(desk.column("ASSIGNED")).to_contain_text("supervisor")


def test_what_is_not_possible_now_is_told_and_not_sent(desk: Desk, field: Field) -> None:
    field.deceive()
    desk.sit_down()
    expect(desk.column("NEW")).to_have_count(1)
    desk.press("j", "s")
    expect(desk.page.locator(".toast")).to_contain_text("Start: not from here")


def test_who_may_only_look_is_offered_no_commands(desk: Desk, field: Field) -> None:
    field.deceive()
    desk.sit_down("auditor")
    expect(desk.column("NEW")).to_have_count(1)
    expect(desk.column("NEW").get_by_role("button")).to_have_count(0)
    desk.press("j", "a")
    expect(desk.page.locator(".toast")).to_contain_text("not yours to do")


def test_text_from_outside_stays_text(desk: Desk, field: Field) -> None:
    name = "<img src=x onerror=alert(1)><b>Bold</b>"
    content = {"latitude": 51.5, "longitude": -0.12, "geofence_radius_m": 150}
    field.put("sites/S-01", {"name": name, "time_zone": "Europe/London", **content})
    field.deceive()
    desk.sit_down()
    expect(desk.column("NEW").locator(".place")).to_have_text(name)
    assert desk.page.locator("main img, main b", has_text="Bold").count() == 0


def test_a_site_chosen_limits_lists_and_feed(desk: Desk, field: Field) -> None:
    field.deceive("G-001", "S-01")
    field.deceive("G-002", "S-02")
    desk.sit_down()
    expect(desk.column("NEW")).to_have_count(2)
    desk.page.get_by_label("Site").select_option(label="Harbour")
    expect(desk.column("NEW")).to_have_count(1)
    expect(desk.column("NEW")).to_contain_text("G-002")
    expect(desk.page.locator(".clock")).to_contain_text("Asia/Singapore")
    desk.expect_live()
    field.deceive("G-003", "S-01")
    field.deceive("G-004", "S-02")
    expect(desk.column("NEW").filter(has_text="G-004")).to_have_count(1)
    expect(desk.column("NEW").filter(has_text="G-003")).to_have_count(0)


def test_the_search_finds_a_guard(desk: Desk, field: Field) -> None:
    field.deceive("G-001")
    field.deceive("G-002")
    desk.sit_down()
    expect(desk.column("NEW")).to_have_count(2)
    desk.press("/")
    desk.page.keyboard.type("g-002")
    expect(desk.column("NEW")).to_have_count(1)
    expect(desk.column("NEW")).to_contain_text("G-002")


def test_a_reload_keeps_the_session_and_logging_out_ends_it(desk: Desk) -> None:
    desk.sit_down()
    desk.page.reload()
    desk.expect_live()
    desk.page.get_by_role("button", name="Log out").click()
    expect(desk.page.get_by_label("Password")).to_be_visible()
    desk.page.reload()
    expect(desk.page.get_by_label("Password")).to_be_visible()


def test_a_token_that_is_not_good_any_more_leads_back_to_the_login(desk: Desk) -> None:
    desk.sit_down()
    desk.page.evaluate(
        """() => {
          const session = JSON.parse(sessionStorage.getItem("vedette.session"));
          sessionStorage.setItem("vedette.session", JSON.stringify({ ...session, token: "stale" }));
        }"""
    )
    desk.page.reload()
    expect(desk.page.get_by_text("Your session has ended.")).to_be_visible()
    expect(desk.page.get_by_label("Password")).to_be_visible()


def test_the_keys_are_explained_on_the_page(desk: Desk) -> None:
    desk.sit_down()
    desk.press("?")
    expect(desk.dialog).to_contain_text("acknowledge the alert")
    desk.press("Escape")
    expect(desk.dialog).to_have_count(0)
    desk.press("v")
    expect(desk.page.get_by_role("button", name="Sound on")).to_be_visible()


def test_the_documentation_works_without_the_internet(desk: Desk) -> None:
    desk.page.goto(f"{desk.server.url}/docs")
    expect(desk.page.get_by_text("/api/v2/noc/signals/").first).to_be_visible()
    alerts = desk.page.locator(".opblock", has_text="List alerts")
    alerts.locator(".opblock-summary-control").click()
    expect(alerts.get_by_text("G-007 travelled faster than possible").first).to_be_visible()


def test_the_board_stays_readable_beside_an_open_drawer(desk: Desk, field: Field) -> None:
    field.deceive()
    desk.sit_down()
    desk.press("2", "Enter")
    for width in (1600, 1920):
        desk.page.set_viewport_size({"width": width, "height": 1000})
        drawer = desk.drawer.bounding_box()
        assert drawer is not None
        for name in ("ALERTS", "NEW", "ASSIGNED", "IN_PROGRESS", "RESOLVED"):
            column = desk.page.locator(f"[data-column={name}]").bounding_box()
            assert column is not None, name
            assert column["width"] > 150, name  # pixels, about twelve letters of a title
            assert column["x"] + column["width"] <= drawer["x"], name
