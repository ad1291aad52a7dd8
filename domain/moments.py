"""Moments: the span of time that the log keeps, so that every machine and time zone can read it again."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.kernel import Senseless

OLDEST = datetime(2000, 1, 1, tzinfo=UTC)  # before it no phone had a clock worth believing
# Near the year 9999 another time zone is a moment that Python cannot hold.
NEWEST = datetime(2200, 1, 1, tzinfo=UTC)


class MomentOutOfRange(Senseless):
    """The moment is before OLDEST or not before NEWEST."""

    code = "moment.out_of_range"


def require_in_range(field: str, moment: datetime) -> None:
    """Refuse a planned moment that the log does not keep.

    Raises:
        MomentOutOfRange: it lies before OLDEST or not before NEWEST.
    """
    if not OLDEST <= moment < NEWEST:
        raise MomentOutOfRange(
            f"{field} must be from {OLDEST:%Y-%m-%d} on and before {NEWEST:%Y-%m-%d}.",
            field=f"$.{field}",
        )
