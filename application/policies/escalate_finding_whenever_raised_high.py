"""Whenever a finding is raised HIGH or CRITICAL, see to it that one open ticket is about it.

Tickets are told apart by site and finding type: up to 24 hours before or after the window that a
ticket began with, while it is NEW, ASSIGNED or IN_PROGRESS, a further finding is counted in it and
may raise its severity; it never opens a second one. A new ticket goes to the site's security
manager, else to the supervisor on duty, else it waits in the queue. When the last finding behind a
ticket is withdrawn, or revised until it calls nobody, the ticket is told, and cancelled if nobody
has begun to work on it.

Whenever a ticket is opened about a finding or counts it, the finding is told, so that its own story
names the ticket that works on it.

What is muted calls nobody until what mutes it is over; the ledger says so. A finding that a site is
silent, as long as it stands and is bad enough to call people itself, mutes what the site's phones
and devices failed to say at that time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias, assert_never, get_args
from uuid import UUID

from msgspec.structs import replace

from application.escalation.calling import CALLING_FACTS, Calling
from application.escalation.muters import Ended
from application.escalation.offline import forget_offline, note_offline
from application.escalation.subjects import Standing, Subject, subject_of
from application.following import Desk
from domain.catalogue import AnyRecorded
from domain.finding.facts import (
    FindingRaised,
    FindingResolved,
    FindingRevised,
    FindingType,
    FindingWithdrawn,
    finding_stream,
)
from domain.finding.finding import FINDING, TakeUpFinding
from domain.kernel import Event
from domain.muting.facts import ActionMuted, MutedBy
from domain.muting.judging import Offline
from domain.ticket import TicketCategory, TicketOpened

NAME = "escalate-finding-whenever-raised-high"
FAMILY = "finding"
SILENT_SITE = f"{FAMILY}:{FindingType.SILENT_SITE}"

FindingTold: TypeAlias = FindingRaised | FindingRevised | FindingWithdrawn | FindingResolved


class EscalateFindingWheneverRaisedHigh:
    """The policy `escalate-finding-whenever-raised-high`."""

    name = NAME
    behind = None
    facts: tuple[type[Event], ...] = (*get_args(FindingTold), *CALLING_FACTS)

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        calling = Calling(desk, NAME, FAMILY)
        told = [fact for fact in batch if isinstance(fact.event, FindingTold)]
        raised = [fact.event for fact in told if isinstance(fact.event, FindingRaised)]
        calling.fetch(
            batch, told, [dedup_key(each) for each in raised], [each.site_id for each in raised]
        )
        taken = {fact.position: taken_up(fact) for fact in batch}
        desk.fetch_streams([finding_stream(each.finding_id) for each in taken.values() if each])
        for fact in batch:
            if isinstance(fact.event, FindingTold):
                react(calling, fact, fact.event)
                continue
            calling.learn(fact)
            if (told_of := taken[fact.position]) is not None:
                wish = TakeUpFinding(ticket_id=told_of.ticket_id)
                desk.do(FINDING, finding_stream(told_of.finding_id), wish, fact)


class TakenUp(NamedTuple):
    """Which ticket works on a finding."""

    finding_id: UUID
    ticket_id: UUID


def taken_up(fact: AnyRecorded) -> TakenUp | None:
    """Return which finding a fact of another story says to be worked on."""
    match fact.event:
        case TicketOpened(finding_id=UUID() as finding_id, ticket_id=ticket_id):
            return TakenUp(finding_id, ticket_id)
        case ActionMuted(
            muted_by=MutedBy.DEDUPLICATION,
            subject=subject,
            subject_id=finding_id,
            muter_id=UUID() as ticket_id,
        ) if subject.startswith(FAMILY):
            return TakenUp(finding_id, ticket_id)
        case _:
            return None


def react(calling: Calling, fact: AnyRecorded, event: FindingTold) -> None:
    """Answer one fact of a finding."""
    known = subject_of(calling.desk, fact.stream_id)
    if known is not None and fact.version <= known.version:
        return
    if isinstance(event, FindingRaised):
        subject = subject_of_finding(event, () if known is None else known.tickets)
    else:
        assert known is not None, f"{event} stands before its finding was raised."
        subject = after(known, event)
    subject = replace(subject, version=fact.version)
    calling.desk.remember(subject.stream, subject)
    if subject.kind == SILENT_SITE:
        learn_offline(calling, fact, subject)
    match event:
        case FindingRaised():
            if subject.is_severe:
                calling.call(fact, subject)
        case FindingRevised():
            if subject.is_severe:
                calling.worsen(fact, subject)
                calling.ease(fact, subject, f"A finding is {subject.severity} by now.")
            elif known is not None and known.is_severe:
                calling.withdraw(fact, subject, f"The finding is {subject.severity} by now.")
        case FindingWithdrawn(reason=reason):
            calling.withdraw(fact, subject, reason)
        case FindingResolved():
            return  # a verdict of a person is no reason to take work back
        case _:
            assert_never(event)


def after(subject: Subject, event: FindingRevised | FindingWithdrawn | FindingResolved) -> Subject:
    """Return a finding as it stands after a fact of its own."""
    match event:
        case FindingRevised(severity=severity, title=title):
            return replace(subject, severity=severity, title=title)
        case FindingWithdrawn():
            return replace(subject, standing=Standing.WITHDRAWN)
        case FindingResolved():
            return replace(subject, standing=Standing.RESOLVED)
        case _:
            assert_never(event)


def learn_offline(calling: Calling, fact: AnyRecorded, finding: Subject) -> None:
    """Remember when a site was silent; when that is found untrue, let go what it explained.

    A silence that calls nobody explains nothing: else one guard's dead phone would mute a missed
    walk, and nobody would be called at all.
    """
    assert finding.site_id is not None, "A finding is about a site."
    if finding.standing is Standing.OPEN and finding.is_severe:
        time = Offline(finding.id, finding.since, finding.until)
        note_offline(calling.desk, finding.site_id, time)
    else:
        forget_offline(calling.desk, finding.site_id, finding.id)
        calling.release(fact, Ended(finding.id, fact.recorded_at))


def dedup_key(raised: FindingRaised) -> str:
    """Return what two findings share that one ticket is about."""
    return f"{FAMILY}/{raised.finding_type}/{raised.site_id}"


def subject_of_finding(raised: FindingRaised, tickets: tuple[UUID, ...]) -> Subject:
    """Return a finding as it was raised, for the first time or again."""
    return Subject(
        id=raised.finding_id,
        kind=f"{FAMILY}:{raised.finding_type}",
        category=TicketCategory.OPERATIONS,
        dedup_key=dedup_key(raised),
        severity=raised.severity,
        title=raised.title,
        site_id=raised.site_id,
        person_id=raised.person_id,
        device_id=raised.device_id,
        since=raised.window_start,
        until=raised.window_end,
        seen_at=raised.window_start,
        version=0,
        tickets=tickets,
    )
