"""Resting: how long a follower lets facts gather before it gets up again, and for which it does.

A first fact is answered at once; those that follow closely share a batch, which costs nearly the
same for one fact as for fifty. On a small machine that is what decides: each follower that gets up
for every single fact takes its time from those that somebody waits for.

For some facts nobody need get up: what a policy only takes note of, as of what it stated itself, is
read along with what it answers, in the order of the log, or when it is found by itself.
"""

from __future__ import annotations

from adapters.followers.lanes import CALLING
from adapters.followers.runtime import Handler, Rests
from application.policies import assign_ticket_whenever_opened_without_assignee as assigning
from application.policies import correlate_whenever_something_happens as correlating
from application.policies import escalate_finding_whenever_raised_high as escalating
from application.policies import judge_baselines_whenever_signals_recorded as judging
from application.policies import open_ticket_whenever_alert_raised as opening
from application.policies import raise_alert_whenever_anomaly_detected as raising_anomaly
from application.policies import raise_alert_whenever_device_tampered as raising_tamper
from application.policies import raise_alert_whenever_fraud_scored_high as raising_fraud
from application.policies import raise_alert_whenever_panic_recorded as raising_panic
from application.policies import score_fraud_whenever_attendance_recorded as scoring
from application.policies.alerting import OWN_FACTS
from domain.catalogue import tag_of
from domain.kernel import Event
from domain.muting.facts import ActionMuted
from domain.ticket import TicketEased, TicketOpened, TicketRepeated
from projections.signals import SIGNALS

# What stands in a row on the way from a signal to its ticket. The first of them hears of every
# signal, and what the others hear of comes in its batches.
CALLING_REST_S = 0.005
SCORING_REST_S = 0.025
# An anomaly is to be on the screen 200 ms after what told of it; its policy stays behind the signals.
JUDGING_REST_S = 0.08
REST_S = 0.2
# In a storm, of those that keep a board or a book: looked at twice a second is enough.
BUSY_REST_S = 0.4

RESTS_S = {
    **dict.fromkeys(CALLING, CALLING_REST_S),
    scoring.NAME: SCORING_REST_S,
    SIGNALS.name: JUDGING_REST_S,
    judging.NAME: JUDGING_REST_S,
    # An incident is to be on the screen half a second after what it was joined by.
    correlating.NAME: REST_S,
}

#: Of the policies on the way to a ticket, what they only take note of.
NOTED: dict[str, tuple[type[Event], ...]] = {
    raising_fraud.NAME: OWN_FACTS,
    raising_panic.NAME: OWN_FACTS,
    raising_tamper.NAME: OWN_FACTS,
    raising_anomaly.NAME: OWN_FACTS,
    opening.NAME: (TicketOpened, ActionMuted),
    escalating.NAME: (TicketOpened, ActionMuted),
    assigning.NAME: (TicketRepeated, TicketEased),
}


def rests(handler: Handler) -> Rests:
    """Return how long a follower rests: the less, the sooner somebody is called by it."""
    always_s = RESTS_S.get(handler.name)
    return Rests(REST_S, BUSY_REST_S) if always_s is None else Rests(always_s, always_s)


def gets_up_for(handler: Handler) -> frozenset[str] | None:
    """Return the tags of the facts for which a follower is woken at once; None means all."""
    if handler.types is None:
        return None
    return handler.types - {tag_of(fact) for fact in NOTED.get(handler.name, ())}
