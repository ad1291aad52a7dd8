"""The port `Telemetry` on the read model `signals`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from adapters.postgres.database import Database
from projections.signals import SIGNALS
from projections.telemetry import (
    SUMMARY_SIGNALS_MAX,
    Mark,
    SignalsAsked,
    SignalSummary,
    TelemetrySubject,
)

LIVE = (
    "coalesce((SELECT live FROM views.generations WHERE tenant_id = %(tenant)s"
    " AND projection = '{}'), 1)"
)
# One question: the directory row, one probe of an index, and the checkpoint. It binds itself.
MARK = "SELECT site_id, newest, reached, known FROM views.telemetry_mark(%s, %s, %s)"


# How long a mark is believed without asking again: as long as a follower may sleep over a new fact.
MARK_KEPT_S = 0.25
MARKS_MAX = 20_000  # subjects of all tenants that a process remembers

Clock = Callable[[], float]
Kept = tuple[float, Mark]  # when it was asked for


class PostgresTelemetry:
    """Asks on connections of the pool, and for the mark of one subject some times a second."""

    def __init__(self, database: Database, clock: Clock = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._marks: dict[tuple[str, str, str], Kept] = {}
        self._waited: dict[str, int] = {}  # tenant -> the furthest position that anybody waited for

    def mark(
        self, tenant_id: str, subject: TelemetrySubject, subject_id: str, at_least: int
    ) -> Mark:
        """Answer `projections.telemetry.Telemetry`."""
        # Whoever waited for a position finds it in everything that is answered after that.
        waited = self._waited[tenant_id] = max(at_least, self._waited.get(tenant_id, 0))
        key = (tenant_id, subject.value, subject_id)
        now = self._clock()
        kept = self._marks.get(key)
        if kept is not None and now - kept[0] < MARK_KEPT_S and kept[1].position >= waited:
            return kept[1]
        mark = self._ask(*key)
        if len(self._marks) >= MARKS_MAX:
            self._marks.clear()
        if mark.known:
            self._marks[key] = (now, mark)
        return mark

    def _ask(self, *asked: str) -> Mark:
        with self._database.connection() as connection:
            row = connection.execute(MARK, asked, binary=True).fetchone()
        assert row is not None, "A function answers one row."
        site_id, newest, position, known = row
        return Mark(known=known, site_id=site_id, newest=newest, position=position)

    def summary(self, tenant_id: str, asked: SignalsAsked) -> SignalSummary:
        conditions = [
            "tenant_id = %(tenant)s",
            f"generation = {LIVE.format(SIGNALS.name)}",
            f"{asked.subject}_id = %(subject)s",
        ]
        parameters: dict[str, Any] = {
            "tenant": tenant_id,
            "subject": asked.subject_id,
            "limit": SUMMARY_SIGNALS_MAX + 1,
        }
        for condition, name, value in (
            ("kind = %(kind)s", "kind", asked.kind),
            ("at >= %(since)s", "since", asked.since),
            ("at < %(until)s", "until", asked.until),
            ("site_id = ANY (%(sites)s)", "sites", None if asked.sites is None else [*asked.sites]),
        ):
            if value is not None:
                conditions.append(condition)
                parameters[name] = value
        query = (
            "SELECT kind, count(*) FILTER (WHERE place < %(limit)s), max(at),"  # noqa: S608  names of ours
            " min(at) FILTER (WHERE place < %(limit)s), max(place) FROM ("
            " SELECT kind, at, row_number() OVER (ORDER BY at DESC, signal DESC) AS place"
            f" FROM views.signals WHERE {' AND '.join(conditions)}"
            " ORDER BY at DESC, signal DESC LIMIT %(limit)s) AS newest GROUP BY kind"
        )
        with self._database.unit_of_work(tenant_id) as connection:
            rows = connection.execute(query.encode(), parameters).fetchall()
        counted = [row for row in rows if row[1]]
        return SignalSummary(
            counts={kind: count for kind, count, *_ in sorted(counted)},
            last_seen_at=max((row[2] for row in counted), default=None),
            counted_since=min((row[3] for row in counted), default=None),
            complete=all(row[4] <= SUMMARY_SIGNALS_MAX for row in rows),
        )
