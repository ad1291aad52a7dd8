"""Findings at the command line: listed, shown, and settled."""

from __future__ import annotations

from application.ports import Append, Expect
from domain.finding.facts import finding_stream
from interfaces import settings, wiring
from tests.auditing.test_stories import ID, RAISED
from tests.cli.conftest import Vedette
from tests.cli.test_directory import follow
from tests.conftest import Database
from tests.live import CAUSE


def test_a_finding_is_listed_shown_and_settled(
    vedette: Vedette, founded: str, database: Database
) -> None:
    at = ("--tenant", founded)
    application = wiring.open_application(wiring.completed(settings.load()))
    application.log.append(
        founded, Append.of(finding_stream(ID), Expect.NO_STREAM, [RAISED], CAUSE)
    )
    application.close()
    follow(database)
    (row,) = vedette("finding", "list", "--status", "OPEN", *at, "--json").json
    assert (row["finding_id"], row["ticket_id"]) == (str(ID), None)
    assert "is acknowledged (position" in vedette("finding", "acknowledge", str(ID), *at).out
    verdict = ("--reason", "CONFIRMED_NEGLIGENCE", "--comment", "He overslept.")
    settled = vedette("finding", "resolve", str(ID), *verdict, *at)
    assert "is resolved as CONFIRMED_NEGLIGENCE (position" in settled.out, settled.err
    again = vedette("finding", "acknowledge", str(ID), *at)  # what is over stays so
    assert again.code == 1
    follow(database)
    shown = vedette("finding", "show", str(ID), *at).out
    assert "verdict: CONFIRMED_NEGLIGENCE" in shown
    assert "finding.acknowledged" in shown
