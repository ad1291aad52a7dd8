"""The driver against a real server: retries with the same ids, a complete ledger, paces, stops, enrolment."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from interfaces.simulator import (
    InvalidParameter,
    Parameters,
    Progress,
    SimulationFailed,
    WorldParameters,
    play,
    run,
    runner,
    world,
)
from tests.simulator.stand_in import BREAK, TOKEN, StandIn, standing

START = datetime(2026, 5, 4, tzinfo=UTC)
WORLD = WorldParameters(guards=12, fraud_rate=0.3, late_rate=0.2, duplicate_rate=0.05, duties=False)


@pytest.fixture(name="far")
def _far() -> Iterator[StandIn]:
    with standing(StandIn()) as stand_in:
        yield stand_in


def parameters(far: StandIn, **changes: Any) -> Parameters:
    past = {"start": START, "days": 0.5}
    if not {"rate", "live", "history_days"}.isdisjoint(changes):
        past = {}
    fields = {"url": far.url, "token": TOKEN, "world": WORLD, "retry_seconds": 20.0, **past}
    return Parameters(**{**fields, **changes})


def expected(days: float = 0.5) -> list[dict[str, Any]]:
    start = START.timestamp()
    return [d.signal for d in play(world(1, WORLD), start, start + days * 86_400)]


def lines(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def test_a_past_span_is_enrolled_and_sent_whole(far: StandIn) -> None:
    summary = run(parameters(far), stop=threading.Event())
    wanted = expected()
    assert [item["signal_id"] for item in far.received] != []
    assert Counter(item["signal_id"] for item in far.received) == Counter(
        signal["signal_id"] for signal in wanted
    )
    assert summary.sent == len(wanted) == summary.accepted + summary.duplicates
    assert summary.accepted == len(far.positions) == summary.last_position
    assert (summary.refused, summary.unacknowledged, summary.retries) == (0, 0, 0)
    assert summary.enrolled == 2 + 12 + 12
    assert far.entered == ["sites"] * 2 + ["persons"] * 12 + ["devices"] * 12
    assert far.largest_batch <= 200
    assert summary.latency_p50_ms is not None
    assert summary.latency_p99_ms is not None
    assert 0 < summary.latency_p50_ms <= summary.latency_p99_ms
    assert not summary.stopped


def test_the_directory_is_told_what_the_contract_asks(far: StandIn) -> None:
    run(parameters(far, security_manager="manager"), stop=threading.Event())
    site = far.entries["sites/S-01"]
    assert set(site) == {
        "name",
        "latitude",
        "longitude",
        "geofence_radius_m",
        "time_zone",
        "security_manager",
    }
    assert set(far.entries["persons/G-0001"]) == {"name", "phone", "site_id"}
    assert far.entries["devices/D-0001"] == {
        "kind": "phone",
        "person_id": "G-0001",
        "site_id": "S-01",
    }


def test_nothing_is_enrolled_when_not_asked_to(far: StandIn) -> None:
    run(parameters(far, enrol=False), stop=threading.Event())
    assert far.entries == {}
    assert far.positions


def test_a_played_past_is_stamped_as_sent_now(far: StandIn) -> None:
    began = datetime.now(UTC)
    run(parameters(far), stop=threading.Event())
    skews = {guard.phone.device_id: guard.phone.skew_s for guard in world(1, WORLD).guards}
    stamped = [item for item in far.received if "sent_at" in item]
    assert stamped
    for item in stamped:
        sent_at = datetime.fromisoformat(item["sent_at"])
        off_s = (sent_at - began).total_seconds() - skews[item["device_id"]]
        assert -0.01 <= off_s < 60


def test_the_ledger_holds_every_acknowledged_item_through_every_trouble(
    far: StandIn, tmp_path: Path
) -> None:
    far.troubles = [429, BREAK, 503, 500, BREAK, BREAK, 502, 429]
    ledger, truth = tmp_path / "ledger.ndjson", tmp_path / "truth.ndjson"
    summary = run(
        parameters(far, ledger=ledger, truth=truth, batch_items=50), stop=threading.Event()
    )
    wanted = expected()
    assert far.troubles == []
    assert summary.retries == 8
    assert summary.unacknowledged == 0
    written = lines(ledger)
    assert Counter(line["signal_id"] for line in written) == Counter(
        signal["signal_id"] for signal in wanted
    )
    for line in written:
        assert line["position"] == far.positions[line["source"], line["signal_id"]]
    assert Counter(line["status"] for line in written) == {
        "accepted": summary.accepted,
        "duplicate": summary.duplicates,
    }
    # The broken connections lost the answers, not the items: those come back as duplicates.
    assert summary.duplicates > len(wanted) - len(far.positions)
    assert {line["signal_id"] for line in lines(truth)} <= {s["signal_id"] for s in wanted}
    assert len(lines(truth)) == summary.frauds > 0


def test_a_request_that_is_sent_again_is_the_same_request(far: StandIn) -> None:
    far.troubles = [503, BREAK]
    run(parameters(far, concurrency=1), stop=threading.Event())
    assert far.bodies[0] == far.bodies[1] == far.bodies[2] != far.bodies[3]


def test_it_waits_as_long_as_a_busy_far_side_asks(far: StandIn) -> None:
    far.troubles, far.retry_after = [429], "1"
    began = time.monotonic()
    run(parameters(far, concurrency=1), stop=threading.Event())
    assert time.monotonic() - began >= 1


def test_a_batch_that_is_too_large_goes_in_halves(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.ndjson"
    with standing(StandIn(most_items=30)) as far:
        summary = run(parameters(far, ledger=ledger), stop=threading.Event())
    assert summary.sent == len(lines(ledger)) == len(expected())
    assert summary.unacknowledged == 0


def test_a_far_side_that_restarts_is_waited_for() -> None:
    first, second = StandIn(), StandIn()
    with standing(first):
        port = int(first.url.rpartition(":")[2])
        stop = threading.Event()
        summaries = []
        slow = parameters(first, pace="x14400", batch_items=20)
        driver = threading.Thread(target=lambda: summaries.append(run(slow, stop=stop)))
        driver.start()
        while len(first.received) < 20:
            time.sleep(0.02)
    time.sleep(0.3)
    with standing(second, port):
        driver.join(30)
    assert summaries[0].unacknowledged == 0
    assert summaries[0].retries > 0
    received = {item["signal_id"] for item in first.received + second.received}
    assert received == {signal["signal_id"] for signal in expected()}


def test_refused_items_are_counted_by_their_code_and_kept_in_the_ledger(
    far: StandIn, tmp_path: Path
) -> None:
    far.refuse_person = str(expected()[0]["person_id"])
    ledger = tmp_path / "ledger.ndjson"
    summary = run(parameters(far, ledger=ledger), stop=threading.Event())
    refused = [line for line in lines(ledger) if line["status"] == "refused"]
    assert summary.refused == len(refused) > 0
    assert summary.refused_by_code == {"signal.unknown_person": len(refused)}
    assert all(line["code"] == "signal.unknown_person" for line in refused)
    assert "position" not in refused[0]


def test_a_wrong_credential_ends_the_run_with_its_reason(far: StandIn) -> None:
    with pytest.raises(SimulationFailed, match=r"401 credentials\.invalid") as failed:
        run(parameters(far, token="other"), stop=threading.Event())
    assert failed.value.summary.sent == 0
    with pytest.raises(SimulationFailed, match=r"401 credentials\.invalid"):
        run(parameters(far, token="other", enrol=False), stop=threading.Event())


def test_a_far_side_that_stays_away_ends_the_run_when_the_retries_are_over(far: StandIn) -> None:
    gone = parameters(far, url="http://127.0.0.1:9", retry_seconds=0.5, enrol=False)
    with pytest.raises(SimulationFailed, match="not reached") as failed:
        run(gone, stop=threading.Event())
    assert failed.value.summary.unacknowledged == failed.value.summary.sent > 0


def test_a_file_that_cannot_be_written_is_refused_by_name(far: StandIn, tmp_path: Path) -> None:
    for name in ("truth", "ledger"):
        with pytest.raises(InvalidParameter) as refused:
            run(parameters(far, **{name: tmp_path / "absent" / "file"}), stop=threading.Event())
        assert refused.value.name == name


def test_a_steady_rate_is_sent_whole_and_keeps_its_concurrency(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.ndjson"
    with standing(StandIn(delay_s=0.05)) as far:
        load = parameters(far, rate=400.0, seconds=0.5, concurrency=2, ledger=ledger)
        summary = run(load, stop=threading.Event())
    assert summary.sent == summary.accepted == 200 == len(lines(ledger))
    assert 1 <= far.most_under_way <= 2
    assert (summary.latency_p50_ms or 0) >= 45  # the far side takes 50 ms, and never less


def test_a_live_run_sends_each_signal_at_its_time_until_it_is_stopped(
    far: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "GRACE_S", 60.0)
    stop = threading.Event()
    quick = WorldParameters(
        guards=40, location_interval_s=1, relay_minutes=5, late_rate=0, duties=False
    )
    seen: list[Progress] = []

    def watch(progress: Progress) -> None:
        seen.append(progress)
        if progress.summary.accepted > 20:
            stop.set()

    summary = run(parameters(far, world=quick, live=True), stop=stop, watch=watch)
    assert summary.stopped
    assert summary.unacknowledged == 0
    now = datetime.now(UTC)
    skews = {guard.phone.device_id: guard.phone.skew_s for guard in world(1, quick).guards}
    for item in far.received:
        age_s = (now - datetime.fromisoformat(item["occurred_at"])).total_seconds()
        # A duplicate may be half an hour old; nothing is from the future, clocks that are off aside.
        assert 0 <= age_s + skews[item["device_id"]] < 1_900
    assert {standing.phase for standing in seen} >= {"live"}
    assert seen[-1].share is None


def test_history_goes_over_into_the_present(far: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is under way at the stop shall be answered, however busy the machine is.
    monkeypatch.setattr(runner, "GRACE_S", 60.0)
    stop = threading.Event()
    quick = WorldParameters(guards=20, location_interval_s=2, relay_minutes=5)

    def watch(progress: Progress) -> None:
        if progress.phase == "live":
            stop.set()

    past_and_present = parameters(far, world=quick, history_days=0.01, live=True)
    summary = run(past_and_present, stop=stop, watch=watch)
    assert summary.unacknowledged == 0
    times = sorted(datetime.fromisoformat(item["occurred_at"]) for item in far.received)
    assert (times[-1] - times[0]).total_seconds() > 0.01 * 86_400 - 60


def test_a_stop_is_heard_even_while_the_far_side_is_away(
    far: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would try for ever; so that it ends at all is what is proved."""
    monkeypatch.setattr(runner, "GRACE_S", 0.1)
    stop = threading.Event()

    def watch(progress: Progress) -> None:
        if progress.summary.retries > 0:
            stop.set()

    away = parameters(far, url="http://127.0.0.1:9", retry_seconds=None, enrol=False)
    summary = run(away, stop=stop, watch=watch)
    assert summary.stopped
    assert summary.unacknowledged == summary.sent > 0
