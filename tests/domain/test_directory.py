"""The directory: the wanted content becomes exactly the facts of what differs."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.directory.device import (
    DEVICE,
    DeviceIssued,
    DeviceKind,
    DeviceKindIsFixed,
    DevicePlaced,
    DeviceRegistered,
    RegisterDevice,
    device_stream,
)
from domain.directory.person import (
    PERSON,
    EnrolPerson,
    PersonEnrolled,
    PersonPhoneCorrected,
    PersonRenamed,
    PersonStationed,
    person_stream,
)
from domain.directory.site import (
    SITE,
    GeofenceResized,
    RegisterSite,
    SecurityManagerAppointed,
    SecurityManagerRelieved,
    SiteRegistered,
    SiteRelocated,
    SiteRenamed,
    SiteTimeZoneCorrected,
    site_stream,
)
from domain.directory.tenant import TENANT, FoundTenant, TenantFounded, TenantIsFounded
from domain.directory.time_zone import TimeZoneUnknown
from tests.given import given

founded = TenantFounded(name="Aegis Guarding", time_zone="Europe/London")
found = FoundTenant(name="Aegis Guarding", time_zone="Europe/London")

registered = SiteRegistered(
    site_id="S-01",
    name="North Gate",
    latitude=51.5,
    longitude=-0.12,
    geofence_radius_m=150,
    time_zone="Europe/London",
    security_manager="dora",
)
register = RegisterSite(
    site_id="S-01",
    name="North Gate",
    latitude=51.5,
    longitude=-0.12,
    geofence_radius_m=150,
    time_zone="Europe/London",
    security_manager="dora",
)

enrolled = PersonEnrolled(person_id="G-001", name="Ada Byron", phone="+44 20 1", site_id="S-01")
enrol = EnrolPerson(person_id="G-001", name="Ada Byron", phone="+44 20 1", site_id="S-01")

phone = DeviceRegistered(device_id="D-001", kind=DeviceKind.PHONE, person_id="G-001")
register_phone = RegisterDevice(device_id="D-001", kind=DeviceKind.PHONE, person_id="G-001")


def test_a_tenant_is_founded_once() -> None:
    given(TENANT).when(found).then(founded)
    given(TENANT, founded).when(found).then()


def test_a_tenant_is_not_founded_again_as_another_one() -> None:
    given(TENANT, founded).when(replace(found, name="Argus")).refused(TenantIsFounded)


@pytest.mark.parametrize(
    "name",
    ["Europe/Atlantis", "Europe", "localtime", "Factory", "posixrules", "right/UTC", "posix/UTC"],
)
def test_a_tenant_lives_in_a_time_zone_that_exists(name: str) -> None:
    given(TENANT).when(replace(found, time_zone=name)).refused(TimeZoneUnknown, field="$.time_zone")


def test_a_new_site_is_registered() -> None:
    given(SITE).when(register).then(registered)


def test_the_same_site_again_changes_nothing() -> None:
    given(SITE, registered).when(register).then()


def test_each_difference_of_a_site_is_a_fact_of_its_own() -> None:
    given(SITE, registered).when(replace(register, name="South Gate")).then(
        SiteRenamed(name="South Gate")
    )
    given(SITE, registered).when(replace(register, latitude=51.6)).then(
        SiteRelocated(latitude=51.6, longitude=-0.12)
    )
    given(SITE, registered).when(replace(register, geofence_radius_m=80)).then(
        GeofenceResized(geofence_radius_m=80)
    )
    given(SITE, registered).when(replace(register, time_zone="Europe/Paris")).then(
        SiteTimeZoneCorrected(time_zone="Europe/Paris")
    )
    given(SITE, registered).when(replace(register, security_manager="emil")).then(
        SecurityManagerAppointed(security_manager="emil")
    )
    given(SITE, registered).when(replace(register, security_manager=None)).then(
        SecurityManagerRelieved()
    )


def test_several_differences_of_a_site_stand_together() -> None:
    wanted = replace(register, name="South Gate", longitude=-0.13)
    given(SITE, registered).when(wanted).then(
        SiteRenamed(name="South Gate"), SiteRelocated(latitude=51.5, longitude=-0.13)
    )


def test_what_differs_is_measured_against_what_stands_by_now() -> None:
    wanted = RegisterSite(
        site_id="S-01",
        name="South Gate",
        latitude=51.6,
        longitude=-0.13,
        geofence_radius_m=80,
        time_zone="Europe/Paris",
    )
    story = [registered, *SITE.decide(SITE.replay([registered]), wanted)]
    assert len(story) == 6
    given(SITE, *story).when(wanted).then()
    given(SITE, *story).when(replace(wanted, security_manager="emil")).then(
        SecurityManagerAppointed(security_manager="emil")
    )
    appointed = SecurityManagerAppointed(security_manager="emil")
    given(SITE, *story, appointed).when(replace(wanted, security_manager="emil")).then()


@pytest.mark.parametrize("name", ["Europe/Atlantis", "Europe", "../etc/passwd", "/etc/localtime"])
def test_a_site_lies_in_a_time_zone_that_exists(name: str) -> None:
    wanted = replace(register, time_zone=name)
    given(SITE).when(wanted).refused(TimeZoneUnknown, field="$.time_zone")
    given(SITE, registered).when(wanted).refused(TimeZoneUnknown, field="$.time_zone")


def test_a_zone_that_was_dropped_leaves_the_past_and_the_site_usable() -> None:
    old = replace(registered, time_zone="Europe/Atlantis")
    wanted = replace(register, time_zone="Europe/Atlantis", name="South Gate")
    given(SITE, old).when(wanted).then(SiteRenamed(name="South Gate"))


def test_a_new_person_is_enrolled() -> None:
    given(PERSON).when(enrol).then(enrolled)
    given(PERSON, enrolled).when(enrol).then()


def test_each_difference_of_a_person_is_a_fact_of_its_own() -> None:
    renamed = PersonRenamed(name="Ada Lovelace")
    corrected = PersonPhoneCorrected(phone=None)
    stationed = PersonStationed(site_id="S-02")
    given(PERSON, enrolled).when(replace(enrol, name="Ada Lovelace")).then(renamed)
    given(PERSON, enrolled).when(replace(enrol, phone=None)).then(corrected)
    given(PERSON, enrolled).when(replace(enrol, site_id="S-02")).then(stationed)
    wanted = EnrolPerson(person_id="G-001", name="Ada Lovelace", site_id="S-02")
    given(PERSON, enrolled).when(wanted).then(renamed, corrected, stationed)
    given(PERSON, enrolled, renamed, corrected, stationed).when(wanted).then()


def test_a_new_device_is_registered() -> None:
    given(DEVICE).when(register_phone).then(phone)
    given(DEVICE, phone).when(register_phone).then()


def test_a_device_changes_hands_and_places() -> None:
    issued = DeviceIssued(person_id=None)
    placed = DevicePlaced(site_id="S-01")
    wanted = RegisterDevice(device_id="D-001", kind=DeviceKind.PHONE, site_id="S-01")
    given(DEVICE, phone).when(wanted).then(issued, placed)
    given(DEVICE, phone, issued, placed).when(wanted).then()


def test_a_device_stays_what_it_is() -> None:
    given(DEVICE, phone).when(replace(register_phone, kind=DeviceKind.PANEL)).refused(
        DeviceKindIsFixed, field="$.kind"
    )


def test_a_story_that_does_not_begin_at_its_beginning_stops() -> None:
    with pytest.raises(AssertionError):
        SITE.replay([SiteRenamed(name="South Gate")])
    with pytest.raises(AssertionError):
        PERSON.replay([PersonRenamed(name="Ada")])
    with pytest.raises(AssertionError):
        DEVICE.replay([DeviceIssued(person_id=None)])


def test_streams_are_named_by_the_tenants_own_identifiers() -> None:
    assert site_stream("S-01") == "site-S-01"
    assert person_stream("G-001") == "person-G-001"
    assert device_stream("D-001") == "device-D-001"
