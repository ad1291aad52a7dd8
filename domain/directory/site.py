"""Site: a place that is guarded, with the circle in which a guard counts as present."""

from __future__ import annotations

from typing import Annotated, TypeAlias, assert_never

import msgspec
from msgspec.structs import replace

from domain.directory.time_zone import TimeZoneName, require_time_zone
from domain.kernel import (
    Command,
    Decider,
    Event,
    Identifier,
    Latitude,
    Longitude,
    ShortText,
)

GEOFENCE_RADIUS_M_MIN = 10
GEOFENCE_RADIUS_M_MAX = 100_000

GeofenceRadiusM = Annotated[float, msgspec.Meta(ge=GEOFENCE_RADIUS_M_MIN, le=GEOFENCE_RADIUS_M_MAX)]


class SiteRegistered(Event, frozen=True, tag="site.registered"):
    """A site became known to Vedette. Stated by whoever keeps the directory; guards may attend it from here on."""

    site_id: Identifier
    name: ShortText
    latitude: Latitude
    longitude: Longitude
    geofence_radius_m: GeofenceRadiusM  # around the coordinates
    time_zone: TimeZoneName
    security_manager: Identifier | None = None  # username; gets the site's security tickets


class SiteRenamed(Event, frozen=True, tag="site.renamed"):
    """A site got another name. Its identifier stays."""

    name: ShortText


class SiteRelocated(Event, frozen=True, tag="site.relocated"):
    """A site's coordinates were corrected, or the site moved. Judgements made before stand as they were made."""

    latitude: Latitude
    longitude: Longitude


class GeofenceResized(Event, frozen=True, tag="site.geofence_resized"):
    """The circle in which a guard counts as present at a site got another radius."""

    geofence_radius_m: GeofenceRadiusM


class SiteTimeZoneCorrected(Event, frozen=True, tag="site.time_zone_corrected"):
    """A site's time zone was corrected. Moments in the log do not move; only how they read on the site's wall."""

    time_zone: TimeZoneName


class SecurityManagerAppointed(Event, frozen=True, tag="site.security_manager_appointed"):
    """A user became the security manager of a site and gets its security tickets from here on; open ones stay where they are."""

    security_manager: Identifier  # username


class SecurityManagerRelieved(Event, frozen=True, tag="site.security_manager_relieved"):
    """A site has no security manager any more; its security tickets wait in the tenant's queue."""


SiteAmendment: TypeAlias = (
    SiteRenamed
    | SiteRelocated
    | GeofenceResized
    | SiteTimeZoneCorrected
    | SecurityManagerAppointed
    | SecurityManagerRelieved
)
SiteEvent: TypeAlias = SiteRegistered | SiteAmendment


class RegisterSite(Command, frozen=True):
    """Make a site known, or bring what is known of it up to this content."""

    site_id: Identifier
    name: ShortText
    latitude: Latitude
    longitude: Longitude
    geofence_radius_m: GeofenceRadiusM
    time_zone: TimeZoneName
    security_manager: Identifier | None = None


SiteCommand: TypeAlias = RegisterSite


class Site(msgspec.Struct, frozen=True):
    """What the next decision needs to know: the content that stands, if the site is known."""

    content: SiteRegistered | None = None


def decide(site: Site, command: SiteCommand) -> list[SiteEvent]:
    """Answer with what differs between the content that stands and the wanted one.

    Raises:
        TimeZoneUnknown: the wanted time zone is not in the IANA database.
    """
    known = site.content
    if known is None or command.time_zone != known.time_zone:
        require_time_zone(command.time_zone)
    if known is None:
        return [
            SiteRegistered(
                site_id=command.site_id,
                name=command.name,
                latitude=command.latitude,
                longitude=command.longitude,
                geofence_radius_m=command.geofence_radius_m,
                time_zone=command.time_zone,
                security_manager=command.security_manager,
            )
        ]
    return differences(known, command)


def differences(known: SiteRegistered, wanted: RegisterSite) -> list[SiteEvent]:
    facts: list[SiteEvent] = []
    if wanted.name != known.name:
        facts.append(SiteRenamed(name=wanted.name))
    if (wanted.latitude, wanted.longitude) != (known.latitude, known.longitude):
        facts.append(SiteRelocated(latitude=wanted.latitude, longitude=wanted.longitude))
    if wanted.geofence_radius_m != known.geofence_radius_m:
        facts.append(GeofenceResized(geofence_radius_m=wanted.geofence_radius_m))
    if wanted.time_zone != known.time_zone:
        facts.append(SiteTimeZoneCorrected(time_zone=wanted.time_zone))
    if wanted.security_manager != known.security_manager:
        if wanted.security_manager is None:
            facts.append(SecurityManagerRelieved())
        else:
            facts.append(SecurityManagerAppointed(security_manager=wanted.security_manager))
    return facts


def evolve(site: Site, event: SiteEvent) -> Site:
    """Fold one fact into the state."""
    if isinstance(event, SiteRegistered):
        return Site(content=event)
    # Nothing comes before the registration; a history where something does is corrupt and stops.
    assert site.content is not None, f"{event} stands before its site was registered."
    return Site(content=amended(site.content, event))


def amended(content: SiteRegistered, event: SiteAmendment) -> SiteRegistered:
    """Return the content as it stands after a fact."""
    match event:
        case SiteRenamed(name=name):
            return replace(content, name=name)
        case SiteRelocated(latitude=latitude, longitude=longitude):
            return replace(content, latitude=latitude, longitude=longitude)
        case GeofenceResized(geofence_radius_m=radius_m):
            return replace(content, geofence_radius_m=radius_m)
        case SiteTimeZoneCorrected(time_zone=time_zone):
            return replace(content, time_zone=time_zone)
        case SecurityManagerAppointed(security_manager=manager):
            return replace(content, security_manager=manager)
        case SecurityManagerRelieved():
            return replace(content, security_manager=None)
        case _:
            assert_never(event)


SITE = Decider(initial=Site(), decide=decide, evolve=evolve)


def site_stream(site_id: str) -> str:
    """Return the stream that tells a site's story."""
    return f"site-{site_id}"
