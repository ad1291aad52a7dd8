"""The port `KnownSignals` on the read model `signals`."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from adapters.postgres.arrays import Array
from adapters.postgres.database import Connection, Database
from application.following import KnownSignal, Window
from domain.anomaly.facts import SubjectKind
from domain.signals import SignalEvent
from projections.signals import SIGNALS

WINDOW_SIGNALS_MAX = 20_000  # of one window; more than a site tells in a busy day

_decode = msgspec.json.Decoder(SignalEvent).decode

# One question for each kind of subject, however many windows: each is a range of one index.
QUERIES = {
    kind: f"""
SELECT w.number, s.at, s.signal, s.position, s.recorded_at, s.fact::text
FROM unnest(%(numbers)s::bigint[], %(subjects)s::text[], %(since)s::timestamptz[],
            %(until)s::timestamptz[]) AS w (number, subject, since, until)
CROSS JOIN LATERAL (
    SELECT at, signal, position, recorded_at, fact FROM views.signals
    WHERE tenant_id = %(tenant)s AND generation = %(generation)s AND {kind.value}_id = w.subject
      AND at >= w.since AND at < w.until AND position <= %(up_to)s
    ORDER BY at, signal LIMIT %(limit)s
) AS s
ORDER BY w.number, s.at, s.signal
""".encode()  # noqa: S608  names of ours
    for kind in SubjectKind
}


class TooManySignals(Exception):
    """A window holds more signals than are judged at once."""


def signals_on(
    connection: Connection, tenant_id: str, windows: Sequence[Window], up_to: int
) -> list[list[KnownSignal]]:
    """Return the signals of each window that stand in the log at `up_to` or before it.

    Raises:
        TooManySignals: one window holds more than WINDOW_SIGNALS_MAX.
    """
    found: list[list[KnownSignal]] = [[] for _ in windows]
    if not windows:
        return found
    row = connection.execute(
        "SELECT live FROM views.generations WHERE tenant_id = %s AND projection = %s",
        [tenant_id, SIGNALS.name],
    ).fetchone()
    generation = 1 if row is None else row[0]
    # The same signal is wanted of its person and of its site: it is decoded once.
    read: dict[int, KnownSignal] = {}
    for kind, query in QUERIES.items():
        asked = [(number, window) for number, window in enumerate(windows) if window.kind is kind]
        if not asked:
            continue
        parameters = {
            "tenant": tenant_id,
            "generation": generation,
            "up_to": up_to,
            "limit": WINDOW_SIGNALS_MAX + 1,
            "numbers": Array("bigint", [number for number, _ in asked]),
            "subjects": Array("text", [window.subject_id for _, window in asked]),
            "since": Array("timestamptz", [window.since for _, window in asked]),
            "until": Array("timestamptz", [window.until for _, window in asked]),
        }
        rows = connection.execute(query, parameters, binary=True)
        for number, at, signal, position, recorded_at, fact in rows:
            each = read.get(position)
            if each is None:
                each = read[position] = KnownSignal(
                    at, UUID(signal), position, recorded_at, _decode(fact)
                )
            found[number].append(each)
    for window, signals in zip(windows, found, strict=True):
        if len(signals) > WINDOW_SIGNALS_MAX:
            raise TooManySignals(
                f"{window.kind} {window.subject_id} has more than {WINDOW_SIGNALS_MAX} signals"
                f" from {window.since} to {window.until}."
            )
    return found


class PostgresSignals:
    """The port `KnownSignals` for whoever is no policy, on connections of the pool."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def signals(
        self, tenant_id: str, windows: Sequence[Window], up_to: int
    ) -> list[list[KnownSignal]]:
        with self._database.unit_of_work(tenant_id) as connection:
            return signals_on(connection, tenant_id, windows, up_to)
