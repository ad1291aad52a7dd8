"""Whenever something happens that is trouble, what belongs together is one incident."""

from __future__ import annotations

from domain.incident.facts import (
    IncidentEvidenceDropped,
    IncidentEvidenceLinked,
    IncidentMerged,
    IncidentOpened,
    IncidentWithdrawn,
)
from domain.incident.state import IncidentStatus
from domain.severity import Severity
from domain.signals import DeviceStatus, signal_uuid
from tests.application.control_room import (
    ControlRoom,
    alert,
    alert_repeated,
    alert_withdrawn,
    device,
    finding,
    finding_withdrawn,
    id_of,
    panic,
    site,
)


def test_low_phone_activity_and_a_lost_device_of_one_guard_make_a_high_incident() -> None:
    room = ControlRoom()
    room.one_by_one(finding("low", 0, 30), device("off", 35))
    ((incident_id, incident),) = room.open().items()
    assert incident.severity is Severity.HIGH
    (opened,) = room.story(incident_id)
    assert isinstance(opened, IncidentOpened)
    assert opened.title == "Low phone activity, device offline of G-1 at S-1"
    assert opened.severity_rule == "low phone activity and a lost device of the same guard"
    assert [item.label for item in opened.items] == ["low phone activity", "device offline"]
    for link in opened.links:
        assert link.score == 0.9333
        assert link.reasons == (
            "the same guard G-1",
            "device offline and low phone activity tell of one course of events",
            "5 min apart",
        )
    assert opened.links[0].with_id == signal_uuid("t", "off")


def test_a_lone_thing_is_no_incident_unless_it_is_critical() -> None:
    room = ControlRoom()
    room.one_by_one(device("off", 0), device("on", 1, DeviceStatus.ONLINE), finding("low", 60, 70))
    assert room.open() == {}
    room.happen(panic("help", 200))
    incident = room.only()
    assert incident.severity is Severity.CRITICAL


def test_an_open_incident_takes_in_and_its_severity_rises() -> None:
    room = ControlRoom()
    room.one_by_one(device("off", 0), finding("late", -10, 0, site="S-1"), panic("help", 5))
    ((incident_id, incident),) = room.open().items()
    assert incident.severity is Severity.CRITICAL
    assert [type(each) for each in room.story(incident_id)] == [
        IncidentOpened,
        IncidentEvidenceLinked,
    ]


def test_what_joins_two_incidents_merges_the_younger_into_the_older() -> None:
    room = ControlRoom()
    room.one_by_one(
        panic("first", 0, person="G-1", site=None), panic("second", 0, person="G-2", site=None)
    )
    older, younger = room.open()
    room.happen(device("off", 1, person="G-1", site=None, device_id="phone-of-G-2"))
    assert list(room.open()) == [older]
    assert room.incidents()[younger].status is IncidentStatus.MERGED
    assert isinstance(room.story(younger)[-1], IncidentMerged)
    assert len(room.only().items) == 3


def test_what_is_withdrawn_drops_out_and_splits_what_it_joined() -> None:
    room = ControlRoom()
    room.one_by_one(
        finding("low", 0, 10), device("off", 0), alert("fraud", 5), alert_withdrawn("fraud")
    )
    ((incident_id, incident),) = room.open().items()
    assert len(incident.items) == 2
    dropped = room.story(incident_id)[-1]
    assert isinstance(dropped, IncidentEvidenceDropped)
    assert dropped.reason == "Disproved."
    assert dropped.severity is Severity.HIGH
    room.happen(finding_withdrawn("low"))
    assert room.open() == {}
    withdrawn = room.story(incident_id)[-1]
    assert withdrawn == IncidentWithdrawn(reason="Scans came late.")
    room.happen(finding("low", 0, 10))
    assert list(room.open()) == [incident_id]


def test_what_is_told_again_of_a_thing_keeps_its_matches_until_it_makes_others() -> None:
    room = ControlRoom()
    room.happen(device("off", 0, site=None), alert("fraud", 5, site=None))
    ((incident_id, _),) = room.open().items()
    graph = ("slot/", "group/", "crowd/")

    def drawn() -> dict[str, bytes]:
        kept = room.correlation.kept
        return {key: value for key, value in kept.items() if key.startswith(graph)}

    before = drawn()
    room.happen(alert_repeated("fraud", 8))
    assert drawn() == before
    assert room.only().items[id_of("fraud")][0].until is not None
    # Worse, past where it is looked up, and into the next hour: it is put where it belongs by now.
    room.happen(alert_repeated("fraud", 9, Severity.CRITICAL))
    assert drawn() != before
    room.one_by_one(alert_repeated("fraud", 50), alert_repeated("fraud", 65))
    room.happen(finding("low", 75, 80))
    assert len(room.only().items) == 3
    assert list(room.open()) == [incident_id]


def test_neighbouring_sites_within_500_m_share_trouble() -> None:
    room = ControlRoom()
    room.happen(site("S-1"), site("S-2", 490), site("S-3", 1_100))
    room.happen(
        alert("a", 0, person=None, site="S-1"),
        device("b", 1, DeviceStatus.TAMPER, person=None, site="S-2", device_id="D-2"),
        alert("c", 0, person=None, site="S-3"),
    )
    assert set(room.only().items) == {id_of("a"), signal_uuid("t", "b")}


def test_everything_again_changes_nothing() -> None:
    room = ControlRoom()
    room.one_by_one(finding("low", 0, 10), device("off", 0), panic("help", 3))
    before = list(room.log.facts)
    room.correlation.take(before)
    assert room.log.facts == before
