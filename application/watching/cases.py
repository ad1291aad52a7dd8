"""Cases: the baselines that a batch concerns, and the windows that go on."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.watching.memories import Subject
from domain.anomaly.facts import Metric
from domain.anomaly.family import Going, Kept
from domain.anomaly.tally import Value
from domain.catalogue import AnyRecorded


class Open(msgspec.Struct, frozen=True):
    """The window that goes on."""

    start_us: int
    until_us: int
    day: int
    hour_of_week: int
    site_id: str | None
    values: dict[Metric, Value]  # of those that say something yet
    because: AnyRecorded  # the last fact of it


class Case(msgspec.Struct):
    """One baseline that the batch concerns."""

    subject: Subject
    metric: Metric
    going: Going
    because: AnyRecorded
    late: list[UUID]
    settles_on: int = 0  # day of the last fact that changed a window
    gone: list[Kept] = msgspec.field(default_factory=list)  # windows that are none any more
    stale: bool = False  # to be kept
