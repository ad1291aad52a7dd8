"""Resting: how long a follower lets facts gather before it gets up again.

A first fact is answered at once; those that follow closely share a batch, which costs nearly the
same for one fact as for fifty. On a small machine that is what decides: each follower that gets up
for every single fact takes its time from those that somebody waits for.
"""

from __future__ import annotations

from adapters.followers.lanes import CALLING
from adapters.followers.runtime import Handler
from application.policies import judge_baselines_whenever_signals_recorded as judging
from application.policies import score_fraud_whenever_attendance_recorded as scoring
from projections.signals import SIGNALS

# What stands in a row on the way from a signal to its ticket. The first of them hears of every
# signal, and what the others hear of comes in its batches.
CALLING_REST_S = 0.005
SCORING_REST_S = 0.04
# An anomaly is to be on the screen 200 ms after what told of it; its policy stays behind the signals.
JUDGING_REST_S = 0.08
REST_S = 0.2

RESTS_S = {
    **dict.fromkeys(CALLING, CALLING_REST_S),
    scoring.NAME: SCORING_REST_S,
    SIGNALS.name: JUDGING_REST_S,
    judging.NAME: JUDGING_REST_S,
}


def rest_s(handler: Handler) -> float:
    """Return how long a follower rests, in seconds: the less, the sooner somebody is called by it."""
    return RESTS_S.get(handler.name, REST_S)
