"""Incidents as they are shown: what each fact of their stories changes in the row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from application.ports import Cause
from domain.incident.facts import (
    IncidentAcknowledged,
    IncidentEvidenceDropped,
    IncidentEvidenceLinked,
    IncidentLinked,
    IncidentMerged,
    IncidentOpened,
    IncidentResolved,
    IncidentSplit,
    IncidentWithdrawn,
    Item,
    ItemKind,
    Link,
    Sign,
    incident_stream,
)
from domain.incident.state import IncidentStatus
from domain.kernel import Event
from domain.severity import Severity
from projections.incidents import INCIDENTS, IncidentRow
from tests.memory_desk import BEGAN_AT, MemoryLog

IT, OTHER = UUID(int=1), UUID(int=2)
LINK = Link(0.9, ("the same guard G-1",))


def item(number: int, minutes: float, *, lasts: float | None = None, **whom: str) -> Item:
    at = BEGAN_AT + timedelta(minutes=minutes)
    return Item(
        kind=ItemKind.SIGNAL,
        id=UUID(int=number),
        sign=Sign.TAMPER,
        label="tamper",
        severity=Severity.HIGH,
        at=at,
        until=None if lasts is None else at + timedelta(minutes=lasts),
        **whom,
    )


OFF = item(10, 0, person_id="G-1", device_id="D-1", site_id="S-1")
LOW = item(11, 5, lasts=30, person_id="G-1", site_id="S-1")
FAR = item(12, -20, person_id="G-2", site_id="S-2")
OPENED = IncidentOpened(
    incident_id=IT,
    severity=Severity.HIGH,
    severity_rule="two signs",
    title="Tamper",
    site_id="S-1",
    person_id="G-1",
    first_at=OFF.at,
    items=(OFF, LOW),
    links=(LINK, LINK),
)


def linked(told: Item, severity: Severity = Severity.CRITICAL) -> IncidentEvidenceLinked:
    return IncidentEvidenceLinked(item=told, link=LINK, severity=severity, severity_rule="worse")


def dropped(told: Item) -> IncidentEvidenceDropped:
    return IncidentEvidenceDropped(
        item_id=told.id, reason="It was not.", severity=Severity.LOW, severity_rule="less"
    )


def shown(*events: Event) -> IncidentRow:
    """Return the row that a story ends in."""
    log = MemoryLog()
    row: IncidentRow | None = None
    for event in events:
        fact = log.state(incident_stream(IT), event, Cause("user:t/ada"))
        row = INCIDENTS.project(row, fact)
        assert row is not None
        assert (row.position, row.version) == (fact.position, fact.version)
        assert row.updated_at == fact.recorded_at
    assert row is not None
    return row


def ids(row: IncidentRow) -> list[UUID]:
    assert row.item_count == len(row.items)
    return [each.item.id for each in row.items]


def test_an_incident_is_shown_with_its_things_in_the_order_of_their_times() -> None:
    row = shown(OPENED)
    assert ids(row) == [OFF.id, LOW.id]
    assert (row.persons, row.devices, row.sites) == (["G-1"], ["D-1"], ["S-1"])
    assert (row.first_at, row.last_at) == (OFF.at, LOW.until)
    row = shown(OPENED, linked(FAR))
    assert ids(row) == [FAR.id, OFF.id, LOW.id]
    assert (row.persons, row.sites) == (["G-1", "G-2"], ["S-1", "S-2"])
    assert (row.severity, row.severity_rule) == (Severity.CRITICAL, "worse")
    assert row.first_at == FAR.at


def test_a_thing_that_is_linked_again_is_shown_once_and_as_it_is_by_now() -> None:
    longer = item(10, 0, lasts=90, person_id="G-1", site_id="S-1")
    row = shown(OPENED, linked(longer))
    assert ids(row) == [OFF.id, LOW.id]
    assert (row.items[0].item, row.last_at) == (longer, longer.until)


def test_what_is_dropped_or_split_off_is_shown_no_more() -> None:
    row = shown(OPENED, dropped(LOW))
    assert ids(row) == [OFF.id]
    assert (row.severity, row.last_at) == (Severity.LOW, OFF.at)
    off = IncidentSplit(item_ids=(OFF.id,), new_incident_id=OTHER, reason="Another story")
    row = shown(OPENED, off)
    assert ids(row) == [LOW.id]
    assert (row.devices, row.first_at) == ([], LOW.at)


def test_an_incident_of_which_nothing_is_left_keeps_its_times() -> None:
    row = shown(OPENED, dropped(LOW), dropped(OFF))
    assert ids(row) == []
    assert (row.persons, row.devices, row.sites) == ([], [], [])
    assert (row.first_at, row.last_at) == (OFF.at, OFF.at)


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (
            IncidentAcknowledged(),
            {"status": IncidentStatus.ACKNOWLEDGED, "acknowledged_by": "user:t/ada"},
        ),
        (
            IncidentResolved(resolution="Charged again."),
            {"status": IncidentStatus.RESOLVED, "resolution": "Charged again."},
        ),
        (
            IncidentWithdrawn(reason="Scans came late."),
            {"status": IncidentStatus.WITHDRAWN, "resolution": "Scans came late."},
        ),
        (
            IncidentMerged(into_incident_id=OTHER, reason="One story"),
            {"status": IncidentStatus.MERGED, "merged_into": OTHER},
        ),
        (IncidentLinked(other_incident_id=OTHER, reason="The same van"), {"links": [OTHER]}),
    ],
)
def test_what_becomes_of_an_incident_is_shown_beside_what_it_consisted_of_last(
    event: Event, changes: dict[str, Any]
) -> None:
    row = shown(OPENED, event)
    assert {name: getattr(row, name) for name in changes} == changes
    assert ids(row) == [OFF.id, LOW.id]


def test_an_incident_that_is_opened_again_keeps_its_links_and_its_beginning() -> None:
    first = shown(OPENED)
    row = shown(
        OPENED,
        IncidentLinked(other_incident_id=OTHER, reason="The same van"),
        IncidentWithdrawn(reason="Scans came late."),
        OPENED,
    )
    assert (row.status, row.resolution) == (IncidentStatus.OPEN, None)
    assert (row.links, row.opened_at) == ([OTHER], first.opened_at)


def test_a_fact_without_its_beginning_shows_nothing() -> None:
    fact = MemoryLog().state(incident_stream(IT), IncidentAcknowledged())
    assert INCIDENTS.project(None, fact) is None
