"""Wording: what is wrong with a value is said in words, with what would have been right."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest

from application.signals import Signal
from application.silencing import MaintenanceWanted, SilenceWanted
from application.wording import broken, worded
from domain.assignment import LayDownAssignmentRules
from domain.mail import GiveEscalationAddress
from domain.ticket import HoldTicket, PrioritiseTicket, Priority


def said(kind: Any, content: dict[str, Any] | list[Any]) -> tuple[str, str]:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(content, kind)
    return broken(caught.value, kind)


@pytest.mark.parametrize(
    ("kind", "content", "path", "rule"),
    [
        (
            PrioritiseTicket,
            {"priority": "SOON"},
            "$.priority",
            "Invalid enum value 'SOON'; there are URGENT, HIGH, NORMAL, LOW",
        ),
        (
            Signal,
            {"kind": "smoke"},
            "$.kind",
            (
                "Invalid value 'smoke'; there are attendance, location, checkpoint_scan,"
                " phone_activity, task_completion, device_status, panic"
            ),
        ),
        (
            LayDownAssignmentRules,
            {"rules": [{"assign_to": "queue"}, {"assign_to": "me"}]},
            "$.rules[1].assign_to",
            "Invalid enum value 'me'; there are user, security_manager, on_duty_supervisor, queue",
        ),
        (
            MaintenanceWanted,
            {"site_id": "S-01", "weekdays": ["freeday"]},
            "$.weekdays[0]",
            (
                "Invalid enum value 'freeday'; there are monday, tuesday, wednesday, thursday, friday,"
                " saturday, sunday"
            ),
        ),
        (
            SilenceWanted,
            {"matcher": {"site_id": "no blanks"}},
            "$.matcher.site_id",
            "Expected letters, digits and . _ : - alone",
        ),
        (
            MaintenanceWanted,
            {"site_id": "S-01", "weekdays": ["monday"], "starts_at": "25:00"},
            "$.starts_at",
            "Expected a time of the day such as 22:00",
        ),
        (
            GiveEscalationAddress,
            {"email": "nobody"},
            "$.email",
            "Expected an address such as noc@example.org",
        ),
        (HoldTicket, {"reason": "two\nlines"}, "$.reason", "Expected one line of text"),
        (HoldTicket, {}, "$", "Object missing required field `reason`"),
    ],
)
def test_a_rule_is_told_in_words(kind: Any, content: dict[str, Any], path: str, rule: str) -> None:
    assert said(kind, content) == (path, rule)


def test_what_has_no_words_is_told_as_it_is() -> None:
    odd = "Expected `str` matching regex '^x$'"
    assert worded(odd) == odd
    assert worded("Invalid enum value 'x'") == "Invalid enum value 'x'"
    assert worded("Invalid enum value 'x'", "$.reason", HoldTicket) == "Invalid enum value 'x'"
    assert worded("Invalid enum value 'x'", "$[...]", dict[str, HoldTicket]).endswith("'x'")


def test_what_a_description_is_put_on_has_its_choices_still() -> None:
    """Doors describe their parameters for the documentation."""
    described = Annotated[Priority, msgspec.Meta(description="What.", extra={"shown": True})]
    rule = "Invalid enum value 'SOON'"
    assert worded(rule, kind=described) == f"{rule}; there are URGENT, HIGH, NORMAL, LOW"
