"""Users and keys: facts in, rows out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from application.ports import Cause
from domain.access import (
    ApiKeyIssued,
    ApiKeyRevoked,
    Role,
    UserBound,
    UserEmailChanged,
    UserEnrolled,
    UserEvent,
    UserReinstated,
    UserReleased,
    UserRenamed,
    UserRolesGranted,
    UserScopeLimited,
    UserSuspended,
)
from domain.ticket import TicketCommented
from projections.access import (
    KEYS,
    USERS,
    KeyRow,
    KeyStatus,
    UserRow,
    UserStatus,
    key_shown,
)
from tests.memory_desk import BEGAN_AT, MemoryLog
from tests.projections.rows import LATER, rows_of

SECOND = timedelta(seconds=1)
ENROLLED = UserEnrolled(username="ada", name="Ada", roles=(Role.OPERATOR,), site_scope=("S-1",))
ISSUED = ApiKeyIssued(key_id="k", name="Gate", roles=(Role.INTEGRATOR,), expires_at=LATER)
ADA = UserRow(
    username="ada",
    name="Ada",
    roles=(Role.OPERATOR,),
    site_scope=("S-1",),
    enrolled_at=BEGAN_AT + SECOND,
    updated_at=BEGAN_AT + SECOND,
    position=1,
    version=1,
)


def ada(*events: UserEvent) -> UserRow:
    log = MemoryLog()
    for event in (ENROLLED, *events):
        log.state("user-ada", event)
    row: UserRow = rows_of(USERS, log.facts)["ada"]
    return row


def test_a_user_is_shown_as_it_was_enrolled() -> None:
    assert ada() == ADA


@pytest.mark.parametrize(
    ("events", "field", "value"),
    [
        ([UserRenamed(name="Ada Marsh")], "name", "Ada Marsh"),
        ([UserEmailChanged(email="ada@example.org")], "email", "ada@example.org"),
        ([UserRolesGranted(roles=(Role.AUDITOR,))], "roles", (Role.AUDITOR,)),
        ([UserScopeLimited(site_scope=None)], "site_scope", None),
        ([UserBound(person_id="G-1")], "person_id", "G-1"),
        ([UserBound(person_id="G-1"), UserReleased()], "person_id", None),
        ([UserSuspended(reason="Left")], "status", UserStatus.SUSPENDED),
        ([UserSuspended(reason="Left")], "suspended_because", "Left"),
        ([UserSuspended(reason="Left"), UserReinstated()], "status", UserStatus.ACTIVE),
        ([UserSuspended(reason="Left"), UserReinstated()], "suspended_because", None),
    ],
)
def test_what_is_done_to_a_user_shows(events: list[UserEvent], field: str, value: object) -> None:
    row = ada(*events)
    assert getattr(row, field) == value
    assert row.enrolled_at == ADA.enrolled_at
    assert (row.position, row.version) == (1 + len(events), 1 + len(events))
    assert row.updated_at == BEGAN_AT + (1 + len(events)) * SECOND


def test_a_key_is_shown_with_who_issued_it_and_why_it_was_revoked() -> None:
    log = MemoryLog()
    log.state("key-k", ISSUED, Cause("user:admin"))
    row: KeyRow = rows_of(KEYS, log.facts)["k"]
    assert (row.issued_by, row.issued_at, row.revoked) == ("user:admin", BEGAN_AT + SECOND, False)
    log.state("key-k", ApiKeyRevoked(reason="Lost"))
    row = rows_of(KEYS, log.facts)["k"]
    assert (row.revoked, row.revoked_because, row.version) == (True, "Lost", 2)
    assert (row.issued_by, row.updated_at) == ("user:admin", BEGAN_AT + 2 * SECOND)


def test_a_key_opens_something_until_it_expires_or_is_revoked() -> None:
    log = MemoryLog()
    log.state("key-k", ISSUED)
    row: KeyRow = rows_of(KEYS, log.facts)["k"]
    assert key_shown(row, LATER - SECOND).status is KeyStatus.VALID
    assert key_shown(row, LATER).status is KeyStatus.EXPIRED
    log.state("key-k", ApiKeyRevoked(reason="Lost"))
    shown = key_shown(rows_of(KEYS, log.facts)["k"], LATER)
    assert (shown.status, shown.key_id) == (KeyStatus.REVOKED, "k")


def test_a_story_without_its_beginning_shows_nothing_and_other_facts_change_nothing() -> None:
    log = MemoryLog()
    suspended = log.state("user-eve", UserSuspended(reason="x"))
    revoked = log.state("key-x", ApiKeyRevoked(reason="x"))
    comment = log.state("user-ada", TicketCommented(text="Hm"))
    assert USERS.project(None, suspended) is None
    assert KEYS.project(None, revoked) is None
    assert USERS.project(ADA, comment) == ADA
    assert KEYS.project(None, comment) is None
