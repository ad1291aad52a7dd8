"""Pure folds from facts to the rows people look at, and the public event contract."""

from __future__ import annotations

from typing import Any

from projections.access import KEYS, USERS
from projections.alert_board import ALERT_BOARD
from projections.anomalies import ANOMALIES
from projections.directory import DEVICES, PERSONS, SHIFTS, SITES, TASKS, TOURS
from projections.findings import AUDITS, FINDINGS
from projections.fraud_scores import FRAUD_SCORES
from projections.incidents import INCIDENTS
from projections.job_board import JOB_BOARD
from projections.kernel import Projection
from projections.mails import MAILS
from projections.muting import LEDGER, MAINTENANCE, SILENCES
from projections.signals import SIGNALS
from projections.threshold_board import THRESHOLD_BOARD
from projections.ticket_board import TICKET_BOARD
from projections.ticket_clocks import TICKET_CLOCKS

PROJECTIONS: tuple[Projection[Any], ...] = (
    TICKET_BOARD,
    ALERT_BOARD,
    FRAUD_SCORES,
    SITES,
    PERSONS,
    DEVICES,
    TOURS,
    SHIFTS,
    TASKS,
    USERS,
    KEYS,
    SIGNALS,
    JOB_BOARD,
    THRESHOLD_BOARD,
    ANOMALIES,
    TICKET_CLOCKS,
    MAILS,
    FINDINGS,
    AUDITS,
    INCIDENTS,
    SILENCES,
    MAINTENANCE,
    LEDGER,
)
