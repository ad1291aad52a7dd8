"""`vedette simulate`: plays guards, phones and frauds drawn from a seed against a running Vedette."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Annotated

import stamina
from cyclopts import Group, Parameter

from interfaces.cli.failing import CommandFailed
from interfaces.simulator import (
    InvalidParameter,
    Parameters,
    SimulationFailed,
    WorldParameters,
    run,
)
from interfaces.simulator.parameters import TACTICS
from interfaces.simulator.reporting import show, watched

EXIT_MISUSED = 2
TOKEN_VARIABLE = "VEDETTE_SIMULATOR_TOKEN"  # noqa: S105

FAR_SIDE = Group("Where to", sort_key=1)
WORLD = Group(
    "What is drawn",
    help="Everything is drawn from the seed: the same seed and options give the same signals.",
    sort_key=2,
)
SPAN = Group(
    "Which time is played",
    help="Without any of these, and without --rate, the present is played until Ctrl-C.",
    sort_key=3,
)
LOAD = Group(
    "Load test",
    help="A constant stream instead of a played time: --rate 2000 --seconds 60 --guards 5000.",
    sort_key=4,
)
SENDING = Group("How it is sent", sort_key=5)


def simulate(
    *,
    url: Annotated[str, Parameter(group=FAR_SIDE)] = "http://127.0.0.1:8420",
    token: Annotated[
        str | None, Parameter(group=FAR_SIDE, env_var=TOKEN_VARIABLE, show_env_var=True)
    ] = None,
    token_file: Annotated[
        Path | None, Parameter(group=FAR_SIDE, env_var=f"{TOKEN_VARIABLE}_FILE")
    ] = None,
    enrol: Annotated[bool, Parameter(group=FAR_SIDE)] = True,
    security_manager: Annotated[str | None, Parameter(group=FAR_SIDE)] = None,
    seed: Annotated[int, Parameter(group=WORLD)] = 1,
    sites: Annotated[int, Parameter(group=WORLD)] = 2,
    guards: Annotated[int, Parameter(group=WORLD)] = 40,
    fraud_rate: Annotated[float, Parameter(group=WORLD)] = 0.03,
    tactic: Annotated[tuple[str, ...], Parameter(group=WORLD, negative="")] = TACTICS,
    late_rate: Annotated[float, Parameter(group=WORLD)] = 0.05,
    duplicate_rate: Annotated[float, Parameter(group=WORLD)] = 0.02,
    location_interval: Annotated[float, Parameter(group=WORLD)] = 300.0,
    duties: Annotated[bool, Parameter(group=WORLD)] = True,
    neglect_rate: Annotated[float, Parameter(group=WORLD)] = 0.03,
    storm_rate: Annotated[float, Parameter(group=WORLD)] = 0.01,
    backlog_rate: Annotated[float, Parameter(group=WORLD)] = 0.01,
    relay_minutes: Annotated[float | None, Parameter(group=WORLD)] = None,
    site_prefix: Annotated[str, Parameter(group=WORLD)] = "S-",
    person_prefix: Annotated[str, Parameter(group=WORLD)] = "G-",
    device_prefix: Annotated[str, Parameter(group=WORLD)] = "D-",
    history: Annotated[float | None, Parameter(group=SPAN)] = None,
    live: Annotated[bool, Parameter(group=SPAN, negative="")] = False,
    start: Annotated[str | None, Parameter(group=SPAN)] = None,
    days: Annotated[float | None, Parameter(group=SPAN)] = None,
    pace: Annotated[str, Parameter(group=SPAN)] = "max",
    rate: Annotated[float | None, Parameter(group=LOAD)] = None,
    seconds: Annotated[float | None, Parameter(group=LOAD)] = None,
    attendance_share: Annotated[float, Parameter(group=LOAD)] = 0.1,
    truth: Annotated[Path | None, Parameter(group=SENDING)] = None,
    ledger: Annotated[Path | None, Parameter(group=SENDING)] = None,
    batch_items: Annotated[int, Parameter(group=SENDING)] = 200,
    concurrency: Annotated[int, Parameter(group=SENDING)] = 4,
    linger_ms: Annotated[float, Parameter(group=SENDING)] = 50.0,
    timeout: Annotated[float, Parameter(group=SENDING)] = 30.0,
    retry_seconds: Annotated[float, Parameter(group=SENDING)] = 120.0,
) -> int:
    """Play guards, phones and frauds against a running Vedette, over its public HTTP interface.

    Everything is drawn from one seed: the same seed and options give the same signals. Without
    --history, --start or --rate it plays the present, in real time, until Ctrl-C.

    For three days of history and then the present: `--history 3 --live --truth truth.ndjson`.
    For a past week at an hour a second: `--start 2026-10-01T00:00:00Z --days 7 --pace x3600`.
    For a load test: `--guards 5000 --rate 2000 --seconds 60 --ledger ledger.ndjson`.

    Parameters
    ----------
    url
        Address of Vedette.
    token
        Bearer token or API key that may ingest signals and state the directory.
    token_file
        File that holds the token, instead of --token.
    enrol
        State the drawn sites, persons, devices and tours to the directory first, and each shift and
        task before its time.
    security_manager
        Username that the sites are enrolled with as their security manager.
    seed
        Whole number from which everything is drawn.
    sites
        Number of sites, in cities whose clocks are hours apart.
    guards
        Number of guards, each with a phone.
    fraud_rate
        Share of shifts with a fraud tactic, 0 to 1.
    tactic
        Tactic to draw from; give the option several times for several. All but tags_in_one_place unless told.
    late_rate
        Share of signals that are delayed by an outage, 0 to 0.9.
    duplicate_rate
        Share of signals that are delivered twice, 0 to 1.
    location_interval
        Seconds between two location pings of a guard on duty.
    duties
        Play tours, phone habits, tasks and device status as well, and state tours, shifts and tasks.
    neglect_rate
        Share of shifts in which something goes wrong besides fraud, 0 to 1.
    storm_rate
        Share of site-days on which a whole site loses its connection for hours, 0 to 1.
    backlog_rate
        Share of phone-weeks in which a phone is without a connection for days, 0 to 1.
    relay_minutes
        Replace the rosters by shifts of this many minutes around the clock, for a lively demonstration.
    site_prefix
        What the ids of sites begin with.
    person_prefix
        What the ids of persons begin with.
    device_prefix
        What the ids of devices begin with.
    history
        Play this many days up to now.
    live
        Go on in real time, after the history if there is one, until Ctrl-C.
    start
        Begin of a past span, as 2026-11-01T00:00:00Z.
    days
        Length of the span that begins at --start.
    pace
        Pace of a past span: max, realtime, or xN for N times real time.
    rate
        Load test: a constant number of signals per second.
    seconds
        Length of the load test.
    attendance_share
        Share of the load test's signals that are attendances, 0 to 1; the fraud rate applies to them.
    truth
        NDJSON file that the truth about every fraudulent signal is added to. Vedette never reads it.
    ledger
        NDJSON file that every answered item is added to, with its status and position.
    batch_items
        Most signals in one request, 1 to 1000.
    concurrency
        Most requests at the same time.
    linger_ms
        Milliseconds that a signal of a paced run may wait so that others share its request.
    timeout
        Seconds to wait for an answer.
    retry_seconds
        Seconds for which a request that meets a busy or absent server is sent again.
    """
    try:
        parameters = Parameters(
            url=url,
            token=_token(token, token_file),
            seed=seed,
            world=WorldParameters(
                sites=sites,
                guards=guards,
                fraud_rate=fraud_rate,
                late_rate=late_rate,
                duplicate_rate=duplicate_rate,
                location_interval_s=location_interval,
                tactics=tactic,
                duties=duties,
                neglect_rate=neglect_rate,
                storm_rate=storm_rate,
                backlog_rate=backlog_rate,
                relay_minutes=relay_minutes,
                site_prefix=site_prefix,
                person_prefix=person_prefix,
                device_prefix=device_prefix,
            ),
            start=_instant(start),
            days=days,
            history_days=history,
            live=live,
            pace=pace,
            rate=rate,
            seconds=seconds,
            attendance_share=attendance_share,
            enrol=enrol,
            security_manager=security_manager,
            truth=truth,
            ledger=ledger,
            batch_items=batch_items,
            concurrency=concurrency,
            linger_ms=linger_ms,
            timeout_s=timeout,
            retry_seconds=retry_seconds,
        )
        _play(parameters)
    except InvalidParameter as broken:
        print(f"{_option(broken.name)} {broken.rule}.", file=sys.stderr)
        return EXIT_MISUSED
    return 0


app = simulate


def _play(parameters: Parameters) -> None:
    stop = threading.Event()
    # The retries are counted in what is shown; a log line for each would drown it.
    stamina.instrumentation.set_on_retry_hooks(())
    with _stopped_by_signals(stop), watched() as watch:
        try:
            summary, failure = run(parameters, stop=stop, watch=watch), None
        except SimulationFailed as failed:
            summary, failure = failed.summary, failed
    show(summary)
    if failure is not None:
        raise CommandFailed(f"The simulation could not go on: {failure}") from failure


def _token(token: str | None, token_file: Path | None) -> str:
    if token is not None and token_file is not None:
        raise InvalidParameter("token", "and --token-file exclude each other: give one")
    if token_file is not None:
        try:
            return token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidParameter("token_file", f"must be a readable file: {error}") from error
    if token is None:
        raise InvalidParameter(
            "token", f"is missing; or give --token-file, or set {TOKEN_VARIABLE}"
        )
    return token


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidParameter(
            "start", f"must be a time as 2026-11-01T00:00:00Z: {error}"
        ) from error


def _option(name: str) -> str:
    """The option that a field came from."""
    options = {
        "history_days": "history",
        "location_interval_s": "location-interval",
        "timeout_s": "timeout",
        "tactics": "tactic",
    }
    return "--" + options.get(name, name.replace("_", "-"))


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """The first Ctrl-C or TERM ends the run in order, the second one at once."""

    def ask(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
