"""Anomalies and baselines at the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from adapters.followers.desk import PolicyHandler
from adapters.followers.projecting import ProjectionHandler
from adapters.followers.runtime import Loop
from application.policies.judge_baselines_whenever_signals_recorded import (
    JudgeBaselinesWheneverSignalsRecorded,
)
from application.ports import Append, Expect
from domain.signals import LocationRecorded, signal_stream, signal_uuid
from interfaces import settings, wiring
from projections.anomalies import ANOMALIES
from projections.signals import SIGNALS
from tests.cli.conftest import Vedette
from tests.cli.test_ticket import register
from tests.conftest import Database
from tests.live import CAUSE

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def fix(at: datetime, accuracy_m: float) -> Append:
    event = LocationRecorded(
        signal_id=uuid4().hex,
        source="phone-app",
        person_id="G-1",
        device_id="D-1",
        site_id="S-01",
        occurred_at=at,
        latitude=51.5,
        longitude=-0.12,
        gps_accuracy_m=accuracy_m,
    )
    stream = signal_stream(signal_uuid(event.source, event.signal_id))
    return Append.of(stream, Expect.NO_STREAM, [event], CAUSE)


def judged(database: Database, tenant: str) -> None:
    """Let a guard's positions be good for days and bad for an hour, and the followers judge."""
    hours = [(day, hour) for day in range(6, 1, -1) for hour in range(8, 16)]
    usual = [
        fix(TODAY + timedelta(days=-day, hours=hour, minutes=5 * number), accuracy_m)
        for day, hour in hours
        for number, accuracy_m in enumerate((9.0 + hour % 3, 10.0, 11.0))
    ]
    bad = [
        fix(TODAY + timedelta(days=-1, hours=10, minutes=5 * number), 80.0) for number in range(3)
    ]
    odd = [
        fix(TODAY + timedelta(days=-1, hours=9, minutes=5 * number), 12.5) for number in range(3)
    ]
    application = wiring.open_application(wiring.completed(settings.load()))
    application.log.append_each(tenant, [*usual, *odd, *bad])
    application.close()
    for handler in (
        ProjectionHandler(SIGNALS),
        PolicyHandler(JudgeBaselinesWheneverSignalsRecorded()),
        ProjectionHandler(ANOMALIES),
    ):
        Loop(database.app_url, handler, grown=lambda *_: None).catch_up()


def test_anomalies_and_baselines_are_listed_by_whom_they_are_about(
    vedette: Vedette, founded: str, database: Database
) -> None:
    of = ("--tenant", founded)
    register(vedette, founded)
    judged(database, founded)
    wanted = ("--person", "G-1", "--metric", "gps-accuracy", "--status", "STANDING")
    (row,) = vedette("anomalies", *wanted, *of, "--json").json
    assert (row["subject_id"], row["measured"]["value"]) == ("G-1", 80.0)
    listed = vedette("anomalies", *of)
    assert row["measured"]["explanation"] in listed.out
    assert vedette("anomalies", "--site", "S-9", *of, "--json").json == []
    at = ("--at", (TODAY + timedelta(days=-1, hours=10)).isoformat())
    of_metric = ("--person", "G-1", "--metric", "gps-accuracy")
    (baseline,) = vedette("baselines", *of_metric, *at, *of, "--json").json
    assert (baseline["status"], baseline["count"]) == ("JUDGES", 40)
    assert "gps_accuracy" in vedette("baselines", "--person", "G-1", *of).out
    assert "site_signals" in vedette("baselines", "--site", "S-01", *of).out
    tried = vedette("tune", "simulate", "--family", "gps_accuracy", "--threshold", "2", *of)
    assert "gained  1 anomalies, 0 alerts since" in tried.out
    assert "+ " in tried.out
    assert "G-1  actual 12.5 m" in tried.out


def test_whose_baseline_is_to_be_said(vedette: Vedette, founded: str) -> None:
    of = ("--tenant", founded)
    for wish, why in (
        ([], "Name a person with --person, or a site with --site."),
        (["--person", "G-1", "--site", "S-01"], "Name a person"),
        (["--person", "G-9"], "There is no person G-9 here, or no signal of it yet."),
        (["--site", "S-9"], "There is no site S-9 here"),
        (["--site", "S-9", "--at", "noon"], "--at is a moment with its zone"),
    ):
        answer = vedette("baselines", *wish, *of)
        assert (answer.code, why in answer.err) == (1, True), answer.err
