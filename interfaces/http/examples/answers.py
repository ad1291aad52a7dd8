"""The answers: at least one of each type that a door answers with, read from the night as doors read it.

A door that answers with a new type gets its example here, in the list of its family; a test names
the operations that have none.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_origin

import msgspec
from msgspec.structs import asdict

from application.explaining import Kind, explain
from application.incidents import SplitOff
from application.jobs import JobAttempt
from application.recipients import FrameRecipients
from application.silencing import shown as windows_shown
from domain.access import key_stream, user_stream
from domain.alert import alert_stream
from domain.anomaly.facts import Metric, anomaly_stream, threshold_stream
from domain.finding.facts import finding_stream
from domain.incident.facts import incident_stream
from domain.muting.facts import MaintenancePlanned
from domain.service_level.levels import Levels
from domain.ticket import ticket_stream
from interfaces.http import audits, jobs, service_levels, thresholds
from interfaces.http.alerts import AlertStory
from interfaces.http.anomalies import AnomalyStory
from interfaces.http.envelope import Envelope, Items, Reached
from interfaces.http.examples.beside import beside
from interfaces.http.examples.day import ZONE, tell_day
from interfaces.http.examples.duty import tell_duty
from interfaces.http.examples.fraud import tell_fraud
from interfaces.http.examples.story import TENANT, Story, moment, named
from interfaces.http.findings import FindingStory
from interfaces.http.holders import KeyStory, UserStory
from interfaces.http.incidents import IncidentStory
from interfaces.http.jobs import JobShown
from interfaces.http.muting import MaintenanceBegun, SilenceBegun
from interfaces.http.recipients import FramesHanded
from interfaces.http.thresholds import ThresholdStory
from interfaces.http.tickets import OpenedTicket, TicketShown, TicketStory
from projections import muting
from projections.access import KEYS, USERS, key_shown
from projections.alert_board import ALERT_BOARD
from projections.anomalies import ANOMALIES
from projections.directory import DEVICES, PERSONS, SHIFTS, SITES, TASKS, TOURS
from projections.findings import AUDITS, FINDINGS
from projections.fraud_scores import FRAUD_SCORES
from projections.incidents import INCIDENTS
from projections.job_board import JOB_BOARD
from projections.kernel import Projection
from projections.mails import MAILS
from projections.signals import SIGNALS
from projections.telemetry import SignalSummary, TelemetryPage
from projections.threshold_board import THRESHOLD_BOARD
from projections.ticket_board import TICKET_BOARD
from projections.ticket_clocks import TICKET_CLOCKS

NOW = moment("2026-11-22 23:06:00")


def example_of(kind: Any, *, cached: bool = False) -> Any:
    """Return an answer of a type, as the doors declare it: with its envelope and as a page.

    Raises:
        LookupError: there is no example of it.
    """
    origin, of = get_origin(kind), get_args(kind)
    if origin is Envelope:
        return Envelope(data=example_of(of[0]), cached=cached, position=story().position)
    if origin is Items:
        return Items(items=examples_of(of[0]), next_cursor=None)
    return examples_of(of[0]) if origin is list else examples_of(kind)[0]


def examples_of(kind: type) -> list[Any]:
    """Return every example of one type, in the order in which a list shows them.

    Raises:
        LookupError: there is none.
    """
    found = [each for each in answers() if type(each) is kind]
    if not found:
        raise LookupError(f"There is no example of {kind.__name__}.")
    return found


@cache
def story() -> Story:
    """Return the night, told once and when it is first asked for."""
    told = Story()
    tell_day(told)
    tell_fraud(told)
    tell_duty(told)
    return told


@cache
def answers() -> tuple[msgspec.Struct, ...]:
    """Return every example."""
    told = story()
    return (
        *rows(told),
        *stories(told),
        *work(told),
        *access(told),
        *granted(told),
        *beside(told),
    )


def rows(told: Story) -> Iterator[msgspec.Struct]:
    """Yield what lists show as it stands in a read model."""
    boards: tuple[Projection[Any], ...] = (
        ALERT_BOARD,
        ANOMALIES,
        AUDITS,
        DEVICES,
        FINDINGS,
        FRAUD_SCORES,
        INCIDENTS,
        MAILS,
        PERSONS,
        SHIFTS,
        SITES,
        TASKS,
        TOURS,
        USERS,
        muting.LEDGER,
        muting.MAINTENANCE,
        muting.SILENCES,
    )
    for projection in boards:
        yield from told.rows(projection)


def stories(told: Story) -> Iterator[msgspec.Struct]:
    """Yield what pages show: one thing, with everything that happened to it."""
    (alert,), (anomaly,) = told.rows(ALERT_BOARD), told.rows(ANOMALIES)
    (incident,), finding = told.rows(INCIDENTS), told.rows(FINDINGS)[0]
    yield told.with_timeline(AlertStory, alert, alert_stream(alert.alert_id))
    yield told.with_timeline(AnomalyStory, anomaly, anomaly_stream(anomaly.anomaly_id))
    yield told.with_timeline(FindingStory, finding, finding_stream(finding.finding_id))
    yield told.with_timeline(IncidentStory, incident, incident_stream(incident.incident_id))
    tuned = {row.family: row for row in told.rows(THRESHOLD_BOARD)}
    for metric in Metric:
        shown = thresholds.shown(metric, tuned.get(metric))
        yield shown
        if metric in tuned:
            yield told.with_timeline(ThresholdStory, shown, threshold_stream(metric))


def work(told: Story) -> Iterator[msgspec.Struct]:
    """Yield tickets with their clocks, jobs with their attempts, and why the first ticket stands."""
    clocks = {clock.ticket_id: clock for clock in told.rows(TICKET_CLOCKS)}
    for row in told.rows(TICKET_BOARD):
        shown = TicketShown(**asdict(row), clock=clocks.get(row.ticket_id))
        yield shown
        if row.ticket_id in clocks:
            stream = ticket_stream(row.ticket_id)
            yield told.with_timeline(TicketStory, shown, stream, absorbed_stories=[])
            yield explain(told, TENANT, Kind.TICKET, row.ticket_id)
    for job in told.rows(JOB_BOARD):
        begun = job.requested_at
        tried = JobAttempt(attempt=1, started_at=begun, ended_at=job.answered_at, error=None)
        yield JobShown(**asdict(job), attempts=[tried])


def access(told: Story) -> Iterator[msgspec.Struct]:
    """Yield a user and a key with their stories, and the key as lists show it."""
    user, (key,) = told.rows(USERS)[0], told.rows(KEYS)
    yield told.with_timeline(UserStory, user, user_stream(user.username))
    shown = key_shown(key, NOW)
    yield shown
    yield told.with_timeline(KeyStory, shown, key_stream(key.key_id))


def granted(told: Story) -> Iterator[msgspec.Struct]:
    """Yield what commands answer with, and what is worked out of the night by itself."""
    position = told.position
    yield Reached(position=position)
    yield OpenedTicket(ticket_id=named("new-ticket"), position=position)
    yield SplitOff(new_incident_id=named("new-incident"), position=position)
    yield SilenceBegun(silence_id=named("new-silence"), position=position)
    yield MaintenanceBegun(window_id=named("new-maintenance"), position=position)
    yield jobs.Asked(job_id=named("new-job"), position=position)
    yield audits.AuditAsked(audit_id=named("new-audit"), as_of=NOW, position=position)
    yield from service_levels.shown(Levels())
    (plan,) = [fact.event for fact in told.facts if isinstance(fact.event, MaintenancePlanned)]
    yield from windows_shown(plan, ZONE, NOW)
    signals = [row for row in told.rows(SIGNALS) if row.person_id == "G-007"]
    summary = SignalSummary(
        counts=dict(Counter(row.kind for row in signals)),
        last_seen_at=signals[0].at,
        counted_since=signals[-1].at,
        complete=True,
    )
    yield TelemetryPage(summary=summary, items=signals, next_cursor=None)
    frames = [
        FrameRecipients(
            position=fact.position,
            recipients=50,
            left_out=0,
            first_at=fact.recorded_at,
            last_at=fact.recorded_at,
        )
        for fact in told.of_streams(TENANT, [alert_stream(named("alert"))])
    ]
    yield FramesHanded(items=frames, next_after=None)
