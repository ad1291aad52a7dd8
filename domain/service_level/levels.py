"""The service levels of a tenant: one for each priority, documented defaults until they are set.

The defaults are assumptions of ours, what a guarding contract commonly promises:

    priority  taken on within  done within  hours
    URGENT      5 minutes        1 hour     around the clock
    HIGH       15 minutes        4 hours    around the clock
    NORMAL      1 hour          24 hours    around the clock, or business hours where a tenant says so
    LOW         4 hours         72 hours    around the clock, or business hours where a tenant says so
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from domain.kernel import Command, Decider, Senseless
from domain.service_level.facts import Hours, ServiceLevelSet, TargetS
from domain.ticket.facts import Priority

SERVICE_LEVELS_STREAM = "service-levels"  # a log belongs to one tenant, so one name is enough
MINUTE_S = 60
HOUR_S = 3_600

DEFAULTS = {
    Priority.URGENT: ServiceLevelSet(
        priority=Priority.URGENT, acknowledge_s=5 * MINUTE_S, resolve_s=HOUR_S
    ),
    Priority.HIGH: ServiceLevelSet(
        priority=Priority.HIGH, acknowledge_s=15 * MINUTE_S, resolve_s=4 * HOUR_S
    ),
    Priority.NORMAL: ServiceLevelSet(
        priority=Priority.NORMAL, acknowledge_s=HOUR_S, resolve_s=24 * HOUR_S
    ),
    Priority.LOW: ServiceLevelSet(
        priority=Priority.LOW, acknowledge_s=4 * HOUR_S, resolve_s=72 * HOUR_S
    ),
}
#: Work that cannot wait for Monday.
AROUND_THE_CLOCK = frozenset({Priority.URGENT, Priority.HIGH})


class SetServiceLevel(Command, frozen=True):
    """Choose how soon tickets of a priority are to be taken on and done."""

    priority: Priority
    acknowledge_s: TargetS
    resolve_s: TargetS
    hours: Hours = Hours.ALWAYS


ServiceLevelCommand: TypeAlias = SetServiceLevel


class PriorityRunsAlways(Senseless):
    """Urgent and high work is counted around the clock."""

    code = "service_level.runs_always"


class ResolveBeforeAcknowledge(Senseless):
    """Work cannot be done before somebody has it."""

    code = "service_level.resolve_too_short"


class Levels(msgspec.Struct, frozen=True):
    """The levels that a tenant has set."""

    chosen: Mapping[Priority, ServiceLevelSet] = {}

    def of(self, priority: Priority) -> ServiceLevelSet:
        """Return the level of a priority, the default where none is set."""
        return self.chosen.get(priority, DEFAULTS[priority])

    def all(self) -> list[ServiceLevelSet]:
        """Return the level of every priority, the most pressing first."""
        return [self.of(priority) for priority in Priority]


def decide(levels: Levels, command: ServiceLevelCommand) -> list[ServiceLevelSet]:
    """Set a level, unless it stands already.

    Raises:
        PriorityRunsAlways: business hours for what cannot wait for Monday.
        ResolveBeforeAcknowledge: less time to do the work than to take it on.
    """
    if command.hours is not Hours.ALWAYS and command.priority in AROUND_THE_CLOCK:
        raise PriorityRunsAlways(
            f"{command.priority} tickets are timed around the clock.", field="$.hours"
        )
    if command.resolve_s < command.acknowledge_s:
        raise ResolveBeforeAcknowledge(
            "Give at least as much time to do the work as to take it on.", field="$.resolve_s"
        )
    wanted = ServiceLevelSet(
        priority=command.priority,
        acknowledge_s=command.acknowledge_s,
        resolve_s=command.resolve_s,
        hours=command.hours,
    )
    return [] if levels.of(command.priority) == wanted else [wanted]


def evolve(levels: Levels, event: ServiceLevelSet) -> Levels:
    """Fold one fact into the state."""
    return Levels({**levels.chosen, event.priority: event})


SERVICE_LEVELS = Decider(initial=Levels(), decide=decide, evolve=evolve)
