"""What the correlation remembers: small memories under many keys, so that no step reads them all."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from application.following import Desk
from domain.incident.facts import Item
from domain.incident.grouping import Edge
from domain.incident.matching import Standing
from domain.incident.noticing import Holder, Notice

M = TypeVar("M", bound=msgspec.Struct)

CROWD_KNOWN_MAX = 512  # things of one crowd that are remembered, to move up when others leave


class Held(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing: as it stands, where it is joined, and the incident that it is part of."""

    notice: Notice = Notice()
    part: bool = False  # it takes part in the correlation
    group: UUID | None = None
    closed: bool = False  # it is part of a resolved incident, and of no other for ever
    cuts: dict[str, bool] = {}
    bonds: tuple[UUID, ...] = ()
    incident: UUID | None = None
    stated: Item | None = None  # as its incident last heard of it
    partner: UUID | None = None  # that its incident's link names

    @property
    def standing(self) -> Standing | None:
        """Return the thing as it stands, if it does."""
        notice = self.notice
        if notice.item is None or not notice.stands or self.closed:
            return None
        return Standing(notice.item, notice.stands_on, self.cuts, self.bonds)


class Slot(msgspec.Struct, frozen=True):
    """The things that take part and touch one hour of one guard, device or site."""

    items: tuple[UUID, ...] = ()


class Crowd(msgspec.Struct, frozen=True):
    """Everything that stands of one crowd, in the order of its places."""

    seats: tuple[tuple[int, datetime, UUID], ...] = ()


class Group(msgspec.Struct, frozen=True, omit_defaults=True):
    """Things that are connected by matches or bonds, under the smallest of their ids."""

    members: tuple[UUID, ...] = ()
    edges: tuple[Edge, ...] = ()


class Bond(msgspec.Struct, frozen=True):
    """The things that a person bound together."""

    members: tuple[UUID, ...] = ()


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One incident, as its facts tell it."""

    version: int = 0  # of its stream; what is not newer was taken in already
    open: bool = False
    resolved: bool = False
    age: int = 0  # position of what brought it about: the lower is the older
    items: tuple[UUID, ...] = ()
    severity: str = ""
    severity_rule: str = ""


class Place(msgspec.Struct, frozen=True):
    """A site and its neighbours."""

    latitude: float  # degrees
    longitude: float
    version: int  # of the site's stream
    near: tuple[str, ...] = ()


class Places(msgspec.Struct, frozen=True):
    """Where all sites are; asked only when one is registered or moves."""

    by_site: dict[str, tuple[float, float]] = {}


class Memories:
    """The desk's memories by their kinds; absent ones are empty."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._helds: dict[UUID, Held] = {}  # that were asked for before: most are, several times

    def fetch(self, kind: str, names: Collection[object], type_: type[M]) -> dict[str, M]:
        """Have memories in hand: one question for all."""
        return self._desk.memories([f"{kind}/{name}" for name in names], type_) if names else {}

    def held(self, item_id: UUID) -> Held:
        return self._helds.get(item_id) or self.holds([item_id])[item_id]

    def hold(self, item_id: UUID, held: Held) -> None:
        self._helds[item_id] = held
        self._desk.remember(f"item/{item_id}", held)

    def holds(self, item_ids: Iterable[UUID]) -> dict[UUID, Held]:
        """Return many things at once."""
        ids = list(item_ids)
        known = self._helds
        if missing := [id_ for id_ in ids if id_ not in known]:
            found = self.fetch("item", missing, Held)
            known.update({id_: found.get(f"item/{id_}") or Held() for id_ in missing})
        return {id_: known[id_] for id_ in ids}

    def slots(self, names: Collection[str]) -> dict[str, Slot]:
        return self.fetch("slot", names, Slot)

    def keep_slot(self, key: str, slot: Slot) -> None:
        self._desk.remember(key, slot)

    def crowd(self, name: str) -> Crowd:
        return self._get(f"crowd/{name}", Crowd) or Crowd()

    def keep_crowd(self, name: str, crowd: Crowd) -> None:
        self._desk.remember(f"crowd/{name}", crowd)

    def group(self, group_id: UUID) -> Group:
        return self._get(f"group/{group_id}", Group) or Group()

    def keep_group(self, group_id: UUID, group: Group) -> None:
        self._desk.remember(f"group/{group_id}", group)

    def bond(self, bond_id: UUID) -> Bond:
        return self._get(f"bond/{bond_id}", Bond) or Bond()

    def keep_bond(self, bond_id: UUID, bond: Bond) -> None:
        self._desk.remember(f"bond/{bond_id}", bond)

    def case(self, incident_id: UUID) -> Case:
        return self._get(f"incident/{incident_id}", Case) or Case()

    def keep_case(self, incident_id: UUID, case: Case) -> None:
        self._desk.remember(f"incident/{incident_id}", case)

    def place(self, site_id: str) -> Place | None:
        return self._get(f"site/{site_id}", Place)

    def keep_place(self, site_id: str, place: Place) -> None:
        self._desk.remember(f"site/{site_id}", place)

    def places(self) -> Places:
        return self._get("places", Places) or Places()

    def keep_places(self, places: Places) -> None:
        self._desk.remember("places", places)

    def holder(self, device_id: str) -> Holder:
        return self._get(f"device/{device_id}", Holder) or Holder()

    def keep_holder(self, device_id: str, holder: Holder) -> None:
        self._desk.remember(f"device/{device_id}", holder)

    def _get(self, key: str, type_: type[M]) -> M | None:
        return self._desk.memories([key], type_).get(key)
