"""Judging: what belongs together, compared with the incidents that stand; the difference is stated.

The older incident keeps its things in a merge. Where a person wrote to an incident and that fact
was not read yet, nothing is judged around it: the fact will bring everybody here again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import count
from typing import TypeAlias
from uuid import UUID, uuid5

import msgspec

from application.correlating.learning import Learner
from application.correlating.memories import Case, Group, Held, Memories
from application.following import Desk
from domain.catalogue import AnyRecorded
from domain.incident.describing import opening, severity_of
from domain.incident.facts import Item, Link, incident_stream
from domain.incident.grouping import Edge, Forest, clusters, in_time, makes_incident, place_in_crowd
from domain.incident.lifecycle import INCIDENT
from domain.incident.matching import Neighbours, Standing, match
from domain.incident.wishes import (
    DropIncidentEvidence,
    IncidentCommand,
    LinkEvidence,
    MergeIncident,
    WithdrawIncident,
)
from domain.kernel import shortened
from domain.severity import Severity

# The root of the ids of incidents; it never changes.
INCIDENT_NAMESPACE = UUID("6f1f1c5e-0d0b-5f53-9a55-7c2f0a4f8b31")


Standings: TypeAlias = dict[UUID, Standing]


class Unit(msgspec.Struct):
    """Things that can only be judged together, and the open incidents among them."""

    helds: dict[UUID, Held] = {}
    edges: list[Edge] = []
    cases: dict[UUID, Case] = {}

    def ends(self, item_ids: Iterable[UUID]) -> dict[UUID, list[Edge]]:
        """Return the edges of some things. Their numbers are compared more quickly than their ids."""
        found: dict[int, list[Edge]] = {item_id.int: [] for item_id in item_ids}
        for each in self.edges:
            for number in each.ends:
                if number in found:
                    found[number].append(each)
        return {UUID(int=number): edges for number, edges in found.items()}


class Judge:
    """Brings the incidents around some things up to what belongs together."""

    def __init__(self, desk: Desk, memories: Memories, learner: Learner) -> None:
        self._desk = desk
        self._memories = memories
        self._learner = learner

    def judge(self, touched: dict[UUID, AnyRecorded]) -> None:
        """Judge everything that hangs together with these things, because of these facts."""
        units = self._units(touched)
        self._fetch_for(units)
        for unit in units:
            facts = [touched[item_id] for item_id in unit.helds if item_id in touched]
            because = max(facts, key=lambda fact: fact.position)
            self._settle(unit, because)

    def _fetch_for(self, units: list[Unit]) -> None:
        """Have the streams in hand of the incidents that there are, and of those that may come.

        A new incident is named by its first thing, which is nearly always the first of its unit.
        """
        known = [case_id for unit in units for case_id in unit.cases]
        new: list[UUID] = []
        for unit in units:
            items = [each.item for held in unit.helds.values() if (each := held.standing)]
            if len(items) > 1 or any(item.severity is Severity.CRITICAL for item in items):
                new.append(numbered_id(min(items, key=in_time).id, 0))
        self._memories.fetch("incident", new, Case)
        self._desk.fetch_streams([incident_stream(case_id) for case_id in (*known, *new)])

    def _units(self, touched: Iterable[UUID]) -> list[Unit]:
        """Return what hangs together, through groups and through incidents."""
        helds: dict[UUID, Held] = {}
        groups: dict[UUID, Group] = {}
        cases: dict[UUID, Case] = {}
        frontier = set(touched)
        while frontier:
            found = self._memories.holds(sorted(frontier))
            helds.update(found)
            new_groups = {each.group for each in found.values()} - groups.keys()
            new_cases = {each.incident for each in found.values()} - cases.keys()
            self._memories.fetch("group", sorted(each for each in new_groups if each), Group)
            self._memories.fetch("incident", sorted(each for each in new_cases if each), Case)
            frontier = set()
            for group_id in new_groups:
                if group_id is not None:
                    groups[group_id] = self._memories.group(group_id)
                    frontier.update(groups[group_id].members)
            for case_id in new_cases:
                if case_id is not None:
                    cases[case_id] = self._memories.case(case_id)
                    frontier.update(cases[case_id].items)
            frontier -= helds.keys()
        forest = Forest(helds)
        for ids in (
            *(group.members for group in groups.values()),
            *(c.items for c in cases.values()),
        ):
            forest.join_all_of(ids)
        units: dict[UUID, Unit] = {}
        for item_id, held in helds.items():
            unit = units.setdefault(forest.root(item_id), Unit())
            unit.helds[item_id] = held
            if held.incident is not None:
                unit.cases[held.incident] = cases[held.incident]
        for group in groups.values():
            units[forest.root(group.members[0])].edges += group.edges
        return list(units.values())

    def _settle(self, unit: Unit, because: AnyRecorded) -> None:
        for case_id, case in unit.cases.items():
            if not self._is_read(case_id, case):
                return
        part = {
            item_id: standing
            for item_id, held in unit.helds.items()
            if held.part and (standing := held.standing) is not None
        }
        wanted = [
            {item_id: part[item_id] for item_id in sorted(cluster)}
            for cluster in sorted(clusters(part, unit.edges), key=min)
            if makes_incident([part[item_id] for item_id in cluster])
        ]
        owners = assigned(wanted, unit.cases)
        homes = {item_id: owner for owner, each in owners.items() for item_id in each}
        free = [each for each in wanted if min(each) not in homes]
        for case_id, case in sorted(unit.cases.items(), key=lambda pair: (pair[1].age, pair[0])):
            if case_id not in owners:
                self._end(case_id, case, homes, unit, because)
            else:
                self._drop(case_id, case, owners[case_id], unit, because)
        for case_id, standings in owners.items():
            self._link(case_id, unit.cases[case_id], standings, unit, because)
        for standings in free:
            self._open(standings, unit, because)

    def _is_read(self, case_id: UUID, case: Case) -> bool:
        """Return whether everything that was said of an incident was read."""
        return self._desk.state(INCIDENT, incident_stream(case_id)).facts == case.version

    def _end(
        self, case_id: UUID, case: Case, homes: dict[UUID, UUID], unit: Unit, because: AnyRecorded
    ) -> None:
        """End an incident whose things went elsewhere, or are too few."""
        gone_to = Counter(homes[item_id] for item_id in case.items if item_id in homes)
        if gone_to:
            into, _ = max(gone_to.items(), key=lambda pair: (pair[1], pair[0]))
            reason = "What joins both incidents became known."
            self._do(case_id, MergeIncident(into_incident_id=into, reason=reason), because)
            return
        withdrawn = [why_not(unit.helds[item_id]) for item_id in case.items]
        reason = next((why for why in withdrawn if why), "Too little is left to belong together.")
        self._do(case_id, WithdrawIncident(reason=reason), because)

    def _drop(
        self, case_id: UUID, case: Case, wanted: Standings, unit: Unit, because: AnyRecorded
    ) -> None:
        severity, rule = severity_of([each.item for each in wanted.values()])
        for item_id in case.items:
            if item_id not in wanted:
                reason = why_not(unit.helds[item_id]) or "It does not belong here by now."
                drop = DropIncidentEvidence(
                    item_id=item_id, reason=reason, severity=severity, severity_rule=rule
                )
                self._do(case_id, drop, because)

    def _link(
        self, case_id: UUID, case: Case, wanted: Standings, unit: Unit, because: AnyRecorded
    ) -> None:
        severity, rule = severity_of([each.item for each in wanted.values()])
        known = set(case.items)
        stale = [
            item_id
            for item_id, standing in wanted.items()
            if item_id not in known or is_stale(unit.helds[item_id], standing.item, wanted)
        ]
        rated = (case.severity, case.severity_rule) == (severity, rule)
        dropped = not known <= wanted.keys()
        if not stale and not rated and not dropped:
            stale = [min(wanted, key=lambda item_id: place_in_crowd(wanted[item_id].item))]
        for item_id, ends in unit.ends(stale).items():
            link = LinkEvidence(
                item=wanted[item_id].item,
                link=self._best(item_id, wanted, ends),
                severity=severity,
                severity_rule=rule,
            )
            self._do(case_id, link, because)

    def _open(self, wanted: Standings, unit: Unit, because: AnyRecorded) -> None:
        items = sorted((each.item for each in wanted.values()), key=in_time)
        incident_id = self._new_id(items[0])
        ends = unit.ends(wanted)
        links = [self._best(item.id, wanted, ends[item.id]) for item in items]
        self._do(incident_id, opening(incident_id, items, links), because)

    def _new_id(self, first: Item) -> UUID:
        """Return the id that follows from the first thing: the same story, as long as it is free."""
        numbered = (numbered_id(first.id, number) for number in count())
        return next(each for each in numbered if self._is_free(each))

    def _is_free(self, incident_id: UUID) -> bool:
        case = self._memories.case(incident_id)
        return not case.open and not case.resolved and self._is_read(incident_id, case)

    def _best(self, item_id: UUID, wanted: Standings, ends: list[Edge]) -> Link:
        """Return a thing's best match among the others of its incident, in words."""
        inside = [each for each in ends if each.other(item_id) in wanted]
        standing = wanted[item_id]
        if not inside:
            if standing.cuts or standing.bonds:
                return Link(1.0, ("a person said so",))
            assert standing.item.severity is Severity.CRITICAL, f"{item_id} is alone."
            return Link(1.0, ("critical by itself",))
        best = min(inside, key=lambda each: (-each.score, each.other(item_id)))
        other = wanted[best.other(item_id)]
        known = match(standing, other, self._neighbours(standing.item))
        reasons = () if known is None else known.reasons
        return Link(best.score, tuple(shortened(reason) for reason in reasons), other.item.id)

    def _neighbours(self, item: Item) -> Neighbours:
        place = None if item.site_id is None else self._memories.place(item.site_id)
        if item.site_id is None or place is None:
            return {}
        return {item.site_id: frozenset(place.near)}

    def _do(self, incident_id: UUID, command: IncidentCommand, because: AnyRecorded) -> None:
        """Have a command decided, and learn its facts as if they had been read."""
        stream = incident_stream(incident_id)
        version = self._desk.state(INCIDENT, stream).facts
        for event in self._desk.do(INCIDENT, stream, command, because):
            version += 1
            self._learner.incident(incident_id, version, because.position, event)


def assigned(wanted: list[Standings], cases: dict[UUID, Case]) -> dict[UUID, Standings]:
    """Return which incident goes on with which things: the oldest chooses first, what it has most of."""
    owners: dict[UUID, Standings] = {}
    free = list(wanted)
    for case_id, case in sorted(cases.items(), key=lambda pair: (pair[1].age, pair[0])):
        known = set(case.items)
        best = max(free, key=lambda each: len(known & each.keys()), default=None)
        if best is not None and known & best.keys():
            owners[case_id] = best
            free.remove(best)
    return owners


def is_stale(held: Held, item: Item, wanted: Standings) -> bool:
    """Return whether an incident heard something else of one of its things, or names a lost match."""
    return held.stated != item or (held.partner is not None and held.partner not in wanted)


def why_not(held: Held) -> str:
    """Return why a thing stands no more; empty where it does."""
    return "" if held.notice.stands else held.notice.why_not


def numbered_id(item_id: UUID, number: int) -> UUID:
    """Return the id of the n-th incident that begins with a thing."""
    return uuid5(INCIDENT_NAMESPACE, f"{item_id}/{number}")
