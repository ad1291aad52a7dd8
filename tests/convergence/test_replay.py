"""What was made again from the log's first fact is what was kept live, and making it says nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from adapters.followers.desk import PolicyHandler
from adapters.followers.projecting import ProjectionHandler
from adapters.followers.rebuilding import Rebuild
from adapters.followers.runtime import Handler
from adapters.jobs.dispatching import Dispatcher
from adapters.jobs.timing import TimerKeeper
from adapters.postgres.plans import READ
from application.handling import handle
from application.policies import POLICIES
from domain.alert import ALERT, AlertKind, ResolveAlert, Verdict, alert_stream
from domain.finding.facts import AuditKind
from domain.incident.facts import incident_stream
from domain.incident.lifecycle import INCIDENT
from domain.incident.wishes import ResolveIncident
from domain.kernel import Decider
from domain.muting.facts import Matcher, silence_stream
from domain.muting.silence import SILENCE, StartSilence
from domain.ticket import TICKET, AssignTicket, StartTicket, ticket_stream
from projections import PROJECTIONS
from projections.alert_board import ALERT_BOARD, AlertShown
from projections.incidents import INCIDENTS
from projections.ticket_board import TICKET_BOARD
from tests.conftest import Database
from tests.convergence.force import Asked, draw
from tests.convergence.station import CAUSE, SHOWN, Play, Station, shuffled

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
TENANT = "replayed"
SEED = 10  # a night with signals of every kind, panic and tampering among them
BOOKS: dict[str, tuple[type[Dispatcher | TimerKeeper], str]] = {
    "jobs.open": (Dispatcher, "SELECT job, job_id, position FROM jobs.open ORDER BY 1, 2"),
    "jobs.timers": (
        TimerKeeper,
        "SELECT kind, subject, position, due_at FROM jobs.timers ORDER BY 1, 2",
    ),
}


@pytest.fixture(scope="module")
def migrated(new_database: Callable[[], Database]) -> Database:
    """A database of this module's own: followers look at every tenant."""
    return new_database()


@pytest.fixture(scope="module")
def play(migrated: Database) -> Iterator[Play]:
    """A night that came in shuffled, with every follower of a follower process at work."""
    rest = [each for each in PROJECTIONS if each not in (*READ, *SHOWN)]
    handlers: list[Handler] = [
        *(PolicyHandler(policy()) for policy in POLICIES),
        *map(ProjectionHandler, rest),
        Dispatcher(),
        TimerKeeper(),
    ]
    station = Station(migrated.app_url, handlers)
    chance, night = Random(SEED), draw(SEED)
    played = Play(station, night, TENANT)
    first = len(night.signals) // 2
    told = shuffled(night, chance)
    played.deliver(told[:first], chance, 2)
    people(played)
    played.deliver(told[first:], chance, 2)
    played.ask(Asked(60, AuditKind.HEARTBEAT, None))  # nobody has answered it yet
    station.catch_up(station.loops)
    yield played
    station.close()


def people(play: Play) -> None:
    """Let people confirm a fraud, settle an incident, work on tickets, and silence a guard."""
    play.station.catch_up(play.station.shown)
    verdict = ResolveAlert(reason=Verdict.CONFIRMED_FRAUD)
    for alert in play.rows(ALERT_BOARD):
        if alert.kind is AlertKind.FRAUD and alert.status is AlertShown.OPEN:
            tell(play, ALERT, alert_stream(alert.alert_id), verdict)
            break
    for incident in play.rows(INCIDENTS):
        settled = ResolveIncident(resolution="Looked into it.")
        tell(play, INCIDENT, incident_stream(incident.incident_id), settled)
    for ticket in play.rows(TICKET_BOARD)[:2]:
        tell(play, TICKET, ticket_stream(ticket.ticket_id), AssignTicket(assignee="boss"))
        tell(play, TICKET, ticket_stream(ticket.ticket_id), StartTicket())
    now = datetime.now(UTC)
    silence = StartSilence(
        silence_id=uuid4(),
        matcher=Matcher(person_id="G-2"),
        starts_at=now,
        ends_at=now + timedelta(hours=1),
        reason="A drill.",
        asked_at=now,
    )
    tell(play, SILENCE, silence_stream(silence.silence_id), silence)


def tell(play: Play, decider: Decider[Any, Any, Any], stream_id: str, command: Any) -> None:
    handle(play.station.log, play.tenant, decider, stream_id, command, CAUSE)


class Books:
    """Everything that followers keep, as it stands in the tables."""

    def __init__(self, database: Database) -> None:
        self.url = database.owner_url

    def rows(self, query: str | sql.Composed, *values: object) -> list[Any]:
        with psycopg.connect(self.url) as connection:
            text = query.encode() if isinstance(query, str) else query
            return connection.execute(text, values).fetchall()

    def memories(self, policy: str) -> dict[str, Any]:
        found = self.rows("SELECT key, value FROM policy.memories WHERE policy = %s", policy)
        return {key: bytes(value) for key, value in found}

    def view(self, table: str) -> list[Any]:
        """Return the rows of a read model, without the number of their generation."""
        query = sql.SQL("SELECT to_jsonb(v) - 'generation' FROM views.{} v").format(
            sql.Identifier(table)
        )
        return sorted((row for (row,) in self.rows(query)), key=str)

    def log(self) -> list[Any]:
        return self.rows("SELECT position, hash FROM log.heads")

    def jobs(self) -> list[Any]:
        return [self.rows(query) for _, query in BOOKS.values()]


@pytest.fixture
def books(migrated: Database) -> Books:
    return Books(migrated)


def test_the_night_left_traces_everywhere(play: Play, books: Books) -> None:
    """Or the equalities below would compare nothing with nothing."""
    kept = {policy().name for policy in POLICIES if books.memories(policy().name)}
    assert kept == {policy().name for policy in POLICIES}
    assert {
        "fraud_scores",
        "anomalies",
        "findings",
        "alert_board",
        "incidents",
        "ticket_board",
    } <= {projection.table for projection in PROJECTIONS if books.view(projection.table)}
    assert play.rows(SHOWN[0])


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_what_a_policy_remembers_is_made_again(
    play: Play, books: Books, migrated: Database, policy: Any
) -> None:
    before, log, jobs = books.memories(policy.name), books.log(), books.jobs()
    Rebuild(migrated.app_url, policy(), play.tenant).run()
    after = books.memories(policy.name)
    assert {key for key in {*before, *after} if before.get(key) != after.get(key)} == set()
    assert (books.log(), books.jobs()) == (log, jobs)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)
def test_a_read_model_is_made_again(
    play: Play, books: Books, migrated: Database, projection: Any
) -> None:
    before, log, jobs = books.view(projection.table), books.log(), books.jobs()
    Rebuild(migrated.app_url, projection, play.tenant).run()
    assert books.view(projection.table) == before
    assert (books.log(), books.jobs()) == (log, jobs)


@pytest.mark.parametrize("book", BOOKS)
def test_what_is_due_is_noted_again(play: Play, books: Books, book: str) -> None:
    """These books have no rebuild of their own: emptied, they are filled by reading again."""
    handler, query = BOOKS[book]
    before = books.rows(query)
    with psycopg.connect(books.url) as connection:
        connection.execute(f"DELETE FROM {book}".encode())
        connection.execute(
            b"UPDATE log.checkpoints SET position = 0, hash = ''::bytea WHERE follower = %s",
            [handler.name],
        )
    play.station.catch_up(play.station.loops)
    assert before
    assert books.rows(query) == before


def test_after_all_that_nobody_has_anything_to_say(play: Play, books: Books) -> None:
    head = books.log()
    play.station.catch_up(play.station.loops)
    assert books.log() == head
