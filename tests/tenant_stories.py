"""Random stories of a tenant: wishes and scores from a handful of values, granted where the rules allow."""

from __future__ import annotations

from typing import Any, NamedTuple, get_args
from uuid import UUID

import msgspec
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.access import (
    API_KEY,
    USER,
    ApiKeyCommand,
    EnrolUser,
    IssueApiKey,
    UserCommand,
)
from domain.alert import ALERT, AlertCommand, RaiseAlert
from domain.catalogue import AnyRecorded
from domain.directory.device import DEVICE, DeviceCommand, RegisterDevice
from domain.directory.person import PERSON, EnrolPerson, PersonCommand
from domain.directory.shift import SHIFT, PlanShift, ShiftCommand
from domain.directory.site import SITE, RegisterSite, SiteCommand
from domain.directory.task import TASK, AssignTask, TaskCommand
from domain.directory.tour import TOUR, DefineTour, TourCommand
from domain.fraud.facts import Features, FraudScored, Reason, score_stream
from domain.fraud.types import FraudType
from domain.kernel import Command, Decider, Refused
from domain.ticket import TICKET, OpenTicket, TicketCommand
from tests.memory_desk import MemoryLog
from tests.strategies import FEW_MOMENTS, FEW_UUIDS, structs

NAMES = ("A-1", "b-2")


class Kind(NamedTuple):
    """An aggregate and how its streams are named."""

    decider: Decider[Any, Any, Any]
    commands: tuple[type[Command], ...]
    birth: type[Command]
    id_field: str
    prefix: str
    ids: tuple[str | UUID, ...]


KINDS = (
    Kind(SITE, (SiteCommand,), RegisterSite, "site_id", "site-", NAMES),
    Kind(PERSON, (PersonCommand,), EnrolPerson, "person_id", "person-", NAMES),
    Kind(DEVICE, (DeviceCommand,), RegisterDevice, "device_id", "device-", NAMES),
    Kind(TOUR, get_args(TourCommand), DefineTour, "tour_id", "tour-", NAMES),
    Kind(SHIFT, get_args(ShiftCommand), PlanShift, "shift_id", "shift-", NAMES),
    Kind(TASK, get_args(TaskCommand), AssignTask, "task_id", "task-", NAMES),
    Kind(USER, get_args(UserCommand), EnrolUser, "username", "user-", NAMES),
    Kind(API_KEY, get_args(ApiKeyCommand), IssueApiKey, "key_id", "key-", NAMES),
    Kind(ALERT, get_args(AlertCommand), RaiseAlert, "alert_id", "alert-", tuple(FEW_UUIDS)),
    Kind(TICKET, get_args(TicketCommand), OpenTicket, "ticket_id", "ticket-", tuple(FEW_UUIDS)),
)

Wish = tuple[Kind, "str | UUID", Command]


def wishes(kind: Kind) -> st.SearchStrategy[Wish]:
    """Draw a wish for one of a few streams; births come more often, since nothing stands before."""
    kinds = [*kind.commands, kind.birth]
    commands = st.one_of([structs(each, few=True) for each in kinds])
    return st.tuples(st.just(kind), st.sampled_from(kind.ids), commands)


scores = st.builds(
    FraudScored,
    attendance=st.sampled_from(FEW_UUIDS),
    person_id=st.sampled_from(NAMES),
    site_id=st.sampled_from(NAMES),
    device_id=st.just("D-1"),
    occurred_at=st.sampled_from(FEW_MOMENTS),
    features=structs(Features),
    probability=st.sampled_from([0.0, 0.3, 0.5, 0.9]),
    fraud_type=st.sampled_from(FraudType),
    model=st.just("rules"),
    model_version=st.just("1"),
    model_digest=st.just("0" * 64),
    reasons=st.lists(structs(Reason, few=True), max_size=2),
    contradictions=st.lists(st.sampled_from(["device_shared", "two_places_at_once"]), max_size=2),
)
happenings: st.SearchStrategy[Wish | FraudScored] = st.one_of(
    *(wishes(kind) for kind in KINDS),
    *(wishes(kind) for kind in KINDS[8:]),
    scores,
)


def grant(log: MemoryLog, happening: Wish | FraudScored) -> list[AnyRecorded]:
    """Record what a wish leads to, nothing if it is refused, or a score."""
    if isinstance(happening, FraudScored):
        return [log.state(score_stream(happening.attendance), happening)]
    kind, id_, command = happening
    if isinstance(command, kind.birth):
        command = replace(command, **{kind.id_field: id_})
    try:
        return log.wish(kind.decider, f"{kind.prefix}{id_}", command)
    except Refused:
        return []


def told(happenings_: list[Wish | FraudScored]) -> list[AnyRecorded]:
    """Return the log that these happenings leave."""
    log = MemoryLog()
    for happening in happenings_:
        grant(log, happening)
    return log.facts


def stories(max_size: int = 20) -> st.SearchStrategy[list[AnyRecorded]]:
    """Draw the log of a tenant."""
    return st.lists(happenings, max_size=max_size).map(told)


def of_stream(facts: list[AnyRecorded], stream_id: str) -> list[Any]:
    """Return the facts of a stream, without their envelopes."""
    return [fact.event for fact in facts if fact.stream_id == stream_id]


def fields_of(row: msgspec.Struct) -> dict[str, Any]:
    """Return a row's fields by name."""
    return {name: getattr(row, name) for name in row.__struct_fields__}
