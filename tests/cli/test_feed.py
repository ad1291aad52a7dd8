"""`vedette feed recipients`: what was recorded, in lines and as JSON."""

from __future__ import annotations

from uuid import uuid4

from adapters.log.postgres_log import PostgresLog
from adapters.postgres.database import Database
from adapters.postgres.recipients import PostgresRecipients
from application.recipients import Handed
from tests.cli.conftest import Vedette


def test_recipients_are_listed_and_looked_up_by_position(
    vedette: Vedette, store: Database, log: PostgresLog, tenant: str
) -> None:
    of = ("--tenant", tenant)
    log.open_tenant(tenant)
    book = PostgresRecipients(store)
    book.keep(tenant, uuid4(), [Handed(3, 2, 0), Handed(5, 1, 1)])
    shown = vedette("feed", "recipients", *of, "--json")
    assert [(each["position"], each["left_out"]) for each in shown.json] == [(3, 0), (5, 1)]
    assert [
        each["position"]
        for each in vedette("feed", "recipients", *of, "--after", "3", "--json").json
    ] == [5]
    assert "recipients" in vedette("feed", "recipients", "5", *of).out
    missing = vedette("feed", "recipients", "4", *of)
    assert (missing.code, missing.out) == (1, "")
    assert missing.err.startswith("Nothing is recorded of a frame at 4")
    assert vedette("feed", "recipients", "0", *of).code != 0
