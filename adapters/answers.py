"""The port `Answers` on Redis. Without Redis nothing is kept, and nobody waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

# An answer is worth less than the wait for it: PostgreSQL can tell the same in a few milliseconds.
TIMEOUT_S = 0.1
REST_S = 5.0  # after a failure, before Redis is asked again
CONNECTIONS_MAX = 50

_journal = structlog.get_logger(__name__)


class RedisAnswers:
    """Answers in Redis, each under its own expiry."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asks_again_at = 0.0
        self._redis: redis.Redis = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
            max_connections=CONNECTIONS_MAX,
        )

    def get(self, key: str) -> bytes | None:
        if self._clock() < self._asks_again_at:
            return None
        try:
            found = self._redis.get(key)
        except redis.RedisError as error:
            self._rest(error)
            return None
        return found if isinstance(found, bytes) else None

    def keep(self, key: str, answer: bytes, seconds: int) -> None:
        if self._clock() < self._asks_again_at:
            return
        try:
            self._redis.set(key, answer, ex=seconds)
        except redis.RedisError as error:
            self._rest(error)

    def close(self) -> None:
        """Let every connection go."""
        self._redis.close()

    def _rest(self, error: redis.RedisError) -> None:
        """Leave Redis alone for a while: each question to one that is away costs its timeout."""
        self._asks_again_at = self._clock() + REST_S
        _journal.warning("answers.not_kept", error=str(error), rest_s=REST_S)


class NoAnswers:
    """The port where there is no Redis at all."""

    def get(self, key: str) -> bytes | None:
        """Nothing was kept."""
        del key
        return None

    def keep(self, key: str, answer: bytes, seconds: int) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is held."""
