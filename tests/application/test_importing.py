"""Lines of a file: which are none, and that a full batch at the end leaves no empty one behind."""

from __future__ import annotations

from io import BytesIO

import msgspec

from application.importing import (
    BATCH_LINES,
    LINE_BYTES_MAX,
    Import,
    Line,
    RefusedLine,
    Tally,
    from_json,
)
from application.ingestion import Giver, SignalIntake
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
    intake = SignalIntake(log, lambda: NOW)
    tally = Tally()
    running = Import(intake, Giver(TENANT, "user:a"), lambda line: from_json(line, None), tally)
    batches = list(running.run(BytesIO(b"[]\n" * BATCH_LINES)))
    assert [len(batch) for batch in batches] == [BATCH_LINES]
    assert tally.refused == BATCH_LINES
