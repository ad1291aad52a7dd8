"""`vedette work`: one worker process."""

from __future__ import annotations

import signal
from contextlib import closing

from interfaces import journal, settings, wiring
from interfaces.collecting import spare_the_collector


def app(*, threads: int = 2) -> None:
    """Run one worker process: it sends what is to be done, and does what it is sent.

    Jobs are asked for by facts and answered by facts; Redis only carries messages and may lose
    them. Run as many as you like. Ctrl-C or TERM ends it after the jobs under way.

    Parameters
    ----------
    threads
        Jobs at the same time.
    """
    chosen = wiring.completed(settings.load())
    journal.configure(chosen.log_level)
    with closing(wiring.open_application(chosen)) as vedette:
        process = wiring.worker(vedette, threads=threads)
        spare_the_collector()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: process.stop())
        process.run()
