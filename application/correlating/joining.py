"""Joining: the graph of the things that take part, kept up to date one thing at a time.

A thing is looked up by the hours of its guard, its device, its site and the sites near by, so a
thousand others at other places cost nothing.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from msgspec.structs import replace

from application.correlating.memories import (
    CROWD_KNOWN_MAX,
    Bond,
    Crowd,
    Group,
    Held,
    Memories,
    Slot,
)
from domain.incident.facts import Item, Sign
from domain.incident.grouping import (
    CROWD_MAX,
    Edge,
    Forest,
    crowd_of,
    edge,
    place_in_crowd,
    slot_of,
)
from domain.incident.matching import WINDOW, Neighbours, Standing, match, until_of

FEW = 256  # edges that are put into their places one by one; more are sorted


class Graph:
    """What belongs together, as far as the memories at hand tell."""

    def __init__(self, memories: Memories) -> None:
        self._memories = memories
        self.touched: dict[UUID, None] = {}  # things whose incidents may have changed, in order

    def enter(self, item: Item) -> None:
        """Let a thing that stands take its place in its crowd."""
        self._reseat(item, joins=True)

    def leave(self, item: Item) -> None:
        """Take a thing out of its crowd."""
        self._reseat(item, joins=False)

    def bind(self, bond_id: UUID, members: Iterable[UUID]) -> None:
        """Hold things together because a person said so."""
        bond = Bond(tuple(sorted(members)))
        self._memories.keep_bond(bond_id, bond)
        for item_id in bond.members:
            held = self._memories.held(item_id)
            bonds = (*(each for each in held.bonds if each != bond_id), bond_id)
            self._memories.hold(item_id, replace(held, bonds=bonds))
        self._connect([item_id for item_id in bond.members if self._memories.held(item_id).part])

    def unbind(self, item_ids: Collection[UUID]) -> None:
        """Let things go from all that held them together."""
        for item_id in item_ids:
            held = self._memories.held(item_id)
            for bond_id in held.bonds:
                left = (each for each in self._memories.bond(bond_id).members if each != item_id)
                self._memories.keep_bond(bond_id, Bond(tuple(left)))
            self._memories.hold(item_id, replace(held, bonds=()))
        for group_id in {self._memories.held(item_id).group for item_id in item_ids} - {None}:
            assert group_id is not None
            self._disconnect(group_id, self._memories.group(group_id).members)

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

    def _reseat(self, item: Item, *, joins: bool) -> None:
        """Seat a crowd anew, and let who moved up or down go in or out."""
        name = crowd_of(item)
        before = self._memories.crowd(name).seats
        seats = [seat for seat in before if seat[2] != item.id]
        if joins:
            seats.append(place_in_crowd(item))
        seats = sorted(seats)[:CROWD_KNOWN_MAX]
        self._memories.keep_crowd(name, Crowd(tuple(seats)))
        inside = {seat[2] for seat in seats[:CROWD_MAX]}
        for _, _, item_id in before[:CROWD_MAX]:
            if item_id not in inside:
                self._take_out(item_id, self._memories.held(item_id))
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
        self._memories.hold(item_id, replace(held, part=True, group=item_id))
        self._memories.keep_group(item_id, Group((item_id,)))
        bound = {
            other
            for bond_id in held.bonds
            for other in self._memories.bond(bond_id).members
            if self._memories.held(other).part
        }
        self._connect([item_id, *(each.other(item_id) for each in matched), *bound], matched)
        self.touched[item_id] = None

    def _take_out(self, item_id: UUID, held: Held) -> None:
        """Take a thing out of the graph; it may have been what joined others."""
        item, group_id = held.notice.item, held.group
        assert item is not None, f"{item_id} took part without being anything."
        assert group_id is not None, f"{item_id} took part in no group, not even one of its own."
        for key, slot in self._own_slots(item):
            left = tuple(each for each in slot.items if each != item_id)
            self._memories.keep_slot(key, Slot(left))
        self._memories.hold(item_id, replace(held, part=False, group=None))
        self.touched[item_id] = None
        members = self._memories.group(group_id).members
        self._disconnect(group_id, [each for each in members if each != item_id])

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

    def _connect(self, item_ids: list[UUID], edges: Iterable[Edge] = ()) -> None:
        """Make one group of the groups of things."""
        held = self._memories.holds(item_ids).values()
        groups = {
            each.group: self._memories.group(each.group) for each in held if each.group is not None
        }
        for group_id in groups:
            self._memories.keep_group(group_id, Group())
        by_size = sorted(groups.values(), key=lambda each: len(each.edges))
        self._keep(
            sorted(member for group in groups.values() for member in group.members),
            put_into(
                by_size[-1].edges if by_size else (),
                [*edges, *(each for group in by_size[:-1] for each in group.edges)],
            ),
            groups,
        )

    def _disconnect(self, group_id: UUID, members: Iterable[UUID]) -> None:
        """Make groups of what is left of a group."""
        forest = Forest(members)
        left = set(forest.ids())
        edges = [
            each
            for each in self._memories.group(group_id).edges
            if each.first in left and each.second in left
        ]
        apart = len(left) - 1
        for each in edges:
            if not apart:
                break  # a storm has many more edges than things
            apart -= forest.join(each.first, each.second)
        first_of: dict[UUID, UUID] = {}
        for item_id, held in self._memories.holds(left).items():
            for bond_id in held.bonds:
                forest.join(first_of.setdefault(bond_id, item_id), item_id)
        before = {group_id: self._memories.group(group_id)}
        self._memories.keep_group(group_id, Group())
        parts = forest.sets()
        of_root: dict[UUID, list[Edge]] = {forest.root(min(part)): [] for part in parts}
        if len(parts) == 1:
            of_root = dict.fromkeys(of_root, edges)
        else:
            for each in edges:
                of_root[forest.root(each.first)].append(each)
        for part in parts:
            self._keep(sorted(part), of_root[forest.root(min(part))], before)
            self.touched[min(part)] = None

    def _keep(
        self, members: list[UUID], edges: Sequence[Edge], before: Mapping[UUID, Group]
    ) -> None:
        """Keep one group, both in order, and let those know that were in another one before."""
        if not members:
            return
        group_id = members[0]
        self._memories.keep_group(group_id, Group(tuple(members), tuple(edges)))
        told = before[group_id].members if group_id in before else ()
        new = members if len(told) == 0 else sorted(set(members).difference(told))
        for item_id, held in self._memories.holds(new).items():
            self._memories.hold(item_id, replace(held, group=group_id))


def put_into(ordered: Sequence[Edge], more: Collection[Edge]) -> list[Edge]:
    """Return edges in order, of which most are in order already: a storm makes thousands."""
    every = list(ordered)
    if len(more) > FEW:
        return sorted([*every, *more])
    for each in more:
        insort(every, each)
    return every


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
