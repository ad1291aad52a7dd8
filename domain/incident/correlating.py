"""The incidents among all things at once: what every way to them, a fact at a time, must come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from uuid import UUID

from domain.incident.describing import severity_of
from domain.incident.facts import Item
from domain.incident.grouping import clusters, crowd_of, edge, makes_incident, taking_part
from domain.incident.matching import Neighbours, Standing, match
from domain.severity import Severity


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
