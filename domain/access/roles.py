"""Roles and capabilities: doors ask for a capability, people are given roles."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec

from domain.kernel import Identifier

SITES_IN_SCOPE_MAX = 1_000


class Role(StrEnum):
    """What somebody is here for."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    DATA_SCIENTIST = "data_scientist"
    INTEGRATOR = "integrator"
    ADMINISTRATOR = "administrator"


class Capability(StrEnum):
    """What a door asks for before it opens."""

    SIGNALS_WRITE = "signals:write"
    TICKETS_VIEW = "tickets:view"
    TICKETS_WORK = "tickets:work"
    ALERTS_VIEW = "alerts:view"
    ALERTS_WORK = "alerts:work"
    SECURITY_FRAUD_VIEW = "security:fraud:view"
    DIRECTORY_VIEW = "directory:view"
    DIRECTORY_MANAGE = "directory:manage"
    FEED_VIEW = "feed:view"
    LOG_VIEW = "log:view"
    ACCESS_MANAGE = "access:manage"
    OPERATIONS_VIEW = "operations:view"
    SERVICE_LEVELS_MANAGE = "service_levels:manage"
    SILENCES_VIEW = "silences:view"
    SILENCES_MANAGE = "silences:manage"
    ANOMALIES_VIEW = "anomalies:view"
    FINDINGS_VIEW = "findings:view"
    FINDINGS_WORK = "findings:work"
    AUDITS_REQUEST = "audits:request"
    INCIDENTS_VIEW = "incidents:view"
    INCIDENTS_WORK = "incidents:work"
    VERIFICATIONS_REQUEST = "verifications:request"
    BASELINES_VIEW = "baselines:view"
    THRESHOLDS_MANAGE = "thresholds:manage"


#: Sites that a user or a key is limited to; None means every site, an empty one means none.
SiteScope: TypeAlias = (
    Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=SITES_IN_SCOPE_MAX)] | None
)
#: At least one role; each stands once, in alphabetical order.
Roles = Annotated[tuple[Role, ...], msgspec.Meta(min_length=1, max_length=len(Role))]

_WATCHES = frozenset(
    {
        Capability.TICKETS_VIEW,
        Capability.ALERTS_VIEW,
        Capability.SECURITY_FRAUD_VIEW,
        Capability.DIRECTORY_VIEW,
        Capability.FEED_VIEW,
        Capability.SILENCES_VIEW,
        Capability.ANOMALIES_VIEW,
        Capability.FINDINGS_VIEW,
        Capability.INCIDENTS_VIEW,
        Capability.BASELINES_VIEW,
    }
)
_WORKS = _WATCHES | {
    Capability.TICKETS_WORK,
    Capability.ALERTS_WORK,
    Capability.FINDINGS_WORK,
    Capability.SILENCES_MANAGE,
    Capability.INCIDENTS_WORK,
    Capability.AUDITS_REQUEST,
}

CAPABILITIES: dict[Role, frozenset[Capability]] = {
    Role.OPERATOR: _WORKS,
    Role.SUPERVISOR: _WORKS
    | {
        Capability.LOG_VIEW,
        Capability.OPERATIONS_VIEW,
        Capability.VERIFICATIONS_REQUEST,
        Capability.SERVICE_LEVELS_MANAGE,
    },
    Role.AUDITOR: _WATCHES | {Capability.LOG_VIEW, Capability.OPERATIONS_VIEW},
    Role.DATA_SCIENTIST: _WATCHES
    | {Capability.LOG_VIEW, Capability.OPERATIONS_VIEW, Capability.THRESHOLDS_MANAGE},
    Role.INTEGRATOR: _WATCHES | {Capability.SIGNALS_WRITE, Capability.LOG_VIEW},
    # Who may grant roles can grant himself any; a narrower set would only pretend to bind him.
    Role.ADMINISTRATOR: frozenset(Capability),
}


def capabilities_of(roles: Iterable[Role]) -> frozenset[Capability]:
    """Return everything that one holder of these roles may do."""
    return frozenset().union(*(CAPABILITIES[role] for role in roles))


def in_order(roles: Iterable[Role]) -> tuple[Role, ...]:
    """Return the roles as facts state them, so that another order is not another fact."""
    return tuple(sorted(set(roles)))


def scope_in_order(site_scope: Iterable[str] | None) -> tuple[str, ...] | None:
    """Return the scope as facts state it, so that another order is not another fact."""
    return None if site_scope is None else tuple(sorted(set(site_scope)))
