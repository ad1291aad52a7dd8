"""Handling a wish: read, replay, decide, append."""

from __future__ import annotations

from uuid import uuid4

import pytest

from adapters.log.postgres_log import PostgresLog
from application.handling import VersionMismatch, handle
from application.ports import Cause, NoSuchTenant
from domain.directory.person import PERSON, EnrolPerson
from domain.directory.site import SITE, RegisterSite
from domain.directory.time_zone import TimeZoneUnknown

CAUSE = Cause("user:test", correlation_id=uuid4(), caused_by=None)
ADA = EnrolPerson(person_id="G-1", name="Ada")
GRACE = EnrolPerson(person_id="G-1", name="Grace", phone="+44 20")


def test_a_wish_is_granted_and_answered_with_the_position_of_its_last_fact(
    log: PostgresLog, tenant: str
) -> None:
    log.open_tenant(tenant)
    assert handle(log, tenant, PERSON, "person-G-1", ADA, CAUSE) == 1
    assert handle(log, tenant, PERSON, "person-G-1", GRACE, CAUSE) == 3
    facts = log.read_stream(tenant, "person-G-1")
    assert [(fact.position, fact.version, fact.actor) for fact in facts] == [
        (1, 1, "user:test"),
        (2, 2, "user:test"),
        (3, 3, "user:test"),
    ]
    assert {fact.correlation_id for fact in facts} == {CAUSE.correlation_id}


def test_a_wish_that_is_true_already_states_nothing(log: PostgresLog, tenant: str) -> None:
    log.open_tenant(tenant)
    handle(log, tenant, PERSON, "person-G-1", ADA, CAUSE)
    assert handle(log, tenant, PERSON, "person-G-1", ADA, CAUSE) is None
    assert log.head(tenant).position == 1


def test_a_wish_for_another_version_is_not_granted(log: PostgresLog, tenant: str) -> None:
    log.open_tenant(tenant)
    assert handle(log, tenant, PERSON, "person-G-1", ADA, CAUSE, if_match=0) == 1
    with pytest.raises(VersionMismatch) as caught:
        handle(log, tenant, PERSON, "person-G-1", GRACE, CAUSE, if_match=0)
    assert (caught.value.stream_id, caught.value.wanted, caught.value.version) == (
        "person-G-1",
        0,
        1,
    )
    assert handle(log, tenant, PERSON, "person-G-1", GRACE, CAUSE, if_match=1) == 3


def test_a_refusal_rises_and_nothing_stands(log: PostgresLog, tenant: str) -> None:
    log.open_tenant(tenant)
    wish = RegisterSite(
        site_id="S", name="S", latitude=0, longitude=0, geofence_radius_m=50, time_zone="Mars/One"
    )
    with pytest.raises(TimeZoneUnknown):
        handle(log, tenant, SITE, "site-S", wish, CAUSE)
    assert log.head(tenant).position == 0


def test_a_tenant_without_a_log_grants_nothing(log: PostgresLog, tenant: str) -> None:
    with pytest.raises(NoSuchTenant):
        handle(log, tenant, PERSON, "person-G-1", ADA, CAUSE)
