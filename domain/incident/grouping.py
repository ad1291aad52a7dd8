"""Which things make an incident, how bad it is and what it is called: functions of sets of things.

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
from itertools import combinations
from uuid import UUID

import msgspec

from domain.incident.facts import Item, Sign
from domain.incident.matching import Neighbours, Standing, match, words
from domain.incident.wishes import ITEMS_MAX
from domain.kernel import SHORT_TEXT_CHARACTERS_MAX
from domain.severity import Severity, rank, worst

CROWD_MAX = 32  # things of one crowd that take part
SLOT_S = 3_600  # the hour by which crowds and the index are cut
TITLE_SIGNS_MAX = 3


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

    def root(self, id_: UUID) -> UUID:
        """Return the item that stands for the set of this one."""
        while self._root[id_] != id_:
            self._root[id_] = self._root[self._root[id_]]
            id_ = self._root[id_]
        return id_

    def join(self, one: UUID, other: UUID) -> None:
        """Make one set of two."""
        a, b = self.root(one), self.root(other)
        if a != b:
            self._root[max(a, b)] = min(a, b)

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
        self._size = dict.fromkeys(standings, 1)
        self._cuts = {id_: dict(each.cuts) for id_, each in standings.items()}

    def join(self, one: UUID, other: UUID) -> None:
        a, b = sorted((self.root(one), self.root(other)))
        if a == b or self._size[a] + self._size[b] > ITEMS_MAX:
            return
        cuts, others = self._cuts[a], self._cuts[b]
        if any(cuts.get(cut, side) is not side for cut, side in others.items()):
            return
        self._size[a] += self._size[b]
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
    calm = outside_storms(standings, edges)
    for each in sorted(calm, key=lambda each: (-each.score, *each.ends)):
        forest.join(each.first, each.second)
    return forest.sets()


def outside_storms(standings: Mapping[UUID, Standing], edges: Collection[Edge]) -> list[Edge]:
    """Return the matches that count: in a storm those of the same hour."""
    forest = Forest(standings)
    for each in edges:
        forest.join(each.first, each.second)
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


def severity_of(items: Collection[Item]) -> tuple[Severity, str]:
    """Return how bad an incident is, and the rule that says so."""
    rated: list[tuple[Severity, str]] = []
    signs = {item.sign for item in items}
    if Sign.PANIC in signs:
        rated.append((Severity.CRITICAL, "a guard called for help"))
    quiet = {item.person_id for item in items if item.sign is Sign.LOW_PHONE_ACTIVITY}
    gone = {
        item.person_id for item in items if item.sign in {Sign.DEVICE_OFFLINE, Sign.SILENT_DEVICE}
    }
    if (quiet & gone) - {None}:
        rated.append((Severity.HIGH, "low phone activity and a lost device of the same guard"))
    if Sign.TAMPER in signs and signs & {Sign.DEVICE_OFFLINE, Sign.SILENT_SITE, Sign.FRAUD}:
        rated.append((Severity.HIGH, "tampering together with silence or fraud"))
    if Sign.SILENT_SITE in signs and signs & {Sign.NO_SHOW, Sign.UNCOVERED_SHIFT}:
        rated.append((Severity.HIGH, "a silent site that nobody came to guard"))
    serious = {item.sign for item in items if rank(item.severity) >= rank(Severity.MEDIUM)}
    if len(serious) >= 3:
        rated.append((Severity.HIGH, "three or more kinds of trouble at once"))
    rated.append((worst(*(item.severity for item in items)), "the worst of its things"))
    # Of rules that say the same, the first one is named.
    return max(rated, key=lambda each: rank(each[0]))


def title_of(items: Collection[Item]) -> str:
    """Return what an incident is called: its signs, the worst first, and whom or what it is about."""
    ordered = sorted(items, key=place_in_crowd)
    signs = list(dict.fromkeys(words(item.sign) for item in ordered))
    more = f" and {len(signs) - TITLE_SIGNS_MAX} more" if len(signs) > TITLE_SIGNS_MAX else ""
    title = ", ".join(signs[:TITLE_SIGNS_MAX]) + more
    person, site = only(item.person_id for item in ordered), site_of(ordered)
    title += "" if person is None else f" of {person}"
    title += "" if site is None else f" at {site}"
    return (title[0].upper() + title[1:])[:SHORT_TEXT_CHARACTERS_MAX]


def only(names: Iterable[str | None]) -> str | None:
    """Return the one name that things have, or None where they have several or none."""
    found = {name for name in names if name is not None}
    return found.pop() if len(found) == 1 else None


def site_of(items: Iterable[Item]) -> str | None:
    """Return the site of the worst thing that has one."""
    return next((item.site_id for item in sorted(items, key=place_in_crowd) if item.site_id), None)


def correlate(
    standings: Iterable[Standing], neighbours: Neighbours
) -> list[tuple[frozenset[UUID], Severity]]:
    """Return the incidents among all things that stand, from nothing but the set of them."""
    crowds: defaultdict[str, list[Item]] = defaultdict(list)
    known = {each.item.id: each for each in standings}
    for each in known.values():
        crowds[crowd_of(each.item)].append(each.item)
    part = {item.id: known[item.id] for crowd in crowds.values() for item in taking_part(crowd)}
    edges = [
        edge(one.item.id, other.item.id, found.score)
        for one, other in combinations(part.values(), 2)
        if (found := match(one, other, neighbours)) is not None
    ]
    return [
        (cluster, severity_of([part[id_].item for id_ in cluster])[0])
        for cluster in clusters(part, edges)
        if makes_incident([part[id_] for id_ in cluster])
    ]
