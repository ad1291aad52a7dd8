"""Mail over SMTP: one connection for each mail, every wait bounded."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum

import msgspec

from application.mailing import MailRefused, MailServerAway
from application.timers import Now
from domain.mail import MailRequested

ANSWER_S_MAX = 20.0  # for each answer of the server
PERMANENT_FROM = 500  # replies from here on say never; those below say later


class Security(StrEnum):
    """How the connection is kept secret."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class MailServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where mail is handed over, and as whom."""

    host: str
    port: int
    security: Security
    sender: str
    username: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"


class SmtpPostman:
    """The port `Postman` on a mail server."""

    def __init__(self, server: MailServer, now: Now, *, answer_s: float = ANSWER_S_MAX) -> None:
        self._server = server
        self._now = now
        self._answer_s = answer_s

    def deliver(self, mail: MailRequested) -> None:
        message = self.message(mail)
        try:
            with self._connected() as smtp:
                # It raises where everybody is refused. Where some are, the others have the mail:
                # trying again would send it to them twice, so it counts as sent.
                smtp.send_message(message, self._server.sender, list(mail.to))
        except smtplib.SMTPRecipientsRefused as error:
            raise self._answer(min(code for code, _ in error.recipients.values())) from error
        except smtplib.SMTPResponseException as error:
            raise self._answer(error.smtp_code) from error
        except (smtplib.SMTPException, OSError) as error:
            name = type(error).__name__
            raise MailServerAway(f"The mail server did not answer as it should: {name}.") from error

    def message(self, mail: MailRequested) -> EmailMessage:
        """Return the mail as it goes over the wire; its Message-ID is made from its cause."""
        message = EmailMessage()
        message["From"] = self._server.sender
        message["To"] = ", ".join(mail.to)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(self._now())
        message["Message-ID"] = f"<{mail.mail_id}@{self._server.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies, please
        message.set_content(mail.text)
        return message

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        context = ssl.create_default_context()
        smtp: smtplib.SMTP
        if server.security is Security.TLS:
            smtp = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._answer_s, context=context
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=self._answer_s)
        try:
            if server.security is Security.STARTTLS:
                smtp.starttls(context=context)
            if server.username is not None:
                smtp.login(server.username, server.password or "")
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _answer(self, code: int) -> Exception:
        """Return what a reply of the server means. Its text may name addresses and stays out."""
        if code >= PERMANENT_FROM:
            return MailRefused(f"The mail server refused it with reply {code}.")
        return MailServerAway(f"The mail server put it off with reply {code}.")
