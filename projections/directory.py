"""Directory: sites, persons and devices as lists and pages show them."""

from __future__ import annotations

from typing import get_args

import msgspec
from msgspec.structs import replace

from domain.catalogue import AnyRecorded
from domain.directory.device import (
    DeviceEvent,
    DeviceIssued,
    DeviceKind,
    DevicePlaced,
    DeviceRegistered,
)
from domain.directory.person import (
    PersonEnrolled,
    PersonEvent,
    PersonPhoneCorrected,
    PersonRenamed,
    PersonStationed,
)
from domain.directory.site import (
    GeofenceResized,
    SecurityManagerAppointed,
    SecurityManagerRelieved,
    SiteEvent,
    SiteRegistered,
    SiteRelocated,
    SiteRenamed,
    SiteTimeZoneCorrected,
)
from projections.kernel import Projection, key_behind


class SiteRow(msgspec.Struct, frozen=True, kw_only=True):
    """One site; coordinates in degrees, the radius of its geofence in metres."""

    site_id: str
    name: str
    latitude: float
    longitude: float
    geofence_radius_m: float
    time_zone: str
    security_manager: str | None = None
    position: int  # of the last fact folded into the row


class PersonRow(msgspec.Struct, frozen=True, kw_only=True):
    """One guard, with the home site where there is one."""

    person_id: str
    name: str
    phone: str | None = None
    site_id: str | None = None
    position: int


class DeviceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One device, who carries it and where it belongs."""

    device_id: str
    kind: DeviceKind
    person_id: str | None = None
    site_id: str | None = None
    position: int


def project_site(row: SiteRow | None, fact: AnyRecorded) -> SiteRow | None:
    """Fold one fact into its site's row."""
    position = fact.position
    match fact.event, row:
        case SiteRegistered() as site, _:
            return SiteRow(
                site_id=site.site_id,
                name=site.name,
                latitude=site.latitude,
                longitude=site.longitude,
                geofence_radius_m=site.geofence_radius_m,
                time_zone=site.time_zone,
                security_manager=site.security_manager,
                position=position,
            )
        case SiteRenamed(name=name), SiteRow():
            return replace(row, name=name, position=position)
        case SiteRelocated(latitude=latitude, longitude=longitude), SiteRow():
            return replace(row, latitude=latitude, longitude=longitude, position=position)
        case GeofenceResized(geofence_radius_m=radius), SiteRow():
            return replace(row, geofence_radius_m=radius, position=position)
        case SiteTimeZoneCorrected(time_zone=zone), SiteRow():
            return replace(row, time_zone=zone, position=position)
        case SecurityManagerAppointed(security_manager=manager), SiteRow():
            return replace(row, security_manager=manager, position=position)
        case SecurityManagerRelieved(), SiteRow():
            return replace(row, security_manager=None, position=position)
        case _:
            return row


def project_person(row: PersonRow | None, fact: AnyRecorded) -> PersonRow | None:
    """Fold one fact into its person's row."""
    position = fact.position
    match fact.event, row:
        case PersonEnrolled() as person, _:
            return PersonRow(
                person_id=person.person_id,
                name=person.name,
                phone=person.phone,
                site_id=person.site_id,
                position=position,
            )
        case PersonRenamed(name=name), PersonRow():
            return replace(row, name=name, position=position)
        case PersonPhoneCorrected(phone=phone), PersonRow():
            return replace(row, phone=phone, position=position)
        case PersonStationed(site_id=site_id), PersonRow():
            return replace(row, site_id=site_id, position=position)
        case _:
            return row


def project_device(row: DeviceRow | None, fact: AnyRecorded) -> DeviceRow | None:
    """Fold one fact into its device's row."""
    position = fact.position
    match fact.event, row:
        case DeviceRegistered() as device, _:
            return DeviceRow(
                device_id=device.device_id,
                kind=device.kind,
                person_id=device.person_id,
                site_id=device.site_id,
                position=position,
            )
        case DeviceIssued(person_id=person_id), DeviceRow():
            return replace(row, person_id=person_id, position=position)
        case DevicePlaced(site_id=site_id), DeviceRow():
            return replace(row, site_id=site_id, position=position)
        case _:
            return row


SITES = Projection(
    name="sites",
    table="sites",
    row=SiteRow,
    key="site_id",
    newest_first="site_id",
    facts=get_args(SiteEvent),
    key_of=key_behind("site-"),
    project=project_site,
)
PERSONS = Projection(
    name="persons",
    table="persons",
    row=PersonRow,
    key="person_id",
    newest_first="person_id",
    facts=get_args(PersonEvent),
    key_of=key_behind("person-"),
    project=project_person,
)
DEVICES = Projection(
    name="devices",
    table="devices",
    row=DeviceRow,
    key="device_id",
    newest_first="device_id",
    facts=get_args(DeviceEvent),
    key_of=key_behind("device-"),
    project=project_device,
)
