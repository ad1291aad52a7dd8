"""`vedette user`: people who may sign in, their roles, sites and passwords."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

from cyclopts import App, Parameter

from application.access import PASSWORD_CHARACTERS_MAX
from domain.access import (
    BindUser,
    EnrolUser,
    ReinstateUser,
    ReleaseUser,
    Role,
    SuspendUser,
    UserChange,
    user_stream,
)
from interfaces.cli.answering import JsonOption, TenantOption, by_hand, opened, said, wish
from interfaces.cli.directory import list_rows
from interfaces.cli.failing import CommandFailed
from projections.access import USERS

PASSWORD_CHARACTERS_MIN = 8
COLUMNS = ["username", "name", "roles", "site_scope", "status", "person_id"]

app = App(name="user", help="Create users and set passwords and roles.")

StdinOption = Annotated[
    bool,
    Parameter(
        name="--password-stdin",
        negative="",
        help="Read the password from standard input instead of asking for it.",
    ),
]


@app.command
def enrol(
    username: str,
    *,
    tenant: TenantOption,
    name: str,
    role: Annotated[list[Role], Parameter(negative="")],
    site: Annotated[list[str] | None, Parameter(negative="")] = None,
    email: str | None = None,
    password_stdin: StdinOption = False,
    as_json: JsonOption = False,
) -> None:
    """Let a person sign in, or bring roles, name and sites up to this content.

    A person who is new is given a password, which is asked for.

    Parameters
    ----------
    username
        What the person signs in with, up to 64 of A-Z a-z 0-9 . _ : -
    name
        The person's name.
    role
        What the person is here for; give it several times for several roles.
    site
        Limit the person to this site; give it several times for several. Without it: every site.
    email
        Where the person is told of escalations and breaches. Without it: by no mail.
    """
    sites = None if site is None else tuple(site)
    command = wish(
        EnrolUser, username=username, name=name, roles=tuple(role), site_scope=sites, email=email
    )
    with opened(tenant) as vedette:
        is_new = not vedette.log.first_positions(tenant, [user_stream(username)])
        password = asked(password_stdin) if is_new or password_stdin else None
        position = vedette.access.enrol_user(tenant, command, by_hand())
        if password is not None:
            vedette.access.set_password(tenant, username, password)
    said(position, f"User {username} is enrolled", as_json=as_json)


@app.command
def password(username: str, *, tenant: TenantOption, password_stdin: StdinOption = False) -> None:
    """Give a user another password; whoever is signed in with the old one is signed out."""
    with opened(tenant) as vedette:
        vedette.access.set_password(tenant, username, asked(password_stdin))
    print(f"User {username} has another password.")


@app.command
def suspend(
    username: str, *, tenant: TenantOption, reason: str, as_json: JsonOption = False
) -> None:
    """Let a user sign in no more, until reinstated.

    Parameters
    ----------
    username
        Who.
    reason
        Why; it stands in the log.
    """
    change(tenant, username, wish(SuspendUser, reason=reason), "is suspended", as_json=as_json)


@app.command
def reinstate(username: str, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Let a suspended user sign in again."""
    change(tenant, username, ReinstateUser(), "is reinstated", as_json=as_json)


@app.command
def bind(
    username: str,
    *,
    tenant: TenantOption,
    person: Annotated[str, Parameter(help="Who it is, by the directory.")],
    as_json: JsonOption = False,
) -> None:
    """Say which person a user is, who then gets the work of the person's shifts as supervisor."""
    change(tenant, username, wish(BindUser, person_id=person), f"is {person}", as_json=as_json)


@app.command
def release(username: str, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Let a user be no person of the directory any more."""
    change(tenant, username, ReleaseUser(), "is nobody of the directory", as_json=as_json)


@app.command(name="list")
def list_(*, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """List a tenant's users, suspended ones as well."""
    list_rows(tenant, USERS, COLUMNS, as_json=as_json)


def change(tenant: str, username: str, command: UserChange, what: str, *, as_json: bool) -> None:
    """Do one thing to a user, and say what it came to."""
    with opened(tenant) as vedette:
        position = vedette.access.change_user(tenant, username, command, by_hand())
    said(position, f"User {username} {what}", as_json=as_json)


def asked(from_stdin: bool) -> str:
    """Return a password from standard input or from the person at the terminal.

    Raises:
        CommandFailed: there is nobody to ask, or it is no password.
    """
    if from_stdin:
        secret = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        secret = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != secret:
            raise CommandFailed("The two passwords differ.")
    else:
        raise CommandFailed("There is nobody to ask for a password; use --password-stdin.")
    if not PASSWORD_CHARACTERS_MIN <= len(secret) <= PASSWORD_CHARACTERS_MAX:
        raise CommandFailed(
            f"A password has {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters."
        )
    return secret
