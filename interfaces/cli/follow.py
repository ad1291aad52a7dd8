"""`vedette follow`: one follower process."""

from __future__ import annotations

import signal
from contextlib import closing

from interfaces import journal, settings, wiring
from interfaces.collecting import spare_the_collector


def app(*, lane: wiring.Lane | None = None) -> None:
    """Run one follower process: read models, policies and the dispatch of jobs, for every tenant.

    Run as many as you like: they share the tenants among themselves. Ctrl-C or TERM ends it after
    the batch under way.

    Parameters
    ----------
    lane
        urgent: only what leads from a signal to an alert and a ticket. background: only the rest,
        giving way to others. Run at least one process of each, as `vedette up` does, or some
        without a lane, which run everything.
    """
    wiring.step_back(lane)
    chosen = wiring.completed(settings.load())
    journal.configure(chosen.log_level)
    with closing(wiring.open_application(chosen)) as vedette:
        process = wiring.followers(vedette, lane)
        spare_the_collector()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: process.stop())
        process.run()
