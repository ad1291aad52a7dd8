"""How a command fails: one sentence on standard error and exit code 1, never a traceback.

A command raises `CommandFailed` with its sentence. What the world does to it (a database that
does not answer, a setting that is wrong) is turned into a sentence here, for all commands alike.
Anything else is a bug of ours and keeps its traceback.
"""

from __future__ import annotations


class CommandFailed(Exception):
    """A command cannot do what was asked. The message is one sentence for the person who asked."""


def sentence_for(error: BaseException) -> str | None:
    """Return what to tell the person, or None if the error is a bug."""
    # Imported here, since a command that succeeds has no need to load any of them.
    import httpx
    import psycopg
    import redis

    from domain.kernel import Refused
    from interfaces.settings import SettingsRefused

    match error:
        case CommandFailed() | SettingsRefused() | Refused():
            return str(error)
        case psycopg.OperationalError():
            return f"The database does not answer: {first_line(error)}"
        case redis.ConnectionError() | redis.TimeoutError():
            return f"Redis does not answer: {first_line(error)}"
        case httpx.TransportError():
            return f"The server does not answer: {first_line(error)}"
        case _:
            return adapters_sentence(error)


def adapters_sentence(error: BaseException) -> str | None:
    # Last, because it loads every adapter.
    from interfaces.wiring import EXPECTED_FAILURES

    return str(error) if isinstance(error, EXPECTED_FAILURES) else None


def first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0]
