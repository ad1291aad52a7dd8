"""Gaps: what was left out for a listener that came too far behind, counted so that it can be told.

A gap stands in the queue where the frames stood that it counts, so the order of what is told, and
with it the chain of positions, stays whole: whoever is cut off anywhere resumes without loss.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec

from interfaces.feed.reading import Told, linked
from projections.published import GapFrame

GAP_SITES_MAX = 20  # sites that a gap names, those with most frames first

LetsThrough = Callable[[str, str | None], bool]

_encoder = msgspec.json.Encoder()


class Gap:
    """Frames that follow each other in one listener's queue and were left out of it."""

    def __init__(self) -> None:
        self.position = 0
        self._first_position = 0  # 0: nothing was left out yet
        self._counts: Counter[tuple[str, str | None]] = Counter()  # by type and site

    def leave_out(self, waits: Told | Gap) -> None:
        """Count one more frame, or a gap, that stands behind all that was counted."""
        if isinstance(waits, Gap):
            first = waits._first_position
            self._counts.update(waits._counts)
        else:
            first = waits.position
            self._counts[waits.frame.type, waits.frame.site_id] += 1
        self._first_position = self._first_position or first
        self.position = waits.position

    def after(self, previous: int, lets_through: LetsThrough) -> bytes | None:
        """Return the bytes for a listener; None if nothing of it is meant for it any more.

        What a listener may see can have shrunk meanwhile, and then it is not told either how much
        there was of what it may not see.
        """
        seen = {of: count for of, count in self._counts.items() if lets_through(*of)}
        if not seen:
            return None
        by_type: Counter[str] = Counter()
        by_site: Counter[str] = Counter()
        for (type_, site_id), count in seen.items():
            by_type[type_] += count
            if site_id is not None:
                by_site[site_id] += count
        frame = GapFrame(
            position=self.position,
            first_position=self._first_position,
            left_out=by_type.total(),
            by_type=dict(by_type),
            by_site=dict(by_site.most_common(GAP_SITES_MAX)),
        )
        return linked(previous, _encoder.encode(frame)[1:])
