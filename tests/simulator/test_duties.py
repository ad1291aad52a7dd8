"""Duties and what goes wrong with them: told by the signals, and by the truth file alone."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import islice
from math import inf
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from application.signals import Signal
from interfaces.simulator import (
    Delivery,
    Mishap,
    Parameters,
    WorldParameters,
    mishaps,
    play,
    run,
    world,
)
from interfaces.simulator.duties import Walks, task_of, tours
from interfaces.simulator.far_side import FarSide
from interfaces.simulator.parameters import NEGLECTS, STORM
from interfaces.simulator.roster import Roster
from interfaces.simulator.shifts import plan, shifts
from interfaces.simulator.silences import storm_at
from interfaces.simulator.world import World
from tests.simulator.stand_in import TOKEN, StandIn, standing

DAY_S = 86_400.0
START = datetime.fromisoformat("2026-10-23T00:00:00+00:00").timestamp()  # clocks change on the 25th
CALM = WorldParameters(
    sites=3, guards=60, fraud_rate=0, late_rate=0, duplicate_rate=0, storm_rate=0, backlog_rate=0
)


def drawn_with(**changes: Any) -> World:
    return world(7, msgspec.structs.replace(CALM, **changes))


def when(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def of_kind(deliveries: list[Delivery], kind: str) -> list[Delivery]:
    return [d for d in deliveries if d.signal["kind"] == kind]


@pytest.fixture(scope="module")
def troubled() -> tuple[World, list[Delivery], list[Mishap]]:
    drawn = drawn_with(neglect_rate=0.5)
    deliveries = list(play(drawn, START, START + 6 * DAY_S))
    return drawn, deliveries, [told for _, told in mishaps(drawn, START, START + 5 * DAY_S)]


def during(deliveries: list[Delivery], mishap: Mishap, kind: str) -> list[Delivery]:
    since, until = when(mishap.since), when(mishap.until)
    return [
        d
        for d in of_kind(deliveries, kind)
        if d.signal["device_id"] == mishap.device_id and since <= d.occurred_at < until
    ]


def test_every_kind_of_signal_is_one_that_the_intake_takes(
    troubled: tuple[World, list[Delivery], list[Mishap]],
) -> None:
    _, deliveries, _ = troubled
    kinds = Counter(str(d.signal["kind"]) for d in deliveries)
    assert set(kinds) == {
        "attendance",
        "location",
        "checkpoint_scan",
        "phone_activity",
        "task_completion",
        "device_status",
        "panic",
    }
    for d in deliveries:
        msgspec.json.decode(msgspec.json.encode(d.signal), type=Signal)


def test_all_that_may_go_wrong_goes_wrong_and_is_told_in_order(
    troubled: tuple[World, list[Delivery], list[Mishap]],
) -> None:
    _, _, told = troubled
    assert {mishap.mishap for mishap in told} == set(NEGLECTS)
    begun = [when(mishap.since) for mishap in told]
    assert begun == sorted(begun)
    assert START <= begun[0] <= begun[-1] < START + 5 * DAY_S


def test_what_goes_wrong_shows_in_the_signals(
    troubled: tuple[World, list[Delivery], list[Mishap]],
) -> None:
    _, deliveries, told = troubled
    of_shift = defaultdict(list)
    for d in deliveries:
        of_shift[".".join(str(d.signal["signal_id"]).split(".")[:2])].append(d)
    for mishap in told:
        assert mishap.shift_id is not None
        said = of_shift[mishap.shift_id]
        match mishap.mishap:
            case "no_show":
                assert said == []
            case "asleep":
                used = during(said, mishap, "phone_activity")
                assert len(used) > 3
                assert all(d.signal["interactions"] == 0 for d in used[1:])
            case "gps_off":
                assert during(said, mishap, "location") == []
                assert during(said, mishap, "phone_activity")
            case "left_post":
                assert during(said, mishap, "location")
            case "phone_dead":
                assert during(said, mishap, "location") == []
                assert [d.signal["status"] for d in of_kind(said, "device_status")] == [
                    "offline",
                    "online",
                ]
            case "forgotten_task":
                assert of_kind(said, "task_completion") == []
            case "panic":
                assert len(of_kind(said, "panic")) == 1
            case "tamper":
                (status,) = of_kind(said, "device_status")
                assert status.signal["status"] == "tamper"
            case "skipped_tour":
                assert during(said, mishap, "checkpoint_scan") == []
            case "late_tour":
                first = min(d.occurred_at for d in of_kind(said, "checkpoint_scan"))
                assert first > when(mishap.since) + 20 * 60


def test_each_walk_is_walked_by_one_guard_on_shift() -> None:
    drawn = drawn_with(neglect_rate=0)
    walks = Walks(drawn)
    walked = Counter(
        (walk.tour.tour_id, walk.starts_at)
        for guard in drawn.guards
        for shift in shifts(drawn, guard, START, START + 3 * DAY_S)
        for walk in walks.of(shift)
    )
    assert set(walked.values()) == {1}
    assert len(walked) > 3 * 3 * 6
    scans = of_kind(list(play(drawn, START, START + 3 * DAY_S)), "checkpoint_scan")
    by_tour = {tour.tour_id: tour for tour in tours(drawn)}
    assert {str(d.signal["tour_id"]) for d in scans} == set(by_tour)
    for d in scans:
        tour = by_tour[str(d.signal["tour_id"])]
        assert d.signal["site_id"] == tour.site.site_id
        assert d.signal["checkpoint_id"] in {each.checkpoint_id for each in tour.checkpoints}


def test_duties_leave_attendances_and_pings_as_they_are() -> None:
    plain = list(play(drawn_with(duties=False), START, START + DAY_S))
    full = list(play(drawn_with(neglect_rate=0), START, START + DAY_S))
    kinds = {"attendance", "location"}

    def content(deliveries: list[Delivery]) -> dict[object, tuple[object, ...]]:
        # What is on its way when the span ends may or may not arrive in it.
        return {
            d.signal["signal_id"]: (d.occurred_at, d.signal["person_id"], d.signal["latitude"])
            for d in deliveries
            if d.signal["kind"] in kinds and d.occurred_at < START + DAY_S - 10
        }

    assert content(full) == content(plain)


def test_a_storm_holds_a_site_back_and_is_told() -> None:
    drawn = drawn_with(storm_rate=1.0, neglect_rate=0)
    told = [mishap for _, mishap in mishaps(drawn, START, START + 2 * DAY_S)]
    assert {mishap.mishap for mishap in told} == {STORM}
    assert len(told) == 6
    deliveries = list(play(drawn, START, START + 3 * DAY_S))
    held = 0
    for d in deliveries:
        site_id = str(d.signal.get("site_id") or "")
        if not site_id:
            continue
        begins_at, ends_at = storm_at(drawn.seed, 1.0, site_id, d.occurred_at)
        if begins_at <= d.occurred_at < ends_at:
            held += 1
            assert d.deliver_at > ends_at
    assert held > 50


def test_a_backlog_of_days_is_delivered_in_the_end() -> None:
    drawn = drawn_with(backlog_rate=1.0, neglect_rate=0)
    deliveries = play(drawn, START, START + 14 * DAY_S)
    assert any(each.deliver_at - each.occurred_at > DAY_S for each in deliveries)


def test_nothing_goes_wrong_where_nothing_may() -> None:
    calm = drawn_with(neglect_rate=0)
    assert list(mishaps(calm, START, START + 5 * DAY_S)) == []
    assert list(mishaps(drawn_with(duties=False), START, inf)) == []
    assert len(list(islice(mishaps(drawn_with(neglect_rate=0.5), START, inf), 50))) == 50


def test_shifts_tours_and_tasks_are_stated_before_their_time_and_mishaps_written(
    tmp_path: Path,
) -> None:
    parameters = msgspec.structs.replace(CALM, guards=12, sites=2, neglect_rate=0.5)
    drawn = world(1, parameters)
    truth = tmp_path / "truth.ndjson"
    with standing(StandIn()) as far:
        asked = Parameters(
            url=far.url,
            token=TOKEN,
            world=parameters,
            start=datetime.fromtimestamp(START, UTC),
            days=2.0,
            truth=truth,
        )
        summary = run(asked, stop=threading.Event())
        planned = [
            shift
            for guard in drawn.guards
            for shift in shifts(drawn, guard, START, START + 2 * DAY_S)
            if shift.starts_at < START + 2 * DAY_S and plan(drawn, shift).check_in_at >= START
        ]
        assert far.entered.count("shifts") == len(planned)
        assert far.entered.count("tours") == 2
        assert far.entered.count("tasks") == sum(
            task_of(drawn, shift) is not None for shift in planned
        )
    told = [msgspec.json.decode(line) for line in truth.read_bytes().splitlines()]
    assert summary.mishaps == len(told) > 3
    assert {line["mishap"] for line in told} <= set(NEGLECTS)
    assert all(plan(drawn, shift).shift is shift for shift in planned)


async def test_only_shifts_are_planned_whose_check_in_is_yet_to_come() -> None:
    drawn = drawn_with(relay_minutes=6.0, neglect_rate=0)
    planned: set[str] = set()

    class Door:
        async def enrol(self, collection: str, item_id: str, _: dict[str, object]) -> None:
            if collection == "shifts":
                planned.add(item_id)

    roster = Roster(cast("FarSide", Door()), drawn, START, inf, 1)
    await roster.reach(START, threading.Event())
    told = of_kind(list(play(drawn, START, START + DAY_S / 24)), "attendance")
    came = {str(each.signal["signal_id"]).rpartition(".")[0] for each in told}
    assert len(planned) > len(drawn.guards)
    assert planned <= came, "Whoever came before would look like a no-show."
