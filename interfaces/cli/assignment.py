"""`vedette assignment`: the rules that say who gets a ticket which nobody has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from application.handling import standing
from domain.assignment import (
    ASSIGNMENT_RULES,
    ASSIGNMENT_STREAM,
    AssignmentRule,
    AssignTo,
    LayDownAssignmentRules,
)
from interfaces.cli.answering import JsonOption, TenantOption, opened, show, wish
from interfaces.cli.failing import CommandFailed
from interfaces.cli.working import work

COLUMNS = AssignmentRule.__struct_fields__

app = App(name="assignment", help="Show and lay down the rules for who gets which ticket.")


@app.command(name="show")
def show_(*, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Show the rules in their order; the first that fits a ticket decides."""
    with opened(tenant) as vedette:
        rules = standing(vedette.log, tenant, ASSIGNMENT_RULES, ASSIGNMENT_STREAM).rules
    show(rules, COLUMNS, as_json=as_json)


@app.command(name="set")
def set_(
    *,
    tenant: TenantOption,
    rule: Annotated[list[str] | None, Parameter(negative="")] = None,
    file: Path | None = None,
    as_json: JsonOption = False,
) -> None:
    """Replace the rules by those that are named, in this order.

    Parameters
    ----------
    rule
        Such as assign_to=user,username=ada,severity=CRITICAL, once for each rule. Assign to user, security_manager, on_duty_supervisor or queue; category, severity and site_id narrow a rule.
    file
        A file instead, as `vedette assignment show --json` prints it.
    """
    if (rule is None) is (file is None):
        raise CommandFailed(
            "Name the rules with --rule, or a file of them with --file;"
            " `vedette assignment clear` drops them all."
        )
    rules = from_file(file) if file is not None else [rule_from(each) for each in rule or ()]
    lay_down(tenant, wish(LayDownAssignmentRules, rules=rules), as_json=as_json)


@app.command
def clear(*, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Drop all rules: tickets that nobody is given wait in the queue."""
    lay_down(tenant, LayDownAssignmentRules(rules=()), as_json=as_json)


def rule_from(text: str) -> dict[str, str]:
    """Return the rule that an option tells.

    Raises:
        CommandFailed: a part of it is no name and value.
    """
    fields = {}
    for part in text.split(","):
        name, is_given, value = part.partition("=")
        if not is_given:
            raise CommandFailed(
                f"{part!r} is no part of a rule; write assign_to=queue,severity=LOW."
            )
        fields[name.strip()] = value.strip()
    return fields


def from_file(path: Path) -> Sequence[object]:
    """Return the rules of a file, which are checked later.

    Raises:
        CommandFailed: it cannot be read, or is no JSON array.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[object])
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror or error}.") from error
    except msgspec.DecodeError as error:
        raise CommandFailed(f"{path} is no JSON array of rules: {error}.") from error


def lay_down(tenant: str, command: LayDownAssignmentRules, *, as_json: bool) -> None:
    """Lay rules down that name only users who are there, and say what it came to."""
    work(
        tenant,
        ASSIGNMENT_RULES,
        ASSIGNMENT_STREAM,
        command,
        f"{len(command.rules)} rules of assignment stand",
        users=[
            rule.username
            for rule in command.rules
            if rule.assign_to is AssignTo.USER and rule.username is not None
        ],
        sites=[rule.site_id for rule in command.rules if rule.site_id is not None],
        as_json=as_json,
    )
