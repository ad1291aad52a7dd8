"""Parameters of a simulation: what is drawn, which span is played, and how it is sent.

Each field is checked when the Struct is made. A wrong one is refused by its name, which the command line shows as
the option of the same name.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from math import isfinite
from pathlib import Path

import msgspec

BUDDY_PUNCHING = "buddy_punching"
GPS_SPOOFING = "gps_spoofing"
GHOST_SHIFT = "ghost_shift"
DEVICE_SHARING = "device_sharing"
IMPOSSIBLE_TRAVEL = "impossible_travel"
TAGS_IN_ONE_PLACE = "tags_in_one_place"
TACTICS = (BUDDY_PUNCHING, GPS_SPOOFING, GHOST_SHIFT, DEVICE_SHARING, IMPOSSIBLE_TRAVEL)
# Played where it is asked for, so that a world that asks for nothing stays the one that it was.
ALL_TACTICS = (*TACTICS, TAGS_IN_ONE_PLACE)

NO_SHOW = "no_show"
ASLEEP = "asleep"
SKIPPED_TOUR = "skipped_tour"
LATE_TOUR = "late_tour"
LEFT_POST = "left_post"
GPS_OFF = "gps_off"
PHONE_DEAD = "phone_dead"
FORGOTTEN_TASK = "forgotten_task"
PANIC = "panic"
TAMPER = "tamper"
NEGLECTS = (
    NO_SHOW,
    ASLEEP,
    SKIPPED_TOUR,
    LATE_TOUR,
    LEFT_POST,
    GPS_OFF,
    PHONE_DEAD,
    FORGOTTEN_TASK,
    PANIC,
    TAMPER,
)
STORM = "storm"  # nobody's fault: a site without a connection, and its backlog afterwards

MOST_SITES = 10_000
MOST_GUARDS = 100_000
MOST_BATCH_ITEMS = 1_000  # what the public interface takes in one request
MOST_CONCURRENCY = 256
MOST_LATE_RATE = 0.9  # a fleet that is offline more often than that sends hardly anything
LONGEST_SPAN_DAYS = 3_660
SHORTEST_RELAY_MINUTES = 2.0
LONGEST_RELAY_MINUTES = 720.0
_PREFIX = re.compile(r"[A-Za-z0-9._:-]{1,16}")
_PACE = re.compile(r"x(\d+(?:\.\d+)?)")


class InvalidParameter(ValueError):
    """A parameter broke a rule; `name` is the field, `rule` says what it must be."""

    def __init__(self, name: str, rule: str) -> None:
        super().__init__(f"{name} {rule}")
        self.name = name
        self.rule = rule


class WorldParameters(msgspec.Struct, frozen=True, kw_only=True):
    """What is drawn. Equal parameters and an equal seed give the same world, signal by signal."""

    sites: int = 2
    guards: int = 40
    fraud_rate: float = 0.03  # share of shifts with a fraud tactic, 0 to 1
    late_rate: float = 0.05  # share of signals that wait for an outage to end, 0 to 0.9
    duplicate_rate: float = 0.02  # share of signals that are delivered a second time, 0 to 1
    location_interval_s: float = 300.0
    tactics: tuple[str, ...] = TACTICS
    duties: bool = (
        True  # tours, phone habits, tasks, device status; without: attendance and location
    )
    neglect_rate: float = 0.03  # share of shifts in which something goes wrong, 0 to 1
    storm_rate: float = 0.01  # share of site-days on which a site loses its connection, 0 to 1
    backlog_rate: float = 0.01  # share of phone-weeks with days without a connection, 0 to 1
    relay_minutes: float | None = None  # short shifts around the clock, for a lively demonstration
    site_prefix: str = "S-"
    person_prefix: str = "G-"
    device_prefix: str = "D-"

    def __post_init__(self) -> None:
        _within("sites", self.sites, 1, MOST_SITES)
        _within("guards", self.guards, 1, MOST_GUARDS)
        _within("fraud_rate", self.fraud_rate, 0, 1)
        _within("late_rate", self.late_rate, 0, MOST_LATE_RATE)
        _within("duplicate_rate", self.duplicate_rate, 0, 1)
        _within("neglect_rate", self.neglect_rate, 0, 1)
        _within("storm_rate", self.storm_rate, 0, 1)
        _within("backlog_rate", self.backlog_rate, 0, 1)
        _within("location_interval_s", self.location_interval_s, 1, 86_400)
        if self.relay_minutes is not None:
            _within(
                "relay_minutes", self.relay_minutes, SHORTEST_RELAY_MINUTES, LONGEST_RELAY_MINUTES
            )
        if not self.tactics:
            raise InvalidParameter("tactics", "must name at least one tactic")
        for tactic in self.tactics:
            if tactic not in ALL_TACTICS:
                raise InvalidParameter(
                    "tactics", f"must be some of {', '.join(ALL_TACTICS)}, not {tactic!r}"
                )
        if TAGS_IN_ONE_PLACE in self.tactics and not self.duties:
            raise InvalidParameter(
                "tactics", f"must leave out {TAGS_IN_ONE_PLACE} where no tours are played"
            )
        for name in ("site_prefix", "person_prefix", "device_prefix"):
            if _PREFIX.fullmatch(getattr(self, name)) is None:
                raise InvalidParameter(name, "must be 1 to 16 characters of A-Z a-z 0-9 . _ : -")


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """One run: a past span, or the live present, or both in this order; or a steady rate for a load test."""

    url: str
    token: str
    seed: int = 1
    world: WorldParameters = msgspec.field(default_factory=WorldParameters)

    start: datetime | None = None
    days: float | None = None
    history_days: float | None = None
    live: bool = False
    pace: str = "max"  # of the past span: max, realtime or xN

    rate: float | None = None  # signals per second of a load test
    seconds: float | None = None  # how long the load test lasts
    attendance_share: float = 0.1  # of the load test's signals, 0 to 1

    enrol: bool = True
    security_manager: str | None = None  # username that the sites are enrolled with
    truth: Path | None = None
    ledger: Path | None = None

    batch_items: int = 200
    concurrency: int = 4
    linger_ms: float = 50.0  # how long a paced batch may wait for company
    timeout_s: float = 30.0
    retry_seconds: float | None = 120.0  # None: for ever

    def __post_init__(self) -> None:
        if not re.match(r"https?://[^/\s]+", self.url):
            raise InvalidParameter("url", f"must be an http or https address, not {self.url!r}")
        if not self.token or not self.token.isascii() or not self.token.isprintable():
            raise InvalidParameter("token", "must be a bearer token or API key: printable ASCII")
        _within("batch_items", self.batch_items, 1, MOST_BATCH_ITEMS)
        _within("concurrency", self.concurrency, 1, MOST_CONCURRENCY)
        _within("linger_ms", self.linger_ms, 0, 10_000)
        _within("timeout_s", self.timeout_s, 0.1, 600)
        if self.retry_seconds is not None:
            _within("retry_seconds", self.retry_seconds, 0.1, 86_400)
        speed_of(self.pace)
        self._check_span()
        self._check_rate()

    def _check_span(self) -> None:
        if self.start is not None and self.start.tzinfo is None:
            raise InvalidParameter("start", "must name its time zone, as in 2026-11-01T00:00:00Z")
        if self.history_days is not None and self.start is not None:
            raise InvalidParameter("history_days", "and start exclude each other: name one")
        if self.days is not None and self.start is None:
            raise InvalidParameter("days", "needs start; history_days is the span that ends now")
        if self.start is not None and self.days is None:
            raise InvalidParameter("start", "needs days, the length of the span")
        if self.live and self.start is not None:
            raise InvalidParameter("live", "follows history_days, not start: the gap would be lost")
        for name in ("days", "history_days"):
            value = getattr(self, name)
            if value is not None:
                _within(name, value, 0.0001, LONGEST_SPAN_DAYS)
        if self.start is not None and self.days is not None:
            ends_at = self.start.astimezone(UTC) + timedelta(days=self.days)
            if ends_at > datetime.now(UTC):
                raise InvalidParameter("days", "must end the span in the past: use live for now")

    def _check_rate(self) -> None:
        _within("attendance_share", self.attendance_share, 0, 1)
        if self.rate is None:
            if self.seconds is not None:
                raise InvalidParameter("seconds", "needs rate: it is the load test's length")
            return
        _within("rate", self.rate, 0.01, 1_000_000)
        if self.seconds is None:
            raise InvalidParameter("rate", "needs seconds, the load test's length")
        _within("seconds", self.seconds, 0.1, 86_400)
        if self.live or self.start is not None or self.history_days is not None:
            raise InvalidParameter("rate", "excludes start, history_days and live")


def speed_of(pace: str) -> float | None:
    """How many played seconds pass in one real second; None is as fast as possible."""
    if pace == "max":
        return None
    if pace == "realtime":
        return 1.0
    match = _PACE.fullmatch(pace)
    if match is None or float(match[1]) <= 0:
        raise InvalidParameter("pace", f"must be max, realtime or xN such as x60, not {pace!r}")
    return float(match[1])


def _within(name: str, value: float, lowest: float, highest: float) -> None:
    if not isfinite(value) or not lowest <= value <= highest:
        raise InvalidParameter(name, f"must be from {lowest:g} to {highest:g}, not {value:g}")
