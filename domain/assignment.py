"""Assignment: a tenant's rules for who gets which ticket. The first rule that fits decides.

A ticket that no rule fits waits in the queue, as one does that meets a rule for the queue.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec

from domain.kernel import Command, Decider, Event, Identifier, Senseless
from domain.severity import Severity
from domain.ticket.facts import TicketCategory

ASSIGNMENT_STREAM = "assignment-rules"  # a log belongs to one tenant, so one name is enough
RULES_MAX = 500


class AssignTo(StrEnum):
    """Who is meant by a rule."""

    USER = "user"
    SECURITY_MANAGER = "security_manager"
    ON_DUTY_SUPERVISOR = "on_duty_supervisor"
    QUEUE = "queue"


class AssignmentRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule: what it fits, where null fits everything, and who gets it."""

    assign_to: AssignTo
    username: Identifier | None = None  # for `user` alone
    category: TicketCategory | None = None
    severity: Severity | None = None
    site_id: Identifier | None = None


Rules = Annotated[tuple[AssignmentRule, ...], msgspec.Meta(max_length=RULES_MAX)]


class AssignmentRulesLaidDown(Event, frozen=True, tag="assignment_rules.laid_down"):
    """A tenant's rules of assignment are exactly these from here on, in this order. Tickets that have an assignee stay where they are."""

    rules: Rules


AssignmentEvent: TypeAlias = AssignmentRulesLaidDown


class LayDownAssignmentRules(Command, frozen=True):
    """Replace the rules of assignment by these."""

    rules: Rules


AssignmentCommand: TypeAlias = LayDownAssignmentRules


class RuleNamesNobody(Senseless):
    """A rule for a user names one, and no other rule does."""

    code = "assignment_rule.username"


class AssignmentRules(msgspec.Struct, frozen=True):
    """The rules that stand."""

    rules: tuple[AssignmentRule, ...] = ()

    def fitting(
        self, category: TicketCategory, severity: Severity, site_id: str | None
    ) -> AssignmentRule | None:
        """Return the first rule that fits a ticket."""
        for rule in self.rules:
            if (
                rule.category in {None, category}
                and rule.severity in {None, severity}
                and rule.site_id in {None, site_id}
            ):
                return rule
        return None


def decide(stands: AssignmentRules, command: AssignmentCommand) -> list[AssignmentEvent]:
    """Lay the rules down, unless they stand already.

    Raises:
        RuleNamesNobody: a rule for a user without a username, or another one with it.
    """
    for place, rule in enumerate(command.rules):
        if (rule.assign_to is AssignTo.USER) is (rule.username is None):
            raise RuleNamesNobody(
                "Name a user where the rule is for one, and nowhere else.",
                field=f"$.rules[{place}].username",
            )
    if command.rules == stands.rules:
        return []
    return [AssignmentRulesLaidDown(rules=command.rules)]


def evolve(_: AssignmentRules, event: AssignmentEvent) -> AssignmentRules:
    """Fold one fact into the state."""
    return AssignmentRules(event.rules)


ASSIGNMENT_RULES = Decider(initial=AssignmentRules(), decide=decide, evolve=evolve)
