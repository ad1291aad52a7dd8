"""Verification: whether a tenant's log still is what was once recorded."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import msgspec

from application.ports import Head


class FaultKind(StrEnum):
    """What a verifier can find wrong."""

    GAP = "gap"  # positions are not consecutive
    HASH = "hash"  # the stored bytes are not those that were chained
    TIME = "time"  # recorded_at runs backwards
    VERSION = "version"  # a stream's versions have a hole
    HEAD = "head"  # the head row does not say what the last event says
    CUT = "cut"  # the log ends before a head that somebody remembers
    FORK = "fork"  # the log has another event where somebody remembers a head


class Fault(msgspec.Struct, frozen=True):
    """The first thing that is wrong."""

    position: int
    kind: FaultKind
    reason: str  # a sentence for people


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification found."""

    tenant_id: str
    events: int  # that were looked at and are right
    head: Head  # of the part that is right: remember it, and a cut tail will be found
    fault: Fault | None = None


class LogVerifier(Protocol):
    """Recomputes chains from what is stored, trusting nothing that is stored beside it."""

    def verify(self, tenant_id: str, remembered: Head | None = None) -> Verdict:
        """Go through a tenant's log from its first event to its head.

        A remembered head (position and hash, from an earlier verdict or from paper) must be part
        of the log; only that finds a tail that was cut off and a head row that was set back.

        Raises:
            NoSuchTenant: the tenant has no log.
            LogUnavailable: the database did not answer.
        """
        ...
