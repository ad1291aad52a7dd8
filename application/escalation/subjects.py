"""Subjects: the troubles that may call people, and what was done about each, as policies remember it."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import msgspec
from msgspec.structs import replace

from application.following import Desk
from domain.catalogue import AnyRecorded
from domain.fraud.types import FraudType
from domain.muting.facts import Action, ActionMuted, MutedBy
from domain.muting.judging import Trouble
from domain.severity import Severity, rank
from domain.ticket import TicketCategory, TicketOpened, ticket_stream

CASES_MAX = 32  # tickets remembered of a dedup key


class Standing(Enum):
    """Whether a trouble still is one."""

    OPEN = "open"
    RESOLVED = "resolved"  # by a person
    WITHDRAWN = "withdrawn"  # by what became known later


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """An alert or a finding, as its facts tell it, and the tickets that it was counted in."""

    id: UUID
    kind: str  # "alert:panic", "finding:NO_SHOW"
    category: TicketCategory  # of the tickets about it
    dedup_key: str
    severity: Severity
    title: str
    site_id: str | None
    person_id: str | None
    device_id: str | None
    since: datetime  # when it happened
    until: datetime
    seen_at: datetime  # by which tickets are told apart: when what was told last happened
    version: int  # of its stream; what is not newer was answered already
    fraud_type: FraudType | None = None
    evidence: UUID | None = None  # that was told of last
    score: float | None = None
    standing: Standing = Standing.OPEN
    tickets: tuple[UUID, ...] = ()  # in the order in which it was counted in them first

    @property
    def stream(self) -> str:
        """Return the stream of its facts, the key under which it is remembered."""
        return subject_stream(self.kind, self.id)

    @property
    def is_severe(self) -> bool:
        """Return whether it is bad enough to call somebody."""
        return rank(self.severity) >= rank(Severity.HIGH)

    @property
    def alert_id(self) -> UUID | None:
        return self.id if self.kind.startswith("alert:") else None

    @property
    def finding_id(self) -> UUID | None:
        return self.id if self.kind.startswith("finding:") else None

    def trouble(self) -> Trouble:
        """Return what decides whether it is muted."""
        return Trouble(
            kind=self.kind,
            severity=self.severity,
            site_id=self.site_id,
            person_id=self.person_id,
            device_id=self.device_id,
            since=self.since,
            until=self.until,
        )


class Case(msgspec.Struct, frozen=True):
    """A ticket of a dedup key."""

    ticket_id: UUID
    seen_at: datetime  # when the trouble that it began with happened


class Cases(msgspec.Struct, frozen=True):
    """The latest tickets of a dedup key, in the order in which they were opened."""

    cases: tuple[Case, ...] = ()


class Behind(msgspec.Struct, frozen=True):
    """The subjects, by stream, that a ticket stands on or stood on once."""

    subjects: tuple[str, ...] = ()


class HeldBack(msgspec.Struct, frozen=True):
    """A subject that called nobody because of a muter."""

    subject: str  # its stream
    severity: Severity
    caused_by: int  # position of the fact that would have called


class Held(msgspec.Struct, frozen=True):
    """What a muter holds back."""

    released_at: int = 0  # position of the fact that ended it last; what it held before is let go
    subjects: tuple[HeldBack, ...] = ()


def subject_stream(kind: str, subject_id: UUID) -> str:
    """Return the stream of an alert or a finding."""
    return f"{kind.partition(':')[0]}-{subject_id}"


def cases_key(dedup_key: str) -> str:
    """Return the key under which the tickets of a dedup key are remembered."""
    return f"cases/{dedup_key}"


def held_key(muter_id: UUID) -> str:
    """Return the key under which it is remembered what a muter holds back."""
    return f"held/{muter_id}"


def subject_of(desk: Desk, stream: str) -> Subject | None:
    """Return a subject, where it was told of before."""
    return desk.memories([stream], Subject).get(stream)


def cases_of(desk: Desk, dedup_key: str) -> tuple[Case, ...]:
    """Return the tickets that are remembered under a dedup key."""
    key = cases_key(dedup_key)
    remembered = desk.memories([key], Cases).get(key)
    return () if remembered is None else remembered.cases


def behind(desk: Desk, ticket_id: UUID) -> tuple[str, ...]:
    """Return the subjects that a ticket stands on, or stood on."""
    key = ticket_stream(ticket_id)
    remembered = desk.memories([key], Behind).get(key)
    return () if remembered is None else remembered.subjects


def held_by(desk: Desk, muter_id: UUID) -> Held:
    """Return what a muter holds back."""
    key = held_key(muter_id)
    return desk.memories([key], Held).get(key) or Held()


def learn_opened(desk: Desk, family: str, opened: TicketOpened) -> None:
    """Remember a ticket that was opened for a subject of a family, "alert" or "finding"."""
    subject_id = opened.alert_id if family == "alert" else opened.finding_id
    if subject_id is None or opened.dedup_key is None or opened.seen_at is None:
        return
    cases = cases_of(desk, opened.dedup_key)
    if all(case.ticket_id != opened.ticket_id for case in cases):
        cases = (*cases, Case(opened.ticket_id, opened.seen_at))[-CASES_MAX:]
        desk.remember(cases_key(opened.dedup_key), Cases(cases))
    count_in(desk, subject_stream(family, subject_id), opened.ticket_id)


def learn_muted(desk: Desk, family: str, line: ActionMuted, caused_by: int) -> None:
    """Remember a line of the ledger about a subject of a family."""
    if line.action is not Action.TICKET or line.subject.partition(":")[0] != family:
        return
    assert line.muter_id is not None, "Whatever mutes a ticket has an id."
    stream = subject_stream(family, line.subject_id)
    if line.muted_by is MutedBy.DEDUPLICATION:
        count_in(desk, stream, line.muter_id)
        return
    held = held_by(desk, line.muter_id)
    mine = next((each for each in held.subjects if each.subject == stream), None)
    # What was let go before, or is known by a later cause, comes back only to be read.
    if caused_by < held.released_at or (mine is not None and caused_by <= mine.caused_by):
        return
    others = tuple(each for each in held.subjects if each.subject != stream)
    subjects = (*others, HeldBack(stream, line.severity, caused_by))
    desk.remember(held_key(line.muter_id), replace(held, subjects=subjects))


def count_in(desk: Desk, stream: str, ticket_id: UUID) -> None:
    """Remember that a subject is counted in a ticket."""
    subject = subject_of(desk, stream)
    if subject is not None and ticket_id not in subject.tickets:
        desk.remember(stream, replace(subject, tickets=(*subject.tickets, ticket_id)))
    standing = behind(desk, ticket_id)
    if stream not in standing:
        desk.remember(ticket_stream(ticket_id), Behind((*standing, stream)))


def caused_by_of(fact: AnyRecorded) -> int:
    """Return the position of what brought a fact about; a fact without a cause brought itself about."""
    return fact.position if fact.caused_by is None else fact.caused_by
