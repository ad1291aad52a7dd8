"""Stories: whatever is wished, in whatever order, every aggregate's story stays well formed."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import strategies as st

from adapters.log.codec import decode, encode
from domain.access import (
    API_KEY,
    USER,
    ApiKeyCommand,
    ApiKeyIssued,
    EnrolUser,
    UserCommand,
    UserEnrolled,
)
from domain.alert import (
    ALERT,
    AlertCommand,
    AlertEvidenceDropped,
    AlertRaised,
    AlertRepeated,
    AlertStatus,
    AlertWithdrawn,
    CommentAlert,
)
from domain.catalogue import tag_of
from domain.directory.device import DEVICE, DeviceCommand, DeviceRegistered
from domain.directory.person import PERSON, PersonCommand, PersonEnrolled
from domain.directory.shift import SHIFT, ShiftCommand, ShiftPlanned
from domain.directory.site import SITE, SiteCommand, SiteRegistered
from domain.directory.task import TASK, TaskAssigned, TaskCommand
from domain.directory.tenant import TENANT, TenantCommand, TenantFounded
from domain.directory.tour import TOUR, TourCommand, TourDefined
from domain.kernel import Command, Decider, Event, Refused
from domain.severity import worst
from domain.ticket import (
    TICKET,
    CommentTicket,
    RepeatTicket,
    TicketCommand,
    TicketCommented,
    TicketEvidenceWithdrawn,
    TicketLinked,
    TicketOpened,
    TicketRepeated,
    TicketStatus,
)
from tests.strategies import forall, structs

Story = list[Any]

AGGREGATES: dict[str, tuple[Decider[Any, Any, Any], tuple[type[Command], ...]]] = {
    "tenant": (TENANT, (TenantCommand,)),
    "site": (SITE, (SiteCommand,)),
    "person": (PERSON, (PersonCommand,)),
    "device": (DEVICE, (DeviceCommand,)),
    "tour": (TOUR, get_args(TourCommand)),
    "shift": (SHIFT, get_args(ShiftCommand)),
    "task": (TASK, get_args(TaskCommand)),
    "user": (USER, get_args(UserCommand)),
    "api_key": (API_KEY, get_args(ApiKeyCommand)),
    "alert": (ALERT, get_args(AlertCommand)),
    "ticket": (TICKET, get_args(TicketCommand)),
}
BIRTHS: dict[str, type[Event]] = {
    "tenant": TenantFounded,
    "site": SiteRegistered,
    "person": PersonEnrolled,
    "device": DeviceRegistered,
    "tour": TourDefined,
    "shift": ShiftPlanned,
    "task": TaskAssigned,
    "user": UserEnrolled,
    "api_key": ApiKeyIssued,
    "alert": AlertRaised,
    "ticket": TicketOpened,
}
# Whose every change states the whole content anew.
STATED_WHOLE = ("tour", "shift", "task")
# What may truly be wished twice.
EACH_TIME_ANEW = (CommentAlert, CommentTicket, RepeatTicket)


def wishes(name: str) -> st.SearchStrategy[list[Any]]:
    """Draw wishes from few values, the first of them often, since nothing stands before it."""
    kinds = AGGREGATES[name][1]
    return st.lists(st.one_of([structs(kind, few=True) for kind in kinds]), max_size=20).flatmap(
        lambda tail: structs(kinds[0], few=True).map(lambda first: [first, *tail])
    )


def play(decider: Decider[Any, Any, Any], commands: list[Any]) -> Story:
    story: Story = []
    state = decider.initial
    for command in commands:
        try:
            facts = decider.decide(state, command)
        except Refused:
            continue
        story += facts
        state = Decider(state, decider.decide, decider.evolve).replay(facts)
        if facts and not isinstance(command, EACH_TIME_ANEW):
            again = decider.decide(state, command)
            assert again == [], "What was granted is true, so wishing it again changes nothing."
    return story


@pytest.mark.parametrize("name", AGGREGATES)
@forall(data=st.data())
def test_whatever_is_wished_the_story_stays_well_formed(name: str, data: st.DataObject) -> None:
    """It begins once, at its beginning; it is stored and read; two replays make one."""
    decider, birth = AGGREGATES[name][0], BIRTHS[name]
    story: list[Event] = play(decider, data.draw(wishes(name)))
    assert not story or type(story[0]) is birth
    assert name in STATED_WHOLE or birth not in {type(fact) for fact in story[1:]}
    assert [decode(tag_of(fact), encode(fact)) for fact in story] == story
    cut = data.draw(st.integers(0, len(story)))
    half_way = Decider(decider.replay(story[:cut]), decider.decide, decider.evolve)
    assert half_way.replay(story[cut:]) == decider.replay(story)


@forall(wishes("ticket"))
def test_a_merged_ticket_only_gathers_notes(commands: list[TicketCommand]) -> None:
    story = play(TICKET, commands)
    statuses = [TICKET.replay(story[:length]).status for length in range(len(story))]
    for status, fact in zip(statuses, story, strict=True):
        if status is TicketStatus.MERGED:
            assert isinstance(fact, TicketCommented | TicketLinked | TicketEvidenceWithdrawn)


@forall(wishes("ticket"))
def test_no_repeat_lowers_the_severity_of_a_ticket(commands: list[TicketCommand]) -> None:
    story = play(TICKET, commands)
    for length, fact in enumerate(story):
        if isinstance(fact, TicketRepeated):
            before = TICKET.replay(story[:length])
            assert fact.severity is worst(before.severity, fact.severity)
            assert fact.count in {before.repeats, before.repeats + 1}


@forall(wishes("alert"))
def test_an_alert_is_as_bad_as_the_evidence_that_stands(commands: list[AlertCommand]) -> None:
    story = play(ALERT, commands)
    for length, fact in enumerate(story, start=1):
        alert = ALERT.replay(story[:length])
        standing = [evidence.severity for evidence in alert.evidences.values()]
        assert not standing or alert.severity is worst(*standing)
        if isinstance(fact, AlertRepeated | AlertEvidenceDropped):
            assert fact.count == len(standing)
        if isinstance(fact, AlertWithdrawn):
            assert (alert.status, standing) == (AlertStatus.WITHDRAWN, [])


@forall(st.lists(structs(EnrolUser, few=True), min_size=1))
def test_the_last_enrolment_is_what_stands(commands: list[EnrolUser]) -> None:
    user = USER.replay(play(USER, list(commands)))
    assert user.name == commands[-1].name
    assert set(user.roles) == set(commands[-1].roles)
