"""Lines of a file: which are none, and that a full batch at the end leaves no empty one behind."""

from __future__ import annotations

from io import BytesIO

import msgspec
import pytest

from application.importing.lines import LINE_BYTES_MAX, FileRefused, Line, RefusedLine
from application.importing.running import BATCH_LINES, Import, Tally
from application.importing.signals import from_json, taking
from application.importing.tours import tours
from application.ingestion import Giver, SignalIntake
from application.signals import Signal
from domain.directory.tour import Checkpoint, DefineTour
from tests.application.test_access import NOW
from tests.memory_log import MemoryLog

TENANT = "t-import"


def refusal(content: bytes | None) -> RefusedLine:
    refused = from_json(Line(3, 9, content), None)
    assert isinstance(refused, RefusedLine)
    assert refused.line == 3
    return refused


def test_what_is_no_object_of_json_is_refused() -> None:
    assert msgspec.structs.astuple(refusal(b"[1]"))[-1] == "not a JSON object"
    assert "not JSON" in msgspec.structs.astuple(refusal(b"{"))[-1]
    assert "nested" in msgspec.structs.astuple(refusal(b"[" * 5_000))[-1]
    assert f"{LINE_BYTES_MAX:,}" in msgspec.structs.astuple(refusal(None))[-1]


def test_a_file_of_exactly_one_batch_is_one_batch() -> None:
    log = MemoryLog()
    log.open_tenant(TENANT)
    take = taking(SignalIntake(log, lambda: NOW), Giver(TENANT, "user:a"))
    tally = Tally()
    running: Import[Signal] = Import(lambda line: from_json(line, None), take, tally)
    batches = list(running.run(BytesIO(b"[]\n" * BATCH_LINES)))
    assert [len(batch) for batch in batches] == [BATCH_LINES]
    assert tally.refused == BATCH_LINES


HEADER = b"tour_id,site_id,name,starts,grace_minutes,checkpoint_id,checkpoint_name,due_minutes\n"


def read(*rows: bytes) -> list[tuple[int, DefineTour] | tuple[int, str | None, str]]:
    """Return the tours of a file, and line, field and code of what is refused."""
    return [
        (each.line, each.field, each.code) if isinstance(each, RefusedLine) else each
        for each in tours(BytesIO(HEADER + b"\n".join(rows)), delimiter=",")
    ]


def test_the_lines_of_a_tour_make_one_tour() -> None:
    assert read(
        b"T-1,S-1,Round,22:00 02:00,15,C-1,North door,5",
        b"T-1,,,,,C-2,,20",
        b"",
        b"T-2,S-1,Doors,,,F-1,,0",
        b"T-2,S-1,Doors,,,F-2,,0",
    ) == [
        (
            2,
            DefineTour(
                tour_id="T-1",
                site_id="S-1",
                name="Round",
                checkpoints=(Checkpoint("C-1", "North door", 5), Checkpoint("C-2", "C-2", 20)),
                starts=("22:00", "02:00"),
                grace_minutes=15,
            ),
        ),
        (
            5,
            DefineTour(
                tour_id="T-2",
                site_id="S-1",
                name="Doors",
                checkpoints=(Checkpoint("F-1", "F-1", 0), Checkpoint("F-2", "F-2", 0)),
            ),
        ),
    ]


def test_a_tour_of_which_a_line_is_refused_is_refused_whole_and_the_others_stand() -> None:
    good = b"T-9,S-1,Good,,,C-1,,5"
    (tour,) = read(good)
    assert isinstance(tour[1], DefineTour)
    for rows, expected in (
        ([b"T-1,S-1,Round,,,C-1,,5", b"T-1,,,,,C-2,,soon"], (3, "due_minutes", "tour.malformed")),
        ([b"T-1,S-1,Round,,,C-1,a\x01b,5"], (2, "checkpoint_name", "tour.malformed")),
        ([b"T-1,S-1,Round,25:00,,C-1,,5"], (2, "starts[0]", "tour.malformed")),
        ([b"T-1,,Round,,,C-1,,5"], (2, "site_id", "tour.malformed")),
        (
            [b"T-1,S-1,Round,,,C-1,,5", b"T-1,S-2,,,,C-2,,9"],
            (3, "site_id", "tour.contradicts_itself"),
        ),
        ([b"T-1,S-1"], (2, None, "import.malformed")),
    ):
        assert read(*rows, good) == [expected, (len(rows) + 2, tour[1])]
    apart = read(b"T-1,S-1,Round,,,C-1,,5", good, b"T-1,S-1,Round,,,C-2,,9")
    assert apart[1:] == [(3, tour[1]), (4, "tour_id", "tour.lines_apart")]


def test_a_file_of_nothing_has_no_tours() -> None:
    assert read() == []
    with pytest.raises(FileRefused):
        list(tours(BytesIO(b"tour_id,site_id\n"), delimiter=","))
