"""Who is let in, decided on a log in memory: what the doors' own tests cannot reach from outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from application import access as access_module
from application.access import Access
from application.ports import Cause
from application.principals import InvalidCredentials, key_hash
from domain.access import Capability, EnrolUser, Role, UserUnknown
from tests.memory_log import MemoryLog

TENANT = "t-access"
CAUSE = Cause(actor="system:tests")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = "s" * 43


class KeptHashes:
    """Hashes in memory."""

    def __init__(self) -> None:
        self.hashes: dict[tuple[str, str], str] = {}

    def hash_of(self, tenant_id: str, subject: str) -> str | None:
        return self.hashes.get((tenant_id, subject))

    def keep(self, tenant_id: str, subject: str, hash_: str) -> None:
        self.hashes[tenant_id, subject] = hash_

    def forget(self, tenant_id: str, subject: str) -> None:
        self.hashes.pop((tenant_id, subject), None)


class QuickHasher:
    """No slow hash: what is hashed is not the point here, only how often."""

    def __init__(self) -> None:
        self.work: list[str] = []

    def hash(self, password: str) -> str:
        self.work.append("hash")
        return f"hash of {password}"

    def verify(self, hash_: str, password: str) -> bool:
        self.work.append("verify")
        return hash_ == f"hash of {password}"


class Gatehouse:
    """Access on doubles, with a clock that the test turns."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.log.open_tenant(TENANT)
        self.hashes = KeptHashes()
        self.now = NOW
        self.hasher = QuickHasher()
        self.access = Access(
            self.log, self.hashes, self.hasher, lambda: self.now, monotonic=lambda: 0.0
        )


@pytest.fixture
def gatehouse() -> Gatehouse:
    return Gatehouse()


def test_a_key_opens_until_its_last_moment_and_not_at_it(gatehouse: Gatehouse) -> None:
    until = NOW + timedelta(hours=1)
    key = gatehouse.access.issue_key(
        TENANT,
        name="Importer",
        roles=(Role.INTEGRATOR,),
        expires_at=until,
        site_scope=("S-1",),
        cause=CAUSE,
    )
    principal = gatehouse.access.authenticate_key(key.text)
    assert principal.subject == f"key:{key.key_id}"
    assert principal.username == key.key_id
    assert Capability.SIGNALS_WRITE in principal.capabilities
    assert (principal.sees("S-1"), principal.sees("S-2"), principal.sees(None)) == (
        True,
        False,
        False,
    )
    gatehouse.now = until
    with pytest.raises(InvalidCredentials):
        gatehouse.access.authenticate_key(key.text)


def test_a_hash_without_its_fact_opens_nothing(gatehouse: Gatehouse) -> None:
    gatehouse.hashes.keep(TENANT, "key:orphan", key_hash(SECRET))
    with pytest.raises(InvalidCredentials):
        gatehouse.access.authenticate_key(f"vdt_{TENANT}.orphan.{SECRET}")


def test_nobody_gets_a_password_before_being_enrolled(gatehouse: Gatehouse) -> None:
    with pytest.raises(UserUnknown):
        gatehouse.access.set_password(TENANT, "ghost", "a long enough password")


@pytest.mark.parametrize("username", ["ada", "ghost", "no name"])
def test_the_first_answer_tells_by_its_work_no_more_than_any_other(
    gatehouse: Gatehouse, username: str
) -> None:
    assert gatehouse.hasher.work == [], "Whoever checks no password makes no slow hash."
    command = EnrolUser(username="ada", name="Ada", roles=(Role.OPERATOR,), site_scope=None)
    gatehouse.access.enrol_user(TENANT, command, CAUSE)
    gatehouse.access.set_password(TENANT, "ada", "correct horse")
    gatehouse.hasher.work.clear()
    for _ in range(2):
        with pytest.raises(InvalidCredentials):
            gatehouse.access.log_in(TENANT, username, "wrong horse")
    assert gatehouse.hasher.work == ["hash", "verify", "verify"]


def test_whoever_may_see_every_site_sees_what_is_at_none(gatehouse: Gatehouse) -> None:
    command = EnrolUser(username="ada", name="Ada", roles=(Role.OPERATOR,), site_scope=None)
    gatehouse.access.enrol_user(TENANT, command, CAUSE)
    gatehouse.access.set_password(TENANT, "ada", "correct horse")
    principal = gatehouse.access.log_in(TENANT, "ada", "correct horse").principal
    assert principal.sees(None)
    assert principal.sees("S-1")


def test_only_so_many_holders_are_remembered(
    gatehouse: Gatehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_module, "REMEMBERED_MAX", 2)
    for username in ("ada", "bea", "cem"):
        command = EnrolUser(username=username, name="N", roles=(Role.AUDITOR,), site_scope=None)
        gatehouse.access.enrol_user(TENANT, command, CAUSE)
        gatehouse.access.set_password(TENANT, username, "correct horse")
        gatehouse.access.log_in(TENANT, username, "correct horse")
    remembered = [
        gatehouse.access.is_remembered(TENANT, f"user:{u}") for u in ("ada", "bea", "cem")
    ]
    assert remembered == [False, True, True]
