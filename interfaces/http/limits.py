"""Limits: how much one client may ask of the doors. Every number a client can meet stands here.

Each credential has a bucket of its own for each kind of use, so that a feeder of signals cannot
starve the person who works on tickets with another credential. The buckets are those of one
process: with several web processes a client may reach as many times the rate.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec

BODY_BYTES_MAX = 2 * 1024 * 1024
WAIT_FOR_STEP_FIRST_S = 0.005  # grows while a reader waits for the read model
WAIT_FOR_STEP_LONGEST_S = 0.05
BUCKETS_MAX = 50_000  # clients that are remembered at once
THREADS_MAX = 24  # requests of one process that are being worked on at once
PASSWORD_CHECKS_MAX = 2  # at once; each takes some 64 MiB for a moment


class Limit(msgspec.Struct, frozen=True):
    """A bucket of `burst` requests that fills again with `per_s` requests a second."""

    name: str
    per_s: float
    burst: int


SIGNALS = Limit("signals", per_s=600, burst=1_200)
COMMANDS = Limit("commands", per_s=300, burst=600)
READINGS = Limit("readings", per_s=300, burst=600)
LOGINS = Limit("logins", per_s=5, burst=100)  # of one client address
FAILED_LOGINS = Limit("failed-logins", per_s=1 / 30, burst=10)  # of one username
FAILED_KEYS = Limit("failed-credentials", per_s=5, burst=200)  # of one client address


class TooManyRequests(Exception):
    """A client used up what it may ask for."""

    def __init__(self, limit: Limit, retry_after_s: int) -> None:
        super().__init__(f"Too many {limit.name}; try again in {retry_after_s} s.")
        self.limit = limit
        self.retry_after_s = retry_after_s


class Bucket:
    __slots__ = ("at", "level")

    def __init__(self, level: float, at: float) -> None:
        self.level = level
        self.at = at


class Buckets:
    """The token buckets of one process. Only the event loop's thread touches them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], Bucket] = OrderedDict()

    def take(self, limit: Limit, client: str) -> None:
        """Take one request out of the client's bucket.

        Raises:
            TooManyRequests: the bucket is empty.
        """
        self.require_room(limit, client)
        self._bucket(limit, client).level -= 1

    def give_back(self, limit: Limit, client: str) -> None:
        """Put one request back that turned out not to count."""
        bucket = self._bucket(limit, client)
        bucket.level = min(limit.burst, bucket.level + 1)

    def require_room(self, limit: Limit, client: str) -> None:
        """Look into the bucket without taking anything.

        Raises:
            TooManyRequests: the bucket is empty.
        """
        bucket = self._bucket(limit, client)
        if bucket.level < 1:
            raise TooManyRequests(limit, max(1, math.ceil((1 - bucket.level) / limit.per_s)))

    def _bucket(self, limit: Limit, client: str) -> Bucket:
        now = self._clock()
        key = (limit.name, client)
        bucket = self._buckets.get(key)
        if bucket is None:
            # Who was not seen for the longest time has a full bucket again, or nearly so.
            while len(self._buckets) >= BUCKETS_MAX:
                self._buckets.popitem(last=False)
            bucket = self._buckets[key] = Bucket(float(limit.burst), now)
        else:
            self._buckets.move_to_end(key)
            bucket.level = min(limit.burst, bucket.level + (now - bucket.at) * limit.per_s)
            bucket.at = now
        return bucket
