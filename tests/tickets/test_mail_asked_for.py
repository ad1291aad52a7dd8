"""Mail: who is told of what, once for each cause, and how the record of a mail goes."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from domain.access import USER, EnrolUser, Role, UserEmailChanged, UserEnrolled
from domain.mail import (
    ESCALATION_ADDRESS,
    ESCALATION_ADDRESS_STREAM,
    MAIL,
    EscalationAddressGiven,
    GiveEscalationAddress,
    MailFailed,
    MailKind,
    MailRequested,
    MailSent,
    NoSuchMail,
    RecordFailed,
    RecordSent,
    RequestMail,
)
from domain.severity import Severity
from domain.ticket import AssignTicket, CommentTicket, RepeatTicket
from tests.given import given
from tests.tickets.desk import ONE, TicketDesk, opening
from tests.tickets.test_escalating import AGAIN, MISSED, UNDONE

NOC, MIA, EVE = "noc@example.org", "mia@example.org", "eve@example.org"
ASKED = MailRequested(
    mail_id=ONE,
    kind=MailKind.ESCALATION,
    to=(NOC,),
    subject="Escalated",
    text="Look here",
    ticket_id=UUID(int=2),
)
ASK = RequestMail(
    mail_id=ONE,
    kind=MailKind.ESCALATION,
    to=(NOC,),
    subject="Escalated",
    text="Look here",
    ticket_id=UUID(int=2),
)


def staffed() -> TicketDesk:
    desk = TicketDesk()
    desk.site(security_manager="mia")
    desk.user("mia", MIA)
    desk.user("eve", EVE)
    wish = GiveEscalationAddress(email=NOC)
    desk.log.wish(ESCALATION_ADDRESS, ESCALATION_ADDRESS_STREAM, wish)
    return desk


def asked(desk: TicketDesk) -> list[tuple[MailKind, tuple[str, ...]]]:
    return [(mail.kind, mail.to) for mail in desk.told(MailRequested)]


def test_breaches_and_escalations_tell_those_who_have_the_ticket_and_at_last_the_tenant() -> None:
    desk = staffed()
    desk.ask(opening(assignee="eve"), UNDONE)
    assert asked(desk) == [(MailKind.SLA_BREACH, (EVE,)), (MailKind.ESCALATION, (MIA,))]
    escalation = desk.told(MailRequested)[1]
    assert escalation.subject == "Escalated to level 1: Look here"
    assert escalation.text.startswith("It was to be resolved by")
    assert "Assigned to: mia" in escalation.text
    desk.ask(AGAIN)
    assert asked(desk)[2:] == [(MailKind.SLA_BREACH, (MIA,)), (MailKind.ESCALATION, (MIA, NOC))]
    last = AGAIN.due_at + timedelta(hours=1)
    desk.ask(type(AGAIN)(target=AGAIN.target, due_at=last, elapsed_s=1.0))
    assert asked(desk)[4:] == [(MailKind.SLA_BREACH, (MIA, NOC))]
    assert len({mail.mail_id for mail in desk.told(MailRequested)}) == 5
    assert desk.again() == []


def test_a_critical_ticket_is_told_of_once() -> None:
    desk = staffed()
    desk.ask(opening(severity=Severity.CRITICAL))
    assert asked(desk) == [(MailKind.CRITICAL_TICKET, (MIA, NOC))]
    desk.ask(
        RepeatTicket(severity=Severity.CRITICAL, alert_id=ONE, score=0.9),
        AssignTicket(assignee="eve"),
        CommentTicket(text="On my way"),
    )
    assert len(asked(desk)) == 1


def test_a_ticket_that_becomes_critical_is_told_of() -> None:
    desk = staffed()
    worse = RepeatTicket(severity=Severity.CRITICAL, alert_id=ONE, score=0.9)
    desk.ask(opening(assignee="eve"), worse)
    assert asked(desk) == [(MailKind.CRITICAL_TICKET, (EVE, NOC))]


def test_where_nobody_has_an_address_no_mail_is_asked_for() -> None:
    desk = TicketDesk()
    desk.ask(opening(severity=Severity.CRITICAL, site_id=None, person_id=None), MISSED)
    assert desk.told(MailRequested) == []


def test_who_is_relieved_or_has_no_address_any_more_gets_none() -> None:
    desk = staffed()
    desk.site(security_manager=None)
    desk.user("mia", None)
    gone = GiveEscalationAddress(email=None)
    desk.log.wish(ESCALATION_ADDRESS, ESCALATION_ADDRESS_STREAM, gone)
    desk.ask(opening(severity=Severity.CRITICAL), AssignTicket(assignee="mia"), UNDONE)
    assert desk.told(MailRequested) == []
    assert desk.again() == []


def test_a_mail_without_place_or_person_says_so_by_leaving_them_out() -> None:
    desk = staffed()
    desk.ask(opening(severity=Severity.CRITICAL, site_id=None, person_id=None))
    (mail,) = desk.told(MailRequested)
    assert "Site:" not in mail.text
    assert "Person:" not in mail.text
    assert mail.to == (NOC,)


def test_a_mail_is_asked_for_once_and_answered_once() -> None:
    given(MAIL).when(ASK).then(ASKED)
    given(MAIL, ASKED).when(ASK).then()
    given(MAIL).when(RecordSent(attempts=1)).refused(NoSuchMail)
    given(MAIL, ASKED).when(RecordSent(attempts=2)).then(MailSent(attempts=2))
    failed = MailFailed(attempts=8, reason="Away")
    given(MAIL, ASKED).when(RecordFailed(attempts=8, reason="Away")).then(failed)
    given(MAIL, ASKED, failed).when(RecordSent(attempts=9)).then()


def test_addresses_are_given_and_taken_back() -> None:
    to = EscalationAddressGiven(email=NOC)
    given(ESCALATION_ADDRESS).when(GiveEscalationAddress(email=NOC)).then(to)
    given(ESCALATION_ADDRESS, to).when(GiveEscalationAddress(email=NOC)).then()
    none = GiveEscalationAddress(email=None)
    given(ESCALATION_ADDRESS, to).when(none).then(EscalationAddressGiven(email=None))


def test_a_users_address_comes_with_the_enrolment_and_goes_with_the_next() -> None:
    roles = (Role.OPERATOR,)
    enrol = EnrolUser(username="eve", name="Eve", roles=roles, email=EVE)
    enrolled = UserEnrolled(username="eve", name="Eve", roles=roles)
    given(USER).when(enrol).then(enrolled, UserEmailChanged(email=EVE))
    without = EnrolUser(username="eve", name="Eve", roles=roles)
    told = UserEmailChanged(email=EVE)
    given(USER, enrolled, told).when(without).then(UserEmailChanged(email=None))
