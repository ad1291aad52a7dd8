"""The actor that verifies a tenant's chain, and the broker on which it is declared."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import dramatiq
from dramatiq import Actor, Broker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, Retries, ShutdownNotifications, TimeLimit

from adapters.jobs.dispatching import VERIFY_CHAIN
from application.jobs import VerifyChain

NAMESPACE = "vedette"
QUEUE = "jobs"
HOUR_MS = 60 * 60 * 1_000
MESSAGE_AGE_MAX_MS = 24 * HOUR_MS  # older ones were sent again long ago
HEARTBEAT_TIMEOUT_MS = 30_000  # after it the messages of a killed worker are taken up by another
MAINTENANCE_CHANCE = 10_000  # of 1,000,000 calls of Redis, for a small system


def broker_on(redis_url: str) -> RedisBroker:
    """Return a broker of our own; there is no global one."""
    return RedisBroker(  # type: ignore[no-untyped-call]  # dramatiq leaves it unannotated
        url=redis_url,
        namespace=NAMESPACE,
        middleware=[
            AgeLimit(max_age=MESSAGE_AGE_MAX_MS),
            TimeLimit(),
            ShutdownNotifications(),
            Retries(),
        ],
        heartbeat_timeout=HEARTBEAT_TIMEOUT_MS,
        maintenance_chance=MAINTENANCE_CHANCE,
    )


def declare(broker: Broker, verify: VerifyChain) -> dict[str, Actor[..., Any]]:
    """Declare the actors on a broker and return them by name, for sending."""

    @dramatiq.actor(
        broker=broker,
        actor_name=VERIFY_CHAIN,
        queue_name=QUEUE,
        max_retries=3,
        time_limit=6 * HOUR_MS,
    )
    def verify_chain(tenant_id: str, verification_id: str, position: int) -> None:
        """Verify the chain of a tenant, at least up to the position of the request.

        Run twice, it finds the answer already there.
        """
        verify(tenant_id, UUID(verification_id), position)

    return {VERIFY_CHAIN: verify_chain}
