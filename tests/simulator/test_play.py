"""Playing: the same bytes for the same seed, the stated rates, legal signals, and spans without a seam."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import islice, pairwise
from math import inf, isfinite
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interfaces.simulator import Delivery, WorldParameters, play, steady, world

DAY_S = 86_400.0
START = datetime.fromisoformat("2026-10-23T00:00:00+00:00").timestamp()  # clocks change on the 25th
PARAMETERS = WorldParameters(
    sites=3,
    guards=60,
    fraud_rate=0.1,
    late_rate=0.06,
    duplicate_rate=0.03,
    duties=False,
    storm_rate=0,
    backlog_rate=0,
)


@pytest.fixture(scope="module")
def week() -> list[Delivery]:
    return list(play(world(11, PARAMETERS), START, START + 7 * DAY_S))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    def encoded(seed: int) -> bytes:
        return msgspec.json.encode(list(play(world(seed, PARAMETERS), START, START + DAY_S / 4)))

    first = encoded(11)
    assert len(first) > 100_000
    assert encoded(11) == first
    assert encoded(12) != first


def test_deliveries_come_in_order_within_the_span_and_after_they_happened(
    week: list[Delivery],
) -> None:
    times = [delivery.deliver_at for delivery in week]
    assert times == sorted(times)
    assert times[0] >= START
    assert times[-1] < START + 7 * DAY_S
    assert all(delivery.deliver_at > delivery.occurred_at for delivery in week)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1_000), st.floats(0.05, 0.95), st.sampled_from([None, 30.0]))
def test_a_span_cut_in_two_is_the_same_span(
    seed: int, share: float, relay_minutes: float | None
) -> None:
    often = WorldParameters(
        guards=8,
        fraud_rate=0.3,
        late_rate=0.3,
        neglect_rate=0.5,
        storm_rate=0.5,
        backlog_rate=0.2,
        relay_minutes=relay_minutes,
    )
    drawn = world(seed, often)
    end = START + DAY_S
    cut = START + share * DAY_S
    parts = [*play(drawn, START, cut), *play(drawn, cut, end)]
    assert parts == list(play(drawn, START, end))


def test_an_endless_span_begins_like_a_finite_one() -> None:
    drawn = world(11, WorldParameters(guards=8))
    finite = list(islice(play(drawn, START, START + 5 * DAY_S), 500))
    assert list(islice(play(drawn, START, inf), 500)) == finite


def test_ids_are_unique_but_for_the_intended_duplicates(week: list[Delivery]) -> None:
    firsts = Counter(d.signal["signal_id"] for d in week if not d.duplicate)
    seconds = Counter(d.signal["signal_id"] for d in week if d.duplicate)
    assert set(firsts.values()) == {1}
    assert set(seconds.values()) == {1}
    assert all(len(str(signal_id)) <= 64 for signal_id in firsts)


def test_a_duplicate_says_the_same_again(week: list[Delivery]) -> None:
    firsts = {d.signal["signal_id"]: d for d in week if not d.duplicate}
    again = [d for d in week if d.duplicate and d.signal["signal_id"] in firsts]
    assert again
    for delivery in again:
        first = firsts[delivery.signal["signal_id"]]
        assert first.deliver_at < delivery.deliver_at
        said, said_again = dict(first.signal), dict(delivery.signal)
        said.pop("sent_at", None)
        said_again.pop("sent_at", None)
        assert said == said_again


def test_the_stated_rates_of_late_and_doubled_signals_are_kept(week: list[Delivery]) -> None:
    firsts = [d for d in week if not d.duplicate]
    late = [d for d in firsts if d.deliver_at - d.occurred_at > 10]
    assert len(late) / len(firsts) == pytest.approx(0.06, rel=0.35)
    assert (len(week) - len(firsts)) / len(firsts) == pytest.approx(0.03, rel=0.15)
    delays_s = [d.deliver_at - d.occurred_at for d in late]
    assert min(delays_s) < 300
    assert max(delays_s) > 2 * 3_600


def test_phones_that_come_back_send_in_no_order(week: list[Delivery]) -> None:
    last: dict[object, float] = {}
    overtaken = 0
    for delivery in week:
        person = delivery.signal["person_id"]
        overtaken += delivery.occurred_at < last.get(person, 0.0) and not delivery.duplicate
        last[person] = delivery.occurred_at
    assert overtaken > 50


def test_no_rates_mean_no_late_no_doubled_and_no_fraudulent_signals() -> None:
    calm = WorldParameters(
        guards=20, fraud_rate=0, late_rate=0, duplicate_rate=0, storm_rate=0, backlog_rate=0
    )
    played = list(play(world(11, calm), START, START + 2 * DAY_S))
    assert played
    assert max(d.deliver_at - d.occurred_at for d in played) < 5
    assert not any(d.duplicate or d.truth for d in played)


class Signal(msgspec.Struct, forbid_unknown_fields=True):
    """The public contract, written down here once more from its text."""

    kind: str
    signal_id: str
    source: str
    occurred_at: datetime
    person_id: str
    device_id: str
    latitude: float
    longitude: float
    gps_accuracy_m: float
    phone_signal_dbm: int
    battery_percent: int
    sent_at: datetime | None = None
    site_id: str | None = None
    direction: str | None = None
    biometric_quality: float | None = None
    biometric_matched: bool | None = None


def check(signal: dict[str, Any]) -> Signal:
    read = msgspec.json.decode(msgspec.json.encode(signal), type=Signal)
    assert read.occurred_at.tzinfo is not None
    assert -90 <= read.latitude <= 90
    assert -180 <= read.longitude <= 180
    assert 0 < read.gps_accuracy_m < 10_000
    assert isfinite(read.latitude + read.longitude + read.gps_accuracy_m)
    assert -140 <= read.phone_signal_dbm <= 0
    assert 0 <= read.battery_percent <= 100
    attendance = (read.site_id, read.direction, read.biometric_quality, read.biometric_matched)
    if read.kind == "location":
        assert attendance == (None,) * 4
    else:
        assert read.kind == "attendance"
        assert None not in attendance
        assert read.direction in {"check_in", "check_out"}
        assert 0 <= (read.biometric_quality or -1) <= 1
    return read


def test_every_signal_keeps_the_contract(week: list[Delivery]) -> None:
    for delivery in week:
        check(delivery.signal)


def test_clocks_are_off_by_the_same_in_both_stamps(week: list[Delivery]) -> None:
    skewed = set()
    for delivery in week:
        read = check(delivery.signal)
        skew_s = read.occurred_at.timestamp() - delivery.occurred_at
        if delivery.skew_s is None:
            assert read.sent_at is None
            assert skew_s == pytest.approx(0, abs=0.001)
            continue
        assert read.sent_at is not None
        assert skew_s == pytest.approx(delivery.skew_s, abs=0.001)
        sent_skew_s = read.sent_at.timestamp() - delivery.deliver_at
        assert sent_skew_s == pytest.approx(delivery.skew_s, abs=0.001)
        if delivery.skew_s:
            skewed.add(read.device_id)
    assert 0 < len(skewed) < 12


def test_some_phones_write_local_time_and_name_its_offset(week: list[Delivery]) -> None:
    offsets = {datetime.fromisoformat(str(d.signal["occurred_at"])).utcoffset() for d in week}
    assert timedelta(0) in offsets
    assert len(offsets) >= 3


def test_batteries_do_not_jump(week: list[Delivery]) -> None:
    levels: dict[object, list[tuple[float, Any]]] = defaultdict(list)
    for d in week:
        levels[d.signal["device_id"]].append((d.occurred_at, d.signal["battery_percent"]))
    for readings in levels.values():
        readings.sort()
        for (then, before), (now, after) in pairwise(readings):
            assert abs(after - before) <= 2 + 75 * (now - then) / 3_600


def test_a_steady_rate_is_steady_and_its_fraud_is_told() -> None:
    drawn = world(2, WorldParameters(guards=50, fraud_rate=0.2))
    sent = list(steady(drawn, START, 200.0, 20.0, 0.5))
    assert len(sent) == 4_000
    assert [d.deliver_at for d in sent] == [START + n / 200.0 for n in range(4_000)]
    assert len({(d.signal["source"], d.signal["signal_id"]) for d in sent}) == 4_000
    assert len({d.signal["person_id"] for d in sent}) == 50
    attendances = [d for d in sent if check(d.signal).kind == "attendance"]
    frauds = [d for d in sent if d.truth]
    assert len(attendances) == pytest.approx(2_000, rel=0.1)
    assert len(frauds) == pytest.approx(400, rel=0.25)
    assert all(d.signal["kind"] == "attendance" for d in frauds)
    later = next(steady(drawn, START + 1, 200.0, 20.0, 0.5))
    assert later.signal["source"] != sent[0].signal["source"]
