"""Doubts: the attendances whose judgement may not stand any more, and what raised the doubt.

A doubt is cheap: the attendance is judged anew, and only a judgement that differs becomes a fact.
A doubt that is missing would leave a score standing that depends on the order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec

from domain.catalogue import AnyRecorded


class Doubt(msgspec.Struct):
    """An attendance whose judgement may not stand any more."""

    at_us: int
    because: dict[UUID, None]  # signals, in the order in which they were learned
    cause: AnyRecorded  # the first fact that raised it; of a new attendance its own


class Doubts:
    """The attendances to judge, by person and signal."""

    def __init__(self) -> None:
        self.by_person: dict[str, dict[UUID, Doubt]] = {}

    def raise_(
        self,
        person_id: str,
        at_us: int,
        attendance: UUID,
        because: Iterable[UUID],
        cause: AnyRecorded,
    ) -> None:
        """Doubt the judgement of one attendance; the doubts of a batch add up."""
        doubts = self.by_person.setdefault(person_id, {})
        doubt = doubts.get(attendance)
        if doubt is None:
            doubts[attendance] = Doubt(at_us, dict.fromkeys(because), cause)
        else:
            doubt.because.update(dict.fromkeys(because))
