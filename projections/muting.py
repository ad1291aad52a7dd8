"""Muting: silences, maintenances, and the ledger of what called nobody because of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import get_args
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.alert import AlertReopened, AlertResolved, AlertWithdrawn, Verdict
from domain.catalogue import AnyRecorded
from domain.finding.facts import FindingResolved, FindingWithdrawn
from domain.muting.facts import (
    Action,
    ActionMuted,
    MaintenanceCancelled,
    MaintenancePlanned,
    MaintenanceWindowClosed,
    Matcher,
    MutedBy,
    SilenceEnded,
    SilenceStarted,
    Weekday,
)
from domain.muting.maintenance import MaintenanceEvent
from domain.muting.silence import SilenceEvent, SilenceStatus
from domain.severity import Severity
from domain.ticket import TicketOpened
from projections.kernel import Projection, key_behind


class SilenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One silence; one that RUNS may not have begun yet."""

    silence_id: UUID
    status: SilenceStatus
    matcher: Matcher
    site_id: str | None  # of the matcher, so that lists can be told apart by site
    starts_at: datetime
    ends_at: datetime
    reason: str
    author: str
    ended_by: str | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    started_at: datetime  # when it was wished
    position: int  # of the last fact folded into the row


class MaintenanceStatus(StrEnum):
    """Whether windows of a maintenance are to come, as far as people decided."""

    PLANNED = "PLANNED"
    CANCELLED = "CANCELLED"


class MaintenanceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One maintenance, with the last window that is over."""

    window_id: UUID
    status: MaintenanceStatus
    site_id: str
    kinds: list[str]
    weekdays: list[Weekday]
    starts_at: str  # local time of the site
    duration_minutes: int
    first_day: str
    last_day: str
    reason: str
    author: str
    closed_until: datetime | None = None  # the end of the last window that is over
    cancelled_by: str | None = None
    cancel_reason: str | None = None
    planned_at: datetime
    position: int


class Muting(msgspec.Struct, frozen=True):
    """One line of the ledger."""

    muted_by: MutedBy
    muter_id: UUID | None
    severity: Severity
    assignee: str | None
    at: datetime
    until: datetime | None
    position: int


class SuppressionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One trouble that called nobody: what it would have been, why not, and what came of it."""

    subject_id: UUID  # of the alert, finding or incident
    subject: str  # its kind
    action: Action  # that was not taken
    muted_by: MutedBy  # lately
    muter_id: UUID | None
    severity: Severity  # lately
    title: str
    site_id: str | None
    person_id: str | None
    assignee: str | None  # who would have got it
    seen_at: datetime
    until: datetime | None
    first_muted_at: datetime
    last_muted_at: datetime
    mutings: list[Muting]  # all lines, oldest first
    later_ticket_id: UUID | None = None  # opened for it afterwards, or that it was counted in
    later_verdict: Verdict | None = None
    withdrawn_at: datetime | None = None  # when it was disproved
    position: int


def project_silence(row: SilenceRow | None, fact: AnyRecorded) -> SilenceRow | None:
    """Fold one fact into its silence's row."""
    event = fact.event
    if isinstance(event, SilenceStarted):
        return SilenceRow(
            silence_id=event.silence_id,
            status=SilenceStatus.RUNNING,
            matcher=event.matcher,
            site_id=event.matcher.site_id,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            reason=event.reason,
            author=fact.actor,
            started_at=fact.recorded_at,
            position=fact.position,
        )
    if row is None:
        return None
    if isinstance(event, SilenceEnded):
        return replace(
            row,
            status=SilenceStatus.ENDED,
            ended_by=fact.actor,
            ended_at=fact.recorded_at,
            end_reason=event.reason,
            position=fact.position,
        )
    return replace(
        row, status=SilenceStatus.LAPSED, ended_at=fact.recorded_at, position=fact.position
    )


def project_maintenance(row: MaintenanceRow | None, fact: AnyRecorded) -> MaintenanceRow | None:
    """Fold one fact into its maintenance's row."""
    match fact.event, row:
        case MaintenancePlanned() as plan, _:
            return MaintenanceRow(
                window_id=plan.window_id,
                status=MaintenanceStatus.PLANNED,
                site_id=plan.site_id,
                kinds=list(plan.kinds),
                weekdays=list(plan.weekdays),
                starts_at=plan.starts_at,
                duration_minutes=plan.duration_minutes,
                first_day=plan.first_day,
                last_day=plan.last_day,
                reason=plan.reason,
                author=fact.actor,
                planned_at=fact.recorded_at,
                position=fact.position,
            )
        case MaintenanceWindowClosed(ended_at=ended_at), MaintenanceRow():
            return replace(row, closed_until=ended_at, position=fact.position)
        case MaintenanceCancelled(reason=reason), MaintenanceRow():
            return replace(
                row,
                status=MaintenanceStatus.CANCELLED,
                cancelled_by=fact.actor,
                cancel_reason=reason,
                position=fact.position,
            )
        case _:
            return row


def subject_key(fact: AnyRecorded) -> str | None:
    """Return the subject whose row a fact tells of."""
    match fact.event:
        case ActionMuted(subject_id=subject_id):
            return str(subject_id)
        case TicketOpened() as opened:
            subject = opened.alert_id or opened.finding_id or opened.incident_id
            return None if subject is None else str(subject)
        case (
            AlertResolved()
            | AlertReopened()
            | AlertWithdrawn()
            | FindingResolved()
            | FindingWithdrawn()
        ):
            return fact.stream_id.partition("-")[2]
        case _:
            return None


def project_suppression(row: SuppressionRow | None, fact: AnyRecorded) -> SuppressionRow | None:
    """Fold one fact into its subject's row; what was never muted has none."""
    if isinstance(fact.event, ActionMuted):
        return muted(row, fact, fact.event)
    if row is None:
        return None
    match fact.event:
        case TicketOpened(ticket_id=ticket_id):
            row = replace(row, later_ticket_id=ticket_id)
        case AlertResolved(reason=reason) | FindingResolved(reason=reason):
            row = replace(row, later_verdict=reason)
        case AlertReopened():
            row = replace(row, later_verdict=None)
        case _:
            row = replace(row, withdrawn_at=fact.recorded_at)
    return replace(row, position=fact.position)


def muted(row: SuppressionRow | None, fact: AnyRecorded, line: ActionMuted) -> SuppressionRow:
    """Return the row with one more line of the ledger. What is muted again stands again."""
    ticket_id = None if row is None else row.later_ticket_id
    if line.muted_by is MutedBy.DEDUPLICATION:
        ticket_id = line.muter_id
    entry = Muting(
        line.muted_by,
        line.muter_id,
        line.severity,
        line.assignee,
        fact.recorded_at,
        line.until,
        fact.position,
    )
    return SuppressionRow(
        subject_id=line.subject_id,
        subject=line.subject,
        action=line.action,
        muted_by=line.muted_by,
        muter_id=line.muter_id,
        severity=line.severity,
        title=line.title,
        site_id=line.site_id,
        person_id=line.person_id,
        assignee=line.assignee,
        seen_at=line.seen_at,
        until=line.until,
        first_muted_at=fact.recorded_at if row is None else row.first_muted_at,
        last_muted_at=fact.recorded_at,
        mutings=[entry] if row is None else [*row.mutings, entry],
        later_ticket_id=ticket_id,
        later_verdict=None if row is None else row.later_verdict,
        position=fact.position,
    )


SILENCES = Projection(
    name="silences",
    table="silences",
    row=SilenceRow,
    key="silence_id",
    newest_first="started_at",
    facts=get_args(SilenceEvent),
    key_of=key_behind("silence-"),
    project=project_silence,
)
MAINTENANCE = Projection(
    name="maintenance-plans",
    table="maintenance_plans",
    row=MaintenanceRow,
    key="window_id",
    newest_first="planned_at",
    facts=get_args(MaintenanceEvent),
    key_of=key_behind("maintenance-"),
    project=project_maintenance,
)
LEDGER = Projection(
    name="ledger",
    table="ledger",
    row=SuppressionRow,
    key="subject_id",
    newest_first="first_muted_at",
    facts=(
        ActionMuted,
        TicketOpened,
        AlertResolved,
        AlertReopened,
        AlertWithdrawn,
        FindingResolved,
        FindingWithdrawn,
    ),
    key_of=subject_key,
    project=project_suppression,
)
