"""Whenever something happens that is trouble, see to it that what belongs together is one incident.

Panic, lost, tampered and empty devices, alerts, findings and anomalies are joined where they share
a guard, a device, a site or neighbouring sites within 15 minutes. What belongs together is a
function of the set of things that stand; the incidents are brought up to it by stating the
difference: opened, linked, dropped, merged, withdrawn. People's splits and merges are respected, and
a resolved incident takes in nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args
from uuid import UUID

from application.correlating.joining import Graph
from application.correlating.judging import Judge
from application.correlating.learning import Learner
from application.correlating.memories import Case, Crowd, Group, Held, Memories, Place
from application.following import Desk
from domain.catalogue import AnyRecorded
from domain.directory.device import DeviceEvent
from domain.directory.site import SiteRegistered, SiteRelocated
from domain.incident.facts import IncidentEvent, Item
from domain.incident.grouping import CROWD_MAX, crowd_of
from domain.incident.noticing import (
    AlertNoticed,
    AnomalyNoticed,
    FindingNoticed,
    Holder,
    Noticed,
    SignalNoticed,
    item_id_of,
    notice,
)

NAME = "correlate-whenever-something-happens"


class CorrelateWheneverSomethingHappens:
    """The policy `correlate-whenever-something-happens`."""

    name = NAME
    behind = None
    facts = (
        *get_args(SignalNoticed),
        *get_args(AlertNoticed),
        *get_args(FindingNoticed),
        *get_args(AnomalyNoticed),
        *get_args(IncidentEvent),
        *get_args(DeviceEvent),
        SiteRegistered,
        SiteRelocated,
    )

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        memories = Memories(desk)
        fetch_for(memories, batch)
        learner = Learner(memories)
        touched: dict[UUID, AnyRecorded] = {}
        for fact in batch:
            learn(learner, fact)
            touched.update(dict.fromkeys(learner.touched, fact))
            learner.touched.clear()
        for item_id, because in learner.regroup().items():
            latest = max((touched[each] for each in because), key=lambda each: each.position)
            touched.setdefault(item_id, latest)
        if touched and not desk.replaying:
            Judge(desk, memories, learner).judge(touched)


def learn(learner: Learner, fact: AnyRecorded) -> None:
    """Take one fact in."""
    match fact.event:
        case SiteRegistered() | SiteRelocated():
            learner.site(fact, fact.event)
        case event if isinstance(event, Noticed):
            learner.item(fact)
        case event if isinstance(event, IncidentEvent):
            # What a policy states is as old as its cause, which is known when it is stated.
            age = fact.position if fact.caused_by is None else fact.caused_by
            learner.incident(item_id_of(fact), fact.version, age, event)
        case event:
            assert isinstance(event, DeviceEvent), f"{event} is no fact that was asked for."
            learner.device(fact)


def fetch_for(memories: Memories, batch: Sequence[AnyRecorded]) -> None:
    """Have in hand what the batch will ask for, in a handful of questions instead of ten a fact.

    What is foreseen wrongly, because two facts of a batch are about the same, is asked for later.
    """
    things = [fact for fact in batch if isinstance(fact.event, Noticed)]
    memories.fetch("item", [item_id_of(fact) for fact in things], Held)
    devices = {getattr(fact.event, "device_id", None) for fact in things} - {None}
    memories.fetch("device", sorted(devices, key=str), Holder)
    cases = {item_id_of(fact) for fact in batch if isinstance(fact.event, IncidentEvent)}
    linked = [
        id_
        for case in memories.fetch("incident", sorted(cases), Case).values()
        for id_ in case.items
    ]
    items = [item for fact in things if (item := foreseen(memories, fact)) is not None]
    sites = {item.site_id for item in items if item.site_id is not None}
    memories.fetch("site", sorted(sites), Place)
    crowds = memories.fetch("crowd", sorted({crowd_of(item) for item in items}), Crowd)
    seated = [seat[2] for crowd in crowds.values() for seat in crowd.seats[: CROWD_MAX + 1]]
    graph = Graph(memories)
    names = {name for item in items for name in graph.looked_up(item)}
    slots = memories.slots(sorted(names)).values()
    near = {item_id for slot in slots for item_id in slot.items}
    helds = memories.holds(sorted(near.union(linked, seated)))
    groups = {held.group for held in helds.values() if held.group is not None}
    known = memories.fetch("group", sorted(groups), Group)
    memories.holds(sorted({item_id for group in known.values() for item_id in group.members}))


def foreseen(memories: Memories, fact: AnyRecorded) -> Item | None:
    """Return what a fact will make of its item."""
    device_id = getattr(fact.event, "device_id", None)
    holder = Holder() if device_id is None else memories.holder(device_id)
    return notice(memories.held(item_id_of(fact)).notice, fact, holder).item
