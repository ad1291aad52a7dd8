"""Mail over a real mail server on loopback: taken over, put off, refused, hung, away."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from uuid import UUID, uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from structlog.testing import capture_logs

from adapters.followers.runtime import Loop
from adapters.jobs.ringing import Ringer
from adapters.jobs.timing import TimerKeeper
from adapters.log.postgres_log import PostgresLog
from adapters.mail import MailServer, Security, SmtpPostman
from adapters.postgres.database import Database
from application.handling import handle
from application.mailing import MAIL_TIMER, DeliverMail, MailRefused, MailServerAway, Postman
from application.ports import Append, Cause
from domain.mail import (
    MAIL,
    MailFailed,
    MailKind,
    MailRequested,
    MailSent,
    RecordSent,
    RequestMail,
    mail_stream,
)
from tests.conftest import Database as Migrated

CAUSE = Cause("policy:tests")
MAIL_ID = UUID(int=77)
ASKED = MailRequested(
    mail_id=MAIL_ID,
    kind=MailKind.ESCALATION,
    to=("noc@example.org", "ada@example.org"),
    subject="Escalated to level 2: Zaun beschädigt",
    text="It was to be resolved by noon.\n\nTicket: Zaun beschädigt",
    ticket_id=UUID(int=2),
)


def now() -> datetime:
    return datetime.now(UTC)


class Letterbox:
    """What the mail server does with what it is handed."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.recipients: list[list[str]] = []
        self.answers: list[str] = []  # to the next mails; then it takes them
        self.refused: set[str] = set()

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if address in self.refused:
            return "550 nobody here by this name: " + address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del server, session
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content))
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 taken over"


@pytest.fixture
def letterbox() -> Letterbox:
    return Letterbox()


@pytest.fixture
def port(letterbox: Letterbox) -> Iterator[int]:
    """The port of a real mail server in a thread of this process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
    controller = Controller(letterbox, hostname="127.0.0.1", port=free)
    controller.start()
    yield free
    controller.stop()


def postman(port: int, answer_s: float = 5.0) -> SmtpPostman:
    server = MailServer(
        host="127.0.0.1", port=port, security=Security.NONE, sender="vedette@noc.example"
    )
    return SmtpPostman(server, now, answer_s=answer_s)


def test_a_mail_is_handed_over_whole(letterbox: Letterbox, port: int) -> None:
    postman(port).deliver(ASKED)
    (mail,) = letterbox.mails
    assert mail["Message-ID"] == f"<{MAIL_ID}@noc.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert letterbox.recipients == [list(ASKED.to)]
    payload = mail.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode().replace("\r\n", "\n").strip() == ASKED.text


def test_what_is_put_off_is_away_and_what_is_refused_is_refused(
    letterbox: Letterbox, port: int
) -> None:
    letterbox.answers = ["451 later, please", "554 never"]
    with pytest.raises(MailServerAway, match="put it off with reply 451"):
        postman(port).deliver(ASKED)
    with pytest.raises(MailRefused, match="refused it with reply 554"):
        postman(port).deliver(ASKED)
    letterbox.refused = set(ASKED.to)
    with pytest.raises(MailRefused) as caught:
        postman(port).deliver(ASKED)
    assert "noc@example.org" not in str(caught.value), "The record names no address twice."
    letterbox.refused = {"noc@example.org"}
    postman(port).deliver(ASKED)
    assert letterbox.recipients == [["ada@example.org"]]


def test_a_server_that_is_away_or_hangs_is_not_waited_for_long(port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(MailServerAway):
            postman(silent.getsockname()[1], answer_s=0.3).deliver(ASKED)
        gone = silent.getsockname()[1]
    with pytest.raises(MailServerAway, match="ConnectionRefused"):
        postman(gone).deliver(ASKED)


def test_a_server_that_cannot_keep_secrets_gets_nothing(letterbox: Letterbox, port: int) -> None:
    for security, password in (
        (Security.STARTTLS, None),
        (Security.NONE, "x"),
        (Security.TLS, None),
    ):
        server = MailServer(
            host="127.0.0.1",
            port=port,
            security=security,
            sender="vedette@noc.example",
            username=password and "vedette",
            password=password,
        )
        assert "x" not in repr(server).replace("example", "")
        with pytest.raises(MailServerAway):
            SmtpPostman(server, now, answer_s=1.0).deliver(ASKED)
    assert letterbox.mails == []


@pytest.fixture
def store(new_database: Callable[[], Migrated]) -> Iterator[Database]:
    """A database of the test's own: a ringer looks at every tenant."""
    opened = Database(new_database().app_url)
    yield opened
    opened.close()


@pytest.fixture
def log(store: Database) -> Iterator[PostgresLog]:
    opened = PostgresLog(store)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with capture_logs():
        yield


def ask(log: PostgresLog, store: Database, tenant: str) -> UUID:
    """Ask for a mail, and let the book of timers know."""
    log.open_tenant(tenant)
    mail_id = uuid4()
    wish = RequestMail(
        mail_id=mail_id,
        kind=ASKED.kind,
        to=ASKED.to,
        subject=ASKED.subject,
        text=ASKED.text,
        ticket_id=ASKED.ticket_id,
    )
    handle(log, tenant, MAIL, mail_stream(mail_id), wish, CAUSE)
    follow(store)
    return mail_id


def follow(store: Database) -> None:
    Loop(store.url, TimerKeeper(), grown=lambda *_: None).catch_up()


def ringer(
    store: Database,
    log: PostgresLog,
    by: Postman | None,
    *,
    attempts_max: int = 3,
    lease_s: float = 60.0,
) -> Ringer:
    deliver = DeliverMail(
        log, by, now, attempts_max=attempts_max, retry_first=timedelta(milliseconds=1)
    )
    return Ringer(store, MAIL_TIMER, deliver, lease_s=lease_s)


def answers(log: PostgresLog, tenant: str, mail_id: UUID) -> list[object]:
    return [fact.event for fact in log.read_stream(tenant, mail_stream(mail_id))[1:]]


def timers(store: Database, tenant: str) -> int:
    query = "SELECT FROM jobs.timers WHERE tenant_id = %(t)s"
    return len(store.fetch(tenant, query, {"t": tenant}))


def test_a_mail_is_tried_until_it_is_taken_over_and_recorded_once(
    store: Database, log: PostgresLog, tenant: str, letterbox: Letterbox, port: int
) -> None:
    mail_id = ask(log, store, tenant)
    letterbox.answers = ["451 later", "421 later still"]
    bell = ringer(store, log, postman(port))
    while not letterbox.mails:
        bell.ring_due()
    assert answers(log, tenant, mail_id) == [MailSent(attempts=3)]
    assert timers(store, tenant) == 0
    follow(store)
    assert bell.ring_due() == 0
    assert len(letterbox.mails) == 1


@pytest.mark.parametrize(
    ("answer", "attempts", "reason"),
    [
        ("451 later", 3, "put it off with reply 451."),
        ("550 never", 1, "refused it with reply 550."),
    ],
)
def test_what_is_not_taken_over_is_given_up_with_a_reason(  # noqa: PLR0917 - fixtures and cases
    store: Database,
    log: PostgresLog,
    tenant: str,
    letterbox: Letterbox,
    port: int,
    answer: str,
    attempts: int,
    reason: str,
) -> None:
    mail_id = ask(log, store, tenant)
    letterbox.answers = [answer] * 9
    bell = ringer(store, log, postman(port))
    while not answers(log, tenant, mail_id):
        bell.ring_due()
    failed = MailFailed(attempts=attempts, reason=f"The mail server {reason}")
    assert answers(log, tenant, mail_id) == [failed]
    assert letterbox.mails == []


def test_without_a_mail_server_a_mail_is_given_up_at_once(
    store: Database, log: PostgresLog, tenant: str
) -> None:
    mail_id = ask(log, store, tenant)
    ringer(store, log, None).ring_due()
    (failed,) = answers(log, tenant, mail_id)
    assert failed == MailFailed(attempts=0, reason="No mail server is configured.")


class KilledAfterwards:
    """A postman whose process is killed after the server took the mail over."""

    def __init__(self, by: Postman) -> None:
        self._by = by

    def deliver(self, mail: MailRequested) -> None:
        self._by.deliver(mail)
        raise KeyboardInterrupt


def test_killed_between_handing_over_and_recording_the_second_has_the_same_message_id(
    store: Database, log: PostgresLog, tenant: str, letterbox: Letterbox, port: int
) -> None:
    mail_id = ask(log, store, tenant)
    with pytest.raises(KeyboardInterrupt):
        ringer(store, log, KilledAfterwards(postman(port)), lease_s=0.05).ring_due()
    assert answers(log, tenant, mail_id) == []
    bell = ringer(store, log, postman(port))
    while not answers(log, tenant, mail_id):
        bell.ring_due()
    assert answers(log, tenant, mail_id) == [MailSent(attempts=2)]
    assert len({mail["Message-ID"] for mail in letterbox.mails}) == 1
    assert len(letterbox.mails) == 2, "That is the limit of SMTP."


def test_who_is_killed_again_and_again_does_not_try_for_ever(
    store: Database, log: PostgresLog, tenant: str, port: int
) -> None:
    mail_id = ask(log, store, tenant)
    killed = ringer(store, log, KilledAfterwards(postman(port)), lease_s=0.0)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            killed.ring_due()
    killed.ring_due()
    (failed,) = answers(log, tenant, mail_id)
    assert failed == MailFailed(attempts=3, reason="It was tried too often.")


class Faster:
    """A postman during whose work another process answers."""

    def __init__(self, log: PostgresLog, tenant: str, mail_id: UUID) -> None:
        self._log, self._tenant, self._mail_id = log, tenant, mail_id

    def deliver(self, mail: MailRequested) -> None:
        del mail
        stream = mail_stream(self._mail_id)
        handle(self._log, self._tenant, MAIL, stream, RecordSent(attempts=1), CAUSE)


def test_two_processes_answer_once(store: Database, log: PostgresLog, tenant: str) -> None:
    mail_id = ask(log, store, tenant)
    ringer(store, log, Faster(log, tenant, mail_id)).ring_due()
    assert answers(log, tenant, mail_id) == [MailSent(attempts=1)]


class Races(PostgresLog):
    """A log in which another process answers just before we do."""

    rival: Faster

    def append(self, tenant_id: str, append: Append):  # type: ignore[no-untyped-def]  # as it is
        self.rival.deliver(ASKED)
        return super().append(tenant_id, append)


def test_who_answers_second_says_nothing_and_asks_no_more(
    store: Database, log: PostgresLog, tenant: str, letterbox: Letterbox, port: int
) -> None:
    mail_id = ask(log, store, tenant)
    racing = Races(store)
    racing.rival = Faster(log, tenant, mail_id)
    assert DeliverMail(racing, postman(port), now)(tenant, mail_id, 2) is None
    racing.close()
    assert answers(log, tenant, mail_id) == [MailSent(attempts=1)]
    assert len(letterbox.mails) == 1
    assert DeliverMail(log, postman(port), now)(tenant, mail_id, 3) is None
    assert len(letterbox.mails) == 1, "What was answered is not handed over again."


def test_the_book_is_what_the_log_says_when_it_is_read_again(
    store: Database, log: PostgresLog, tenant: str, letterbox: Letterbox, port: int
) -> None:
    done = ask(log, store, tenant)
    ringer(store, log, postman(port)).ring_due()
    waiting = ask(log, store, tenant)
    with store.unit_of_work(tenant) as connection:
        connection.execute("DELETE FROM jobs.timers")
        connection.execute("DELETE FROM log.checkpoints")
    follow(store)
    query = "SELECT subject FROM jobs.timers WHERE tenant_id = %(t)s"
    assert store.fetch(tenant, query, {"t": tenant}) == [(waiting,)]
    assert answers(log, tenant, done) == [MailSent(attempts=1)]
    assert len(letterbox.mails) == 1
