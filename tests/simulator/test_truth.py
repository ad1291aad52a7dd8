"""The truth: every fraud is told once, matches its signal, and looks like the tactic it names."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

import pytest

from interfaces.simulator import Delivery, Truth, WorldParameters, play, world
from interfaces.simulator.geography import displaced, distance_m
from interfaces.simulator.parameters import (
    BUDDY_PUNCHING,
    DEVICE_SHARING,
    GHOST_SHIFT,
    GPS_SPOOFING,
    IMPOSSIBLE_TRAVEL,
    TACTICS,
    TAGS_IN_ONE_PLACE,
)
from interfaces.simulator.shifts import plan, shifts
from interfaces.simulator.world import World

DAY_S = 86_400.0
START = datetime.fromisoformat("2026-06-01T00:00:00+00:00").timestamp()


def played(**changes: Any) -> tuple[World, list[Delivery]]:
    calm = {
        "sites": 3,
        "guards": 90,
        "fraud_rate": 0.2,
        "late_rate": 0,
        "duplicate_rate": 0.02,
        "duties": False,
        "storm_rate": 0,
        "backlog_rate": 0,
    }
    drawn = world(4, WorldParameters(**{**calm, **changes}))
    return drawn, list(play(drawn, START, START + 4 * DAY_S))


def only(
    tactic: str, **changes: Any
) -> tuple[World, list[Delivery], list[tuple[Truth, dict[str, Any]]]]:
    drawn, deliveries = played(tactics=(tactic,), **changes)
    frauds = [(d.truth, d.signal) for d in deliveries if d.truth and d.truth.tactic == tactic]
    assert len(frauds) > 20
    return drawn, deliveries, frauds


def test_the_truth_matches_the_signals() -> None:
    drawn, deliveries = played()
    told = [d for d in deliveries if d.truth]
    assert {d.truth.tactic for d in told if d.truth} == set(TACTICS)
    assert len({d.signal["signal_id"] for d in told}) == len(told)
    for d in told:
        assert d.truth is not None
        for name in ("signal_id", "source", "kind", "person_id", "device_id"):
            assert getattr(d.truth, name) == d.signal[name]
        assert d.truth.site_id == d.signal.get("site_id", d.truth.site_id)
        when = datetime.fromisoformat(d.truth.occurred_at).timestamp()
        assert when == pytest.approx(d.occurred_at, abs=0.001)
    persons = {guard.person_id for guard in drawn.guards}
    assert all(d.truth.person_id in persons for d in told if d.truth)


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.5])
def test_the_stated_share_of_shifts_is_fraudulent(rate: float) -> None:
    drawn = world(4, WorldParameters(sites=3, guards=120, fraud_rate=rate))
    plans = [
        plan(drawn, shift)
        for guard in drawn.guards
        for shift in shifts(drawn, guard, START, START + 30 * DAY_S)
    ]
    share = sum(found.tactic is not None for found in plans) / len(plans)
    assert share == pytest.approx(rate, rel=0.25)


def test_a_buddys_punch_comes_from_a_colleagues_phone_and_reads_badly() -> None:
    drawn, _, frauds = only(BUDDY_PUNCHING)
    owner = {guard.phone.device_id: guard.person_id for guard in drawn.guards}
    for truth, signal in frauds:
        assert owner[str(signal["device_id"])] == truth.accomplice_id != signal["person_id"]
    qualities = [signal["biometric_quality"] for _, signal in frauds]
    assert sum(qualities) / len(qualities) < 0.45
    unmatched = sum(not signal["biometric_matched"] for _, signal in frauds)
    assert unmatched / len(frauds) > 0.5


def test_a_shared_phone_checks_in_two_guards_within_minutes() -> None:
    _, deliveries, frauds = only(DEVICE_SHARING)
    check_ins: dict[object, list[tuple[float, object]]] = defaultdict(list)
    for d in deliveries:
        if d.signal.get("direction") == "check_in":
            check_ins[d.signal["device_id"]].append((d.occurred_at, d.signal["person_id"]))
    for truth, signal in frauds:
        if signal["direction"] != "check_in":
            continue
        when = datetime.fromisoformat(truth.occurred_at).timestamp()
        assert any(
            person == truth.accomplice_id and 0 < when - at <= 300
            for at, person in check_ins[signal["device_id"]]
        )


def test_a_spoofed_place_is_too_perfect() -> None:
    drawn, deliveries, frauds = only(GPS_SPOOFING)
    sites = {guard.person_id: guard.site for guard in drawn.guards}
    points = defaultdict(set)
    for truth, signal in frauds:
        assert signal["gps_accuracy_m"] <= 3
        points[truth.shift_id].add((signal["latitude"], signal["longitude"]))
        site = sites[truth.person_id]
        off_m = distance_m(site.latitude, site.longitude, signal["latitude"], signal["longitude"])
        assert off_m < 50
    assert all(len(places) == 1 for places in points.values())
    betrayed = set()
    for d in deliveries:
        shift_id = str(d.signal["signal_id"]).rpartition(".")[0]
        if d.duplicate or d.truth or d.signal["kind"] != "location":
            continue
        if shift_id in points:
            site = sites[str(d.signal["person_id"])]
            place = float(str(d.signal["latitude"])), float(str(d.signal["longitude"]))
            assert distance_m(site.latitude, site.longitude, *place) > 1_000
            betrayed.add(shift_id)
    assert 0.2 < len(betrayed) / len(points) < 0.8


def test_a_ghost_is_hardly_heard_of_between_check_in_and_check_out() -> None:
    drawn, deliveries, frauds = only(GHOST_SHIFT)
    ghosts = {truth.shift_id for truth, _ in frauds}
    sites = {guard.person_id: guard.site for guard in drawn.guards}
    pings: dict[str, int] = defaultdict(int)
    for d in deliveries:
        shift_id = str(d.signal["signal_id"]).rpartition(".")[0]
        if d.signal["kind"] == "location" and not d.duplicate:
            pings[shift_id] += 1
            if shift_id in ghosts:
                site = sites[str(d.signal["person_id"])]
                place = float(str(d.signal["latitude"])), float(str(d.signal["longitude"]))
                # A rare outlier may bring the phone nearer than its owner's home is.
                assert distance_m(site.latitude, site.longitude, *place) > 500
    assert max(pings[shift_id] for shift_id in ghosts) < 10
    assert max(pings.values()) > 80


def test_no_journey_is_as_fast_as_an_impossible_one() -> None:
    _, deliveries, frauds = only(IMPOSSIBLE_TRAVEL)
    honest = {
        str(d.signal["signal_id"]): d
        for d in deliveries
        if d.signal.get("direction") == "check_in" and d.truth is None and not d.duplicate
    }
    for truth, signal in frauds:
        first = honest.get(f"{truth.shift_id}.in")
        if first is None:  # it was checked in before the span
            continue
        hours = (datetime.fromisoformat(truth.occurred_at).timestamp() - first.occurred_at) / 3_600
        assert 0 < hours < 1
        place = float(str(first.signal["latitude"])), float(str(first.signal["longitude"]))
        km = distance_m(*place, signal["latitude"], signal["longitude"]) / 1_000
        assert km / hours > 1_000
        assert signal["site_id"] != first.signal["site_id"]


def test_tags_that_were_taken_off_are_scanned_in_time_and_in_one_place() -> None:
    drawn, deliveries, frauds = only(TAGS_IN_ONE_PLACE, duties=True, location_interval_s=3_600)
    posts = {guard.person_id: guard for guard in drawn.guards}
    tags = defaultdict(set)
    distances_m = []
    for truth, signal in frauds:
        assert signal["kind"] == "checkpoint_scan"
        guard = posts[truth.person_id]
        post = displaced(
            guard.site.latitude, guard.site.longitude, guard.post_east_m, guard.post_north_m
        )
        distances_m.append(distance_m(*post, signal["latitude"], signal["longitude"]))
        tags[truth.shift_id].add(signal["checkpoint_id"])
    assert sorted(distances_m)[len(distances_m) // 2] < 25
    assert max(len(each) for each in tags.values()) >= 4
    scans = [d for d in deliveries if d.signal["kind"] == "checkpoint_scan" and not d.truth]
    assert scans, "The others walk their rounds."
    assert all(d.truth is None for d in deliveries if d.signal["kind"] == "attendance")


def test_who_lacks_colleagues_and_other_sites_spoofs_instead() -> None:
    drawn = world(4, WorldParameters(sites=1, guards=1, fraud_rate=1.0))
    told = {d.truth.tactic for d in play(drawn, START, START + 20 * DAY_S) if d.truth}
    assert told == {GPS_SPOOFING, GHOST_SHIFT}


def test_honest_guards_are_mostly_where_they_say() -> None:
    drawn, deliveries = played(fraud_rate=0)
    sites = {guard.person_id: guard.site for guard in drawn.guards}
    outside = 0
    for d in deliveries:
        site = sites[str(d.signal["person_id"])]
        place = float(str(d.signal["latitude"])), float(str(d.signal["longitude"]))
        outside += distance_m(site.latitude, site.longitude, *place) > site.geofence_radius_m
    assert 0 < outside / len(deliveries) < 0.01
