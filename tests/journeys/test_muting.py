"""Findings call people, silences hold that back, and what still stands calls when they are over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from application.policies.keep_findings_right_whenever_signals_come_late import NAME as KEEPER
from application.ports import Append, Expect
from domain.alert.facts import Verdict
from domain.finding.facts import (
    Evidence,
    FindingRaised,
    FindingResolved,
    FindingType,
    finding_stream,
)
from domain.kernel import Event
from domain.severity import Severity
from tests.http.field import DIRECTORY, SITE, within
from tests.live import CAUSE, LiveServer

TICKETS, SILENCES = "/api/v2/noc/tickets/", "/api/v2/noc/silences/"
SUPPRESSIONS, MAINTENANCE = "/api/v2/noc/suppressions/", "/api/v2/noc/maintenance/"
SOON_S = 45  # on a busy machine
NOW = datetime.now(UTC)


def state(server: LiveServer, finding_id: UUID, event: Event) -> int:
    """State a fact of a finding as an audit would, and return its position."""
    append = Append.of(finding_stream(finding_id), Expect.ANY, [event], CAUSE)
    return server.vedette.log.append(server.tenant, append).last


def found(server: LiveServer, severity: Severity, kind: FindingType = FindingType.NO_SHOW) -> UUID:
    """Raise a finding about the last hour at S-01."""
    finding_id = uuid4()
    raised = FindingRaised(
        finding_id=finding_id,
        finding_type=kind,
        severity=severity,
        site_id="S-01",
        person_id="G-001",
        device_id=None,
        subject_id=f"shift-{finding_id.hex[:8]}",
        title=f"{kind} at S-01",
        window_start=NOW - timedelta(hours=1),
        window_end=NOW,
        evidence=Evidence(expected=(), received=(), explanation="0 of 1", judged_up_to=1),
    )
    state(server, finding_id, raised)
    return finding_id


def register_site(server: LiveServer, client: httpx.Client) -> None:
    """State the site S-01 alone, and wait until that was judged: a plan that changes beside what is
    found here would have it judged anew, and nobody planned it."""
    answer = client.put(f"{DIRECTORY}/sites/S-01/", json=SITE)
    assert answer.status_code == 200

    def is_judged() -> bool:
        standings = server.vedette.operations.followers(server.tenant)
        reached = [each.position for each in standings if each.follower == KEEPER]
        return bool(reached) and reached[0] >= int(answer.json()["position"])

    assert within(SOON_S, is_judged)


def items(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = client.get(path).json()["data"]["items"]
    return listed


def test_a_high_finding_becomes_a_ticket_for_the_security_manager(live_server: LiveServer) -> None:
    with live_server.client() as field:
        register_site(live_server, field)
        finding_id = found(live_server, Severity.HIGH)
        found(live_server, Severity.MEDIUM, FindingType.GPS_OFF)
        assert within(SOON_S, lambda: bool(items(field, TICKETS)))
        (ticket,) = items(field, TICKETS)
        assert (ticket["category"], ticket["assignee"]) == ("OPERATIONS", "supervisor")
        assert ticket["finding_id"] == str(finding_id)
        second = found(live_server, Severity.CRITICAL)
        assert within(SOON_S, lambda: bool(items(field, SUPPRESSIONS)))
        (line,) = items(field, SUPPRESSIONS)
        assert (line["subject_id"], line["muted_by"]) == (str(second), "deduplication")
        assert line["muter_id"] == line["later_ticket_id"] == ticket["ticket_id"]
        repeated = field.get(
            f"{TICKETS}{ticket['ticket_id']}/", params={"wait_for": line["position"]}
        ).json()["data"]
        assert within(SOON_S, lambda: items(field, TICKETS)[0]["severity"] == "CRITICAL")
        assert repeated["ticket_id"] == ticket["ticket_id"]


def test_a_silenced_finding_calls_nobody_until_the_silence_ends(live_server: LiveServer) -> None:
    with live_server.client() as field:
        register_site(live_server, field)
        wish = {
            "matcher": {"site_id": "S-01", "kinds": ["finding"]},
            "ends_at": (NOW + timedelta(hours=3)).isoformat(),
            "reason": "Drill",
        }
        silence_id = field.post(SILENCES, json=wish).json()["data"]["silence_id"]
        finding_id = found(live_server, Severity.HIGH)
        assert within(SOON_S, lambda: bool(items(field, SUPPRESSIONS)))
        (line,) = items(field, SUPPRESSIONS)
        assert (line["muted_by"], line["muter_id"]) == ("silence", silence_id)
        assert (line["subject"], line["assignee"]) == ("finding:NO_SHOW", "supervisor")
        assert line["later_ticket_id"] is None
        assert items(field, TICKETS) == []

        field.post(f"{SILENCES}{silence_id}/end/", json={"reason": "The drill is over"})
        assert within(SOON_S, lambda: bool(items(field, TICKETS)))
        (ticket,) = items(field, TICKETS)
        assert ticket["finding_id"] == str(finding_id)
        state(live_server, finding_id, FindingResolved(reason=Verdict.CONFIRMED_NEGLIGENCE))
        assert within(SOON_S, lambda: items(field, SUPPRESSIONS)[0]["later_verdict"] is not None)
        (line,) = items(field, SUPPRESSIONS)
        assert line["later_ticket_id"] == ticket["ticket_id"]
        assert line["later_verdict"] == "CONFIRMED_NEGLIGENCE"


def test_a_maintenance_is_foreseen_over_a_clock_change_and_lets_go_when_cancelled(
    live_server: LiveServer,
) -> None:
    """London's clocks are changed within any half of a year, on a Sunday: all windows stay at 01:30
    on the wall, but the one that the clock skips, which begins at 02:30."""
    today = datetime.now(UTC).date()
    with live_server.client() as field:
        register_site(live_server, field)
        wish = {
            "site_id": "S-01",
            "weekdays": ["sunday"],
            "starts_at": "01:30",
            "duration_minutes": 60,
            "first_day": "2027-03-14" if today.year < 2027 else today.isoformat(),
            "last_day": "2027-04-18"
            if today.year < 2027
            else (today + timedelta(days=300)).isoformat(),
            "reason": "New firmware",
        }
        window_id = field.post(MAINTENANCE, json=wish).json()["data"]["window_id"]
        foreseen = items(field, f"{MAINTENANCE}{window_id}/occurrences/")
        spans = {
            datetime.fromisoformat(each["ends_at"]) - datetime.fromisoformat(each["starts_at"])
            for each in foreseen
        }
        assert spans == {timedelta(hours=1)}
        if today.year < 2027:
            assert [each["local_starts_at"] for each in foreseen] == [
                "2027-03-14T01:30:00Z",
                "2027-03-21T01:30:00Z",
                "2027-03-28T02:30:00+01:00",
                "2027-04-04T01:30:00+01:00",
                "2027-04-11T01:30:00+01:00",
                "2027-04-18T01:30:00+01:00",
            ]

        all_day = {**wish, "weekdays": WEEK, "starts_at": "00:00", "duration_minutes": 1_440}
        all_day |= {"first_day": (today - timedelta(days=1)).isoformat()}
        window_id = field.post(MAINTENANCE, json=all_day).json()["data"]["window_id"]
        found(live_server, Severity.HIGH)
        assert within(SOON_S, lambda: bool(items(field, SUPPRESSIONS)))
        assert items(field, SUPPRESSIONS)[0]["muter_id"] == window_id
        assert items(field, TICKETS) == []
        field.post(f"{MAINTENANCE}{window_id}/cancel/", json={"reason": "Done"})
        assert within(SOON_S, lambda: bool(items(field, TICKETS)))


WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
