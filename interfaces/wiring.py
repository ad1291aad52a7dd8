"""Composition root: the one module that knows which adapter answers which port."""

from __future__ import annotations

from msgspec.structs import replace

from adapters.embedded import postgres as embedded_postgres
from adapters.embedded import valkey as embedded_valkey
from adapters.embedded.kept import EmbeddedServerFailed
from adapters.embedded.postgres import EmbeddedPostgres
from adapters.embedded.server import EmbeddedServer
from adapters.embedded.valkey import EmbeddedValkey
from adapters.postgres.migrating import DatabaseIsNewer, MigrationChanged, migrate
from interfaces.secret_key import with_secret_key
from interfaces.settings import Settings

__all__ = ["EXPECTED_FAILURES", "EmbeddedServer", "completed", "embedded_servers", "migrate"]

# What an adapter may say to the person at the command line in a sentence of its own.
EXPECTED_FAILURES = (EmbeddedServerFailed, MigrationChanged, DatabaseIsNewer)


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
            database_url=embedded_postgres.url(postgres, embedded_postgres.APP_ROLE),
            database_owner_url=embedded_postgres.url(postgres, embedded_postgres.SUPERUSER),
        )
    if settings.redis_url is None:
        settings = replace(settings, redis_url=embedded_valkey.url(directory / "valkey"))
    return with_secret_key(settings, make=False)
