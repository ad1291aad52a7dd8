"""Answering: what the commands that work on a tenant share: the way in, the wish, and the answer."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Annotated, TypeAlias, TypeVar
from uuid import UUID

import msgspec
import psycopg
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from application.handling import VersionMismatch
from application.ports import Cause, LogUnavailable, NoSuchTenant, StreamMoved
from application.wording import broken
from domain.access import user_stream
from domain.directory.site import site_stream
from domain.kernel import Command
from interfaces import journal, settings, wiring
from interfaces.cli.failing import CommandFailed
from interfaces.wiring import Vedette

CONNECT_TIMEOUT_S = 5
PIPE_WIDTH = 240  # characters; a table in a pipe must not be cut to a terminal's width

C = TypeVar("C", bound=Command)

TenantOption: TypeAlias = Annotated[str, Parameter(name="--tenant", help="The tenant's id.")]
JsonOption: TypeAlias = Annotated[
    bool, Parameter(name="--json", negative="", help="Answer with JSON, for scripts.")
]


@contextmanager
def opened(tenant_id: str | None = None) -> Iterator[Vedette]:
    """Open the application, and make sure of the tenant if one is named.

    Raises:
        CommandFailed: the tenant is not there, the database is not set up, or somebody was faster.
    """
    chosen = wiring.completed(settings.load())
    journal.configure("warning")
    assert chosen.database_url is not None, "Completed settings name a database."
    # The pool would wait longer before it says the same.
    psycopg.connect(chosen.database_url, connect_timeout=CONNECT_TIMEOUT_S).close()
    try:
        with closing(wiring.open_application(chosen)) as vedette:
            if tenant_id is not None:
                vedette.log.head(tenant_id)
            yield vedette
    except NoSuchTenant as error:
        raise CommandFailed(
            f"There is no tenant {error}; `vedette tenant list` shows those there are."
        ) from error
    except (StreamMoved, VersionMismatch) as error:
        raise CommandFailed("Somebody changed the same at this moment; try again.") from error
    except LogUnavailable as error:
        raise CommandFailed(f"The database does not answer: {error}") from error
    except (psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName) as error:
        raise CommandFailed("The database is not set up; run `vedette migrate`.") from error
    except psycopg.errors.UndefinedTable as error:
        raise CommandFailed(
            "The database is older than this release; run `vedette migrate`."
        ) from error


def by_hand() -> Cause:
    """Return the envelope of what somebody does at the command line of this machine."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        user = "unknown"
    return Cause(actor=f"system:{user}")


def wish(command: type[C], /, **fields: object) -> C:
    """Return the command of these fields.

    Raises:
        CommandFailed: a field breaks its rule.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    try:
        return msgspec.convert(given, command, strict=False)
    except msgspec.ValidationError as error:
        raise CommandFailed(rule_of(error, command)) from error


def require_user(vedette: Vedette, tenant: str, username: str) -> None:
    """Refuse a username that nobody has.

    Raises:
        CommandFailed: nobody was enrolled under this name.
    """
    require_known(vedette, tenant, user_stream(username), f"There is no user {username}.")


def require_site(vedette: Vedette, tenant: str, site_id: str) -> None:
    """Refuse a site that nobody registered.

    Raises:
        CommandFailed: there is none of this name.
    """
    require_known(vedette, tenant, site_stream(site_id), f"There is no site {site_id}.")


def require_known(vedette: Vedette, tenant: str, stream: str, otherwise: str) -> None:
    """Refuse what nobody stated.

    Raises:
        CommandFailed: the stream has no fact.
    """
    if not vedette.log.first_positions(tenant, [stream]):
        raise CommandFailed(otherwise)


def rule_of(error: msgspec.ValidationError, kind: type | None = None) -> str:
    """Return a validation error as a sentence that begins with the field.

    `kind` is the type that was wanted; with it the values are named that would have been right.
    """
    path, rule = broken(error, kind)
    field = path.removeprefix("$").lstrip(".")
    rule = rule.replace("`", "")
    return f"{field}: {rule[:1].lower()}{rule[1:]}." if field else f"{rule}."


def show(rows: Sequence[msgspec.Struct], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows as a table for people, or as one JSON array for scripts."""
    if as_json:
        print(msgspec.json.encode(rows).decode())
        return
    table = Table(*(column.replace("_", " ") for column in columns), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(cell(getattr(row, column)) for column in columns))
    Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False).print(table)


def cell(value: object) -> str:
    """Return a value as a person reads it in a table."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    if isinstance(value, datetime):
        offset = value.utcoffset() or timedelta(0)
        try:
            return f"{value.replace(tzinfo=None) - offset:%Y-%m-%d %H:%M:%S}Z"
        except OverflowError:  # the first and the last day that Python knows
            return value.isoformat(" ")
    return str(value)


def said(position: int | None, what: str, *, as_json: bool, **ids: UUID) -> None:
    """Say what a wish came to: the position that the log reached, or that it was so already.

    The ids of what it made, by their names, are told to scripts.
    """
    if as_json:
        print(msgspec.json.encode({**ids, "position": position}).decode())
    else:
        print(f"{what} (position {position})." if position is not None else f"{what} already.")
