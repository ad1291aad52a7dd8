"""Calling: one open ticket about each trouble, or a line in the ledger that says why there is none.

Whoever is about to call a person asks what mutes first, by the log's clock. A trouble that was
muted is held back, and called for when what muted it is over, if it still stands. A trouble that
an open ticket is about already is counted in it: up to 24 hours before or after the trouble that
the ticket began with, while it is NEW, ASSIGNED or IN_PROGRESS.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from application.duty import (
    DUTY_FACTS,
    fetch_duty,
    learn_duty,
    security_manager,
    supervisor_on_duty,
)
from application.escalation.commands import open_command, repeat_command
from application.escalation.muters import (
    MUTER_FACTS,
    MUTERS,
    Ended,
    Muters,
    Zone,
    id_behind,
    learn_muter,
    learn_zone,
    muters,
    time_zone_of,
    zone_key,
)
from application.escalation.offline import Offlines, offline_at, offline_key
from application.escalation.subjects import (
    Behind,
    Cases,
    Held,
    Standing,
    Subject,
    cases_key,
    caused_by_of,
    held_by,
    held_key,
    learn_muted,
    learn_opened,
    subject_of,
    subject_stream,
)
from application.escalation.tickets import UNTOUCHED, carrying, taking, worked_on
from application.following import Desk, derived_id
from domain.catalogue import AnyRecorded
from domain.directory.site import SiteTimeZoneCorrected
from domain.kernel import Event
from domain.muting.facts import Action, ActionMuted, MutedBy, ledger_stream
from domain.muting.judging import InForce, Muter, muted
from domain.muting.ledger import LEDGER, MuteAction
from domain.severity import rank, worst
from domain.ticket import (
    OPEN_STATUSES,
    TICKET,
    CancelTicket,
    EaseTicket,
    TicketOpened,
    WithdrawTicketEvidence,
    ticket_stream,
)

CALLING_FACTS: tuple[type[Event], ...] = (
    *DUTY_FACTS,
    SiteTimeZoneCorrected,
    *MUTER_FACTS,
    TicketOpened,
    ActionMuted,
)


class Calling:
    """What one policy does about the subjects of its family at one desk."""

    def __init__(self, desk: Desk, policy: str, family: str) -> None:
        self.desk = desk
        self.policy = policy
        self.family = family  # "alert" or "finding"

    def fetch(
        self,
        batch: Sequence[AnyRecorded],
        told: Sequence[AnyRecorded],
        keys: Iterable[str],
        sites: Iterable[str | None],
    ) -> None:
        """Have in hand what a batch will ask for, in a dozen questions instead of a dozen a fact.

        `told` are its facts of subjects; `keys` and `sites` are those that they name themselves.
        """
        desk = self.desk
        lines = [fact.event for fact in batch if isinstance(fact.event, ActionMuted)]
        opened = [fact.event for fact in batch if isinstance(fact.event, TicketOpened)]
        ended = [fact for fact in batch if isinstance(fact.event, MUTER_FACTS)]
        duty = any(isinstance(fact.event, DUTY_FACTS) for fact in batch)
        if not (told or lines or opened or ended or duty):
            return
        desk.memories([MUTERS], Muters)
        muter_ids = [line.muter_id for line in lines if line.muter_id is not None]
        muter_ids += [id_behind(fact) for fact in (*ended, *told)]
        held = desk.memories([held_key(muter_id) for muter_id in muter_ids], Held)
        streams = [each.subject for found in held.values() for each in found.subjects]
        streams += [fact.stream_id for fact in told]
        streams += [self._stream(line.subject_id) for line in lines]
        streams += [self._stream(each) for each in map(self._subject_of, opened) if each]
        subjects = list(desk.memories(streams, Subject).values())
        keys = [*keys, *(each.dedup_key for each in subjects)]
        cases = desk.memories([cases_key(key) for key in keys], Cases)
        named = [*sites, *(each.site_id for each in subjects)]
        here = sorted({site for site in named if site is not None})
        fetch_duty(desk, batch, here)
        desk.memories([zone_key(site) for site in here], Zone)
        desk.memories([offline_key(site) for site in here], Offlines)
        tickets = [case.ticket_id for found in cases.values() for case in found.cases]
        tickets += [ticket_id for each in subjects for ticket_id in each.tickets]
        tickets += [self.new_ticket_id(fact, id_behind(fact)) for fact in told]
        ticket_streams = [ticket_stream(ticket_id) for ticket_id in tickets]
        standing = desk.memories(ticket_streams, Behind)
        desk.memories([each for found in standing.values() for each in found.subjects], Subject)
        ledgers = [ledger_stream(id_behind(fact)) for fact in told]
        desk.fetch_streams([*ticket_streams, *ledgers])

    def learn(self, fact: AnyRecorded) -> None:
        """Take in a fact that is not a subject's own; let go what it no longer holds back."""
        match fact.event:
            case TicketOpened():
                learn_opened(self.desk, self.family, fact.event)
            case ActionMuted():
                learn_muted(self.desk, self.family, fact.event, caused_by_of(fact))
            case _:
                if isinstance(fact.event, DUTY_FACTS):
                    learn_duty(self.desk, fact)
                learn_zone(self.desk, fact)
                ended = learn_muter(self.desk, fact)
                if ended is not None:
                    self.release(fact, ended)

    def call(self, fact: AnyRecorded, subject: Subject, at: datetime | None = None) -> None:
        """See to it that one open ticket is about a subject, unless something mutes it."""
        at = at or fact.recorded_at
        if self.desk.replaying or self._is_muted(fact, subject, at):
            return
        ticket_id = taking(self.desk, subject)
        if ticket_id is None:
            self._open(fact, subject, at)
            return
        if ticket_id not in subject.tickets:
            self._write_down(fact, subject, Muter(MutedBy.DEDUPLICATION, ticket_id, None), at)
        self.desk.do(TICKET, ticket_stream(ticket_id), repeat_command(subject), fact)

    def worsen(self, fact: AnyRecorded, subject: Subject, at: datetime | None = None) -> None:
        """Tell the ticket that works on a subject that it is worse by now; nothing where it is not.

        A subject that no ticket was ever about calls people now. One whose tickets are over does not.
        """
        at = at or fact.recorded_at
        if self.desk.replaying:
            return
        if not subject.tickets:
            self.call(fact, subject, at)
            return
        ticket_id, ticket = worked_on(self.desk, subject)
        worse = rank(subject.severity) > rank(ticket.severity)
        if ticket_id is not None and worse and not self._is_muted(fact, subject, at):
            self.desk.do(TICKET, ticket_stream(ticket_id), repeat_command(subject), fact)

    def ease(self, fact: AnyRecorded, subject: Subject, reason: str) -> None:
        """Tell the tickets that nobody touched how bad what they stand on is by now, where it is less."""
        if self.desk.replaying:
            return
        for ticket_id in subject.tickets:
            reasons = carrying(self.desk, ticket_id)
            if reasons and self.desk.state(TICKET, ticket_stream(ticket_id)).status in UNTOUCHED:
                severity = worst(*(each.severity for each in reasons))
                wish = EaseTicket(severity=severity, reason=reason)
                self.desk.do(TICKET, ticket_stream(ticket_id), wish, fact)

    def withdraw(self, fact: AnyRecorded, subject: Subject, reason: str) -> None:
        """Tell the tickets that stood on a subject alone; cancel those that nobody touched."""
        if self.desk.replaying:
            return
        self.ease(fact, subject, reason)
        for ticket_id in subject.tickets:
            stream = ticket_stream(ticket_id)
            status = self.desk.state(TICKET, stream).status
            if status not in OPEN_STATUSES or carrying(self.desk, ticket_id):
                continue
            self.desk.do(TICKET, stream, WithdrawTicketEvidence(reason=reason), fact)
            if status in UNTOUCHED:
                self.desk.do(TICKET, stream, CancelTicket(reason=reason), fact)

    def release(self, fact: AnyRecorded, ended: Ended) -> None:
        """Call for what a muter held back, where it still stands and nothing else mutes it."""
        held = held_by(self.desk, ended.muter_id)
        due = [each for each in held.subjects if each.caused_by < fact.position]
        left = tuple(each for each in held.subjects if each not in due)
        self.desk.remember(held_key(ended.muter_id), Held(fact.position, left))
        for each in due:
            subject = subject_of(self.desk, each.subject)
            if subject is None or subject.standing is not Standing.OPEN or not subject.is_severe:
                continue
            ticket_id, _ = worked_on(self.desk, subject)
            if ticket_id is None or self.desk.replaying:
                self.call(fact, subject, ended.at)
            elif not self._is_muted(fact, subject, ended.at):
                self.desk.do(TICKET, ticket_stream(ticket_id), repeat_command(subject), fact)

    def new_ticket_id(self, fact: AnyRecorded, subject_id: UUID) -> UUID:
        """Return the id of the ticket that a fact would open for a subject: the same every time."""
        return derived_id(f"{self.policy}/ticket/{subject_id}", fact, 0)

    def _is_muted(self, fact: AnyRecorded, subject: Subject, at: datetime) -> bool:
        """Return whether something mutes a subject, and write it down if that is news."""
        muter = muted(self._in_force(subject), subject.trouble(), at)
        if muter is None:
            return False
        held = held_by(self.desk, muter.id).subjects
        known = next((each for each in held if each.subject == subject.stream), None)
        if known is None or rank(subject.severity) > rank(known.severity):
            self._write_down(fact, subject, muter, at)
        return True

    def _in_force(self, subject: Subject) -> InForce:
        known = muters(self.desk)
        if subject.site_id is None:
            return InForce(silences=known.silences)
        here = tuple(each for each in known.maintenance if each.site_id == subject.site_id)
        return InForce(
            silences=known.silences,
            maintenance=here,
            time_zone=time_zone_of(self.desk, subject.site_id),
            offline=offline_at(self.desk, subject.site_id),
        )

    def _write_down(self, fact: AnyRecorded, subject: Subject, muter: Muter, at: datetime) -> None:
        """Say in the ledger who is not called, and why."""
        line = MuteAction(
            action=Action.TICKET,
            subject=subject.kind,
            subject_id=subject.id,
            muted_by=muter.by,
            muter_id=muter.id,
            severity=subject.severity,
            title=subject.title,
            site_id=subject.site_id,
            person_id=subject.person_id,
            assignee=self._in_charge(subject, at),
            seen_at=subject.seen_at,
            until=muter.until,
        )
        for stated in self.desk.do(LEDGER, ledger_stream(subject.id), line, fact):
            learn_muted(self.desk, self.family, stated, fact.position)

    def _open(self, fact: AnyRecorded, subject: Subject, at: datetime) -> None:
        ticket_id = self.new_ticket_id(fact, subject.id)
        assignee = self._in_charge(subject, at)
        command = open_command(ticket_id, subject, assignee)
        for stated in self.desk.do(TICKET, ticket_stream(ticket_id), command, fact):
            if isinstance(stated, TicketOpened):
                learn_opened(self.desk, self.family, stated)

    def _in_charge(self, subject: Subject, at: datetime) -> str | None:
        """Return who gets what a site calls for at a moment; None means that it waits in the queue."""
        site_id = subject.site_id
        return security_manager(self.desk, site_id) or supervisor_on_duty(self.desk, site_id, at)

    def _stream(self, subject_id: UUID) -> str:
        return subject_stream(self.family, subject_id)

    def _subject_of(self, opened: TicketOpened) -> UUID | None:
        return opened.alert_id if self.family == "alert" else opened.finding_id
