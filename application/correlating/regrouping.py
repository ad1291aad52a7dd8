"""Regrouping: what was put into the graph and taken out of it makes new groups, once for a batch.

In a storm thousands of things hang together by tens of thousands of matches. Their group is worked
out anew when a batch of facts was learned, not for each of its facts.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from msgspec.structs import replace

from application.correlating.memories import Group, Memories
from domain.incident.grouping import Edge, Forest


class Groups:
    """The groups as they are remembered, and what became of their things since."""

    def __init__(self, memories: Memories) -> None:
        self._memories = memories
        self._because: dict[UUID, list[UUID]] = {}  # by group: the things that change it
        self._gone: set[UUID] = set()  # were taken out: what is remembered of their matches is over
        self._fresh: dict[UUID, None] = {}  # were put in, and are in no group yet
        self._added: set[UUID] = set()  # were put in, whatever became of them
        self._matches: dict[UUID, dict[UUID, Edge]] = {}  # of the fresh, by both of their ends

    def add(self, item_id: UUID, matches: Iterable[Edge], bound: Iterable[UUID]) -> None:
        """Take up a thing with its matches and with what a person bound it to."""
        self._fresh[item_id] = None
        self._added.add(item_id)
        mine = self._matches.setdefault(item_id, {})
        for each in matches:
            other = each.other(item_id)
            mine[other] = self._matches.setdefault(other, {})[item_id] = each
        for other in (*mine, *bound):
            self.mark(other, item_id)

    def remove(self, item_id: UUID) -> None:
        """Take leave of a thing, as long as its memory names its group."""
        if item_id in self._fresh:
            del self._fresh[item_id]
        else:
            self._gone.add(item_id)
        self.mark(item_id, item_id)
        for other in self._matches.pop(item_id, {}):
            del self._matches[other][item_id]

    def mark(self, item_id: UUID, because: UUID) -> None:
        """Have the group of a thing worked out anew, because of a thing."""
        group_id = self._memories.held(item_id).group
        if group_id is not None:
            self._because.setdefault(group_id, []).append(because)

    def regroup(self) -> dict[UUID, list[UUID]]:
        """Work out every group that changed, and tell its things.

        Returns the first thing of each, with the things that changed it.
        """
        before = {group_id: self._memories.group(group_id) for group_id in self._because}
        parts = self._parts([self._left(group) for group in before.values()])
        # Whatever was put in leaves a group of its name, be it empty, however batches are cut.
        for group_id in self._added.union(before):
            self._memories.keep_group(group_id, Group())
        for part in parts:
            self._keep(part, before.get(part.members[0], Group()))
        changed = self._changed(parts, before)
        self._because, self._gone, self._fresh, self._matches = {}, set(), {}, {}
        self._added = set()
        return changed

    def _left(self, group: Group) -> Group:
        """Return what is left of a group without those that are gone."""
        gone = self._gone.intersection(group.members)
        if not gone:
            return group
        return Group(
            tuple(id_ for id_ in group.members if id_ not in gone),
            tuple(e for e in group.edges if e.first not in gone and e.second not in gone),
        )

    def _parts(self, left: list[Group]) -> list[Group]:
        """Return what hangs together of what is left and what is fresh, each in order."""
        item_ids = [*(id_ for group in left for id_ in group.members), *self._fresh]
        forest = Forest(item_ids)
        for group in left:
            # Nearly always it still hangs together, which shows long before its last match.
            own = Forest(group.members)
            own.join_all(group.edges)
            for ids in own.by_root().values():
                forest.join_all_of(ids)
        fresh = [
            each
            for item_id, ends in self._matches.items()
            for each in ends.values()
            if each.first == item_id
        ]
        for each in fresh:
            forest.join(each.first, each.second)
        first_of: dict[UUID, UUID] = {}
        for item_id, held in self._memories.holds(item_ids).items():
            for bond_id in held.bonds:
                forest.join(first_of.setdefault(bond_id, item_id), item_id)
        edges_of: dict[UUID, list[Edge]] = {}
        for group in left:
            roots = {forest.root(id_) for id_ in group.members}
            if len(roots) == 1:
                edges_of.setdefault(roots.pop(), []).extend(group.edges)
            else:
                fresh += group.edges
        for each in fresh:
            edges_of.setdefault(forest.root(each.first), []).append(each)
        return [
            Group(
                tuple(sorted(part)),
                tuple(sorted(edges_of.get(root, ()), key=lambda each: each.ends)),
            )
            for root, part in forest.by_root().items()
        ]

    def _keep(self, group: Group, before: Group) -> None:
        """Keep a group, and let those know that were not in it before."""
        group_id = group.members[0]
        self._memories.keep_group(group_id, group)
        told = set(before.members) - self._gone
        for item_id, held in self._memories.holds(set(group.members) - told).items():
            self._memories.hold(item_id, replace(held, group=group_id))

    def _changed(self, parts: list[Group], before: dict[UUID, Group]) -> dict[UUID, list[UUID]]:
        first_of = {item_id: part.members[0] for part in parts for item_id in part.members}
        changed: dict[UUID, list[UUID]] = {item_id: [item_id] for item_id in self._fresh}
        for group_id, because in self._because.items():
            for first in {first_of[id_] for id_ in before[group_id].members if id_ in first_of}:
                changed.setdefault(first, []).extend(because)
        return changed
