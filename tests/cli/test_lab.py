"""`vedette lab score-series`: a series in, scores out, and clear words about bad lines."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import pytest

from interfaces.cli.failing import CommandFailed
from interfaces.cli.lab import SCORED, score_series

SERIES = Path(__file__).parent.parent / "data" / "traffic" / "speed_7578.csv"
# The windows in which people saw an anomaly, of the benchmark's labels.
LABELLED = [
    ("2015-09-11 15:34:00", "2015-09-11 17:54:00"),
    ("2015-09-15 13:26:00", "2015-09-15 15:54:00"),
    ("2015-09-16 13:04:00", "2015-09-16 15:20:00"),
    ("2015-09-16 16:00:00", "2015-09-16 18:20:00"),
]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_real_series_is_scored_row_by_row(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    score_series(SERIES, out=out)
    scored, given = rows_of(out), rows_of(SERIES)
    assert list(scored[0]) == SCORED
    assert [row["timestamp"] for row in scored] == [row["timestamp"] for row in given]
    assert all(0.0 <= float(row["anomaly_score"]) < 1.0 for row in scored)
    assert scored[0]["threshold_reason"] == "not_enough_history"
    assert scored[0]["z"] == ""
    for row in scored:
        if row["z"]:
            assert (row["anomalous"] == "true") == (abs(float(row["z"])) > float(row["threshold"]))
    within = [
        max(float(row["anomaly_score"]) for row in scored if first <= row["timestamp"] <= last)
        for first, last in LABELLED
    ]
    calm = sorted(
        float(row["anomaly_score"])
        for row in scored
        if not any(first <= row["timestamp"] <= last for first, last in LABELLED)
    )
    assert min(within) > calm[int(0.99 * len(calm))]
    assert list(tmp_path.iterdir()) == [out]


def test_times_with_a_zone_and_twice_the_same_are_fine(tmp_path: Path) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_text("timestamp,value\n2026-01-01T00:00:00Z,1\n2026-01-01T00:00:00+00:00,2e3\n")
    score_series(file, out=out)
    assert len(rows_of(out)) == 2
    assert datetime.fromisoformat(rows_of(out)[0]["timestamp"]).tzinfo is not None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "line 1: the columns must be timestamp,value"),
        (b"time,value\n", "line 1: the columns must be timestamp,value"),
        (b"timestamp,value\n2026-01-01,1\nsoon,1\n", "line 3: 'soon' is not a timestamp"),
        (b"timestamp,value\n2026-01-01,many\n", "line 2: 'many' is not a number"),
        (b"timestamp,value\n2026-01-01,nan\n", "line 2: 'nan' is not a finite number"),
        (b"timestamp,value\n2026-01-01\n", "line 2: there must be two cells, not 1"),
        (b"timestamp,value\n\n", "line 2: there must be two cells, not 0"),
        (b"timestamp,value\n2026-01-02,1\n2026-01-01,1\n", "line 3: 2026-01-01 lies before"),
        (
            b"timestamp,value\n2026-01-02T00:00Z,1\n2026-01-03,1\n",
            "line 3: all timestamps must have a zone",
        ),
        (b'timestamp,value\n"2026-01-01,1\n', "line 2: "),
        (b"timestamp,value\n\xff,1\n", "not UTF-8"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_written(
    tmp_path: Path, content: bytes, words: str
) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_bytes(content)
    with pytest.raises(CommandFailed) as failed:
        score_series(file, out=out)
    assert words in str(failed.value)
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_is_not_there_or_not_to_be_written_is_said_so(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    with pytest.raises(CommandFailed, match="There is no file"):
        score_series(tmp_path / "none.csv", out=out)
    with pytest.raises(CommandFailed, match="cannot be read"):
        score_series(tmp_path, out=out)
    with pytest.raises(CommandFailed, match="cannot be written"):
        score_series(SERIES, out=tmp_path / "none" / "out.csv")
