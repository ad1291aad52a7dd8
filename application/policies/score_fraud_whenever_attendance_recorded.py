"""Whenever an attendance is recorded, score it for fraud; whenever a late signal changes what was
known about one, score it again.

The judging is the pure fold of `domain.fraud.knowledge`; here it is given its memories and its
place in the log.
"""

from __future__ import annotations

from collections.abc import Sequence

from application.following import Desk
from domain.catalogue import AnyRecorded
from domain.fraud.knowledge import FACTS, think

NAME = "score-fraud-whenever-attendance-recorded"


class ScoreFraudWheneverAttendanceRecorded:
    """The policy `score-fraud-whenever-attendance-recorded`."""

    name = NAME
    behind = None
    facts = FACTS

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        thoughts = think(batch, desk.memories, replaying=desk.replaying)
        for rescore in thoughts.rescores:
            desk.record(rescore.stream_id, rescore.version, [rescore.fact], rescore.because)
        for key, memory in thoughts.memories.items():
            desk.remember(key, memory)
        desk.forget(thoughts.forgotten)
