"""Operations on PostgreSQL: checkpoints and parked events, seen and decided, one tenant at a time."""

from __future__ import annotations

from typing import Any

from adapters.log.appending import append_each
from adapters.log.postgres_log import read_stream
from adapters.postgres.database import PROBE_WAIT_S, Connection, Database
from application.operations import (
    FollowerStanding,
    FollowerState,
    ForkCannotBeSkipped,
    NothingParked,
    ParkedEvent,
    UnknownFollower,
)
from application.ports import Append, Appended, Cause
from domain.operations import FOLLOWER, FollowerCommand, RetryEvent, SkipEvent, follower_stream

STANDINGS = """
SELECT c.follower, c.position, h.position, c.stopped, c.attempts, c.error, c.updated_at,
       coalesce(extract(epoch FROM clock_timestamp() - (
           SELECT e.recorded_at FROM log.events e
           WHERE e.tenant_id = c.tenant_id AND e.position = c.position + 1)), 0)::float8
FROM log.checkpoints c JOIN log.heads h USING (tenant_id)
WHERE c.tenant_id = %(tenant)s ORDER BY c.follower
"""
PARKED = """
SELECT p.follower, p.position, e.type, e.stream_id, p.attempts, p.error, p.parked_at, p.outcome
FROM log.parked p
LEFT JOIN log.events e ON e.tenant_id = p.tenant_id AND e.position = p.position
WHERE p.tenant_id = %(tenant)s AND p.outcome IS NULL ORDER BY p.follower, p.position
"""
# One failure is remembered, so that the next try goes fact by fact and the good ones stand.
RELEASE = """
WITH released AS (
    UPDATE log.checkpoints
    SET stopped = NULL, error = NULL, attempts = %(attempts)s, retry_at = '-infinity',
        skip_to = greatest(skip_to, %(skip_to)s), updated_at = clock_timestamp()
    WHERE follower = %(follower)s AND tenant_id = %(tenant)s
)
UPDATE log.parked SET outcome = %(outcome)s
WHERE follower = %(follower)s AND tenant_id = %(tenant)s AND outcome IS NULL
"""


class PostgresOperations:
    """The port `Operations` on the tables of schema `log`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def followers(self, tenant_id: str | None = None) -> list[FollowerStanding]:
        return [
            FollowerStanding(
                follower=follower,
                tenant_id=tenant,
                position=position,
                head=head,
                lag_events=max(head - position, 0),
                lag_s=max(lag_s, 0.0),
                state=state_of(stopped, attempts),
                attempts=attempts,
                error=error,
                updated_at=updated_at,
            )
            for tenant in self._tenants(tenant_id)
            for (follower, position, head, stopped, attempts, error, updated_at, lag_s) in (
                self._database.fetch(tenant, STANDINGS, {"tenant": tenant})
            )
        ]

    def parked(self, tenant_id: str | None = None) -> list[ParkedEvent]:
        return [
            ParkedEvent(
                follower=follower,
                tenant_id=tenant,
                position=position,
                type=type_,
                stream_id=stream_id,
                attempts=attempts,
                error=error,
                parked_at=parked_at,
                outcome=outcome,
            )
            for tenant in self._tenants(tenant_id)
            for (follower, position, type_, stream_id, attempts, error, parked_at, outcome) in (
                self._database.fetch(tenant, PARKED, {"tenant": tenant})
            )
        ]

    def retry(self, tenant_id: str, follower: str, cause: Cause) -> int:
        with self._database.unit_of_work(tenant_id) as connection:
            position, _ = stopped_at(connection, tenant_id, follower)
            command = RetryEvent(follower=follower, at_position=position + 1)
            reached = state(connection, tenant_id, follower, command, cause)
            release(connection, tenant_id, follower, outcome="retried", attempts=1, skip_to=0)
        return reached

    def skip(self, tenant_id: str, follower: str, reason: str, cause: Cause) -> int:
        with self._database.unit_of_work(tenant_id) as connection:
            position, stopped = stopped_at(connection, tenant_id, follower)
            if stopped is FollowerState.FORKED:
                raise ForkCannotBeSkipped(
                    f"{follower} stopped because the log is not the one that it read before; "
                    "restore the right log, or rebuild."
                )
            command = SkipEvent(follower=follower, at_position=position + 1, reason=reason)
            reached = state(connection, tenant_id, follower, command, cause)
            release(
                connection, tenant_id, follower, outcome="skipped", attempts=0, skip_to=position + 1
            )
        return reached

    def _tenants(self, tenant_id: str | None) -> list[str]:
        if tenant_id is not None:
            return [tenant_id]
        with self._database.connection(wait_s=PROBE_WAIT_S) as connection:
            return [name for (name,) in connection.execute("SELECT log.tenants()")]


def state_of(stopped: str | None, attempts: int) -> FollowerState:
    """Return what a checkpoint's columns mean."""
    if stopped is not None:
        return FollowerState(stopped)
    return FollowerState.RETRYING if attempts else FollowerState.FOLLOWING


def stopped_at(connection: Connection, tenant_id: str, follower: str) -> tuple[int, FollowerState]:
    """Take a stopped follower's checkpoint row and return where it stopped and why.

    The row is taken before the log's head, as every follower does, so that nobody waits in a ring.

    Raises:
        UnknownFollower: it has no checkpoint.
        NothingParked: it is not stopped.
    """
    row = connection.execute(
        "SELECT position, stopped FROM log.checkpoints WHERE follower = %s AND tenant_id = %s"
        " FOR UPDATE",
        [follower, tenant_id],
    ).fetchone()
    if row is None:
        raise UnknownFollower(f"No follower {follower!r} works for {tenant_id}.")
    position, stopped = row
    if stopped is None:
        raise NothingParked(
            f"{follower} is not stopped at {tenant_id}; there is nothing to decide."
        )
    return position, FollowerState(stopped)


def state(
    connection: Connection, tenant_id: str, follower: str, command: FollowerCommand, cause: Cause
) -> int:
    """Record a person's decision about a follower in the same transaction and return its position."""
    stream_id = follower_stream(follower)
    history: list[Any] = [fact.event for fact in read_stream(connection, tenant_id, stream_id)]
    events = FOLLOWER.decide(FOLLOWER.replay(history), command)
    assert events, "A stopped follower stands before a fact that was not passed over."
    append = Append.of(stream_id, len(history), events, cause)
    (outcome,) = append_each(connection, tenant_id, [append])
    if not isinstance(outcome, Appended):
        raise outcome
    return outcome.last


def release(
    connection: Connection,
    tenant_id: str,
    follower: str,
    *,
    outcome: str,
    attempts: int,
    skip_to: int,
) -> None:
    """Let a stopped follower go on."""
    connection.execute(
        RELEASE,
        {
            "tenant": tenant_id,
            "follower": follower,
            "outcome": outcome,
            "attempts": attempts,
            "skip_to": skip_to,
        },
    )
