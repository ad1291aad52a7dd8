"""Operations: how far the followers are, and what a person may do when one cannot go on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from application.ports import Cause
from domain.kernel import Refused, Unknown


class FollowerState(StrEnum):
    """Whether a follower goes on by itself in a tenant."""

    FOLLOWING = "following"
    RETRYING = "retrying"  # it failed at its next fact and tries again
    PARKED = "parked"  # it failed too often; a person decides
    FORKED = "forked"  # the log is not the one that it read before; a person decides


class FollowerStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Where one follower stands in one tenant's log."""

    follower: str
    tenant_id: str
    position: int
    head: int
    lag_events: int
    lag_s: float  # how long the oldest fact that it has not seen waits; 0 when there is none
    state: FollowerState
    attempts: int  # failures in a row at the next fact
    error: str | None
    updated_at: datetime


class ParkedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that a follower could not digest, and what became of it."""

    follower: str
    tenant_id: str
    position: int
    type: str | None  # None: there is no fact at this position (a fork)
    stream_id: str | None
    attempts: int
    error: str
    parked_at: datetime
    outcome: str | None  # retried or skipped; None: it waits for a person


class UnknownFollower(Unknown):
    """No follower of this name works for the tenant."""

    code = "follower.unknown"


class NothingParked(Refused):
    """The follower goes on by itself; there is nothing to decide."""

    code = "follower.not_parked"


class ForkCannotBeSkipped(Refused):
    """The follower stands before another log than the one it read; passing over a fact cannot help."""

    code = "follower.forked"


class RebuildUnderWay(Refused):
    """Somebody rebuilds the same read model of the same tenant at this moment."""

    code = "rebuild.under_way"


class RebuildStopped(Refused):
    """The replay met a fact that the read model cannot digest."""

    code = "rebuild.stopped"


class Operations(Protocol):
    """What an operator of the installation can see and do about followers."""

    def followers(self, tenant_id: str | None = None) -> list[FollowerStanding]:
        """Return every follower of one tenant, or of all, ordered by tenant and name."""
        ...

    def parked(self, tenant_id: str | None = None) -> list[ParkedEvent]:
        """Return the facts that wait for a decision, ordered by tenant, follower and position."""
        ...

    def retry(self, tenant_id: str, follower: str, cause: Cause) -> int:
        """Let a stopped follower try again and return the position of the fact that says so.

        Raises:
            UnknownFollower: nobody of this name works for the tenant.
            NothingParked: it is not stopped.
        """
        ...

    def skip(self, tenant_id: str, follower: str, reason: str, cause: Cause) -> int:
        """Let a parked follower pass over its next fact and return the position of the fact that says so.

        Raises:
            UnknownFollower: nobody of this name works for the tenant.
            NothingParked: it is not parked.
            ForkCannotBeSkipped: it stopped because the log is another one.
        """
        ...
