"""The reference that we measure against: the stock recorders and runner of the `eventsourcing` library.

They get the same facts in the same bytes, decoded by the same decoder, and the same server, so that
only the way in which they store and follow differs from ours. Everything is in the library's
default (safe) mode.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import Mapper, Notification, StoredEvent, Tracking
from eventsourcing.postgres import (
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresTrackingRecorder,
)
from eventsourcing.projection import Projection
from eventsourcing.utils import get_topic
from psycopg.conninfo import conninfo_to_dict

from adapters.log.codec import decode
from adapters.postgres.rows import columns_of
from domain.catalogue import AnyRecorded, Recorded
from projections.ticket_board import TICKET_BOARD, TicketRow

EVENTS_TABLE = "field_events"  # of the application below
RECORDED_AT = datetime(2026, 11, 22, tzinfo=UTC)  # the stock tables keep no such time


def environment(url: str) -> dict[str, str]:
    """Return how the library is told of a database."""
    told = conninfo_to_dict(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(told["dbname"]),
        "POSTGRES_HOST": str(told["host"]),
        "POSTGRES_PORT": str(told.get("port", "5432")),
        "POSTGRES_USER": str(told["user"]),
        "POSTGRES_PASSWORD": "none",
        "MAPPER_TOPIC": get_topic(FactMapper),
    }


def datastore(url: str, *, connections: int) -> PostgresDatastore:
    """Return the library's connections to a database, as many as may work at once."""
    told = environment(url)
    return PostgresDatastore(
        told["POSTGRES_DBNAME"],
        told["POSTGRES_HOST"],
        told["POSTGRES_PORT"],
        told["POSTGRES_USER"],
        told["POSTGRES_PASSWORD"],
        pool_size=connections,
    )


def recorder(store: PostgresDatastore, table: str = EVENTS_TABLE) -> PostgresApplicationRecorder:
    """Return the stock application recorder, its table made."""
    made = PostgresApplicationRecorder(store, events_table_name=table)
    made.create_table()
    return made


class FactMapper(Mapper[UUID]):
    """Reads our facts from the stock table."""

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        assert isinstance(stored_event, Notification)
        assert isinstance(stored_event.originator_id, UUID)
        return Recorded(
            tenant_id="bench",
            position=stored_event.id,
            stream_id=f"ticket-{stored_event.originator_id}",
            version=stored_event.originator_version,
            event_id=stored_event.originator_id,
            occurred_at=RECORDED_AT,
            recorded_at=RECORDED_AT,
            actor="bench",
            caused_by=None,
            correlation_id=stored_event.originator_id,
            event=decode(stored_event.topic, stored_event.state),
        )


class Field(Application[UUID]):
    """The application whose events the runner follows."""

    name = "field"


COLUMNS = columns_of(TicketRow)
NAMES = ", ".join(column.name for column in COLUMNS)
LOAD = f"SELECT {NAMES} FROM views.ticket_board_stock WHERE ticket_id = %s"
SAVE = (
    f"INSERT INTO views.ticket_board_stock ({NAMES})"
    f" VALUES ({', '.join('%s' for _ in COLUMNS)}) ON CONFLICT (ticket_id) DO UPDATE SET "
    + ", ".join(f"{column.name} = excluded.{column.name}" for column in COLUMNS)
)
# The same columns and indexes as ours, but of one tenant and one generation, so narrower.
MAKE = f"""
CREATE TABLE IF NOT EXISTS views.ticket_board_stock AS
    SELECT {NAMES} FROM views.ticket_board WITH NO DATA;
ALTER TABLE views.ticket_board_stock ADD PRIMARY KEY (ticket_id);
CREATE INDEX ON views.ticket_board_stock (opened_at DESC, ticket_id DESC);
CREATE INDEX ON views.ticket_board_stock (status, opened_at DESC);
"""


class TicketView(PostgresTrackingRecorder):
    """The ticket board as the library would have it: a row and the tracking in one transaction."""

    def fold(self, fact: AnyRecorded, tracking: Tracking) -> None:
        """Fold one fact into its row."""
        with self.datastore.transaction(commit=True) as cursor:
            ticket_id = TICKET_BOARD.key_of(fact)
            cursor.execute(LOAD, [ticket_id], prepare=True)
            values: Any = cursor.fetchone()
            before = None if values is None else TicketRow(**values)
            row = TICKET_BOARD.project(before, fact)
            assert row is not None
            stored = [
                value for column in COLUMNS for value in column.stored([getattr(row, column.name)])
            ]
            cursor.execute(SAVE, stored, prepare=True)
            self._insert_tracking(cursor, tracking)


class Tickets(Projection[TicketView]):
    """The stock projection of the same rows."""

    name = "tickets"

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.fold(domain_event, tracking)
