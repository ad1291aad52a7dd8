"""Connections for commits: a few of the committers' own, so that an append never waits for readers."""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from adapters.log import wire
from adapters.postgres.database import Connection, connect
from application.ports import LogUnavailable


class Committing:
    """As many connections as there are calls under way, kept open, the last used first."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: deque[Connection] = deque()
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend a connection; one that raised is not lent again.

        Raises:
            LogUnavailable: there is no way to the server.
        """
        connection = self._take()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        if self._closed:
            self.close()

    def close(self) -> None:
        """Close every connection; those in use end when they come back."""
        self._closed = True
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _take(self) -> Connection:
        # Others take from it at the same moment, so there is no asking before popping.
        with suppress(IndexError):
            while True:
                connection = self._idle.pop()
                if is_quiet(connection):
                    return connection
                connection.close()
        try:
            connection = connect(self._url, "vedette-committer")
        except psycopg.OperationalError as error:
            raise LogUnavailable("The log cannot be reached.") from error
        try:
            wire.prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def is_quiet(connection: Connection) -> bool:
    """Whether the server has said nothing unasked: the only thing it would say is goodbye.

    It spares an append the loss of a connection that a restart of the server had ended long ago.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
