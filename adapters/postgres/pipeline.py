"""Pipeline: several statements that go to the server in one message, on a connection of one owner.

Each message to the server and back is a turn in which a thread gives up Python's lock and has to
wait for it again, some with the end of a tenant's log in hand. What needs no answer before the next
statement goes along with it, and a COMMIT goes along with what it commits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

from adapters.log.wire import BINARY, Statement
from adapters.postgres.database import Connection

BEGIN = Statement(b"vedette_begin", b"BEGIN", [])
COMMIT = Statement(b"vedette_commit", b"COMMIT", [])

GOOD = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})


class Call(NamedTuple):
    """A statement with its parameters, in PostgreSQL's binary form; None is NULL."""

    statement: Statement
    parameters: Sequence[bytes | None] = ()


class Pipeline:
    """A connection in autocommit whose transactions are begun and ended by statements of ours."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._prepared: set[bytes] = set()

    def run(self, *calls: Call) -> list[PGresult]:
        """Send these statements in one message and return the answer of each.

        Raises:
            psycopg.Error: what the first that failed has to say; those behind it were not run.
        """
        pgconn = self.connection.pgconn
        new = {name: text for (name, text, _), _ in calls if name not in self._prepared}
        pgconn.enter_pipeline_mode()
        try:
            for name, text in new.items():
                pgconn.send_prepare(name, text)
            for (name, _, formats), parameters in calls:
                pgconn.send_query_prepared(name, parameters, formats, BINARY)
            pgconn.pipeline_sync()
            results = self.connection.wait(answers(pgconn))
        finally:
            if pgconn.status == ConnStatus.OK:
                pgconn.exit_pipeline_mode()
        # What is prepared stays so, even if the transaction around it fails.
        self._prepared.update(
            name for name, result in zip(new, results, strict=False) if result.status in GOOD
        )
        for result in results:
            if result.status not in GOOD:
                raise psycopg.errors.error_from_result(result, encoding="utf-8")
        return results[len(new) :]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end what is still under way then, and roll back on any exception.

        Whoever uses it sends the BEGIN along with the first statement.
        """
        try:
            yield
        except BaseException:
            self._roll_back()
            raise
        if self.connection.pgconn.transaction_status != TransactionStatus.IDLE:
            self.run(Call(COMMIT))

    def _roll_back(self) -> None:
        """End the transaction, if there is one and still somebody to tell."""
        pgconn = self.connection.pgconn
        if pgconn.status == ConnStatus.OK and pgconn.transaction_status != TransactionStatus.IDLE:
            # Past psycopg, which would forget what is prepared, here and there.
            pgconn.exec_(b"ROLLBACK")


def run_alone(connection: Connection, call: Call) -> None:
    """Run one statement by itself and not prepared, in the transaction that is under way.

    For whoever lets psycopg roll back, which forgets what is prepared without telling.

    Raises:
        psycopg.Error: what the server has to say.
    """
    (_, text, formats), parameters = call
    result = connection.pgconn.exec_params(text, parameters, None, formats, BINARY)
    if result.status not in GOOD:
        raise psycopg.errors.error_from_result(result, encoding="utf-8")


def answers(pgconn: PGconn) -> PQGen[list[PGresult]]:
    """Send what is waiting and return the results up to the end of the pipeline.

    Raises:
        psycopg.OperationalError: the connection is lost.
    """
    results: list[PGresult] = []
    sending = pgconn.flush()
    while True:
        ready = yield Wait.RW if sending else Wait.R
        if ready & Ready.R:
            pgconn.consume_input()
        if sending:
            sending = pgconn.flush()
        while not pgconn.is_busy():
            result = pgconn.get_result()
            if result is None:
                continue  # one statement's results end here
            if result.status == ExecStatus.PIPELINE_SYNC:
                return results
            if result.status == ExecStatus.FATAL_ERROR and pgconn.status != ConnStatus.OK:
                raise psycopg.OperationalError("The connection to the server is lost.")
            results.append(result)
