"""Which things make an incident: functions of sets of things.

Pairs that match join things, the best pairs first, but never what a person told apart and never
more than an incident may hold. So the order in which things became known plays no part.

A crowd is what happens in one hour at one site (else of one guard or device). In a storm only the
worst of a crowd, the earlier before the later, take part in the correlation; and where more hangs
together than an incident may hold, only what began in the same hour does. So what comes to a storm
later leaves its other hours as they were told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from domain.incident.facts import Item
from domain.incident.matching import Standing
from domain.incident.wishes import ITEMS_MAX
from domain.severity import Severity, rank

CROWD_MAX = 32  # things of one crowd that take part
SLOT_S = 3_600  # the hour by which crowds and the index are cut


class Edge(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A pair that matches, the smaller id first."""

    first: UUID
    second: UUID
    score: float

    @property
    def ends(self) -> tuple[int, int]:
        """Return what orders edges, faster than comparing two ids does."""
        return self.first.int, self.second.int

    def other(self, id_: UUID) -> UUID:
        """Return the far end."""
        return self.second if id_ == self.first else self.first


def edge(one: UUID, other: UUID, score: float) -> Edge:
    """Return the edge between two items."""
    return Edge(min(one, other), max(one, other), score)


def slot_of(moment: datetime) -> int:
    """Return the hour since 1970 in which a moment lies."""
    return int(moment.timestamp() // SLOT_S)


def crowd_of(item: Item) -> str:
    """Return which crowd an item is part of."""
    by = item.site_id or item.person_id or item.device_id or "nowhere"
    return f"{by}/{slot_of(item.at)}"


def place_in_crowd(item: Item) -> tuple[int, datetime, UUID]:
    """Return what orders a crowd: the worst first, then the earliest."""
    return -rank(item.severity), item.at, item.id


def in_time(item: Item) -> tuple[datetime, UUID]:
    """Return what orders things by time."""
    return item.at, item.id


def taking_part(crowd: Iterable[Item]) -> list[Item]:
    """Return who of a crowd takes part."""
    return sorted(crowd, key=place_in_crowd)[:CROWD_MAX]


class Forest:
    """Sets of items that grow together."""

    def __init__(self, ids: Iterable[UUID]) -> None:
        self._root = {id_: id_ for id_ in ids}
        self.size = len(self._root)  # sets

    def root(self, id_: UUID) -> UUID:
        """Return the item that stands for the set of this one."""
        root = self._root
        above = root[id_]
        # What stands for itself stands there as it is; to compare two ids costs more than all else.
        while (higher := root[above]) is not above:
            root[id_] = higher
            id_, above = above, higher
        return above

    def join(self, one: UUID, other: UUID) -> None:
        """Make one set of two."""
        a, b = self.root(one), self.root(other)
        if a is not b:
            self._root[max(a, b)] = min(a, b)
            self.size -= 1

    def join_all(self, edges: Iterable[Edge]) -> None:
        """Join the ends of edges whose order plays no part, until nothing is left to be joined."""
        for each in edges:
            if self.size == 1:
                return
            self.join(each.first, each.second)

    def join_all_of(self, ids: Iterable[UUID]) -> None:
        """Make one set of all of these."""
        every = list(ids)
        for other in every[1:]:
            self.join(every[0], other)

    def by_root(self) -> dict[UUID, set[UUID]]:
        """Return all sets, by the item that stands for each."""
        found: defaultdict[UUID, set[UUID]] = defaultdict(set)
        for id_ in self._root:
            found[self.root(id_)].add(id_)
        return dict(found)

    def sets(self) -> list[frozenset[UUID]]:
        """Return all sets."""
        return [frozenset(ids) for ids in self.by_root().values()]


class Orchard(Forest):
    """A forest whose sets stay below the limit and never hold what a person told apart."""

    def __init__(self, standings: Mapping[UUID, Standing]) -> None:
        super().__init__(standings)
        self._sizes = dict.fromkeys(standings, 1)
        self._cuts = {id_: dict(each.cuts) for id_, each in standings.items()}
        # Where all of them fit into one set and nobody told them apart, any two sets may be joined.
        self.is_free = len(self._root) <= ITEMS_MAX and not any(self._cuts.values())

    def join(self, one: UUID, other: UUID) -> None:
        a, b = self.root(one), self.root(other)
        if a is b or self._sizes[a] + self._sizes[b] > ITEMS_MAX:
            return
        if b < a:
            a, b = b, a
        cuts, others = self._cuts[a], self._cuts[b]
        if any(cuts.get(cut, side) is not side for cut, side in others.items()):
            return
        self._sizes[a] += self._sizes[b]
        cuts.update(others)
        super().join(a, b)


def clusters(standings: Mapping[UUID, Standing], edges: Collection[Edge]) -> list[frozenset[UUID]]:
    """Return what belongs together: what people bound first, then the best matches first."""
    forest = Orchard(standings)
    bound: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for id_ in sorted(standings):
        for bond in standings[id_].bonds:
            bound[bond].append(id_)
    for bond in sorted(bound):
        for other in bound[bond][1:]:
            forest.join(bound[bond][0], other)
    if forest.is_free:
        forest.join_all(edges)
        return forest.sets()
    calm = outside_storms(standings, edges)
    for each in sorted(calm, key=lambda each: (-each.score, *each.ends)):
        forest.join(each.first, each.second)
    return forest.sets()


def outside_storms(standings: Mapping[UUID, Standing], edges: Collection[Edge]) -> list[Edge]:
    """Return the matches that count: in a storm those of the same hour."""
    forest = Forest(standings)
    forest.join_all(edges)
    sizes = Counter(forest.root(id_) for id_ in standings)
    if max(sizes.values(), default=0) <= ITEMS_MAX:
        return list(edges)
    hour_of = {id_: slot_of(each.item.at) for id_, each in standings.items()}
    return [
        each
        for each in edges
        if sizes[forest.root(each.first)] <= ITEMS_MAX
        or hour_of[each.first] == hour_of[each.second]
    ]


def makes_incident(cluster: Collection[Standing]) -> bool:
    """Return whether things are an incident: two troubles, a critical one, or what a person sorted."""
    if any(each.item.severity is Severity.CRITICAL or each.cuts or each.bonds for each in cluster):
        return True
    return len(troubles(cluster)) > 1


def troubles(cluster: Collection[Standing]) -> list[frozenset[UUID]]:
    """Return the things that tell of one and the same trouble, set by set.

    An alert and the anomaly that it stands on are one, and so is the same sign of the same one.
    """
    forest = Forest(each.item.id for each in cluster)
    seen: dict[object, UUID] = {}
    for each in cluster:
        item = each.item
        subject = item.person_id or item.device_id or item.site_id
        for key in (*each.stands_on, (item.sign, subject)):
            forest.join(seen.setdefault(key, item.id), item.id)
    return forest.sets()
