"""Recipients: how many listeners of the feed each frame was handed to, kept beside the log.

An auditor asks whether anybody was shown that a ticket was opened, and whoever runs Vedette how
much a storm left out. Neither is a fact of the tenant, so it is counted and not told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

# For so long can be looked up what was recorded; the database forgets nothing younger.
KEPT_DAYS = 30


class Handed(msgspec.Struct, frozen=True):
    """What one process counted of one frame since it last handed its counts over."""

    position: int
    recipients: int
    left_out: int


class FrameRecipients(msgspec.Struct, frozen=True, kw_only=True):
    """How many listeners a frame was handed to, over all processes; moments to about a second."""

    position: int
    recipients: int
    left_out: int  # listeners for whom it was left out, because too much happened at once
    first_at: datetime
    last_at: datetime  # later than the first where somebody was told late, or again


class RecipientBook(Protocol):
    """Where what was counted is kept, each tenant's own."""

    def keep(self, tenant_id: str, batch: UUID, handed: Sequence[Handed]) -> None:
        """Add counts to what is kept; the same batch a second time adds nothing.

        Raises:
            LogUnavailable: the database did not answer.
        """
        ...

    def forget(self, tenant_id: str) -> None:
        """Forget what was recorded more than KEPT_DAYS days ago.

        Raises:
            LogUnavailable: the database did not answer.
        """
        ...

    def behind(self, tenant_id: str, after: int, limit: int) -> list[FrameRecipients]:
        """Return what is kept of the frames behind a position, in the order of the log."""
        ...


def recipients_of(
    book: RecipientBook, tenant_id: str, *, position: int | None, after: int, limit: int
) -> list[FrameRecipients]:
    """Return what is kept of the frames behind a position, or of the one at a position."""
    if position is None:
        return book.behind(tenant_id, after, limit)
    found = book.behind(tenant_id, max(after, position - 1), 1)
    return [frame for frame in found if frame.position == position]
