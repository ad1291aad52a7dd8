"""Composition root: the one module that knows which adapter answers which port."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from adapters.answers import NoAnswers, RedisAnswers
from adapters.embedded import postgres as embedded_postgres
from adapters.embedded import valkey as embedded_valkey
from adapters.embedded.kept import EmbeddedServerFailed
from adapters.embedded.postgres import EmbeddedPostgres
from adapters.embedded.server import EmbeddedServer
from adapters.embedded.valkey import EmbeddedValkey
from adapters.followers.desk import PolicyHandler
from adapters.followers.lanes import Lane, of_lane, step_back
from adapters.followers.listening import Listener
from adapters.followers.operations import PostgresOperations
from adapters.followers.process import FollowerProcess
from adapters.followers.projecting import ProjectionHandler
from adapters.followers.rebuilding import Rebuild, Watch
from adapters.followers.resting import gets_up_for, rests
from adapters.followers.runtime import Handler
from adapters.jobs.attempting import UseCase
from adapters.jobs.dispatching import Dispatcher
from adapters.jobs.ringing import Ringer
from adapters.jobs.scheduling import Scheduler
from adapters.jobs.timing import TimerKeeper
from adapters.jobs.working import WorkerProcess
from adapters.log.postgres_log import PostgresLog
from adapters.log.verifying import Verifier
from adapters.log.waking import Grown
from adapters.mail import MailServer, Security, SmtpPostman
from adapters.passwords import Argon2Hasher
from adapters.postgres.anomaly_history import PostgresAnomalyHistory
from adapters.postgres.attempts import PostgresAttempts
from adapters.postgres.credentials import PostgresCredentials
from adapters.postgres.database import PROBE_WAIT_S, Database
from adapters.postgres.memories import PostgresMemories
from adapters.postgres.migrating import (
    APP_ROLE,
    DatabaseIsNewer,
    MigrationChanged,
    migrate,
    unapplied,
)
from adapters.postgres.plans import PostgresPlans
from adapters.postgres.recipients import PostgresRecipients
from adapters.postgres.signals import PostgresSignals
from adapters.postgres.telemetry import PostgresTelemetry
from adapters.postgres.verdicts import PostgresVerdicts
from adapters.postgres.views import PostgresViews
from application.access import Access
from application.auditing import RunAudit
from application.following import Policy
from application.ingestion import SignalIntake
from application.jobs import JobAttempts, VerifyChain
from application.mailing import MAIL_TIMER, DeliverMail, Postman
from application.muting import (
    MAINTENANCE_TIMER,
    SILENCE_TIMER,
    CloseWindows,
    LapseSilences,
)
from application.operations import Operations
from application.policies import POLICIES
from application.recipients import RecipientBook
from application.schedule import SCHEDULE, Schedule
from application.simulating import Past
from application.timers import CLOCK_TIMER, HOLD_TIMER, EndHolds, TellServiceLevel
from application.tuning import TuneThresholds
from application.verification import LogVerifier
from application.watching.showing import Baselines
from interfaces.secret_key import with_secret_key
from interfaces.settings import Settings
from projections import PROJECTIONS
from projections.kernel import Projection
from projections.published import PUBLIC_TYPES
from projections.telemetry import Answers, Telemetry

__all__ = [
    "EXPECTED_FAILURES",
    "EmbeddedServer",
    "FollowerProcess",
    "Lane",
    "Listener",
    "Vedette",
    "completed",
    "embedded_servers",
    "followers",
    "listener",
    "migrate",
    "open_application",
    "rebuild",
    "step_back",
    "verifier",
    "worker",
]

PUBLIC = frozenset(PUBLIC_TYPES)
# What an adapter may say to the person at the command line in a sentence of its own.
EXPECTED_FAILURES: tuple[type[Exception], ...] = (
    EmbeddedServerFailed,
    MigrationChanged,
    DatabaseIsNewer,
)


class Vedette(msgspec.Struct, frozen=True):
    """The composed application: what every door works with."""

    settings: Settings
    database: Database
    log: PostgresLog
    views: PostgresViews
    baselines: Baselines
    intake: SignalIntake
    access: Access
    operations: Operations
    recipients: RecipientBook
    telemetry: Telemetry
    answers: Answers

    def unapplied_migrations(self) -> list[str]:
        """Return what the database lacks of this release, or has of another one."""
        with self.database.connection(wait_s=PROBE_WAIT_S) as connection:
            return unapplied(connection)

    def close(self) -> None:
        """Finish queued appends and close every connection."""
        self.log.close()
        self.answers.close()
        self.database.close()


def now() -> datetime:
    """Return the time, the one clock of the doors."""
    return datetime.now(UTC)


def open_application(settings: Settings) -> Vedette:
    """Compose the application on the configured database."""
    assert settings.database_url is not None, "Settings must be completed before they are opened."
    database = Database(settings.database_url)
    log = PostgresLog(database)
    return Vedette(
        settings=settings,
        database=database,
        log=log,
        views=PostgresViews(database),
        baselines=Baselines(PostgresMemories(database)),
        intake=SignalIntake(log, now),
        access=Access(log, PostgresCredentials(database), Argon2Hasher(), now),
        operations=PostgresOperations(database),
        recipients=PostgresRecipients(database),
        telemetry=PostgresTelemetry(database),
        answers=NoAnswers() if settings.redis_url is None else RedisAnswers(settings.redis_url),
    )


def listener(application: Vedette, woken: Callable[[frozenset[str] | None], None]) -> Listener:
    """Compose what tells whose logs have grown by something public, until it is stopped."""

    def passed_on(grown: Grown | None) -> None:
        if grown is None:
            woken(None)
        elif tenants := frozenset(name for name, by in grown.items() if not by or by & PUBLIC):
            woken(tenants)

    return Listener(application.database.url, passed_on)


def handlers() -> list[Handler]:
    """Return every follower of this release."""
    projecting = [ProjectionHandler(projection) for projection in PROJECTIONS]
    policies = [PolicyHandler(policy()) for policy in POLICIES]
    return [*projecting, *policies, Dispatcher(), TimerKeeper()]


def followers(application: Vedette, lane: Lane | None = None) -> FollowerProcess:
    """Compose the followers of one process: those of a lane, or all."""
    return FollowerProcess(
        application.database.url,
        of_lane(handlers(), lane),
        grown=application.log.grown,
        said=application.log.said,
        rests=rests,
        gets_up_for=gets_up_for,
    )


def verifier(application: Vedette) -> LogVerifier:
    """Compose what recomputes chains, on a connection of its own."""
    return Verifier(application.database.url)


def use_cases(application: Vedette) -> dict[str, UseCase]:
    """Compose what does the work of each job, by the name that `domain.jobs` gives it."""
    database = application.database
    return {
        "verification": VerifyChain(application.log, verifier(application)),
        "tuning": TuneThresholds(application.log, PostgresVerdicts(application.database)),
        "audit": RunAudit(application.log, PostgresSignals(database), PostgresPlans(database)),
    }


def attempts(application: Vedette) -> JobAttempts:
    """Compose what tells how often jobs were tried."""
    return PostgresAttempts(application.database)


def past(application: Vedette) -> Past:
    """Compose what a simulation reads."""
    database = application.database
    return Past(
        application.log,
        PostgresAnomalyHistory(database),
        PostgresMemories(database),
        PostgresSignals(database),
    )


def worker(application: Vedette, *, threads: int) -> WorkerProcess:
    """Compose the jobs of one process, on a broker of its own."""
    redis_url = application.settings.redis_url
    assert redis_url is not None, "Settings must be completed before they are opened."
    work = use_cases(application)
    return WorkerProcess(
        application.database,
        application.log,
        redis_url,
        work,
        threads=threads,
        scheduler=scheduler(application, work),
        ringers=ringers(application),
    )


def scheduler(application: Vedette, work: Mapping[str, UseCase]) -> Scheduler | None:
    """Compose what asks by the clock for the jobs that can be done, unless that is switched off."""
    if not application.settings.schedule:
        return None
    return Scheduler(
        Schedule(application.log, [row for row in SCHEDULE if row.job.name in work]), now
    )


def ringers(application: Vedette) -> list[Ringer]:
    """Compose what rings when a moment has come, a thread for each kind: a mail server that hangs
    holds no ticket's timer up."""
    log, database = application.log, application.database
    return [
        Ringer(database, CLOCK_TIMER, TellServiceLevel(log, now)),
        Ringer(database, HOLD_TIMER, EndHolds(log, now)),
        Ringer(database, SILENCE_TIMER, LapseSilences(log, now)),
        Ringer(database, MAINTENANCE_TIMER, CloseWindows(log, now)),
        Ringer(database, MAIL_TIMER, DeliverMail(log, postman(application.settings), now)),
    ]


def postman(settings: Settings) -> Postman | None:
    """Compose who hands mail over, if a mail server is configured."""
    if settings.smtp_host is None:
        return None
    assert settings.mail_from is not None, "Settings with a mail server name a sender."
    server = MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=Security(settings.smtp_security),
        sender=settings.mail_from,
        username=settings.smtp_username,
        password=settings.smtp_password,
    )
    return SmtpPostman(server, now)


def rebuild(
    application: Vedette, subject: Projection[Any] | Policy, tenant_id: str, watch: Watch
) -> None:
    """Rebuild one read model, or one policy's memories, of one tenant and swap it in.

    Raises:
        RebuildUnderWay: another process rebuilds the same.
        RebuildStopped: the replay met a fact that the read model cannot digest.
    """
    Rebuild(application.database.url, subject, tenant_id).run(watch)


def embedded_servers(settings: Settings) -> tuple[dict[str, EmbeddedServer], Settings]:
    """Start the servers whose addresses are not configured; return them and the full settings.

    Raises:
        EmbeddedServerFailed: one cannot run; those that were started are stopped again.
    """
    servers: dict[str, EmbeddedServer] = {}
    try:
        if settings.database_url is None:
            postgres = EmbeddedPostgres.start(settings.data_directory / "postgres")
            servers["postgres"] = postgres
            settings = replace(
                settings, database_url=postgres.app_url(), database_owner_url=postgres.owner_url()
            )
        if settings.redis_url is None:
            valkey = EmbeddedValkey.start(settings.data_directory / "valkey")
            servers["valkey"] = valkey
            settings = replace(settings, redis_url=valkey.url)
    except BaseException:
        for server in servers.values():
            server.stop()
        raise
    return servers, settings


def completed(settings: Settings) -> Settings:
    """Fill what is not configured with what `vedette up` runs in the data directory.

    This is how a command in a second terminal finds the embedded databases. It does not look
    whether they run: then the first connection is refused, and the command says so.
    """
    directory = settings.data_directory
    if settings.database_url is None:
        postgres = directory / "postgres"
        settings = replace(
            settings,
            database_url=embedded_postgres.url(postgres, APP_ROLE),
            database_owner_url=embedded_postgres.url(postgres, embedded_postgres.SUPERUSER),
        )
    if settings.redis_url is None:
        settings = replace(settings, redis_url=embedded_valkey.url(directory / "valkey"))
    return with_secret_key(settings, make=False)
