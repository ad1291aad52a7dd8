"""Alerts at the command line."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from uuid import UUID

from application.handling import handle
from application.ports import Cause
from domain.alert import ALERT, AlertKind, RaiseAlert, alert_stream
from domain.severity import Severity
from interfaces import settings, wiring
from tests.cli.conftest import Vedette
from tests.cli.test_directory import follow
from tests.conftest import Database

ALERT_ID = UUID(int=7)


def raise_panic(tenant: str) -> None:
    wish = RaiseAlert(
        alert_id=ALERT_ID,
        kind=AlertKind.PANIC,
        dedup_key="panic/G-1",
        severity=Severity.CRITICAL,
        score=1.0,
        title="G-1 calls for help",
        evidence=UUID(int=8),
        seen_at=datetime(2026, 11, 22, 8, tzinfo=UTC),
        person_id="G-1",
    )
    with closing(wiring.open_application(wiring.completed(settings.load()))) as application:
        cause = Cause(actor="policy:test")
        handle(application.log, tenant, ALERT, alert_stream(ALERT_ID), wish, cause)


def test_an_alert_is_worked_on(vedette: Vedette, founded: str, database: Database) -> None:
    of = ("--tenant", founded)
    raise_panic(founded)
    enrol = ("user", "enrol", "ada", "--name", "Ada", "--role", "operator", "--password-stdin")
    assert vedette(*enrol, *of, stdin="correct horse\n").code == 0
    id_ = str(ALERT_ID)
    assert "is acknowledged (position" in vedette("alert", "acknowledge", id_, *of).out
    assert vedette("alert", "acknowledge", id_, *of).out.endswith("is acknowledged already.\n")
    assert vedette("alert", "assign", id_, "ada", *of).code == 0
    assert vedette("alert", "assign", id_, "bob", *of).err == "There is no user bob.\n"
    assert vedette("alert", "comment", id_, "On the way.", *of).code == 0
    resolve = ("alert", "resolve", id_, "--reason", "benign-expected", "--comment", "A drill.")
    assert vedette(*resolve, *of).code == 0
    follow(database)
    (row,) = vedette("alert", "list", "--kind", "panic", *of, "--json").json
    assert (row["status"], row["verdict"], row["assignee"]) == (
        "RESOLVED",
        "BENIGN_EXPECTED",
        "ada",
    )
    assert vedette("alert", "list", "--kind", "tamper", *of, "--json").json == []
    assert "G-1 calls for help" in vedette("alert", "list", *of).out
    assert vedette("alert", "reopen", id_, "--reason", "No drill.", *of).code == 0
    shown = vedette("alert", "show", id_, *of, "--json").json
    assert shown["alert"]["dedup_key"] == "panic/G-1"
    assert [line["type"] for line in shown["timeline"]][::5] == ["alert.raised", "alert.reopened"]
    text = vedette("alert", "show", id_, *of).out
    assert "dedup key: panic/G-1" in text
    assert "alert.commented" in text


def test_what_cannot_be_is_refused_in_a_sentence(vedette: Vedette, founded: str) -> None:
    of = ("--tenant", founded)
    nobody = str(UUID(int=9))
    assert vedette("alert", "show", nobody, *of).err == "There is no alert of this id.\n"
    answer = vedette("alert", "acknowledge", nobody, *of)
    assert (answer.code, answer.err) == (1, "There is no alert of this id.\n")
