"""Tenant: a guard company or its customer, and the clock on its wall."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from domain.directory.time_zone import TimeZoneName, require_time_zone
from domain.kernel import Command, Decider, Event, Refused, ShortText

TENANT_STREAM = "tenant"  # a log belongs to one tenant, so one name is enough


class TenantFounded(Event, frozen=True, tag="tenant.founded"):
    """A tenant was founded by the operator of the installation. Stated once, as the first fact of its log."""

    name: ShortText
    time_zone: TimeZoneName


TenantEvent: TypeAlias = TenantFounded


class FoundTenant(Command, frozen=True):
    """Found the tenant of this log."""

    name: ShortText
    time_zone: TimeZoneName


TenantCommand: TypeAlias = FoundTenant


class TenantIsFounded(Refused):
    """The tenant stands already, under another name or in another time zone."""

    code = "tenant.founded"


class Tenant(msgspec.Struct, frozen=True):
    """What the next decision needs to know: what was founded, if anything."""

    founded: TenantFounded | None = None


def decide(tenant: Tenant, command: TenantCommand) -> list[TenantEvent]:
    """Found the tenant, once.

    Raises:
        TenantIsFounded: it was founded with other content.
        TimeZoneUnknown: the time zone is not in the IANA database.
    """
    founded = TenantFounded(name=command.name, time_zone=command.time_zone)
    if tenant.founded == founded:
        return []
    if tenant.founded is not None:
        raise TenantIsFounded(
            f"The tenant was founded as {tenant.founded.name!r} in {tenant.founded.time_zone}."
        )
    require_time_zone(command.time_zone)
    return [founded]


def evolve(tenant: Tenant, event: TenantEvent) -> Tenant:  # noqa: ARG001 - the first fact says all
    """Fold one fact into the state."""
    return Tenant(founded=event)


TENANT = Decider(initial=Tenant(), decide=decide, evolve=evolve)
