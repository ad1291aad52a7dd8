"""Importing: every line has one fate, whatever the file looks like and however often it is cut off."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database as Store
from domain.signals import AttendanceRecorded, LocationRecorded
from tests.cli.conftest import Answer, Vedette
from tests.conftest import Database

HEADER = "kind,signal_id,source,occurred_at,person_id,device_id,latitude,longitude,gps_accuracy_m"
GOOD = "location,{id},files,2026-11-20T08:00:00Z,G-1,D-1,51.5,-0.1,8"

# A small process in between: the most memory that a program held counts from what held it before it
# was one, and a test run is large.
MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture
def peopled(vedette: Vedette, founded: str) -> str:
    """A tenant with a guard, a phone and a site."""
    of = ("--tenant", founded)
    vedette("person", "enrol", "G-1", "--name", "Ada", *of)
    vedette("device", "register", "D-1", *of)
    site = ("S-1", "--name", "Depot", "--latitude", "51.5", "--longitude", "-0.1")
    assert vedette("site", "register", *site, "--time-zone", "Europe/London", *of).code == 0
    return founded


@pytest.fixture
def log(database: Database) -> Iterator[PostgresLog]:
    store = Store(database.app_url)
    opened = PostgresLog(store)
    yield opened
    opened.close()
    store.close()


def signals(log: PostgresLog, tenant: str) -> list[str]:
    facts = log.read(tenant, 0, 10_000)
    kinds = (LocationRecorded, AttendanceRecorded)
    return [fact.event.signal_id for fact in facts if isinstance(fact.event, kinds)]


def written(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def refusals(path: Path) -> list[dict[str, str]]:
    with (path.parent / f"{path.name}.refused.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_and_ndjson_are_taken_once(
    vedette: Vedette, peopled: str, log: PostgresLog, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.csv", *(GOOD.format(id=f"n{number}") for number in range(1_200)))
    answer = vedette("import", str(path), "--tenant", peopled, "--json")
    assert answer.code == 0, answer.err
    assert {**answer.json, "seconds": 0} == {
        "accepted": 1_200,
        "duplicates": 0,
        "refused": 0,
        "lines": 1_201,
        "seconds": 0,
        "report": None,
    }
    assert signals(log, peopled) == [f"n{number}" for number in range(1_200)]
    assert vedette("import", str(path), "--tenant", peopled, "--json").json["duplicates"] == 1_200
    attendance = {
        "kind": "attendance",
        "signal_id": "n7",
        "source": "files",
        "occurred_at": "2026-11-20T08:00:00+00:00",
        "person_id": "G-1",
        "site_id": "S-1",
        "device_id": "D-1",
        "direction": "check_in",
        "latitude": 51.5,
        "longitude": -0.1,
        "gps_accuracy_m": 8.0,
        "biometric_quality": 0.9,
        "biometric_matched": True,
    }
    lines = [json.dumps({**attendance, "signal_id": f"m{number}"}) for number in range(3)]
    path = tmp_path / "b.ndjson"
    path.write_text("\n".join([*lines, json.dumps(attendance), ""]), encoding="utf-8-sig")
    answer = vedette("import", str(path), "--tenant", peopled)
    assert answer.out.startswith("3 accepted, 1 duplicates, 0 refused in ")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.csv", "b.ndjson"]


def test_refused_lines_are_reported_by_line_field_and_rule_and_the_rest_is_kept(
    vedette: Vedette, peopled: str, log: PostgresLog, tmp_path: Path
) -> None:
    bad = {
        "latitude out of range": GOOD.format(id="b1").replace("51.5", "91"),
        "no number": GOOD.format(id="b2").replace("51.5", "nan"),
        "infinite": GOOD.format(id="b3").replace(",8", ",inf"),
        "unknown person": GOOD.format(id="b4").replace("G-1", "G-2"),
        "no zone": GOOD.format(id="b5").replace("08:00:00Z", "08:00:00"),
        "the future": GOOD.format(id="b6").replace("2026-11-20", "2126-11-20"),
        "missing": GOOD.format(id="b7").replace("G-1", ""),
        "kind": GOOD.format(id="b8").replace("location", "seance"),
        "too few": "location,b9",
        "quote": GOOD.format(id='"b10'),
        "too long": GOOD.format(id="x" * 20_000),
    }
    path = written(
        tmp_path / "a.csv", GOOD.format(id="g1"), *bad.values(), "", GOOD.format(id="g2")
    )
    with path.open("ab") as file:
        file.write(GOOD.format(id="g3").encode().replace(b"files", b"f\xffles") + b"\r\n")
        file.write(GOOD.format(id="g4").encode())
    answer = vedette("import", str(path), "--tenant", peopled)
    assert answer.code == 3
    assert answer.out.startswith("3 accepted, 0 duplicates, 12 refused")
    assert signals(log, peopled) == ["g1", "g2", "g4"]
    found = [(int(row["line"]), row["field"], row["code"]) for row in refusals(path)]
    assert found == [
        (3, "latitude", "signal.malformed"),
        (4, "latitude", "signal.malformed"),
        (5, "gps_accuracy_m", "signal.malformed"),
        (6, "person_id", "signal.unknown_person"),
        (7, "occurred_at", "signal.without_time_zone"),
        (8, "occurred_at", "signal.from_the_future"),
        (9, "person_id", "signal.malformed"),
        (10, "kind", "signal.malformed"),
        (11, "", "import.malformed"),
        (12, "", "import.malformed"),
        (13, "", "import.line_too_long"),
        (16, "", "import.malformed"),
    ]
    assert "line 3: latitude: " in answer.err
    assert "All refused lines are in" in answer.err


def test_lines_that_are_no_json_are_refused_however_deep_they_are_nested(
    vedette: Vedette, peopled: str, log: PostgresLog, tmp_path: Path
) -> None:
    good = {
        "kind": "location", "signal_id": "g1", "source": "files", "person_id": "G-1",
        "device_id": "D-1", "occurred_at": "2026-11-20T08:00:00Z",
        "latitude": 51.5, "longitude": -0.1, "gps_accuracy_m": 8,
    }  # fmt: skip
    bad = ["[" * 16_000, '{"a":' * 3_000, "\xff", "[]", '{"kind": NaN}']
    lines = [json.dumps(good), *bad, json.dumps(good | {"signal_id": "g2"})]
    path = tmp_path / "a.ndjson"
    path.write_bytes("\n".join(lines).encode("latin-1"))
    answer = vedette("import", str(path), "--tenant", peopled)
    assert answer.out.startswith("2 accepted, 0 duplicates, 5 refused")
    assert signals(log, peopled) == ["g1", "g2"]
    assert [(row["line"], row["code"]) for row in refusals(path)] == [
        (str(line), "import.malformed") for line in range(2, 7)
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (HEADER.replace(",", ";").encode(), "separated by ';', not by ','; use --delimiter"),
        (HEADER.encode("utf-16"), "The file is UTF-16; save it as UTF-8."),
        (HEADER.replace("latitude", "latitud").encode(), "a column 'latitud' that no signal has"),
        (HEADER.replace(",occurred_at", "").encode(), "There is no column 'occurred_at'"),
        (HEADER.replace(",source", "").encode(), "There is no column 'source'"),
        ((HEADER + ",kind").encode(), "There are two columns 'kind'"),
        ((HEADER + ",x" * 80).encode(), "the limit is 64"),
        (b"\xff\xf0kind,", "The header is not CSV in UTF-8"),
        (b"x" * 20_000, "The first line has more than 16,384 bytes."),
    ],
)
def test_a_file_that_is_none_of_signals_is_refused_in_a_sentence(
    vedette: Vedette, peopled: str, tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    answer = vedette("import", str(path), "--tenant", peopled)
    assert answer.code == 1
    assert sentence in answer.err
    assert "Traceback" not in answer.err


def test_delimiters_marks_and_sources_are_understood(
    vedette: Vedette, peopled: str, log: PostgresLog, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    header = HEADER.replace("source,", "").replace(",", ";")
    row = GOOD.format(id="n1").replace("files,", "").replace(",", ";")
    path.write_bytes(f"{header}\r\n{row}\r\n".encode("utf-8-sig"))
    of = ("--tenant", peopled, "--delimiter", ";")
    answer = vedette("import", str(path), *of, "--source", "depot")
    assert answer.out.startswith("1 accepted")
    assert vedette("import", str(path), *of, "--source", "no spaces").code == 1
    assert vedette("import", str(tmp_path / "none.csv"), *of).err.endswith(
        "none.csv: No such file or directory.\n"
    )
    assert (
        vedette("import", str(path), "--tenant", "nobody-here", "--source", "x", *of[2:]).code == 1
    )


def program(path: Path, tenant: str) -> list[str]:
    """Return the command line of an import."""
    vedette = [sys.executable, "-m", "interfaces.cli.main"]
    return [*vedette, "import", str(path), "--tenant", tenant, "--json"]


def start(path: Path, tenant: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(program(path, tenant), stdout=subprocess.PIPE)


@pytest.mark.slow
def test_an_import_that_is_killed_goes_on_and_every_line_has_one_fate(
    vedette: Vedette, peopled: str, log: PostgresLog, tmp_path: Path
) -> None:
    rows = [GOOD.format(id=f"n{number}") for number in range(3_000)]
    for number in range(50, 3_000, 100):
        rows[number] = rows[number].replace("G-1", "G-unknown")
    path = written(tmp_path / "a.csv", *rows)
    place = tmp_path / "a.csv.vedette-import"
    killed = 0
    answer: Answer | None = None
    for _ in range(20):
        lines_before = place_line(place)
        process = start(path, peopled)
        while process.poll() is None and place_line(place) <= lines_before + 600:
            time.sleep(0.002)
        if process.poll() is not None:
            out = process.communicate()[0].decode()
            answer = Answer(process.returncode, out, "")
            break
        process.kill()
        process.communicate()
        killed += 1
    assert killed >= 2
    assert answer is not None
    assert answer.code == 3
    taken = signals(log, peopled)
    assert len(taken) == len(set(taken)) == 2_970
    assert [int(row["line"]) for row in refusals(path)] == list(range(52, 3_002, 100))
    # A batch whose place was not kept any more is met again as duplicates, at most once a kill.
    assert answer.json["accepted"] + answer.json["duplicates"] == 2_970
    assert answer.json["refused"] == 30
    assert not place.exists()


def place_line(place: Path) -> int:
    try:
        return int(json.loads(place.read_bytes())["tally"]["line"])
    except FileNotFoundError:
        return 0


def test_another_file_of_the_same_name_starts_over(
    vedette: Vedette, peopled: str, log: PostgresLog, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.csv", GOOD.format(id="n1"))
    (tmp_path / "a.csv.vedette-import").write_text(
        json.dumps(
            {
                "what": "signals",
                "tenant": peopled,
                "source": None,
                "head_bytes": 10,
                "head_digest": "of another file",
                "tally": {"offset": 140, "line": 2},
                "report_bytes": 0,
            }
        )
    )
    assert vedette("import", str(path), "--tenant", peopled).out.startswith("1 accepted")
    (tmp_path / "a.csv.vedette-import").write_text("nonsense")
    assert vedette("import", str(path), "--tenant", peopled).out.startswith("0 accepted, 1 dup")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(peopled: str, tmp_path: Path) -> None:
    """Lines that are refused at once let a file of 60 MB pass quickly."""
    path = tmp_path / "a.ndjson"
    with path.open("w", encoding="utf-8") as file:
        line = json.dumps({"kind": "nothing", "filling": "x" * 2_000})
        for _ in range(30_000):
            file.write(line + "\n")
    measured = [sys.executable, "-c", MEASURE, *program(path, peopled)]
    answer = subprocess.run(measured, check=False, capture_output=True, timeout=100)
    assert answer.returncode == 3
    assert int(answer.stderr.split()[-1]) < 250_000  # KiB
