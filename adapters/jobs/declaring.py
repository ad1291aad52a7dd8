"""Declaring: an actor for each job, on a broker of its own with a queue of its own.

So a long verification takes no thread from an audit, and each job's limits are its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import dramatiq
from dramatiq import Actor
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, Retries, ShutdownNotifications, TimeLimit

from adapters.jobs.attempting import Attempts
from domain.jobs import Job

NAMESPACE = "vedette"
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


class Bench:
    """The actors of a process by the names of their jobs, each with its broker."""

    def __init__(self, redis_url: str, jobs: Iterable[Job], attempts: Attempts) -> None:
        self.brokers: dict[str, RedisBroker] = {}
        self.actors: dict[str, Actor[..., Any]] = {}
        for job in jobs:
            broker = self.brokers[job.name] = broker_on(redis_url)
            self.actors[job.name] = declare(broker, job, attempts)

    def close(self) -> None:
        """Let every connection to Redis go."""
        for broker in self.brokers.values():
            broker.close()
            broker.client.close()


def declare(broker: RedisBroker, job: Job, attempts: Attempts) -> Actor[..., Any]:
    """Declare a job's actor on a broker and return it, for sending.

    Dramatiq itself tries nothing again: the book of open jobs does, and counts.
    """

    @dramatiq.actor(
        broker=broker,
        actor_name=job.name,
        queue_name=job.name,
        max_retries=0,
        time_limit=job.time_limit_s * 1_000,
    )
    def perform(tenant_id: str, job_id: str, position: int) -> None:
        """Try a job; run twice, it finds the answer already there."""
        attempts.attempt(job, tenant_id, UUID(job_id), position)

    return perform
