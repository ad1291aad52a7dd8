"""Device: a phone, reader or panel that signals come from, and whose hands or walls it is in."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias, assert_never

import msgspec
from msgspec.structs import replace

from domain.kernel import Command, Decider, Event, Identifier, Refused


class DeviceKind(StrEnum):
    """What a device is."""

    PHONE = "phone"
    READER = "reader"
    PANEL = "panel"


class DeviceRegistered(Event, frozen=True, tag="device.registered"):
    """A device became known to Vedette. Stated by whoever keeps the directory; signals from it are taken from here on."""

    device_id: Identifier
    kind: DeviceKind
    person_id: Identifier | None = None  # who carries it
    site_id: Identifier | None = None  # where it is mounted or kept


class DeviceIssued(Event, frozen=True, tag="device.issued"):
    """A device was handed to another person, or taken back. It does not mean that nobody else uses it."""

    person_id: Identifier | None


class DevicePlaced(Event, frozen=True, tag="device.placed"):
    """A device belongs to another site, or to none. It does not mean that it is there now."""

    site_id: Identifier | None


DeviceAmendment: TypeAlias = DeviceIssued | DevicePlaced
DeviceEvent: TypeAlias = DeviceRegistered | DeviceAmendment


class RegisterDevice(Command, frozen=True):
    """Make a device known, or bring what is known of it up to this content."""

    device_id: Identifier
    kind: DeviceKind
    person_id: Identifier | None = None
    site_id: Identifier | None = None


DeviceCommand: TypeAlias = RegisterDevice


class DeviceKindIsFixed(Refused):
    """A device cannot become another kind of device."""

    code = "device.kind_fixed"


class Device(msgspec.Struct, frozen=True):
    """What the next decision needs to know: the content that stands, if the device is known."""

    content: DeviceRegistered | None = None


def decide(device: Device, command: DeviceCommand) -> list[DeviceEvent]:
    """Answer with what differs between the content that stands and the wanted one.

    Raises:
        DeviceKindIsFixed: the device is known as another kind.
    """
    known = device.content
    if known is None:
        return [
            DeviceRegistered(
                device_id=command.device_id,
                kind=command.kind,
                person_id=command.person_id,
                site_id=command.site_id,
            )
        ]
    if command.kind is not known.kind:
        raise DeviceKindIsFixed(
            f"The device is a {known.kind}; register a {command.kind} under an id of its own.",
            field="$.kind",
        )
    facts: list[DeviceEvent] = []
    if command.person_id != known.person_id:
        facts.append(DeviceIssued(person_id=command.person_id))
    if command.site_id != known.site_id:
        facts.append(DevicePlaced(site_id=command.site_id))
    return facts


def evolve(device: Device, event: DeviceEvent) -> Device:
    """Fold one fact into the state."""
    if isinstance(event, DeviceRegistered):
        return Device(content=event)
    # Nothing comes before the registration; a history where something does is corrupt and stops.
    assert device.content is not None, f"{event} stands before its device was registered."
    return Device(content=amended(device.content, event))


def amended(content: DeviceRegistered, event: DeviceAmendment) -> DeviceRegistered:
    """Return the content as it stands after a fact."""
    match event:
        case DeviceIssued(person_id=person_id):
            return replace(content, person_id=person_id)
        case DevicePlaced(site_id=site_id):
            return replace(content, site_id=site_id)
        case _:
            assert_never(event)


DEVICE = Decider(initial=Device(), decide=decide, evolve=evolve)


def device_stream(device_id: str) -> str:
    """Return the stream that tells a device's story."""
    return f"device-{device_id}"
