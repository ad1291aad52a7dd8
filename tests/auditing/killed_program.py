"""A worker for a test: begins an audit, and kills itself when half of the findings stand."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from uuid import UUID

from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from adapters.postgres.plans import PostgresPlans
from adapters.postgres.signals import PostgresSignals
from application.auditing import RunAudit
from application.ports import Append, Outcome


class ShortLivedLog(PostgresLog):
    """A log whose process dies after the first half of an append."""

    def append_each(self, tenant_id: str, appends: Sequence[Append]) -> list[Outcome]:
        super().append_each(tenant_id, appends[: len(appends) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
        return []


def main(url: str, tenant: str, audit_id: str, position: str) -> None:
    """Do as much of the audit as there is time for."""
    database = Database(url)
    run = RunAudit(ShortLivedLog(database), PostgresSignals(database), PostgresPlans(database))
    run(tenant, UUID(audit_id), int(position))


if __name__ == "__main__":
    main(*sys.argv[1:])
