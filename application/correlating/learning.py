"""Learning: from facts to memories. The order of the facts decides, and nothing that is done here is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never
from uuid import UUID, uuid5

from msgspec.structs import replace

from application.correlating.joining import Graph
from application.correlating.memories import Case, Memories, Place, Places
from domain.catalogue import AnyRecorded
from domain.directory.device import DeviceIssued, DevicePlaced, DeviceRegistered
from domain.directory.site import SiteRegistered, SiteRelocated, site_stream
from domain.geometry import distance_m
from domain.incident.facts import (
    IncidentAcknowledged,
    IncidentEvent,
    IncidentEvidenceDropped,
    IncidentEvidenceLinked,
    IncidentLinked,
    IncidentMerged,
    IncidentOpened,
    IncidentResolved,
    IncidentSplit,
    IncidentWithdrawn,
    Item,
    Link,
)
from domain.incident.matching import NEIGHBOURS_WITHIN_M
from domain.incident.noticing import Holder, item_id_of, notice

# No two points farther apart than this in degrees of latitude are neighbours; 1 degree is 111 km.
NEIGHBOURS_WITHIN_DEGREES = NEIGHBOURS_WITHIN_M / 111_000


class Learner:
    """Takes facts in, one after the other; a fact that was taken in changes nothing."""

    def __init__(self, memories: Memories) -> None:
        self._memories = memories
        self._graph = Graph(memories)

    @property
    def touched(self) -> dict[UUID, None]:
        """Return the things whose incidents may have changed, and forget them with `clear`."""
        return self._graph.touched

    def regroup(self) -> dict[UUID, list[UUID]]:
        """Finish a batch: return what may have changed by what was learned, and because of what."""
        return self._graph.regroup()

    def item(self, fact: AnyRecorded) -> None:
        """Learn what became of one thing."""
        item_id = item_id_of(fact)
        held = self._memories.held(item_id)
        device_id = getattr(fact.event, "device_id", None)
        holder = Holder() if device_id is None else self._memories.holder(device_id)
        told = notice(held.notice, fact, holder)
        if told == held.notice:
            return
        before, after = held.standing, replace(held, notice=told).standing
        if before == after:
            self._memories.hold(item_id, replace(held, notice=told))
            return
        if before is not None and after is not None and self._graph.stays(before, after):
            self._memories.hold(item_id, replace(held, notice=told))
            if held.part:
                self.touched[item_id] = None
            return
        self._graph.take_out(item_id)
        self._memories.hold(item_id, replace(self._memories.held(item_id), notice=told))
        self._graph.seat(
            None if before is None else before.item, None if after is None else after.item
        )

    def device(self, fact: AnyRecorded) -> None:
        """Learn who carries a device and where it belongs."""
        device_id = fact.stream_id.removeprefix("device-")
        known = self._memories.holder(device_id)
        if fact.version <= known.version:
            return
        match fact.event:
            case DeviceRegistered(person_id=person_id, site_id=site_id):
                holder = Holder(person_id, site_id, fact.version)
            case DeviceIssued(person_id=person_id):
                holder = replace(known, person_id=person_id, version=fact.version)
            case _:
                assert isinstance(fact.event, DevicePlaced), f"{fact.event} is of no device."
                holder = replace(known, site_id=fact.event.site_id, version=fact.version)
        self._memories.keep_holder(device_id, holder)

    def site(self, fact: AnyRecorded, event: SiteRegistered | SiteRelocated) -> None:
        """Learn where a site is, and which ones are near it from here on."""
        site_id = fact.stream_id.removeprefix(site_stream(""))
        known = self._memories.place(site_id)
        if known is not None and fact.version <= known.version:
            return
        here = (event.latitude, event.longitude)
        elsewhere = {**self._memories.places().by_site}
        elsewhere.pop(site_id, None)
        near = tuple(sorted(other for other, there in elsewhere.items() if is_near(here, there)))
        self._memories.keep_places(Places({**elsewhere, site_id: here}))
        self._memories.keep_place(site_id, Place(*here, fact.version, near))
        for other in {*near, *(() if known is None else known.near)}:
            place = self._memories.place(other)
            assert place is not None, f"{other} is near and nobody knows it."
            others = {*place.near, site_id} if other in near else {*place.near} - {site_id}
            self._memories.keep_place(other, replace(place, near=tuple(sorted(others))))

    def incident(self, incident_id: UUID, version: int, age: int, event: IncidentEvent) -> None:
        """Learn what became of an incident, whoever said so."""
        case = self._memories.case(incident_id)
        if version <= case.version:
            return
        self._memories.keep_case(incident_id, replace(case, version=version))
        match event:
            case IncidentOpened():
                self._opened(incident_id, version, age, event)
            case IncidentEvidenceLinked(item=item, link=link):
                self._link(incident_id, [(item, link)])
                self._rate(incident_id, event)
            case IncidentEvidenceDropped(item_id=item_id):
                self._let_go(incident_id, [item_id])
                self._rate(incident_id, event)
            case IncidentWithdrawn() | IncidentMerged():
                self._end(incident_id)
                if isinstance(event, IncidentMerged) and event.bound:
                    self._bind(uuid5(incident_id, str(event.into_incident_id)), event.bound)
            case IncidentSplit(item_ids=item_ids, new_incident_id=new_id):
                self._split(incident_id, item_ids, new_id, age)
            case IncidentResolved():
                self._resolve(incident_id)
            case IncidentLinked() | IncidentAcknowledged():
                pass
            case _:
                assert_never(event)
        # Whoever judges next finds the things of this incident, whatever it was that was said.
        for item_id in case.items:
            self.touched[item_id] = None

    def _opened(self, incident_id: UUID, version: int, age: int, event: IncidentOpened) -> None:
        self._let_go(incident_id, self._memories.case(incident_id).items)
        case = Case(
            version=version,
            open=True,
            age=age,
            severity=event.severity,
            severity_rule=event.severity_rule,
        )
        self._memories.keep_case(incident_id, case)
        self._link(incident_id, list(zip(event.items, event.links, strict=False)))

    def _link(self, incident_id: UUID, linked: list[tuple[Item, Link]]) -> None:
        case = self._memories.case(incident_id)
        items = dict.fromkeys((*case.items, *(item.id for item, _ in linked)))
        self._memories.keep_case(incident_id, replace(case, items=tuple(items)))
        for item, link in linked:
            held = self._memories.held(item.id)
            part = replace(held, incident=incident_id, stated=item, partner=link.with_id)
            self._memories.hold(item.id, part)
            self.touched[item.id] = None

    def _rate(
        self, incident_id: UUID, event: IncidentEvidenceLinked | IncidentEvidenceDropped
    ) -> None:
        case = self._memories.case(incident_id)
        rated = replace(case, severity=event.severity, severity_rule=event.severity_rule)
        self._memories.keep_case(incident_id, rated)

    def _let_go(self, incident_id: UUID, item_ids: Iterable[UUID]) -> None:
        case = self._memories.case(incident_id)
        gone = set(item_ids)
        left = tuple(each for each in case.items if each not in gone)
        self._memories.keep_case(incident_id, replace(case, items=left))
        for item_id in gone:
            # It is this incident's: a thing is dropped by one before another takes it in.
            held = self._memories.held(item_id)
            self._memories.hold(item_id, replace(held, incident=None, stated=None, partner=None))
            self.touched[item_id] = None

    def _end(self, incident_id: UUID) -> None:
        self._let_go(incident_id, self._memories.case(incident_id).items)
        case = self._memories.case(incident_id)
        self._memories.keep_case(incident_id, replace(case, open=False))

    def _bind(self, bond_id: UUID, item_ids: tuple[UUID, ...]) -> None:
        """Hold things together, and forget what had told them apart."""
        sides: dict[str, set[bool]] = {}
        for held in self._memories.holds(item_ids).values():
            for cut, side in held.cuts.items():
                sides.setdefault(cut, set()).add(side)
        healed = {cut for cut, both in sides.items() if len(both) > 1}
        for item_id, held in self._memories.holds(item_ids).items():
            cuts = {cut: side for cut, side in held.cuts.items() if cut not in healed}
            self._memories.hold(item_id, replace(held, cuts=cuts))
        self._graph.bind(bond_id, item_ids)
        self.touched.update(dict.fromkeys(item_ids))

    def _split(self, incident_id: UUID, item_ids: tuple[UUID, ...], new_id: UUID, age: int) -> None:
        """Tell things apart for ever. Those that were split off are in good hands already: the
        facts of their own incident follow."""
        every = self._memories.case(incident_id).items
        for item_id, held in self._memories.holds(every).items():
            cuts = {**held.cuts, str(new_id): item_id in item_ids}
            self._memories.hold(item_id, replace(held, cuts=cuts))
        self._let_go(incident_id, item_ids)
        self._graph.unbind(item_ids)
        self._graph.bind(new_id, item_ids)
        self._memories.keep_case(new_id, Case(open=True, age=age, items=item_ids))
        for item_id, held in self._memories.holds(item_ids).items():
            self._memories.hold(item_id, replace(held, incident=new_id))

    def _resolve(self, incident_id: UUID) -> None:
        """Close what was settled: it is part of nothing more, whatever is still to come."""
        case = self._memories.case(incident_id)
        for item_id, held in self._memories.holds(case.items).items():
            standing = held.standing
            if standing is not None:
                self._graph.leave(standing.item)
            closed = replace(self._memories.held(item_id), closed=True, incident=None)
            self._memories.hold(item_id, closed)
        settled = replace(case, open=False, resolved=True, items=())
        self._memories.keep_case(incident_id, settled)


def is_near(here: tuple[float, float], there: tuple[float, float]) -> bool:
    """Return whether two sites are neighbours."""
    if abs(here[0] - there[0]) > NEIGHBOURS_WITHIN_DEGREES:
        return False
    return distance_m(*here, *there) <= NEIGHBOURS_WITHIN_M
