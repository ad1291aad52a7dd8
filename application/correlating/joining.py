"""Joining: the graph of the things that take part, kept up to date one thing at a time.

A thing is looked up by the hours of its guard, its device, its site and the sites near by, so a
thousand others at other places cost nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from uuid import UUID

from msgspec.structs import replace

from application.correlating.memories import CROWD_KNOWN_MAX, Bond, Crowd, Held, Memories, Slot
from application.correlating.regrouping import Groups
from domain.incident.facts import Item, Sign
from domain.incident.grouping import CROWD_MAX, Edge, crowd_of, edge, place_in_crowd, slot_of
from domain.incident.matching import WINDOW, Neighbours, Standing, match, until_of


class Graph:
    """What belongs together, as far as the memories at hand tell; the groups follow by `regroup`."""

    def __init__(self, memories: Memories) -> None:
        self._memories = memories
        self._groups = Groups(memories)
        self.touched: dict[UUID, None] = {}  # things whose incidents may have changed, in order

    def leave(self, item: Item) -> None:
        """Take a thing out of the graph and of its crowd."""
        self.take_out(item.id)
        self.seat(item, None)

    def take_out(self, item_id: UUID) -> None:
        """Take a thing out of the graph, if it takes part, as long as it is remembered as it was."""
        held = self._memories.held(item_id)
        if not held.part:
            return
        item = held.notice.item
        assert item is not None, f"{item_id} took part without being anything."
        for key, slot in self._own_slots(item):
            left = tuple(each for each in slot.items if each != item_id)
            self._memories.keep_slot(key, Slot(left))
        self._groups.remove(item_id)
        self._memories.hold(item_id, replace(held, part=False, group=None))
        self.touched[item_id] = None

    def stays(self, before: Standing, after: Standing) -> bool:
        """Return whether a thing that is told otherwise keeps its place and all of its matches.

        What goes on for hours is told again and again, and hardly ever joins anything else by it.
        """
        one, other = before.item, after.item
        if (crowd_of(one), place_in_crowd(one)) != (crowd_of(other), place_in_crowd(other)):
            return False
        if slot_of(until_of(one)) != slot_of(until_of(other)):
            return False
        if self.looked_up(one) != self.looked_up(other):
            return False
        takes_part = self._memories.held(other.id).part
        return not takes_part or self._matches(before) == self._matches(after)

    def seat(self, before: Item | None, after: Item | None) -> None:
        """Let a thing that was taken out leave its crowd, or go where it belongs by now."""
        crowds = {crowd_of(item): None for item in (before, after) if item is not None}
        for name in crowds:
            self._reseat(
                name,
                None if before is None else before.id,
                after if after is not None and crowd_of(after) == name else None,
            )

    def bind(self, bond_id: UUID, members: Iterable[UUID]) -> None:
        """Hold things together because a person said so."""
        bond = Bond(tuple(sorted(members)))
        self._memories.keep_bond(bond_id, bond)
        for item_id in bond.members:
            held = self._memories.held(item_id)
            bonds = (*(each for each in held.bonds if each != bond_id), bond_id)
            self._memories.hold(item_id, replace(held, bonds=bonds))
            self._groups.mark(item_id, item_id)

    def unbind(self, item_ids: Collection[UUID]) -> None:
        """Let things go from all that held them together."""
        for item_id in item_ids:
            held = self._memories.held(item_id)
            for bond_id in held.bonds:
                left = (each for each in self._memories.bond(bond_id).members if each != item_id)
                self._memories.keep_bond(bond_id, Bond(tuple(left)))
            self._memories.hold(item_id, replace(held, bonds=()))
            self._groups.mark(item_id, item_id)

    def regroup(self) -> dict[UUID, list[UUID]]:
        """Bring the groups up to what became of the graph; return the first of each group that may
        have changed, with the things because of which."""
        return self._groups.regroup()

    def neighbours(self, site_id: str | None) -> Neighbours:
        """Return the sites near one."""
        place = None if site_id is None else self._memories.place(site_id)
        if site_id is None or place is None:
            return {}
        return {site_id: frozenset(place.near)}

    def looked_up(self, item: Item) -> list[str]:
        """Return the names of the slots in which what matches a thing can be."""
        sites: list[str] = []
        if item.site_id is not None and item.sign is not Sign.LOW_BATTERY:
            near = self.neighbours(item.site_id).get(item.site_id, ())
            sites = [item.site_id, *sorted(near)]
        first, last = slot_of(item.at - WINDOW), slot_of(until_of(item) + WINDOW)
        return list(names(item.person_id, item.device_id, sites, first, last))

    def _reseat(self, name: str, leaver: UUID | None, joiner: Item | None) -> None:
        """Seat a crowd anew, and let who moved up or down go in or out."""
        before = self._memories.crowd(name).seats
        seats = [seat for seat in before if seat[2] != leaver]
        if joiner is not None:
            seats.append(place_in_crowd(joiner))
        seats = sorted(seats)[:CROWD_KNOWN_MAX]
        self._memories.keep_crowd(name, Crowd(tuple(seats)))
        inside = {seat[2] for seat in seats[:CROWD_MAX]}
        for _, _, item_id in before[:CROWD_MAX]:
            if item_id not in inside:
                self.take_out(item_id)
        for _, _, item_id in seats[:CROWD_MAX]:
            held = self._memories.held(item_id)
            if not held.part:
                self._put_in(item_id, held)

    def _put_in(self, item_id: UUID, held: Held) -> None:
        standing = held.standing
        assert standing is not None, f"{item_id} has a seat and does not stand."
        matched = self._matches(standing)
        # What takes no part is in no slot: whoever is taken out leaves all of them.
        for key, slot in self._own_slots(standing.item):
            self._memories.keep_slot(key, Slot((*slot.items, item_id)))
        self._memories.hold(item_id, replace(held, part=True))
        bound = [other for bond_id in held.bonds for other in self._memories.bond(bond_id).members]
        self._groups.add(item_id, matched, bound)
        self.touched[item_id] = None

    def _matches(self, standing: Standing) -> list[Edge]:
        item = standing.item
        found = self._memories.slots(self.looked_up(item)).values()
        others = dict.fromkeys(id_ for slot in found for id_ in slot.items if id_ != item.id)
        near = self.neighbours(item.site_id)
        edges: list[Edge] = []
        for other_id, other in self._memories.holds(others).items():
            against = other.standing
            if against is not None and (known := match(standing, against, near)) is not None:
                edges.append(edge(item.id, other_id, known.score))
        return edges

    def _own_slots(self, item: Item) -> list[tuple[str, Slot]]:
        sites = [] if item.site_id is None or item.sign is Sign.LOW_BATTERY else [item.site_id]
        first, last = slot_of(item.at), slot_of(until_of(item))
        own = list(names(item.person_id, item.device_id, sites, first, last))
        known = self._memories.slots(own)
        return [(key, known.get(key, Slot())) for key in (f"slot/{name}" for name in own)]


def names(
    person_id: str | None, device_id: str | None, sites: Iterable[str], first: int, last: int
) -> Iterator[str]:
    """Yield the names of the slots of these entities in these hours, both included."""
    for hour in range(first, last + 1):
        if person_id is not None:
            yield f"person/{person_id}/{hour}"
        if device_id is not None:
            yield f"device/{device_id}/{hour}"
        for site_id in sites:
            yield f"site/{site_id}/{hour}"
