"""The test harness itself: real servers, one migrated database for each worker."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import redis

from tests.conftest import Database


def test_the_database_is_migrated(database: Database) -> None:
    with psycopg.connect(database.owner_url) as connection:
        applied = connection.execute("SELECT count(*) FROM public.vedette_migrations").fetchone()
    assert applied is not None
    assert applied[0] > 0


def test_the_application_logs_in_with_its_own_role(database: Database) -> None:
    with psycopg.connect(database.app_url) as connection:
        user = connection.execute("SELECT current_user, current_database()").fetchone()
    assert user == ("vedette_app", database.name)


def test_a_test_may_have_a_database_to_itself(
    database: Database, new_database: Callable[[], Database]
) -> None:
    assert new_database().name != database.name


def test_valkey_answers(redis_url: str, tenant: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set(f"{tenant}:greeting", "hello", ex=60)
        assert client.get(f"{tenant}:greeting") == b"hello"
