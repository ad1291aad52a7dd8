"""Recorders of the `eventsourcing` library on our tables, bound to one tenant.

`notification_id` is our position, `topic` our type, `state` our data. The library lets each
aggregate class choose its first version, our streams count from 1 without a hole; so a recorder
is told the first version of all its aggregates (`initial_version`, the library's default is 1)
and adds the difference. A stream id that is a canonical UUID comes back as UUID, any other as str.

The library's retry decorator is not used: an append whose connection broke may stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import psycopg
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    Notification,
    OperationalError,
    PersistenceError,
    ProcessRecorder,
    ProgrammingError,
    StoredEvent,
    Subscription,
    Tracking,
    TrackingRecorder,
)

from adapters.log.appending import Prepared, ride_together
from adapters.log.eventsourcing_subscription import TenantSubscription
from adapters.log.postgres_log import read_head
from adapters.log.waking import Waker
from adapters.log.wire import INT8, ZERO, Row, timestamptz
from adapters.postgres.database import Connection, Database
from application.ports import Appended, LogUnavailable, NoSuchTenant, StreamMoved

ACTOR = "system:eventsourcing"

EVENTS = """
    SELECT stream_id, version, type, data FROM log.events
    WHERE tenant_id = %(tenant)s AND stream_id = %(stream)s
      AND version > %(above)s AND version <= %(up_to)s
"""
ASCENDING = EVENTS + " ORDER BY version LIMIT %(limit)s"
DESCENDING = EVENTS + " ORDER BY version DESC LIMIT %(limit)s"
NOTIFICATIONS = """
    SELECT stream_id, version, type, data, position FROM log.events
    WHERE tenant_id = %(tenant)s AND position >= %(start)s AND position <= %(stop)s
      AND (cardinality(%(types)s::text[]) = 0 OR type = ANY (%(types)s))
    ORDER BY position LIMIT %(limit)s
"""
TRACK = """
    INSERT INTO log.tracking AS t VALUES (%(tenant)s, %(name)s, %(id)s)
    ON CONFLICT (tenant_id, application_name) DO UPDATE SET notification_id = %(id)s
    WHERE t.notification_id < %(id)s RETURNING notification_id
"""
TRACKED = """
    SELECT notification_id FROM log.tracking
    WHERE tenant_id = %(tenant)s AND application_name = %(name)s
"""
EVERYTHING = 2**62  # above every position and version


class TenantLog(NamedTuple):
    """What the recorders of one tenant share."""

    database: Database
    waker: Waker
    tenant_id: str
    initial_version: int = 1  # of the library's aggregates

    @contextmanager
    def unit_of_work(self) -> Iterator[Connection]:
        """Lend a transaction of the tenant; what goes wrong is said in the library's exceptions."""
        try:
            with self.database.unit_of_work(self.tenant_id) as connection:
                yield connection
        except StreamMoved as error:
            raise IntegrityError(str(error)) from error
        except (LogUnavailable, psycopg.OperationalError) as error:
            raise OperationalError(str(error)) from error
        except NoSuchTenant as error:
            raise ProgrammingError(f"There is no tenant {error}.") from error
        except psycopg.Error as error:
            raise PersistenceError(str(error)) from error


class TenantRecorder:
    """What every recorder of a tenant has."""

    def __init__(self, log: TenantLog) -> None:
        self.log = log

    def _record(
        self, connection: Connection, stored_events: Sequence[StoredEvent]
    ) -> Sequence[int]:
        """Append events, all or none, in this transaction; return their positions."""
        if not stored_events:
            return []
        (outcome,) = ride_together(connection, self.log.tenant_id, [self._prepared(stored_events)])
        if not isinstance(outcome, Appended):
            raise outcome
        return range(outcome.first, outcome.last + 1)

    def _prepared(self, stored_events: Sequence[StoredEvent]) -> Prepared:
        now = timestamptz(datetime.now(UTC))
        correlation_id = uuid4().bytes
        rows: list[Row] = []
        for stored in stored_events:
            version = stored.originator_version + self._offset
            if version < 1:
                raise IntegrityError(
                    f"Aggregates begin at version {self.log.initial_version} here, not at"
                    f" {stored.originator_version}."
                )
            rows.append(
                (
                    str(stored.originator_id).encode(),
                    INT8.pack(version),
                    stored.topic.encode(),
                    uuid4().bytes,
                    now,
                    ACTOR.encode(),
                    ZERO,
                    correlation_id,
                    stored.state,
                )
            )
        streams = dict.fromkeys(str(stored.originator_id) for stored in stored_events)
        types = frozenset(stored.topic for stored in stored_events)
        return Prepared(tuple(streams), types, rows)

    @property
    def _offset(self) -> int:
        """Our version minus the library's."""
        return 1 - self.log.initial_version


class TenantAggregateRecorder(TenantRecorder, AggregateRecorder):
    """Events of aggregates as streams of the tenant's log."""

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        **kwargs: Any,  # noqa: ARG002  the library's interface
    ) -> Sequence[int] | None:
        with self.log.unit_of_work() as connection:
            self._record(connection, stored_events)
        self.log.waker.grown(self.log.tenant_id)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        parameters = {
            "tenant": self.log.tenant_id,
            "stream": str(originator_id),
            "above": 0 if gt is None else gt + self._offset,
            "up_to": EVERYTHING if lte is None else lte + self._offset,
            "limit": limit,
        }
        with self.log.unit_of_work() as connection:
            rows = connection.execute(
                DESCENDING if desc else ASCENDING, parameters, binary=True
            ).fetchall()
        return [
            StoredEvent(originator_id, version - self._offset, type_, data)
            for _, version, type_, data in rows
        ]


class TenantApplicationRecorder(TenantAggregateRecorder, ApplicationRecorder):
    """The tenant's log as an application sequence."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        with self.log.unit_of_work() as connection:
            self._insert_more(connection, **kwargs)
            positions = self._record(connection, stored_events)
        self.log.waker.grown(self.log.tenant_id)
        return list(positions)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        parameters = {
            "tenant": self.log.tenant_id,
            "start": (start or 0) + (not inclusive_of_start),
            "stop": EVERYTHING if stop is None else stop,
            "types": list(topics),
            "limit": limit,
        }
        with self.log.unit_of_work() as connection:
            rows = connection.execute(NOTIFICATIONS, parameters, binary=True).fetchall()
        return [
            Notification(originator(stream_id), version - self._offset, type_, data, position)
            for stream_id, version, type_, data, position in rows
        ]

    def max_notification_id(self) -> int | None:
        with self.log.unit_of_work() as connection:
            return read_head(connection, self.log.tenant_id).position or None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        return TenantSubscription(self, self.log.database.url, gt=gt, topics=topics)

    def _insert_more(self, connection: Connection, **kwargs: Any) -> None:
        """Write what belongs to the events, in their transaction."""


class TenantTrackingRecorder(TenantRecorder, TrackingRecorder):
    """How far the tenant's readers have come."""

    def insert_tracking(self, tracking: Tracking) -> None:
        with self.log.unit_of_work() as connection:
            self._track(connection, tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        parameters = {"tenant": self.log.tenant_id, "name": application_name}
        with self.log.unit_of_work() as connection:
            row = connection.execute(TRACKED, parameters).fetchone()
        return None if row is None else row[0]

    def _track(self, connection: Connection, tracking: Tracking) -> None:
        parameters = {
            "tenant": self.log.tenant_id,
            "name": tracking.application_name,
            "id": tracking.notification_id,
        }
        if connection.execute(TRACK, parameters).fetchone() is None:
            raise IntegrityError(
                f"{tracking.application_name} is at or behind {tracking.notification_id} already."
            )


class TenantProcessRecorder(TenantTrackingRecorder, TenantApplicationRecorder, ProcessRecorder):
    """Both, in one transaction."""

    def _insert_more(self, connection: Connection, **kwargs: Any) -> None:
        tracking: Tracking | None = kwargs.get("tracking")
        if tracking is not None:
            self._track(connection, tracking)


def originator(stream_id: str) -> UUID | str:
    """Return a stream's id as the library's: a UUID where it is written as one."""
    try:
        found = UUID(stream_id)
    except ValueError:
        return stream_id
    return found if str(found) == stream_id else stream_id
