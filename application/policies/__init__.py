"""Policies: whenever this is stated, do that. One file each, named by its rule."""

from __future__ import annotations

from collections.abc import Callable

from application.following import Policy
from application.policies.assign_ticket_whenever_opened_without_assignee import (
    AssignTicketWheneverOpenedWithoutAssignee,
)
from application.policies.correlate_whenever_something_happens import (
    CorrelateWheneverSomethingHappens,
)
from application.policies.escalate_finding_whenever_raised_high import (
    EscalateFindingWheneverRaisedHigh,
)
from application.policies.escalate_ticket_whenever_sla_breached import (
    EscalateTicketWheneverSlaBreached,
)
from application.policies.judge_baselines_whenever_signals_recorded import (
    JudgeBaselinesWheneverSignalsRecorded,
)
from application.policies.keep_findings_right_whenever_signals_come_late import (
    KeepFindingsRightWheneverSignalsComeLate,
)
from application.policies.keep_service_level_whenever_ticket_told import (
    KeepServiceLevelWheneverTicketTold,
)
from application.policies.open_ticket_whenever_alert_raised import OpenTicketWheneverAlertRaised
from application.policies.raise_alert_whenever_anomaly_detected import (
    RaiseAlertWheneverAnomalyDetected,
)
from application.policies.raise_alert_whenever_device_tampered import (
    RaiseAlertWheneverDeviceTampered,
)
from application.policies.raise_alert_whenever_fraud_scored_high import (
    RaiseAlertWheneverFraudScoredHigh,
)
from application.policies.raise_alert_whenever_panic_recorded import (
    RaiseAlertWheneverPanicRecorded,
)
from application.policies.score_fraud_whenever_attendance_recorded import (
    ScoreFraudWheneverAttendanceRecorded,
)
from application.policies.send_mail_whenever_escalated import SendMailWheneverEscalated

POLICIES: tuple[Callable[[], Policy], ...] = (
    ScoreFraudWheneverAttendanceRecorded,
    JudgeBaselinesWheneverSignalsRecorded,
    RaiseAlertWheneverFraudScoredHigh,
    RaiseAlertWheneverAnomalyDetected,
    RaiseAlertWheneverPanicRecorded,
    RaiseAlertWheneverDeviceTampered,
    OpenTicketWheneverAlertRaised,
    EscalateFindingWheneverRaisedHigh,
    AssignTicketWheneverOpenedWithoutAssignee,
    KeepServiceLevelWheneverTicketTold,
    EscalateTicketWheneverSlaBreached,
    SendMailWheneverEscalated,
    KeepFindingsRightWheneverSignalsComeLate,
    CorrelateWheneverSomethingHappens,
)
