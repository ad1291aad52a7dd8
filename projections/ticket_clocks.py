"""Ticket clocks: one row per ticket, when its targets are due as its clock said last."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from domain.catalogue import AnyRecorded
from domain.service_level.facts import Hours, TicketTimed
from projections.kernel import Projection, key_behind


class ClockRow(msgspec.Struct, frozen=True, kw_only=True):
    """The clock of one ticket. A target that is reached, or needs no clock any more, is null."""

    ticket_id: UUID
    hours: Hours
    time_zone: str
    paused: bool
    since: datetime  # from when on time runs that is not counted
    next_due_at: datetime | None = None  # the earlier of both
    acknowledge_due_at: datetime | None = None
    acknowledge_counted_s: float | None = None
    acknowledge_target_s: int | None = None
    resolve_due_at: datetime | None = None
    resolve_counted_s: float | None = None
    resolve_target_s: int | None = None
    position: int


def project(row: ClockRow | None, fact: AnyRecorded) -> ClockRow | None:
    """Fold one fact into its ticket's clock: the last one says all."""
    if not isinstance(fact.event, TicketTimed):
        return row
    told = fact.event
    acknowledge, resolve = told.acknowledge, told.resolve
    dues = [each.due_at for each in (acknowledge, resolve) if each is not None]
    return ClockRow(
        ticket_id=told.ticket_id,
        hours=told.hours,
        time_zone=told.time_zone,
        paused=told.paused,
        since=told.since,
        next_due_at=min((due for due in dues if due is not None), default=None),
        acknowledge_due_at=None if acknowledge is None else acknowledge.due_at,
        acknowledge_counted_s=None if acknowledge is None else acknowledge.counted_s,
        acknowledge_target_s=None if acknowledge is None else acknowledge.target_s,
        resolve_due_at=None if resolve is None else resolve.due_at,
        resolve_counted_s=None if resolve is None else resolve.counted_s,
        resolve_target_s=None if resolve is None else resolve.target_s,
        position=fact.position,
    )


TICKET_CLOCKS = Projection(
    name="ticket-clocks",
    table="ticket_clocks",
    row=ClockRow,
    key="ticket_id",
    newest_first="since",
    facts=(TicketTimed,),
    key_of=key_behind("clock-"),
    project=project,
)
