"""Knowledge: the fold from facts to fraud scores, a batch at a time, with memories between batches.

What stands in the end is a function of the set of signals, not of their order: a signal that comes
late puts itself in its place, and every attendance whose judgement could depend on it is judged
anew. The cut between two batches changes only how many scores were superseded on the way.

A score names the position of the one it supersedes, and a position is known once the fold has read
its own `fraud.scored` back from the log; a change that comes before waits until then.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from domain.alert.facts import AlertReopened, AlertResolved
from domain.catalogue import AnyRecorded
from domain.directory.device import DeviceIssued, DeviceRegistered
from domain.directory.site import (
    GeofenceResized,
    SiteRegistered,
    SiteRelocated,
    SiteTimeZoneCorrected,
)
from domain.directory.tour import TourDefined
from domain.fraud.facts import FraudScored
from domain.fraud.judging import Judge, Rescore
from domain.fraud.learning import Learner
from domain.fraud.memory import Memory
from domain.fraud.score import RULES, Scorer
from domain.fraud.shelf import Recall, Shelf
from domain.kernel import Event
from domain.signals import AttendanceRecorded, CheckpointScanRecorded, LocationRecorded

#: The facts that judging attendances stands on; others change nothing.
FACTS: tuple[type[Event], ...] = (
    AttendanceRecorded,
    LocationRecorded,
    CheckpointScanRecorded,
    FraudScored,
    AlertResolved,
    AlertReopened,
    SiteRegistered,
    SiteRelocated,
    GeofenceResized,
    SiteTimeZoneCorrected,
    DeviceRegistered,
    DeviceIssued,
    TourDefined,
)


class Thoughts(msgspec.Struct, frozen=True):
    """What a batch of facts led to."""

    rescores: list[Rescore]  # to record, in this order; at most one for each attendance
    memories: dict[str, Memory]  # to keep, by key
    forgotten: list[str]  # keys under which nothing is to be kept any more


def think(
    batch: Sequence[AnyRecorded],
    recall: Recall,
    scorer: Scorer = RULES,
    *,
    replaying: bool = False,
) -> Thoughts:
    """Take facts in, oldest first, and judge the attendances that they concern.

    A replay judges nothing: the scores that stand are those that it reads.

    The memories that come from `recall` are changed in place. The scores and the memories stand
    together with the follower's checkpoint, or not at all. A fact that was taken in before changes
    nothing.
    """
    shelf = Shelf(recall)
    learner = Learner(shelf)
    learner.fetch_for(batch)
    for recorded in batch:
        learner.learn(recorded)
    rescores = [] if replaying else Judge(shelf, scorer, learner.doubts).judge()
    return Thoughts(rescores, shelf.settle(), shelf.forgotten)
