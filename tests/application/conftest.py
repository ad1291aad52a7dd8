"""Fixtures of the tests that need the real log, or a desk at it."""

from __future__ import annotations

import pytest

from adapters.log.postgres_log import PostgresLog
from application.ingestion import Giver, SignalIntake
from domain.catalogue import AnyRecorded
from domain.directory.person import PersonEnrolled
from tests.application.door import NOW, open_directory
from tests.application.offices import MemoryOffice, Office, PostgresOffice


@pytest.fixture
def intake(log: PostgresLog) -> SignalIntake:
    """What takes signals in, on the real log."""
    return SignalIntake(log, lambda: NOW)


@pytest.fixture
def giver(log: PostgresLog, tenant: str) -> Giver:
    """Who hands signals in, for a tenant whose directory knows what they name."""
    open_directory(log, tenant)
    return Giver(tenant, "key:test")


@pytest.fixture(params=["memory", "postgres", "postgres that keeps"])
def office(request: pytest.FixtureRequest, tenant: str) -> Office:
    """Where desks stand: each of the places that the contract of the desk holds equal."""
    if request.param == "memory":
        return MemoryOffice()
    return PostgresOffice(
        request.getfixturevalue("store"),
        request.getfixturevalue("log"),
        tenant,
        keeps=request.param == "postgres that keeps",
    )


@pytest.fixture
def cause(office: Office) -> AnyRecorded:
    """A fact because of which something is done at a desk."""
    return office.state("person-cause", PersonEnrolled(person_id="cause", name="Why"))
