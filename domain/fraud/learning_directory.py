"""Learning the directory: geofences, tours and who carries which device, as they are and as they were.

An attendance is measured against what was in force when it happened, so that a late signal judges
it by the same geofence as the first time.
"""

from __future__ import annotations

from msgspec.structs import replace

from domain.catalogue import AnyRecorded
from domain.directory.device import DeviceIssued, DeviceKind, DeviceRegistered
from domain.directory.site import (
    GeofenceResized,
    SiteRegistered,
    SiteRelocated,
    SiteTimeZoneCorrected,
)
from domain.directory.tour import TourDefined
from domain.fraud.memory import (
    REVISIONS_MAX,
    DeviceMemory,
    Fence,
    Holder,
    Round,
    SiteMemory,
    TourMemory,
    micros,
)


def learn_site(site: SiteMemory, recorded: AnyRecorded) -> bool:
    """Take a fact about a site in; answer whether it was new."""
    if recorded.position <= site.position:
        return False
    site.position = recorded.position
    since_us = micros(recorded.recorded_at)
    match recorded.event:
        case SiteRegistered(
            latitude=latitude, longitude=longitude, geofence_radius_m=radius_m, time_zone=zone
        ):
            fence = Fence(since_us, latitude, longitude, radius_m, zone)
        case SiteRelocated(latitude=latitude, longitude=longitude):
            fence = replace(
                site.fences[-1], since_us=since_us, latitude=latitude, longitude=longitude
            )
        case GeofenceResized(geofence_radius_m=radius_m):
            fence = replace(site.fences[-1], since_us=since_us, radius_m=radius_m)
        case event:
            assert isinstance(event, SiteTimeZoneCorrected), f"{event} moves no geofence."
            fence = replace(site.fences[-1], since_us=since_us, time_zone=event.time_zone)
    site.fences.append(fence)
    del site.fences[:-REVISIONS_MAX]
    return True


def learn_device(device: DeviceMemory, recorded: AnyRecorded) -> bool:
    """Take a fact about a device in; answer whether it was new."""
    if recorded.position <= device.position:
        return False
    device.position = recorded.position
    event = recorded.event
    assert isinstance(event, DeviceRegistered | DeviceIssued), f"{event} issues no device."
    if isinstance(event, DeviceRegistered):
        device.personal = event.kind is DeviceKind.PHONE
    device.holders.append(Holder(micros(recorded.recorded_at), event.person_id))
    del device.holders[:-REVISIONS_MAX]
    return True


def learn_tour(tour: TourMemory, recorded: AnyRecorded) -> bool:
    """Take a fact about a tour in; answer whether it was new."""
    if recorded.position <= tour.position:
        return False
    tour.position = recorded.position
    event = recorded.event
    assert isinstance(event, TourDefined), f"{event} defines no tour."
    since_us = micros(event.valid_from or recorded.recorded_at)
    checkpoints = [each.checkpoint_id for each in event.checkpoints]
    places = {
        each.checkpoint_id: (each.latitude, each.longitude)
        for each in event.checkpoints
        if each.latitude is not None and each.longitude is not None
    }
    tour.rounds.append(Round(since_us, checkpoints, places))
    tour.rounds.sort(key=round_moment)
    del tour.rounds[:-REVISIONS_MAX]
    return True


def round_moment(each: Round) -> int:
    return each.since_us
