"""What is muted calls nobody until what mutes it is over, and the ledger says so."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from domain.alert import (
    Verdict,
)
from domain.directory.site import SiteTimeZoneCorrected
from domain.finding.facts import FindingResolved, FindingType, finding_stream
from domain.muting.facts import (
    Action,
    ActionMuted,
    MaintenanceCancelled,
    MaintenanceWindowClosed,
    MutedBy,
    ledger_stream,
    maintenance_stream,
)
from domain.severity import Severity
from domain.ticket import (
    TicketRepeated,
    ticket_stream,
)
from tests.application.watchroom import (
    GPS_OFF,
    NO_SHOW,
    SILENT_SITE,
    Watchroom,
    at_hours,
    finding_id,
)
from tests.memory_desk import BEGAN_AT

CRITICAL, HIGH, MEDIUM = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM


@pytest.fixture
def room() -> Watchroom:
    return Watchroom()


def test_a_silenced_finding_opens_no_ticket_and_stands_in_the_ledger(room: Watchroom) -> None:
    room.site("eve")
    silence_id = room.silence(1)
    found = room.found(1)
    room.settle()
    assert room.opened() == []
    (line,) = room.lines()
    assert line == ActionMuted(
        action=Action.TICKET,
        subject="finding:NO_SHOW",
        subject_id=found,
        muted_by=MutedBy.SILENCE,
        muter_id=silence_id,
        severity=HIGH,
        title="NO_SHOW at S-1",
        site_id="S-1",
        person_id="G-1",
        assignee="eve",
        seen_at=at_hours(-2),
        until=at_hours(2),
    )
    (entry,) = room.log.stream(ledger_stream(found))
    raised = room.log.stream(finding_stream(found))[0]
    assert entry.caused_by == raised.position


@pytest.mark.parametrize("how", ["ended", "lapsed"])
def test_what_still_stands_when_a_silence_is_over_calls_then(room: Watchroom, how: str) -> None:
    room.silence(1)
    stands = room.found(1)
    room.found(2, GPS_OFF)
    room.withdrawn(2)
    room.found(3, SILENT_SITE)
    room.log.state(finding_stream(finding_id(3)), FindingResolved(reason=Verdict.BENIGN_EXPECTED))
    room.found(4, GPS_OFF, hours=40)
    room.revised(4, MEDIUM)
    room.settle()
    assert room.opened() == []
    getattr(room, how)(1)
    room.settle()
    assert [each.finding_id for each in room.opened()] == [stands]
    end = room.log.stream(f"silence-{UUID(int=1)}")[-1]
    opened = room.log.stream(ticket_stream(room.opened()[0].ticket_id))[0]
    assert opened.caused_by == end.position
    room.ended(1)
    room.settle()
    assert len(room.opened()) == 1


def test_two_held_back_of_one_trouble_become_one_ticket(room: Watchroom) -> None:
    room.silence(1)
    room.found(1)
    room.found(2, severity=CRITICAL)
    room.settle()
    room.lapsed(1)
    room.settle()
    (opened,) = room.opened()
    assert room.ticket(opened.ticket_id).repeats == 1
    assert room.ticket(opened.ticket_id).severity is CRITICAL


def test_what_another_silence_mutes_still_goes_on_being_muted(room: Watchroom) -> None:
    room.silence(1, 3)
    room.found(1)
    room.silence(2, 2, kinds=("finding",))
    room.settle()
    room.ended(1)
    room.settle()
    assert room.opened() == []
    assert [line.muter_id for line in room.lines()] == [UUID(int=1), UUID(int=2)]
    room.ended(2)
    room.settle()
    assert len(room.opened()) == 1


def test_the_ledger_has_one_line_for_a_muter_unless_it_gets_worse(room: Watchroom) -> None:
    room.silence(1)
    room.found(1)
    room.settle()
    room.revised(1, HIGH)
    room.found(1)
    room.revised(1, CRITICAL)
    room.revised(1, CRITICAL)
    room.settle()
    assert [line.severity for line in room.lines()] == [HIGH, CRITICAL]
    room.ended(1)
    room.settle()
    assert [each.severity for each in room.opened()] == [CRITICAL]


def test_a_worse_finding_is_muted_like_any_call_and_told_when_that_is_over(
    room: Watchroom,
) -> None:
    room.found(1)
    room.settle()
    room.silence(1)
    room.revised(1, CRITICAL)
    room.settle()
    assert room.log.events(TicketRepeated) == []
    assert [line.severity for line in room.lines()] == [CRITICAL]
    room.ended(1)
    room.settle()
    assert [each.severity for each in room.log.events(TicketRepeated)] == [CRITICAL]
    assert len(room.opened()) == 1


def test_at_the_end_another_silence_may_hold_back_what_a_ticket_would_be_told(
    room: Watchroom,
) -> None:
    room.found(1)
    room.settle()
    room.silence(1, 5)
    room.silence(2, 2)
    room.revised(1, CRITICAL)
    room.settle()
    room.ended(1)
    room.settle()
    assert room.log.events(TicketRepeated) == []
    room.ended(2)
    room.settle()
    assert len(room.log.events(TicketRepeated)) == 1


def test_before_and_after_its_time_a_silence_mutes_nothing(room: Watchroom) -> None:
    room.silence(1, hours=2 / 3_600)  # over at the third fact, a second each
    room.found(1)
    room.found(2, GPS_OFF)
    room.settle()
    assert [each.finding_id for each in room.opened()] == [finding_id(1), finding_id(2)]


def test_maintenance_mutes_on_the_sites_wall_and_lets_go_at_the_end_of_a_window(
    room: Watchroom,
) -> None:
    room.site(zone="Europe/London")
    window_id = room.maintain()
    room.found(1)
    room.settle()
    (line,) = room.lines()
    assert (line.muted_by, line.muter_id) == (MutedBy.MAINTENANCE, window_id)
    assert line.until == BEGAN_AT + timedelta(minutes=30)
    assert line.until is not None
    closed = MaintenanceWindowClosed(
        started_at=line.until - timedelta(hours=1), ended_at=line.until
    )
    room.log.state(maintenance_stream(window_id), closed)
    room.settle()
    assert len(room.opened()) == 1


def test_maintenance_that_was_cancelled_lets_go(room: Watchroom) -> None:
    room.site()
    window_id = room.maintain()
    room.found(1)
    room.settle()
    room.log.state(maintenance_stream(window_id), MaintenanceCancelled(reason="Not needed"))
    room.found(2, GPS_OFF)
    room.settle()
    assert len(room.opened()) == 2


def test_a_zone_that_is_corrected_moves_the_windows(room: Watchroom) -> None:
    room.site(zone="Europe/London")
    room.maintain()
    room.log.state("site-S-1", SiteTimeZoneCorrected(time_zone="America/New_York"))
    room.found(1)
    room.settle()
    assert len(room.opened()) == 1


def test_a_window_that_meets_the_next_one_holds_on(room: Watchroom) -> None:
    """Windows of a whole day: the one ends as the other begins, and the clock of the log decides."""
    room.site(zone="UTC")
    window_id = room.maintain(starts_at="08:00", minutes=1_440)
    room.found(1)
    room.settle()
    closed = MaintenanceWindowClosed(started_at=at_hours(-24), ended_at=at_hours(0))
    room.log.state(maintenance_stream(window_id), closed)
    room.settle()
    assert room.opened() == []
    assert len(room.lines()) == 2
    room.log.state(
        maintenance_stream(window_id),
        MaintenanceWindowClosed(started_at=at_hours(0), ended_at=at_hours(24)),
    )
    room.settle()
    assert room.opened() == []
    assert room.lines()[-1].until == at_hours(48)


def test_a_silent_site_mutes_what_its_phones_did_not_say_until_it_is_found_untrue(
    room: Watchroom,
) -> None:
    silent = room.found(1, SILENT_SITE, person=None)
    gps = room.found(2, GPS_OFF)
    room.found(3, NO_SHOW)
    room.found(4, GPS_OFF, hours=30)
    room.settle()
    assert [each.finding_id for each in room.opened()] == [silent, finding_id(3), finding_id(4)]
    (line,) = room.lines()
    assert (line.subject_id, line.muted_by, line.muter_id) == (gps, MutedBy.INHIBITION, silent)
    room.revised(1, CRITICAL)
    room.settle()
    assert len(room.opened()) == 3
    room.withdrawn(1)
    room.settle()
    assert room.opened()[-1].finding_id == gps


def test_a_silent_site_that_calls_nobody_mutes_nothing(room: Watchroom) -> None:
    """One guard's dead phone is no reason to call nobody for what that guard did not do."""
    silent = room.found(1, SILENT_SITE, MEDIUM, person=None)
    gps = room.found(2, GPS_OFF)
    room.settle()
    assert [each.finding_id for each in room.opened()] == [gps]
    room.revised(1, HIGH)
    walk = room.found(3, FindingType.MISSED_CHECKPOINT)
    room.settle()
    assert [each.finding_id for each in room.opened()] == [gps, silent]
    assert [each.subject_id for each in room.lines()] == [walk]
    room.revised(1, MEDIUM)
    room.settle()
    assert [each.finding_id for each in room.opened()] == [gps, silent, walk]
    assert room.redeliver() == []


def test_a_silent_site_that_a_person_saw_to_lets_go(room: Watchroom) -> None:
    room.found(1, SILENT_SITE, person=None)
    room.found(2, GPS_OFF)
    room.settle()
    verdict = FindingResolved(reason=Verdict.DEVICE_FAULT)
    room.log.state(finding_stream(finding_id(1)), verdict)
    room.settle()
    assert len(room.opened()) == 2
