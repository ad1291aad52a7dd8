"""The lists beside the tickets: live, worked by keyboard, and each thing with its why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from application.ports import Append, Expect
from domain.anomaly.facts import (
    AnomalyDetected,
    Bucket,
    Measured,
    Metric,
    SubjectKind,
    ThresholdReason,
    anomaly_stream,
)
from domain.severity import Severity
from tests.browser.desk import Desk, Field
from tests.http.field import DIRECTORY, SHIFT, attendance, enrol_field
from tests.journeys.test_incident import audit, phone, send
from tests.journeys.test_muting import plan_shift
from tests.live import CAUSE, LiveServer

pytestmark = pytest.mark.browser

NOW = datetime.now(UTC)


def neglect(server: LiveServer) -> None:
    """Let G-001 hardly use the phone for an hour of a shift, until it goes offline; then audit."""
    hour = timedelta(hours=1)
    quiet = NOW.replace(minute=0, second=0, microsecond=0) - 2 * hour
    times = {
        "starts_at": (quiet - hour).isoformat(),
        "ends_at": (quiet + 7 * hour).isoformat(),
    }
    used = {"person_id": "G-001", "interval_s": 1_800}
    with server.client() as client:
        enrol_field(client)
        planned = client.put(f"{DIRECTORY}/shifts/H-01/", json={**SHIFT, **times})
        assert planned.status_code == 200, planned.text
        send(
            client,
            attendance(occurred_at=(quiet - hour).isoformat()),
            phone("phone_activity", quiet - hour / 2, interactions=40, **used),
            phone("phone_activity", quiet + hour / 2, interactions=1, **used),
            phone("device_status", quiet + hour / 2, status="offline"),
        )
        audit(server, client)


def unusual(server: LiveServer, person_id: str = "G-001") -> None:
    """Find a guard's phone far less used than usual."""
    anomaly_id = uuid4()
    detected = AnomalyDetected(
        anomaly_id=anomaly_id,
        metric=Metric.PHONE_INTERACTIONS,
        subject_kind=SubjectKind.PERSON,
        subject_id=person_id,
        site_id="S-01",
        person_id=person_id,
        device_id=None,
        severity=Severity.MEDIUM,
        window_start=NOW - timedelta(minutes=50),
        window_end=NOW - timedelta(minutes=20),
        measured=Measured(
            value=1.0,
            mean=24.0,
            deviation=5.0,
            count=120,
            z=-4.6,
            threshold=3.0,
            threshold_reason=ThresholdReason.STABLE,
            bucket=Bucket.HOUR_OF_WEEK,
            explanation="actual 1 an hour, typical 19-29 at this hour",
            signals=(uuid4(),),
        ),
    )
    append = Append.of(anomaly_stream(anomaly_id), Expect.ANY, [detected], CAUSE)
    server.vedette.log.append(server.tenant, append)


def test_a_finding_and_an_incident_appear_without_a_reload_and_are_worked_off(
    desk: Desk, live_server: LiveServer
) -> None:
    desk.sit_down()
    desk.press("Shift+F")
    expect(desk.page.get_by_text("Every duty was done")).to_be_visible()
    neglect(live_server)
    finding = desk.column("FINDINGS").filter(has_text="1 interactions in 1 reports")
    expect(finding).to_contain_text("Low phone activity")
    expect(finding).to_contain_text("North Gate")
    desk.press("Shift+I")
    incident = desk.column("INCIDENTS").filter(has_text="device offline")
    expect(incident).to_contain_text("low phone activity")
    incident.focus()
    desk.press("Enter")
    items = desk.drawer.locator(".items li")
    expect(items.filter(has_text="Signal · G-001")).to_contain_text("the same guard G-001")
    expect(desk.drawer.locator(".says")).to_contain_text("High: low phone activity")
    desk.press("r")
    desk.dialog.get_by_label("What it was").fill("He had lost his phone.")
    desk.press("Control+Enter")
    expect(incident).to_have_count(0)
    expect(desk.drawer.locator(".history")).to_contain_text("He had lost his phone.")
    # From the incident to the finding that belongs to it, and to a verdict on that.
    items.get_by_role("button", name="Low phone activity").first.click()
    expect(desk.drawer.locator(".status")).to_contain_text("Finding · Open")
    desk.press("a")
    expect(desk.drawer.locator(".status")).to_contain_text("Acknowledged")
    desk.press("r")
    desk.dialog.get_by_label("Verdict").select_option("CONFIRMED_NEGLIGENCE")
    desk.press("Control+Enter")
    expect(desk.drawer.locator(".status")).to_contain_text("Resolved")
    desk.press("Escape", "Shift+F", "b")
    expect(finding).to_contain_text("Confirmed negligence")


def test_a_finding_leads_to_the_ticket_that_works_on_it(
    desk: Desk, live_server: LiveServer
) -> None:
    desk.sit_down("auditor")
    desk.press("Shift+F")
    with live_server.client() as client:
        enrol_field(client)
        plan_shift(client, 1)
        audit(live_server, client)
    findings = desk.column("FINDINGS")
    expect(findings).to_have_count(2)  # that the guard did not come, and that nobody is there
    expect(findings.first).to_contain_text("Nobody is at S-01")
    desk.press("j", "Enter")
    desk.drawer.get_by_role("button", name="Open the ticket").click()
    expect(desk.drawer.locator(".status")).to_contain_text("Ticket")
    expect(desk.drawer).to_contain_text("Nobody is at S-01")


def test_an_anomaly_shows_the_numbers_that_decided(desk: Desk, live_server: LiveServer) -> None:
    desk.sit_down("auditor")
    desk.press("Shift+N")
    unusual(live_server)
    expect(desk.column("ANOMALIES")).to_contain_text("typical 19-29 at this hour")
    expect(desk.column("ANOMALIES")).to_contain_text("-4.6 deviations, allowed 3")
    desk.press("j", "Enter")
    expect(desk.drawer.locator(".numbers")).to_contain_text("24 ± 5")
    expect(desk.drawer.locator(".numbers")).to_contain_text("120 samples, this hour of the week")
    desk.press("y")
    expect(desk.drawer.locator("h3", has_text="What it led to")).to_be_visible()


def test_an_alert_is_assigned_resolved_with_a_verdict_and_reopened(
    desk: Desk, field: Field
) -> None:
    field.deceive()
    desk.sit_down()
    desk.press("Shift+A")
    expect(desk.column("ALERTS")).to_have_count(1)
    desk.press("j", "g")
    expect(desk.dialog.get_by_label("To whom")).to_have_value("operator")
    desk.press("Enter")
    expect(desk.column("ALERTS").locator(".wide-state")).to_contain_text("operator")
    desk.press("Enter", "r")
    desk.dialog.get_by_label("Verdict").select_option("FALSE_POSITIVE_DATA")
    desk.press("Control+Enter")
    expect(desk.column("ALERTS")).to_have_count(0)
    # The drawer still has what no list shows any more, with the command that takes it back.
    expect(desk.drawer).to_contain_text("Resolved")
    desk.drawer.get_by_role("button", name="Reopen").click()
    desk.dialog.get_by_label("Why the verdict is taken back").fill("The fix was right after all")
    desk.press("Control+Enter")
    expect(desk.column("ALERTS")).to_have_count(1)
    (alert,) = field.alerts()
    assert (alert["status"], alert["verdict"]) == ("OPEN", None)


def test_the_why_of_a_ticket_reaches_the_raw_signal(desk: Desk, field: Field) -> None:
    field.deceive("G-003")
    desk.sit_down()
    expect(desk.column("NEW")).to_have_count(1)
    desk.press("j", "y")
    signals = desk.drawer.locator("h3", has_text="Raw signals").locator("xpath=following::ol[1]/li")
    expect(signals).to_have_count(1)
    expect(signals).to_contain_text("Attendance of G-003")
    signals.get_by_text("Numbers").click()
    expect(signals).to_contain_text("53.5")
    judged = desk.drawer.locator(".chain li")
    expect(judged.filter(has_text="Fraud score 1.00")).to_have_count(1)
    expect(judged.filter(has_text="Ticket opened")).to_have_count(1)
    # From the chain to the alert in it, and from there on.
    judged.filter(has_text="Alert raised").get_by_role("button").click()
    expect(desk.drawer.locator(".status")).to_contain_text("Alert")
    desk.press("y")
    expect(desk.drawer.locator("h3", has_text="What it led to")).to_be_visible()
    expect(desk.drawer.locator(".chain li", has_text="Ticket opened")).to_have_count(1)
