"""`vedette demo`: a tenant to look at, with people, a short history and live signals.

Everything that a person would do is done the way a person does it: users and the key through the
same use cases as `vedette user` and `vedette key`, the field through the public HTTP interface by
the simulator. What is there already stays; so a second start takes seconds.
"""

from __future__ import annotations

import os
import secrets
import signal
import threading
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from time import time
from uuid import UUID

import msgspec
from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from application.auditing import request_audit
from application.handling import handle
from application.ports import Cause
from application.principals import InvalidCredentials
from domain.access import EnrolUser, Role
from domain.directory.tenant import TENANT, TENANT_STREAM, FoundTenant
from domain.finding.facts import AuditKind
from domain.signals import HORIZON
from interfaces import settings, wiring
from interfaces.cli.answering import opened
from interfaces.cli.failing import CommandFailed
from interfaces.simulator import Parameters, SimulationFailed, Summary, WorldParameters, run
from interfaces.simulator.world import DAY_S
from interfaces.wiring import Vedette

DEMO_TENANT = "demo"
TITLE = "Northgate Guarding (demo)"
CAUSE = Cause("system:demo")
SEED = 772  # draws one site in New York and one in London
GUARDS = 40
# Fills the boards and is soon played. Baselines need thirty hours of days that are over: with so much
# history they judge from the first minute on, at whatever time of the day the demo is started.
HISTORY_DAYS = 2.3
# One world for the history and for what follows, since what is normal is learned from the one and asked
# of the other. Shifts of half an hour, so that whoever looks has something to see, and so that every
# guard works as long in each hour as in the next. They are planned ahead, so audits judge them.
WORLD = WorldParameters(
    guards=GUARDS, fraud_rate=0.012, location_interval_s=75.0, relay_minutes=30.0
)
# What is played again where a run goes on from the one before: what that one had not delivered when it
# ended, and shifts that it left to the next one to state. What was taken already is a duplicate.
OVERLAP_S = 300.0
KEY_DAYS = 365
NOTES_FILE = "demo.json"
NAMES = {
    Role.OPERATOR: "Olivia Okafor",
    Role.SUPERVISOR: "Samuel Reyes",
    Role.AUDITOR: "Aisha Lindqvist",
    Role.DATA_SCIENTIST: "Daniel Sato",
    Role.INTEGRATOR: "Ines Moreau",
    Role.ADMINISTRATOR: "Adam Kowalski",
}
CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"
BOX_WIDTH = 72  # characters


class Notes(msgspec.Struct, kw_only=True):
    """What the demo has to remember between two starts, kept beside the data and readable by its owner only."""

    founded: UUID  # event id of the founding: another database is another demo
    passwords: dict[Role, str] = {}
    key: str = ""
    history_played: bool = False
    played_until: float = 0.0  # seconds since 1970


def app(*, url: str | None = None, live: bool = False, history_days: float = HISTORY_DAYS) -> int:
    """Fill a running Vedette with the tenant `demo`, and print its address and logins.

    What is there already stays as it is; a second start takes seconds. `vedette up --demo` does
    this by itself and goes on with --live.

    Parameters
    ----------
    url
        Address of the running Vedette; VEDETTE_HOST and VEDETTE_PORT unless told.
    live
        Play live signals into the demo tenant until Ctrl-C, instead of setting it up.
    history_days
        How much history the first start plays in.
    """
    chosen = settings.load()
    address = url or f"http://{chosen.host}:{chosen.port}"
    path = wiring.completed(chosen).data_directory / NOTES_FILE
    stop = stopped_by_signals()
    if live:
        return play_live(path, address, stop)
    with opened() as vedette:
        notes = set_up(vedette, path)
    if not notes.history_played:
        print(f"Playing {history_days:g} days of history into the demo tenant …", flush=True)
        notes.played_until = time()  # to the end of the run it is the next one that plays
        summary = played(
            Parameters(
                url=address,
                token=notes.key,
                seed=SEED,
                world=WORLD,
                history_days=history_days,
                security_manager=Role.SUPERVISOR.value,
            ),
            stop,
        )
        if summary.stopped:
            return 1
        with opened() as vedette:
            catch_up(vedette, history_days)
        notes.history_played = True
        keep(path, notes)
        print(f"{summary.accepted:,} signals in {summary.seconds:.0f} s.", flush=True)
    show(address, notes)
    return 0


def set_up(vedette: Vedette, path: Path) -> Notes:
    """Found the tenant, enrol its users and issue the simulator's key, as far as they are missing."""
    vedette.log.open_tenant(DEMO_TENANT)
    founding = FoundTenant(name=TITLE, time_zone="Europe/London")
    handle(vedette.log, DEMO_TENANT, TENANT, TENANT_STREAM, founding, CAUSE)
    founded = vedette.log.read_stream(DEMO_TENANT, TENANT_STREAM)[0].event_id
    notes = kept(path)
    if notes is None or notes.founded != founded:
        notes = Notes(founded=founded)
    for role, name in NAMES.items():
        command = EnrolUser(username=role.value, name=name, roles=(role,))
        vedette.access.enrol_user(DEMO_TENANT, command, CAUSE)
        if not signs_in(vedette, role, notes.passwords.get(role)):
            notes.passwords[role] = new_password()
            vedette.access.set_password(DEMO_TENANT, role.value, notes.passwords[role])
    if not opens(vedette, notes.key):
        issued = vedette.access.issue_key(
            DEMO_TENANT,
            name="Demo simulator",
            roles=(Role.ADMINISTRATOR,),  # it states the directory, too
            expires_at=datetime.now(UTC) + timedelta(days=KEY_DAYS),
            site_scope=None,
            cause=CAUSE,
        )
        notes.key = issued.text
    keep(path, notes)
    return notes


def catch_up(vedette: Vedette, history_days: float) -> None:
    """Ask for an audit of each day of the history: nobody looked at it while it happened."""
    now = wiring.now()
    days = min(ceil(history_days), HORIZON.days)  # older duty is judged no more
    for day in reversed(range(days)):
        as_of = now - timedelta(days=day)
        kind = AuditKind.COMPREHENSIVE
        request_audit(vedette.log, DEMO_TENANT, kind, now, CAUSE, as_of=as_of)


def signs_in(vedette: Vedette, role: Role, password: str | None) -> bool:
    if password is None:
        return False
    try:
        vedette.access.log_in(DEMO_TENANT, role.value, password)
    except InvalidCredentials:
        return False
    return True


def opens(vedette: Vedette, key: str) -> bool:
    try:
        vedette.access.authenticate_key(key)
    except InvalidCredentials:
        return False
    return True


def new_password() -> str:
    """Return a password that can be read aloud: four syllables of some ten bits each."""
    syllable = (CONSONANTS, VOWELS, CONSONANTS)
    return "-".join("".join(secrets.choice(letters) for letters in syllable) for _ in range(4))


def kept(path: Path) -> Notes | None:
    """Return what an earlier start noted, or None."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Notes)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise CommandFailed(
            f"{path} cannot be read; remove it, and the demo makes new logins. ({error})"
        ) from error


def keep(path: Path, notes: Notes) -> None:
    """Write the notes, whole or not at all."""
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(msgspec.json.encode(notes))
        fresh.replace(path)
    except OSError as error:
        raise CommandFailed(
            f"The demo's logins cannot be kept in {path}: {error.strerror or error}."
        ) from error


def play_live(path: Path, address: str, stop: threading.Event) -> int:
    """Play what was missed since the run before, and then the present until it is told to stop.

    A field that was silent while nobody played it would be an anomaly of every guard.
    """
    notes = kept(path)
    if notes is None:
        raise CommandFailed("The demo tenant is not set up; run `vedette demo` first.")
    missed_s = min(time() - notes.played_until + OVERLAP_S, HISTORY_DAYS * DAY_S)
    played(
        Parameters(
            url=address,
            token=notes.key,
            seed=SEED,
            world=WORLD,
            history_days=missed_s / DAY_S,
            live=True,
            security_manager=Role.SUPERVISOR.value,
            retry_seconds=None,  # the web process may be started again meanwhile
        ),
        stop,
    )
    notes.played_until = time()
    keep(path, notes)
    return 0


def played(parameters: Parameters, stop: threading.Event) -> Summary:
    """Run the simulator.

    Raises:
        CommandFailed: Vedette does not take what is played.
    """
    try:
        return run(parameters, stop=stop)
    except SimulationFailed as failed:
        raise CommandFailed(f"The demo's signals could not be played: {failed}") from failed


def show(address: str, notes: Notes) -> None:
    """Print the address and the logins in a box."""
    logins = Table("username", "password", box=None, pad_edge=False)
    for role, password in notes.passwords.items():
        logins.add_row(role.value, password)
    lines = Table.grid()
    lines.add_row(f"Open {address}/ and sign in to tenant {DEMO_TENANT!r} as")
    lines.add_row("")
    lines.add_row(logins)
    lines.add_row("")
    lines.add_row("Live signals follow. Ctrl-C stops everything; the data stays.")
    console = Console(width=BOX_WIDTH, highlight=False)
    console.print(Panel(lines, title="Vedette", box=box.ROUNDED, padding=(1, 2)))


def stopped_by_signals() -> threading.Event:
    """Return an event that the first Ctrl-C or TERM sets; the second one ends the process at once."""
    stop = threading.Event()

    def ask(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    return stop
