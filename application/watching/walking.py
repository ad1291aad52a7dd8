"""Walking: a person's scans as walks of tours, and what a walk is worth.

A walk is a run of scans of one tour with no hour between two of them and no checkpoint in it again,
but for a tag that is touched twice. It is over when everything was scanned, or when its person was
seen an hour later: late scans may join two walks, or end one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from application.watching.memories import Round, Scan, TourKnown
from domain.anomaly.tally import HOUR_US, MINUTE_US

PAUSE_US = HOUR_US  # assumption: who does not scan for so long walks no more
AGAIN_US = 5 * MINUTE_US  # assumption: nobody touches a tag for longer


class Walk(NamedTuple):
    """A walk that is over."""

    start_us: int
    until_us: int  # of the window of its scans
    site_id: str
    minutes: float
    completion: float  # 0 to 1
    scans: int


def runs(scans: Sequence[Scan]) -> list[list[Scan]]:
    """Return the scans of each walk, in order."""
    open_: dict[str, list[Scan]] = {}
    found: list[list[Scan]] = []
    for scan in scans:
        run = open_.get(scan.tour_id)
        if run is None or scan.at_us - run[-1].at_us > PAUSE_US or walked_on(run, scan):
            run = open_[scan.tour_id] = []
            found.append(run)
        run.append(scan)
    return found


def walked_on(run: Sequence[Scan], scan: Scan) -> bool:
    """Return whether a checkpoint was scanned in a walk before, and left."""
    return any(
        each.checkpoint_id == scan.checkpoint_id and scan.at_us - each.at_us > AGAIN_US
        for each in run
    )


def walks(
    scans: Sequence[Scan], tours: Mapping[str, TourKnown], seen_us: int
) -> Iterator[Walk | int]:
    """Yield each walk that is over, and the last moment of each that may go on.

    `seen_us` is up to when the person is known to have been seen.
    """
    for run in runs(scans):
        first, last = run[0], run[-1]
        wanted = round_at(tours.get(first.tour_id), first.at_us)
        if wanted is None:
            continue
        done = {scan.checkpoint_id for scan in run}.intersection(wanted.checkpoints)
        completion = len(done) / len(wanted.checkpoints)
        if completion < 1.0 and seen_us <= last.at_us + PAUSE_US:
            yield last.at_us
            continue
        yield Walk(
            first.at_us,
            last.at_us + 1,
            first.site_id,
            (last.at_us - first.at_us) / MINUTE_US,
            completion,
            len(run),
        )


def round_at(tour: TourKnown | None, at_us: int) -> Round | None:
    """Return what had to be scanned then; the first version also before its time."""
    if tour is None or not tour.rounds:
        return None
    for each in reversed(tour.rounds):
        if each.since_us <= at_us:
            return each
    return tour.rounds[0]
