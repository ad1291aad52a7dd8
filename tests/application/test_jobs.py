"""How a verification is answered: passed, failed, or by a faster worker."""

from __future__ import annotations

from uuid import uuid4

from application.handling import handle
from application.jobs import VerifyChain, answer
from application.ports import Append, Appended, Cause, Head
from application.verification import Fault, FaultKind, Verdict
from domain.operations import (
    VERIFICATION,
    FailVerification,
    PassVerification,
    RequestVerification,
    VerificationPassed,
    verification_stream,
)
from tests.memory_log import MemoryLog

TENANT = "t-jobs"
CAUSE = Cause(actor="user:auditor")
HEAD = Head(7, bytes(32), None)


def verdict(fault: Fault | None = None) -> Verdict:
    return Verdict(tenant_id=TENANT, events=7, head=HEAD, fault=fault)


def test_a_whole_chain_passes() -> None:
    assert answer(verdict(), 7) == PassVerification(up_to=7, hash="00" * 32, events=7)


def test_a_fault_fails_at_its_position_with_its_reason() -> None:
    fault = Fault(3, FaultKind.HASH, "The stored bytes are others.")
    assert answer(verdict(fault), 7) == FailVerification(
        at_position=3, reason="The stored bytes are others."
    )


def test_a_log_that_ends_before_the_request_fails_behind_its_end() -> None:
    assert answer(verdict(), 9) == FailVerification(
        at_position=8,
        reason="The log ends before position 9, where this check was asked for.",
    )


class LateVerifier:
    """Finds a fault, after somebody else has found none."""

    def verify(self, tenant_id: str, remembered: Head | None = None) -> Verdict:
        del tenant_id, remembered
        return verdict(Fault(1, FaultKind.HASH, "The stored bytes are others."))


class RacedLog(MemoryLog):
    """A log in which another worker answers between a reading and the append that stands on it."""

    raced = False

    def append(self, tenant_id: str, append: Append) -> Appended:
        if self.raced:
            self.raced = False
            passed = PassVerification(up_to=1, hash="00" * 32, events=1)
            stream = append.slices[0].stream_id
            handle(self, tenant_id, VERIFICATION, stream, passed, CAUSE)
        return super().append(tenant_id, append)


def test_the_first_answer_stands() -> None:
    log = RacedLog()
    log.open_tenant(TENANT)
    identity = uuid4()
    stream = verification_stream(identity)
    position = handle(log, TENANT, VERIFICATION, stream, RequestVerification(), CAUSE)
    assert position == 1
    log.raced = True
    VerifyChain(log, LateVerifier())(TENANT, identity, position)
    _, answered = log.read_stream(TENANT, stream)
    assert isinstance(answered.event, VerificationPassed)
