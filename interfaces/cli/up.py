"""`vedette up`: everything in one command."""

from __future__ import annotations


def app(*, demo: bool = False) -> int:
    """Run everything on this machine: databases, web, followers and workers.

    PostgreSQL and Valkey are started in the data directory unless VEDETTE_DATABASE_URL and
    VEDETTE_REDIS_URL name others. Ctrl-C stops it all; the data stays for the next start.

    Parameters
    ----------
    demo
        Make a demo tenant and go on playing simulated signals from its field.
    """
    # Imported here: help and wrong usage need not load every part of Vedette.
    from interfaces.settings import load

    settings = load()
    from interfaces.supervisor import Supervisor

    return Supervisor(settings, demo=demo).run()
