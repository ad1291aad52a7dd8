"""Every wrong parameter is refused by its name, with the rule it breaks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interfaces.simulator import InvalidParameter, Parameters, WorldParameters

PAST = datetime(2026, 1, 1, tzinfo=UTC)
GOOD: dict[str, Any] = {"url": "http://127.0.0.1:1", "token": "key"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sites", 0),
        ("guards", 0),
        ("guards", 100_001),
        ("fraud_rate", 1.01),
        ("fraud_rate", float("nan")),
        ("late_rate", 0.91),
        ("duplicate_rate", -0.01),
        ("location_interval_s", 0),
        ("location_interval_s", float("inf")),
        ("tactics", ()),
        ("tactics", ("bribery",)),
        ("relay_minutes", 1),
        ("site_prefix", ""),
        ("person_prefix", "G 1"),
        ("device_prefix", "D" * 17),
    ],
)
def test_a_wrong_world_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(InvalidParameter) as refused:
        WorldParameters(**{name: value})  # type: ignore[arg-type]
    assert refused.value.name == name
    assert refused.value.rule.startswith("must ")


def test_tags_are_scanned_in_one_place_only_where_there_are_tours() -> None:
    WorldParameters(tactics=("tags_in_one_place",))
    with pytest.raises(InvalidParameter, match="tactics must leave out tags_in_one_place"):
        WorldParameters(tactics=("gps_spoofing", "tags_in_one_place"), duties=False)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("url", {"url": "ftp://example"}),
        ("token", {"token": ""}),
        ("token", {"token": "line\nbreak"}),
        ("batch_items", {"batch_items": 1_001}),
        ("concurrency", {"concurrency": 0}),
        ("linger_ms", {"linger_ms": -1}),
        ("timeout_s", {"timeout_s": 0}),
        ("retry_seconds", {"retry_seconds": 0}),
        ("pace", {"pace": "fast"}),
        ("pace", {"pace": "x0"}),
        ("start", {"start": datetime(2026, 1, 1), "days": 1}),  # noqa: DTZ001  no zone: refused
        ("start", {"start": PAST}),
        ("days", {"days": 1}),
        ("days", {"start": datetime.now(UTC) - timedelta(days=1), "days": 2}),
        ("history_days", {"history_days": 1, "start": PAST, "days": 1}),
        ("history_days", {"history_days": 0}),
        ("live", {"live": True, "start": PAST, "days": 1}),
        ("seconds", {"seconds": 5}),
        ("rate", {"rate": 5}),
        ("rate", {"rate": 5, "seconds": 5, "live": True}),
        ("rate", {"rate": 0, "seconds": 5}),
        ("seconds", {"rate": 5, "seconds": 0}),
        ("attendance_share", {"attendance_share": 2}),
    ],
)
def test_a_wrong_run_is_refused_by_name(name: str, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameter) as refused:
        Parameters(**{**GOOD, **fields})
    assert refused.value.name == name


@given(st.from_regex(r"x[0-9]{1,6}(\.[0-9]{1,3})?", fullmatch=True))
def test_a_pace_of_n_times_real_time_is_understood_unless_it_is_zero(text: str) -> None:
    if float(text[1:]) > 0:
        assert Parameters(**GOOD, pace=text).pace == text
    else:
        with pytest.raises(InvalidParameter):
            Parameters(**GOOD, pace=text)


@given(st.text().filter(lambda text: text not in {"max", "realtime"} and text[:1] != "x"))
def test_any_other_pace_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        Parameters(**GOOD, pace=text)
    assert refused.value.name == "pace"
