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

from application.correlating.judging import Judge
from application.correlating.learning import Learner
from application.correlating.memories import Case, Held, Memories
from application.following import Desk
from domain.catalogue import AnyRecorded
from domain.directory.device import DeviceEvent
from domain.directory.site import SiteRegistered, SiteRelocated
from domain.incident.facts import IncidentEvent
from domain.incident.noticing import (
    AlertNoticed,
    AnomalyNoticed,
    FindingNoticed,
    Holder,
    Noticed,
    SignalNoticed,
    item_id_of,
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
        case event if isinstance(event, DeviceEvent):
            learner.device(fact)
        case _:
            return


def fetch_for(memories: Memories, batch: Sequence[AnyRecorded]) -> None:
    """Have in hand what nearly every fact of the batch asks for, in a handful of questions."""
    things = [fact for fact in batch if isinstance(fact.event, Noticed)]
    memories.fetch("item", [item_id_of(fact) for fact in things], Held)
    devices = {getattr(fact.event, "device_id", None) for fact in things} - {None}
    memories.fetch("device", sorted(devices, key=str), Holder)
    cases = {item_id_of(fact) for fact in batch if isinstance(fact.event, IncidentEvent)}
    memories.fetch("incident", sorted(cases), Case)
