"""Static thresholds: the plain control room to compare with. Fixed limits, alerts grouped by site.

It is told the same signals at the same time and the same plan as Vedette, and has nothing else: one
limit for each metric, the same for everybody at every hour; an alert where a limit is first crossed
(and again only after it was kept); and one ticket for all alerts of a site in five minutes. How
strict the limits are is one number, so that it can be chosen until it finds as much as Vedette.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from interfaces.simulator import Delivery, World
from interfaces.simulator.duties import Walks, task_of, tours
from interfaces.simulator.geography import distance_m
from interfaces.simulator.shifts import Shift, shifts
from tests.evaluate.judged import Call, Judgement

GROUP_S = 300.0
HOUR_S = 3_600.0
HALF_HOUR_S = 1_800.0


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What is still all right."""

    strictness: float  # 0 to 1
    interactions: float  # of a phone in an hour, at least
    outside_m: float  # beyond the geofence, at most
    accuracy_m: float  # of a position at a check-in, at most
    quality: float  # of a biometric reading, at least
    silent_s: float  # without a signal of a guard on duty, at most
    check_in_s: float  # after the shift's start, at most
    late_scan_s: float  # after a checkpoint is due, at most
    late_task_s: float
    speed_km_h: float  # between two positions, at most


def limits(strictness: float) -> Limits:
    """Between what hardly ever calls anybody (0) and what calls for every trifle (1)."""

    def between(lenient: float, strict: float) -> float:
        return float(lenient * (strict / lenient) ** strictness)

    return Limits(
        strictness=strictness,
        interactions=between(0.1, 12.0),
        outside_m=between(20_000.0, 30.0),
        accuracy_m=between(1_000.0, 15.0),
        quality=between(0.05, 0.8),
        silent_s=between(8 * HOUR_S, 900.0),
        check_in_s=between(7 * HOUR_S, 300.0),
        late_scan_s=between(5 * HOUR_S, 120.0),
        late_task_s=between(20 * HOUR_S, 300.0),
        speed_km_h=between(20_000.0, 60.0),
    )


class Guarded(msgspec.Struct):
    """What is remembered of one guard."""

    site_id: str
    heard_at: float = 0.0
    on_duty_since: float | None = None
    uses: deque[tuple[float, int]] = msgspec.field(default_factory=deque)
    place: tuple[float, float, float] | None = None  # when, latitude, longitude


class Awaited(msgspec.Struct, frozen=True, order=True):
    """Something that the plan asks for, and until when it is waited for."""

    until: float
    key: str
    rule: str
    site_id: str
    person_id: str | None
    due: float


class StaticThresholds:
    """One such control room, with one strictness."""

    def __init__(self, drawn: World, start: datetime, end: datetime, strictness: float) -> None:
        self.limits = limits(strictness)
        self.alerts: list[Judgement] = []
        self._sites = {site.site_id: site for site in drawn.sites}
        self._guards = {guard.person_id: Guarded(guard.site.site_id) for guard in drawn.guards}
        self._awaited = list(self._plan(drawn, start.timestamp(), end.timestamp()))
        heapq.heapify(self._awaited)
        self._rounds: dict[str, list[Awaited]] = {}
        for awaited in self._awaited:
            if awaited.rule == "scan":
                self._rounds.setdefault(awaited.key.partition("@")[0], []).append(awaited)
        self._done: dict[str, float] = {}  # what was asked for -> when it was first done
        self._crossed: set[tuple[str, str]] = set()

    def take(self, deliveries: Sequence[Delivery], until: datetime) -> None:
        """Look at what was delivered up to a moment, and then at what is missing."""
        for each in deliveries:
            self._look(each.signal, each.deliver_at)
        self._look_for_missing(until.timestamp())

    def calls(self) -> list[Call]:
        """One ticket for all alerts of a site within five minutes from the first."""
        found: list[Call] = []
        open_: dict[str | None, list[Judgement]] = {}
        for alert in sorted(self.alerts, key=lambda each: each.at):
            group = open_.get(alert.site_id)
            if group and (alert.at - group[0].at).total_seconds() < GROUP_S:
                group.append(alert)
                continue
            if group:
                found.append(called(group))
            open_[alert.site_id] = [alert]
        return found + [called(group) for group in open_.values()]

    def _plan(self, drawn: World, start: float, end: float) -> Iterator[Awaited]:
        walks = Walks(drawn)
        chosen = self.limits
        points = {tour.tour_id: tour.checkpoints for tour in tours(drawn)}
        for guard in drawn.guards:
            for shift in shifts(drawn, guard, start, end):
                if not start <= shift.starts_at < end:
                    continue
                yield self._of(
                    shift, "check_in", shift.shift_id, shift.starts_at, chosen.check_in_s
                )
                task = task_of(drawn, shift)
                if task is not None:
                    yield self._of(shift, "task", task.task_id, task.due_at, chosen.late_task_s)
                for walk in walks.of(shift):
                    for point in points[walk.tour.tour_id]:
                        due = walk.starts_at + point.due_minutes * 60
                        key = f"{point.checkpoint_id}@{walk.starts_at:.0f}"
                        yield self._of(shift, "scan", key, due, chosen.late_scan_s)

    def _of(self, shift: Shift, rule: str, key: str, due: float, patience_s: float) -> Awaited:
        guard = shift.guard
        person_id = None if rule == "scan" else guard.person_id
        return Awaited(due + patience_s, key, rule, guard.site.site_id, person_id, due)

    def _look(self, signal: dict[str, Any], at: float) -> None:
        occurred = datetime.fromisoformat(signal["occurred_at"]).timestamp()
        kind, person_id = signal["kind"], signal.get("person_id")
        guarded = self._guards.get(person_id or "")
        site_id = signal.get("site_id") or (guarded.site_id if guarded else None)
        if kind == "panic" or signal.get("status") in {"tamper", "offline"}:
            self._alert(kind, site_id, person_id, occurred, at)
        if guarded is None or person_id is None:
            return
        guarded.heard_at = max(guarded.heard_at, occurred)
        match kind:
            case "attendance":
                self._attendance(signal, guarded, person_id, occurred, at)
            case "location":
                self._place(signal, guarded, person_id, occurred, at)
            case "phone_activity":
                self._use(signal, guarded, person_id, occurred, at)
            case "checkpoint_scan":
                self._scanned(signal["checkpoint_id"], occurred)
            case "task_completion":
                self._done.setdefault(signal["task_id"], occurred)

    def _attendance(
        self, signal: dict[str, Any], guarded: Guarded, person_id: str, occurred: float, at: float
    ) -> None:
        chosen = self.limits
        site_id = signal["site_id"]
        if signal["direction"] == "check_in":
            guarded.on_duty_since = occurred
            guarded.uses.clear()
            self._done[f"in {person_id}"] = occurred
        else:
            guarded.on_duty_since = None
        bad = signal["biometric_quality"] < chosen.quality or (
            chosen.strictness >= 0.5 and not signal["biometric_matched"]
        )
        if bad or signal["gps_accuracy_m"] > chosen.accuracy_m:
            self._alert("attendance", site_id, person_id, occurred, at)
        self._place(signal, guarded, person_id, occurred, at)

    def _place(
        self, signal: dict[str, Any], guarded: Guarded, person_id: str, occurred: float, at: float
    ) -> None:
        chosen = self.limits
        site = self._sites[signal.get("site_id") or guarded.site_id]
        here = (signal["latitude"], signal["longitude"])
        away_m = distance_m(*here, site.latitude, site.longitude) - site.geofence_radius_m
        on_duty = guarded.on_duty_since is not None
        self._judge(
            on_duty and away_m > chosen.outside_m, "place", guarded.site_id, person_id, occurred, at
        )
        if guarded.place is not None and occurred > guarded.place[0]:
            km = distance_m(*here, *guarded.place[1:]) / 1_000
            hours = max(occurred - guarded.place[0], 1.0) / HOUR_S
            fast = km > 1 and km / hours > chosen.speed_km_h
            self._judge(fast, "speed", guarded.site_id, person_id, occurred, at)
        if guarded.place is None or occurred > guarded.place[0]:
            guarded.place = (occurred, *here)

    def _use(
        self, signal: dict[str, Any], guarded: Guarded, person_id: str, occurred: float, at: float
    ) -> None:
        guarded.uses.append((occurred, signal["interactions"]))
        while guarded.uses and guarded.uses[0][0] <= occurred - HOUR_S:
            guarded.uses.popleft()
        since = guarded.on_duty_since
        if since is None or occurred - since < HOUR_S:
            return
        few = sum(uses for _, uses in guarded.uses) < self.limits.interactions
        self._judge(few, "use", guarded.site_id, person_id, occurred, at)

    def _scanned(self, checkpoint_id: str, occurred: float) -> None:
        """Let a scan count for the round whose due time is nearest to it."""
        near = [
            awaited
            for awaited in self._rounds.get(checkpoint_id, ())
            if awaited.due - HALF_HOUR_S <= occurred <= awaited.until
        ]
        if near:
            best = min(near, key=lambda each: abs(each.due - occurred))
            self._done.setdefault(best.key, occurred)

    def _look_for_missing(self, now: float) -> None:
        while self._awaited and self._awaited[0].until <= now:
            awaited = heapq.heappop(self._awaited)
            if awaited.rule == "check_in":
                came_at = self._done.get(f"in {awaited.person_id}", 0.0)
                is_done = came_at >= awaited.due - HOUR_S
            else:
                is_done = self._done.pop(awaited.key, None) is not None
            if not is_done:
                self._alert(
                    awaited.rule, awaited.site_id, awaited.person_id, awaited.due, awaited.until
                )
        for person_id, guarded in self._guards.items():
            since = guarded.on_duty_since
            heard_at = guarded.heard_at
            silent = since is not None and now - max(heard_at, since) > self.limits.silent_s
            self._judge(silent, "silence", guarded.site_id, person_id, heard_at, now)

    def _judge(  # noqa: PLR0917 - what is judged, of whom, and when
        self, crossed: bool, rule: str, site_id: str, person_id: str, since: float, at: float
    ) -> None:
        """Raise an alert where a limit is crossed that was kept before."""
        key = (rule, person_id)
        if not crossed:
            self._crossed.discard(key)
        elif key not in self._crossed:
            self._crossed.add(key)
            self._alert(rule, site_id, person_id, since, at)

    def _alert(
        self, rule: str, site_id: str | None, person_id: str | None, since: float, at: float
    ) -> None:
        delivered = datetime.fromtimestamp(at, UTC)
        self.alerts.append(
            Judgement(
                source="baseline",
                label=rule,
                site_id=site_id,
                person_id=person_id,
                since=min(datetime.fromtimestamp(since, UTC), delivered),
                until=delivered if rule == "silence" else datetime.fromtimestamp(since, UTC),
                at=delivered,
            )
        )


def called(group: list[Judgement]) -> Call:
    return Call(site_id=group[0].site_id, at=group[0].at, about=tuple(group))
