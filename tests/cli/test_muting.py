"""Silences, maintenances and the ledger at the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from application.ports import Append, Expect
from domain.muting.facts import Action, ActionMuted, MutedBy, ledger_stream
from domain.severity import Severity
from interfaces import settings, wiring
from tests.cli.conftest import Vedette
from tests.cli.test_directory import follow
from tests.conftest import Database
from tests.live import CAUSE


def with_site(vedette: Vedette, tenant: str) -> tuple[str, str]:
    of = ("--tenant", tenant)
    site = ("S-1", "--name", "Depot", "--latitude", "51.5", "--longitude", "-0.1")
    answer = vedette("site", "register", *site, "--time-zone", "Europe/London", *of)
    assert answer.code == 0, answer.err
    return of


def test_a_silence_is_started_listed_and_ended(
    vedette: Vedette, founded: str, database: Database
) -> None:
    of = with_site(vedette, founded)
    wish = ("--reason", "Drill", "--hours", "2", "--site", "S-1", "--kind", "finding")
    begun = vedette("silence", "start", *wish, "--severity-at-most", "HIGH", *of, "--json").json
    follow(database)
    listed = vedette("silence", "list", *of)
    assert "S-1, finding, up to HIGH" in listed.out
    (row,) = vedette("silence", "list", "--status", "RUNNING", *of, "--json").json
    assert (row["silence_id"], row["reason"]) == (begun["silence_id"], "Drill")
    end = ("silence", "end", begun["silence_id"], "--reason", "Over", *of)
    assert "is over (position" in vedette(*end).out
    assert "is over already" in vedette(*end).out
    assert "is started" in vedette("silence", "start", *wish, *of).out


def test_a_silence_that_cannot_be_is_refused_in_a_sentence(vedette: Vedette, founded: str) -> None:
    of = with_site(vedette, founded)
    answer = vedette("silence", "start", "--reason", "x", "--hours", "2", *of)
    assert (answer.code, answer.err) == (
        1,
        "Name at least one thing to mute: a site, a person, a device, a kind or a severity.\n",
    )
    answer = vedette("silence", "start", "--reason", "x", "--hours", "721", "--site", "S-1", *of)
    assert (answer.code, "30 days at most" in answer.err) == (1, True)


def test_a_maintenance_is_planned_foreseen_listed_and_cancelled(
    vedette: Vedette, founded: str, database: Database
) -> None:
    of = with_site(vedette, founded)
    last = (datetime.now(UTC) + timedelta(days=200)).date().isoformat()
    wish = ("S-1", "--on", "sunday", "--on", "friday", "--at", "01:30", "--minutes", "60")
    reason = ("--reason", "Firmware", "--kind", "alert:tamper", "--last-day", last)
    begun = vedette("maintenance", "plan", *wish, *reason, *of, "--json").json
    window_id = begun["window_id"]
    follow(database)
    (row,) = vedette("maintenance", "list", "--status", "PLANNED", *of, "--json").json
    assert (row["window_id"], row["weekdays"]) == (window_id, ["friday", "sunday"])
    assert "friday, sunday" in vedette("maintenance", "list", *of).out
    assert len(vedette("maintenance", "occurrences", window_id, *of, "--json").json) == 10
    assert "Sun " in vedette("maintenance", "occurrences", window_id, *of).out
    cancel = ("maintenance", "cancel", window_id, "--reason", "Done", *of)
    assert "is cancelled (position" in vedette(*cancel).out
    assert "is planned" in vedette("maintenance", "plan", *wish, *reason, *of).out
    answer = vedette("maintenance", "occurrences", str(uuid4()), *of)
    assert (answer.code, answer.err) == (1, "There is no maintenance of this id.\n")


def test_the_ledger_is_listed(vedette: Vedette, founded: str, database: Database) -> None:
    of = with_site(vedette, founded)
    subject = uuid4()
    line = ActionMuted(
        action=Action.TICKET,
        subject="finding:NO_SHOW",
        subject_id=subject,
        muted_by=MutedBy.SILENCE,
        muter_id=uuid4(),
        severity=Severity.HIGH,
        title="No-show at S-1",
        site_id="S-1",
        person_id=None,
        assignee="eve",
        seen_at=datetime.now(UTC),
    )
    opened = wiring.open_application(wiring.completed(settings.load()))
    append = Append.of(ledger_stream(subject), Expect.NO_STREAM, [line], CAUSE)
    opened.log.append(founded, append)
    opened.close()
    follow(database)
    (row,) = vedette("suppressions", "--muted-by", "silence", "--site", "S-1", *of, "--json").json
    assert (row["subject_id"], row["assignee"]) == (str(subject), "eve")
    assert "No-show at S-1" in vedette("suppressions", *of).out
    assert vedette("suppressions", "--muted-by", "maintenance", *of, "--json").json == []
