"""Directory: the sites, persons and devices of a tenant, stated as they shall stand.

Stating the same content again changes nothing, so a client may state its whole directory whenever
it likes.
"""

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from application.handling import handle
from domain.access import Capability
from domain.directory.device import DEVICE, DeviceKind, RegisterDevice, device_stream
from domain.directory.person import PERSON, EnrolPerson, person_stream
from domain.directory.site import SITE, GeofenceRadiusM, RegisterSite, site_stream
from domain.directory.time_zone import TimeZoneName
from domain.kernel import (
    Decider,
    Identifier,
    Latitude,
    Longitude,
    PersonalName,
    PersonalPhone,
    ShortText,
)
from interfaces.http.credentials import Caller, needs
from interfaces.http.envelope import Envelope, Items, Reached
from interfaces.http.parameters import (
    CursorParameter,
    IdentifierFilter,
    IdentifierPath,
    LimitParameter,
    WaitForParameter,
    body,
    wait_until,
)
from interfaces.http.problems import OF_LISTS, OF_WRITES
from interfaces.http.reading import filters, page_of, visible_row
from interfaces.http.working import reached, require_site
from interfaces.wiring import Vedette
from projections.directory import DEVICES, PERSONS, SITES, DeviceRow, PersonRow, SiteRow
from projections.views import PAGE_ROWS_DEFAULT

VIEW = needs(Capability.DIRECTORY_VIEW)
MANAGE = needs(Capability.DIRECTORY_MANAGE)

TheCaller: TypeAlias = NamedDependency[SkipValidation[Caller]]
TheVedette: TypeAlias = NamedDependency[SkipValidation[Vedette]]

C = TypeVar("C", bound=msgspec.Struct)


class Content(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a thing of the directory shall be; its identifier stands in the address."""


class SiteContent(Content, frozen=True, kw_only=True):
    """A place that is guarded; coordinates in degrees (WGS 84)."""

    name: ShortText
    latitude: Latitude
    longitude: Longitude
    geofence_radius_m: GeofenceRadiusM
    time_zone: TimeZoneName
    security_manager: Identifier | None = None


class PersonContent(Content, frozen=True, kw_only=True):
    """A guard; `site_id` is the home site."""

    name: PersonalName
    phone: PersonalPhone | None = None
    site_id: Identifier | None = None


class DeviceContent(Content, frozen=True, kw_only=True):
    """A device, whose it is and where it belongs."""

    kind: DeviceKind
    person_id: Identifier | None = None
    site_id: Identifier | None = None


SITE_EXAMPLE = {
    "name": "North Gate",
    "latitude": 51.5,
    "longitude": -0.12,
    "geofence_radius_m": 150,
    "time_zone": "Europe/London",
    "security_manager": "supervisor",
}
PERSON_EXAMPLE = {"name": "Ada Marsh", "phone": "+44 20 7946 0000", "site_id": "S-01"}
DEVICE_EXAMPLE = {"kind": "phone", "person_id": "G-001", "site_id": "S-01"}


class SiteController(Controller):
    path = "/api/v2/noc/directory/sites"
    tags = ("Directory",)

    @get("/", opt=VIEW, responses=OF_LISTS, summary="List sites")
    async def list_sites(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[SiteRow]]:
        """List sites by their identifiers, the last one first."""
        await wait_until(vedette.views, SITES.name, caller.tenant_id, wait_for)
        return await page_of(vedette, SITES, caller, {}, limit=limit, cursor=cursor)

    @get("/{site_id:str}/", opt=VIEW, responses=OF_LISTS, summary="One site")
    async def one_site(
        self,
        *,
        site_id: IdentifierPath,
        caller: TheCaller,
        vedette: TheVedette,
        wait_for: WaitForParameter = None,
    ) -> Envelope[SiteRow]:
        """Show a site."""
        await wait_until(vedette.views, SITES.name, caller.tenant_id, wait_for)
        found = await visible_row(vedette, SITES, caller, site_id)
        return Envelope(data=found.row, position=found.position)

    @put("/{site_id:str}/", opt=MANAGE, responses=OF_WRITES, sync_to_thread=True)
    def state_site(
        self,
        *,
        site_id: IdentifierPath,
        data: Annotated[SkipValidation[SiteContent], body(SITE_EXAMPLE)],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Reached]:
        """Make a site known, or bring what is known of it up to this content."""
        require_site(caller, site_id)
        command = RegisterSite(site_id=site_id, **fields(data))
        return state(vedette, caller, SITE, site_stream(site_id), command)


class PersonController(Controller):
    path = "/api/v2/noc/directory/persons"
    tags = ("Directory",)

    @get("/", opt=VIEW, responses=OF_LISTS, summary="List persons")
    async def list_persons(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        site_id: IdentifierFilter = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[PersonRow]]:
        """List persons by their identifiers, the last one first."""
        await wait_until(vedette.views, PERSONS.name, caller.tenant_id, wait_for)
        equal = filters(site_id=site_id)
        return await page_of(vedette, PERSONS, caller, equal, limit=limit, cursor=cursor)

    @get("/{person_id:str}/", opt=VIEW, responses=OF_LISTS, summary="One person")
    async def one_person(
        self,
        *,
        person_id: IdentifierPath,
        caller: TheCaller,
        vedette: TheVedette,
        wait_for: WaitForParameter = None,
    ) -> Envelope[PersonRow]:
        """Show a person."""
        await wait_until(vedette.views, PERSONS.name, caller.tenant_id, wait_for)
        found = await visible_row(vedette, PERSONS, caller, person_id)
        return Envelope(data=found.row, position=found.position)

    @put("/{person_id:str}/", opt=MANAGE, responses=OF_WRITES, sync_to_thread=True)
    def state_person(
        self,
        *,
        person_id: IdentifierPath,
        data: Annotated[SkipValidation[PersonContent], body(PERSON_EXAMPLE)],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Reached]:
        """Make a person known, or bring what is known of one up to this content."""
        require_site(caller, data.site_id, field="$.site_id")
        command = EnrolPerson(person_id=person_id, **fields(data))
        stream = person_stream(person_id)
        return state(vedette, caller, PERSON, stream, command, site_of=lambda known: known.content)


class DeviceController(Controller):
    path = "/api/v2/noc/directory/devices"
    tags = ("Directory",)

    @get("/", opt=VIEW, responses=OF_LISTS, summary="List devices")
    async def list_devices(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        site_id: IdentifierFilter = None,
        person_id: IdentifierFilter = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[DeviceRow]]:
        """List devices by their identifiers, the last one first."""
        await wait_until(vedette.views, DEVICES.name, caller.tenant_id, wait_for)
        equal = filters(site_id=site_id, person_id=person_id)
        return await page_of(vedette, DEVICES, caller, equal, limit=limit, cursor=cursor)

    @get("/{device_id:str}/", opt=VIEW, responses=OF_LISTS, summary="One device")
    async def one_device(
        self,
        *,
        device_id: IdentifierPath,
        caller: TheCaller,
        vedette: TheVedette,
        wait_for: WaitForParameter = None,
    ) -> Envelope[DeviceRow]:
        """Show a device."""
        await wait_until(vedette.views, DEVICES.name, caller.tenant_id, wait_for)
        found = await visible_row(vedette, DEVICES, caller, device_id)
        return Envelope(data=found.row, position=found.position)

    @put("/{device_id:str}/", opt=MANAGE, responses=OF_WRITES, sync_to_thread=True)
    def state_device(
        self,
        *,
        device_id: IdentifierPath,
        data: Annotated[SkipValidation[DeviceContent], body(DEVICE_EXAMPLE)],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Reached]:
        """Make a device known, or bring what is known of it up to this content."""
        require_site(caller, data.site_id, field="$.site_id")
        command = RegisterDevice(device_id=device_id, **fields(data))
        stream = device_stream(device_id)
        return state(vedette, caller, DEVICE, stream, command, site_of=lambda known: known.content)


def fields(content: Content) -> dict[str, Any]:
    return msgspec.structs.asdict(content)


def state(
    vedette: Vedette,
    caller: Caller,
    decider: Decider[C, Any, Any],
    stream_id: str,
    command: C,
    *,
    site_of: Callable[[Any], Any] = lambda _: None,
) -> Envelope[Reached]:
    """Hand a statement to the log, unless it would take something away from somebody else's site."""
    if caller.principal.site_scope is not None:
        facts = vedette.log.read_stream(caller.tenant_id, stream_id)
        known = site_of(decider.replay(fact.event for fact in facts))
        if known is not None:
            require_site(caller, known.site_id)
    position = handle(vedette.log, caller.tenant_id, decider, stream_id, command, caller.cause())
    return reached(vedette, caller, position)
