"""Access: who is at the door. Logins, keys, and what their holders may do at this moment.

Secrets stand beside the log, facts about their holders in it. Every request asks for the holder's
state; a memory of a few seconds keeps that cheap, and so suspending somebody or taking a role away
bites within those seconds, also for tokens that were given out before.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Protocol, TypeAlias

import msgspec

from application.directory import Entries, require_references, unknown_references
from application.handling import handle, standing
from application.ports import Cause, EventLog
from application.principals import (
    IDENTIFIER,
    KEY_PREFIX,
    TENANT,
    Holder,
    InvalidCredentials,
    Principal,
    key_hash,
    key_parts,
    mark_of,
    principal_of,
)
from domain.access import (
    API_KEY,
    USER,
    BindUser,
    EnrolUser,
    IssueApiKey,
    RevokeApiKey,
    Role,
    UserChange,
    key_stream,
    user_stream,
)
from domain.access.api_key import ApiKey
from domain.access.user import Standing, User, UserUnknown

REMEMBERED_FOR_S = 2.0  # how long a suspension may take to bite
REMEMBERED_MAX = 20_000  # holders
KEY_SECRET_BYTES = 32
PASSWORD_CHARACTERS_MAX = 256

USER_ENTRIES = Entries("user", user_stream, USER, BindUser)  # users are no entries, but name one

Now: TypeAlias = Callable[[], datetime]


class Credentials(Protocol):
    """Where hashes of secrets are kept, a tenant's own under `user:<username>` and `key:<key_id>`."""

    def hash_of(self, tenant_id: str, subject: str) -> str | None:
        """Return the hash of a subject's secret, or None where there is none."""
        ...

    def keep(self, tenant_id: str, subject: str, hash_: str) -> None:
        """Keep a hash in the place of the one before."""
        ...

    def forget(self, tenant_id: str, subject: str) -> None:
        """Keep no hash of this subject any more."""
        ...


class Hasher(Protocol):
    """A slow, salted hash for what people can remember."""

    def hash(self, password: str) -> str: ...

    def verify(self, hash_: str, password: str) -> bool: ...


class Login(msgspec.Struct, frozen=True):
    """A login that succeeded: who it is, and which password the session stands on."""

    principal: Principal
    password_mark: str


class IssuedKey(msgspec.Struct, frozen=True):
    """A new key. This is the only time that its text is known."""

    key_id: str
    text: str
    position: int | None


class Access:
    """The doors' one place for questions about people, keys and secrets."""

    def __init__(
        self,
        log: EventLog,
        credentials: Credentials,
        hasher: Hasher,
        clock: Now,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._credentials = credentials
        self._hasher = hasher
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._remembered: OrderedDict[tuple[str, str], tuple[float, Holder]] = OrderedDict()

    @cached_property
    def _nobody(self) -> str:
        """The hash of a password that nobody has. To make it takes long: only who checks passwords does."""
        return self._hasher.hash(secrets.token_urlsafe())

    def log_in(self, tenant_id: str, username: str, password: str) -> Login:
        """Return who this is.

        Raises:
            InvalidCredentials: no such tenant or user, suspended, or another password.
        """
        # Checked where there is no such user, so that an answer takes as long as for a wrong
        # password; and made whoever asks, so that the first answer does not tell either.
        nobody = self._nobody
        holder = None
        if TENANT.fullmatch(tenant_id) and IDENTIFIER.fullmatch(username):
            holder = self._load(tenant_id, f"user:{username}")
        hash_ = (holder and holder.hash) or nobody
        matches = self._hasher.verify(hash_, password[:PASSWORD_CHARACTERS_MAX])
        if holder is None or holder.hash is None or not matches:
            raise InvalidCredentials
        return Login(principal_of(tenant_id, f"user:{username}", holder), mark_of(holder.hash))

    def session(self, tenant_id: str, username: str, password_mark: str) -> Principal:
        """Return who holds a token, as they stand now.

        Raises:
            InvalidCredentials: gone, suspended, or the password is another one since.
        """
        holder = self._holder(tenant_id, f"user:{username}")
        if holder.hash is None or not hmac.compare_digest(mark_of(holder.hash), password_mark):
            raise InvalidCredentials
        return principal_of(tenant_id, f"user:{username}", holder)

    def authenticate_key(self, text: str) -> Principal:
        """Return whose key this is, as it stands now.

        Raises:
            InvalidCredentials: not a key of ours, expired or revoked.
        """
        tenant_id, key_id, secret = key_parts(text)
        holder = self._holder(tenant_id, f"key:{key_id}")
        if holder.hash is None or not hmac.compare_digest(key_hash(secret), holder.hash):
            raise InvalidCredentials
        state = holder.state
        if not isinstance(state, ApiKey) or state.issued is None:
            raise InvalidCredentials
        if state.issued.expires_at <= self._clock():
            raise InvalidCredentials
        return principal_of(tenant_id, f"key:{key_id}", holder)

    def is_remembered(self, tenant_id: str, subject: str) -> bool:
        """Tell whether a question about this subject is answered without the database."""
        with self._lock:
            entry = self._remembered.get((tenant_id, subject))
        return entry is not None and entry[0] > self._monotonic()

    def enrol_user(self, tenant_id: str, command: EnrolUser, cause: Cause) -> int | None:
        """Make a user known or bring what is known up to date; return the position, if it moved."""
        stream = user_stream(command.username)
        return self._change(
            tenant_id,
            f"user:{command.username}",
            lambda: handle(self._log, tenant_id, USER, stream, command, cause),
        )

    def change_user(
        self, tenant_id: str, username: str, command: UserChange, cause: Cause
    ) -> int | None:
        """Do one thing to a user and return the position, if it moved.

        Raises:
            UserUnknown: nobody was enrolled under this name.
            NamedEntryUnknown: the person whom the user is to be is not in the directory.
        """
        stream = user_stream(username)
        if isinstance(command, BindUser):
            self._require_user(tenant_id, username)
            unknown = unknown_references(self._log, tenant_id, USER_ENTRIES, [command])
            require_references(USER_ENTRIES, command, unknown)
        return self._change(
            tenant_id,
            f"user:{username}",
            lambda: handle(self._log, tenant_id, USER, stream, command, cause),
        )

    def set_password(self, tenant_id: str, username: str, password: str) -> None:
        """Give a user this password; tokens that stand on the one before open nothing any more.

        Raises:
            UserUnknown: nobody was enrolled under this name.
        """
        self._require_user(tenant_id, username)
        self._credentials.keep(tenant_id, f"user:{username}", self._hasher.hash(password))
        self._forget(tenant_id, f"user:{username}")

    def issue_key(
        self,
        tenant_id: str,
        *,
        name: str,
        roles: tuple[Role, ...],
        expires_at: datetime,
        site_scope: tuple[str, ...] | None,
        cause: Cause,
    ) -> IssuedKey:
        """Let a machine in; the text of the key is in the answer and nowhere else."""
        key_id = secrets.token_hex(6)
        secret = secrets.token_urlsafe(KEY_SECRET_BYTES)
        # The hash goes first: without its fact it opens nothing, while a key without it never could.
        self._credentials.keep(tenant_id, f"key:{key_id}", key_hash(secret))
        command = IssueApiKey(
            key_id=key_id, name=name, roles=roles, expires_at=expires_at, site_scope=site_scope
        )
        position = handle(self._log, tenant_id, API_KEY, key_stream(key_id), command, cause)
        return IssuedKey(key_id, f"{KEY_PREFIX}{tenant_id}.{key_id}.{secret}", position)

    def revoke_key(
        self, tenant_id: str, key_id: str, command: RevokeApiKey, cause: Cause
    ) -> int | None:
        """End a key before its date."""
        position = self._change(
            tenant_id,
            f"key:{key_id}",
            lambda: handle(self._log, tenant_id, API_KEY, key_stream(key_id), command, cause),
        )
        self._credentials.forget(tenant_id, f"key:{key_id}")
        return position

    def _require_user(self, tenant_id: str, username: str) -> None:
        holder = self._load(tenant_id, f"user:{username}")
        if not isinstance(holder.state, User) or holder.state.standing is Standing.UNHEARD_OF:
            raise UserUnknown("There is no user of this name.")

    def _change(self, tenant_id: str, subject: str, change: Callable[[], int | None]) -> int | None:
        position = change()
        self._forget(tenant_id, subject)
        return position

    def _forget(self, tenant_id: str, subject: str) -> None:
        with self._lock:
            self._remembered.pop((tenant_id, subject), None)

    def _holder(self, tenant_id: str, subject: str) -> Holder:
        with self._lock:
            entry = self._remembered.get((tenant_id, subject))
        if entry is not None and entry[0] > self._monotonic():
            return entry[1]
        return self._load(tenant_id, subject)

    def _load(self, tenant_id: str, subject: str) -> Holder:
        until = self._monotonic() + REMEMBERED_FOR_S
        kind, _, name = subject.partition(":")
        state: User | ApiKey
        if kind == "user":
            state = standing(self._log, tenant_id, USER, user_stream(name))
        else:
            state = standing(self._log, tenant_id, API_KEY, key_stream(name))
        holder = Holder(state, self._credentials.hash_of(tenant_id, subject))
        with self._lock:
            self._remembered[tenant_id, subject] = (until, holder)
            self._remembered.move_to_end((tenant_id, subject))
            while len(self._remembered) > REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return holder
