"""Published: the public contract of the feed, smaller than our facts and kept apart from them.

A frame tells that something public happened and shows its subject right after it. It is a pure
function of the log, so a frame that is read again after a drop is the frame that was sent. Only a
gap is not: it tells one listener what was left out for it, and the log still has all of that.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

import msgspec

from domain.alert import AlertEvent
from domain.anomaly.facts import AnomalyEvent
from domain.catalogue import AnyRecorded, tag_of
from domain.finding.facts import FindingEvent
from domain.fraud.facts import FraudScored
from domain.fraud.memory import HIGH_RISK_FROM
from domain.incident.facts import (
    IncidentEvent,
    IncidentEvidenceDropped,
    IncidentEvidenceLinked,
)
from domain.severity import Severity
from domain.ticket import TicketEvent
from projections.alert_board import ALERT_BOARD, AlertRow
from projections.anomalies import ANOMALIES, AnomalyRow
from projections.findings import FindingRow, tell_finding
from projections.fraud_scores import FRAUD_SCORES, ScoreRow
from projections.incidents import INCIDENTS, IncidentRow
from projections.ticket_board import TICKET_BOARD, TicketRow

FrameType: TypeAlias = Literal[
    "ticket", "alert", "finding", "anomaly", "incident", "correlation", "score"
]
Row: TypeAlias = TicketRow | AlertRow | FindingRow | AnomalyRow | IncidentRow | ScoreRow
Fold: TypeAlias = Callable[[Any, AnyRecorded], Row | None]  # of a subject's own story

_SUBJECTS: dict[type, tuple[FrameType, Fold]] = {
    **dict.fromkeys(get_args(TicketEvent), ("ticket", TICKET_BOARD.project)),
    **dict.fromkeys(get_args(AlertEvent), ("alert", ALERT_BOARD.project)),
    # The story of a finding tells which ticket works on it, so each of its frames shows that too.
    **dict.fromkeys(get_args(FindingEvent), ("finding", tell_finding)),
    **dict.fromkeys(get_args(AnomalyEvent), ("anomaly", ANOMALIES.project)),
    **dict.fromkeys(get_args(IncidentEvent), ("incident", INCIDENTS.project)),
    # What an incident consists of changes far more often than how it stands.
    IncidentEvidenceLinked: ("correlation", INCIDENTS.project),
    IncidentEvidenceDropped: ("correlation", INCIDENTS.project),
    FraudScored: ("score", FRAUD_SCORES.project),
}
PUBLIC_TYPES: tuple[str, ...] = tuple(tag_of(fact) for fact in _SUBJECTS)
FRAME_TYPES: frozenset[str] = frozenset(get_args(FrameType))


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One public happening. `data` is the subject as its story tells it, right after the fact."""

    type: FrameType
    event: str  # the fact's public name, such as ticket.opened
    position: int
    recorded_at: datetime
    actor: str
    site_id: str | None
    data: Row


class GapFrame(msgspec.Struct, frozen=True, kw_only=True, tag="gap"):
    """What was left out for a listener that came too far behind; nothing CRITICAL is among it.

    Who resumes behind the gap's `previous` is told all of it.
    """

    position: int  # of the last frame that was left out
    first_position: int  # of the first one
    left_out: int  # frames
    by_type: dict[str, int]
    by_site: dict[str, int]  # the sites with most of them; what has no site is not counted here


def fold_of(fact: AnyRecorded) -> Fold | None:
    """Return what folds the row that a frame of this fact shows; None where it is not public."""
    subject = _SUBJECTS.get(type(fact.event))
    return None if subject is None else subject[1]


def publish(fact: AnyRecorded, before: Row | None, after: Row | None) -> Frame | None:
    """Return the frame of a fact, given its subject's row before and after it; None where it is not public.

    Scores below the high risk board are not: nobody is meant to watch honest guards arrive. But
    whoever saw a score on that board hears that it fell.
    """
    subject = _SUBJECTS.get(type(fact.event))
    if subject is None or after is None:
        return None
    if isinstance(after, ScoreRow) and not (is_high_risk(before) or is_high_risk(after)):
        return None
    return Frame(
        type=subject[0],
        event=tag_of(fact.event),
        position=fact.position,
        recorded_at=fact.recorded_at,
        actor=fact.actor,
        site_id=after.site_id,
        data=after,
    )


def is_high_risk(row: Row | None) -> bool:
    """Return whether a row is a score of the high risk board."""
    return isinstance(row, ScoreRow) and row.probability >= HIGH_RISK_FROM


def is_critical(before: Row | None, after: Row | None) -> bool:
    """Return whether a frame shows a subject that is CRITICAL, or was until then.

    Such a frame is never left out: neither that something is CRITICAL nor that it is so no more.
    """
    return any(
        row is not None and not isinstance(row, ScoreRow) and row.severity is Severity.CRITICAL
        for row in (before, after)
    )
