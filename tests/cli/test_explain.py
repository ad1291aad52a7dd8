"""Explanations at the command line."""

from __future__ import annotations

from uuid import uuid4

from domain.signals import signal_uuid
from tests.application.control_room import id_of
from tests.cli.conftest import Vedette
from tests.cli.test_incident import correlate
from tests.conftest import Database


def test_an_incident_is_explained_back_to_its_signals(
    vedette: Vedette, founded: str, database: Database
) -> None:
    of = ("--tenant", founded)
    correlate(database, founded)
    (row,) = vedette("incident", "list", *of, "--json").json
    found = vedette("explain", "incident", row["incident_id"], *of, "--json")
    assert found.code == 0, found.err
    (opened,) = found.json["story"]
    assert opened["type"] == "incident.opened"
    because = {fact["position"]: fact["type"] for fact in found.json["because"]}
    assert set(because.values()) == {"finding.raised", "device_status.recorded"}
    ties = {(tie["position"], tie["to"]) for tie in found.json["ties"]}
    assert ties >= {(opened["position"], position) for position in because}
    assert found.json["complete"]

    table = vedette("explain", "incident", row["incident_id"], *of).out
    lines = table.splitlines()
    (first,) = (line for line in lines if line.strip().startswith("because"))
    (itself,) = (line for line in lines if line.strip().startswith("itself"))
    assert lines.index(first) < lines.index(itself)
    assert "incident.opened" in itself
    assert all(kind in table for kind in because.values())


def test_a_signal_is_explained_by_what_it_led_to(
    vedette: Vedette, founded: str, database: Database
) -> None:
    of = ("--tenant", founded)
    correlate(database, founded)
    found = vedette("explain", "signal", str(signal_uuid("t", "off")), *of, "--json").json
    assert (found["because"], [fact["type"] for fact in found["led_to"]]) == (
        [],
        ["incident.opened"],
    )
    table = vedette("explain", "signal", str(signal_uuid("t", "off")), *of).out
    (led_to,) = (line for line in table.splitlines() if line.strip().startswith("led to"))
    assert "incident.opened" in led_to


def test_what_is_not_there_is_not_explained(
    vedette: Vedette, founded: str, database: Database
) -> None:
    of = ("--tenant", founded)
    correlate(database, founded)
    for kind, subject_id in (("ticket", uuid4()), ("alert", id_of("low"))):
        unknown = vedette("explain", kind, str(subject_id), *of)
        assert (unknown.code, unknown.out) == (1, "")
        assert unknown.err.count("\n") == 1
    assert vedette("explain", "weather", str(uuid4()), *of).code == 2
