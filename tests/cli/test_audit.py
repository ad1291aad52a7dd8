"""Audits and findings at the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from adapters.followers.projecting import ProjectionHandler
from adapters.followers.runtime import Loop
from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database as Connections
from application.ports import Append, Cause, Expect
from domain.finding.facts import FindingType
from projections.findings import AUDITS, FINDINGS
from projections.kernel import Projection
from tests.application.control_room import Stated, finding, finding_withdrawn, id_of
from tests.cli.conftest import Vedette
from tests.conftest import Database


def follow(database: Database) -> None:
    boards: tuple[Projection[Any], ...] = (AUDITS, FINDINGS)
    for board in boards:
        Loop(database.app_url, ProjectionHandler(board), grown=lambda *_: None).catch_up()


def judge(database: Database, tenant: str, *stated: Stated) -> None:
    """Let findings be stated, and the board know of them."""
    connections = Connections(database.app_url)
    log = PostgresLog(connections)
    try:
        for stream, event in stated:
            log.append(tenant, Append.of(stream, Expect.ANY, [event], Cause("system:tests")))
    finally:
        log.close()
        connections.close()
    follow(database)


def test_an_audit_is_asked_for_and_listed(
    vedette: Vedette, founded: str, database: Database
) -> None:
    of = ("--tenant", founded)
    site = ("--latitude", "0", "--longitude", "0", "--time-zone", "UTC", "--name", "North")
    assert vedette("site", "register", "S-1", *site, *of).code == 0
    assert "There is no site S-99." in vedette("audit", "run", "--site", "S-99", *of).err
    asked = vedette("audit", "run", "--site", "S-1", "--heartbeat", *of, "--json")
    assert asked.code == 0, asked.err
    yesterday = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    answer = vedette("audit", "run", "--as-of", yesterday.isoformat(), *of)
    assert answer.out.startswith("Audit ")
    assert f"is requested (position {asked.json['position'] + 1})" in answer.out
    follow(database)
    second, first = vedette("audit", "list", *of, "--json").json
    assert first["audit_id"] == asked.json["audit_id"]
    assert (first["kind"], first["site_id"], first["status"]) == ("heartbeat", "S-1", "OPEN")
    assert (second["kind"], second["site_id"]) == ("comprehensive", None)
    assert datetime.fromisoformat(second["as_of"]) == yesterday
    assert second["requested_by"].startswith("system:")
    listed = vedette("audit", "list", "--limit", "1", *of)
    assert second["audit_id"] in listed.out
    assert first["audit_id"] not in listed.out


def test_an_audit_looks_at_the_last_days_alone(vedette: Vedette, founded: str) -> None:
    for days in (-1, 30):
        then = datetime.now(UTC) - timedelta(days=days)
        refused = vedette("audit", "run", "--as-of", f"{then:%Y-%m-%dT%H:%M}", "--tenant", founded)
        assert (refused.code, refused.err) == (1, "as_of must be a moment of the last 7 days.\n")
    wrong = vedette("audit", "run", "--site", "no such id", "--tenant", founded)
    assert (wrong.code, wrong.err) == (1, "There is no site no such id.\n")


def test_findings_are_listed_and_shown_with_their_evidence(
    vedette: Vedette, founded: str, database: Database
) -> None:
    of = ("--tenant", founded)
    judge(
        database,
        founded,
        finding("phone", 0, 30),
        finding("nobody came", 0, 60, FindingType.NO_SHOW, site="S-2"),
        finding_withdrawn("phone"),
    )
    rows = {row["title"]: row for row in vedette("finding", "list", *of, "--json").json}
    assert rows.keys() == {"phone", "nobody came"}
    for given, title in (
        (("--site", "S-2"), "nobody came"),
        (("--status", "WITHDRAWN"), "phone"),
        (("--status", "OPEN", "--severity", "MEDIUM"), "nobody came"),
    ):
        (row,) = vedette("finding", "list", *given, *of, "--json").json
        assert row == rows[title]
    assert vedette("finding", "list", "--severity", "CRITICAL", *of, "--json").json == []
    assert str(id_of("nobody came")) in vedette("finding", "list", *of).out

    shown = vedette("finding", "show", str(id_of("phone")), *of)
    assert shown.code == 0, shown.err
    lines = shown.out.splitlines()
    for line in ("status: WITHDRAWN", "finding type: LOW_PHONE_ACTIVITY", "explanation: all there"):
        assert line in lines
    told = [line.split()[1] for line in lines if "by system:tests" in line]
    assert told == ["finding.raised", "finding.withdrawn"]
    again = vedette("finding", "show", str(id_of("phone")), *of, "--json").json
    assert again == rows["phone"]
    unknown = vedette("finding", "show", str(uuid4()), *of)
    assert (unknown.code, "There is no finding" in unknown.err) == (1, True)
