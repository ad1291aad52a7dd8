"""Summary: what a run sent, what became of it, and how fast; small enough to keep for a run without end."""

from __future__ import annotations

from collections import Counter
from math import exp, floor, log

import msgspec

_WIDTH = log(1.02)  # latencies are counted in classes two per cent wide


class Latencies:
    """Counts of latencies by class: percentiles to two per cent, in constant memory."""

    def __init__(self) -> None:
        self._classes: Counter[int] = Counter()

    def add(self, seconds: float) -> None:
        self._classes[floor(log(max(seconds, 1e-6)) / _WIDTH)] += 1

    def percentile_ms(self, share: float) -> float | None:
        """The latency that `share` (0 to 1) of the requests stayed within; None before the first."""
        wanted, seen = share * self._classes.total(), 0
        for number in sorted(self._classes):
            seen += self._classes[number]
            if seen >= wanted:
                return round(exp((number + 0.5) * _WIDTH) * 1_000, 3)
        return None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of items unless they say otherwise. sent = accepted + duplicates + refused + unacknowledged."""

    sent: int
    accepted: int
    duplicates: int
    refused: int
    unacknowledged: int  # handed over, but never answered: cut off, or given up after the retries
    refused_by_code: dict[str, int]
    frauds: int  # fraudulent signals among those sent
    mishaps: int  # things that went wrong besides fraud
    enrolled: int  # entries of the directory
    requests: int
    retries: int
    seconds: float
    signals_per_second: float
    latency_p50_ms: float | None  # of requests that were answered
    latency_p99_ms: float | None
    behind_max_s: float  # how late the driver itself was, of a paced run
    last_position: int | None  # highest position in the log that an answer named
    stopped: bool  # ended by its caller before the span did


class Tally:
    """The counts of a run while it goes on."""

    def __init__(self) -> None:
        self.sent = self.frauds = self.mishaps = self.enrolled = self.requests = self.retries = 0
        self.statuses: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.latencies = Latencies()
        self.behind_max_s = 0.0
        self.last_position: int | None = None
        self.stopped = False

    def reached(self, position: int | None) -> None:
        if position is not None:
            self.last_position = max(position, self.last_position or 0)

    def summary(self, seconds: float) -> Summary:
        answered = self.statuses.total()
        return Summary(
            sent=self.sent,
            accepted=self.statuses["accepted"],
            duplicates=self.statuses["duplicate"],
            refused=self.statuses["refused"],
            unacknowledged=self.sent - answered,
            refused_by_code=dict(sorted(self.refusals.items())),
            frauds=self.frauds,
            mishaps=self.mishaps,
            enrolled=self.enrolled,
            requests=self.requests,
            retries=self.retries,
            seconds=round(seconds, 3),
            signals_per_second=round(answered / seconds, 1) if seconds > 0 else 0.0,
            latency_p50_ms=self.latencies.percentile_ms(0.50),
            latency_p99_ms=self.latencies.percentile_ms(0.99),
            behind_max_s=round(self.behind_max_s, 3),
            last_position=self.last_position,
            stopped=self.stopped,
        )
