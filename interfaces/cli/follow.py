"""`vedette follow`: one follower process."""

from __future__ import annotations

import signal
from contextlib import closing

from interfaces import journal, settings, wiring


def app() -> None:
    """Run one follower process: read models, policies and the dispatch of jobs, for every tenant.

    Run as many as you like: they share the tenants among themselves. Ctrl-C or TERM ends it after
    the batch under way.
    """
    chosen = wiring.completed(settings.load())
    journal.configure(chosen.log_level)
    with closing(wiring.open_application(chosen)) as vedette:
        process = wiring.followers(vedette)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: process.stop())
        process.run()
