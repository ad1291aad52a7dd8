"""The shelf: the memories that one batch has in hand, fetched by key when something needs them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from domain.fraud.memory import (
    DeviceMemory,
    Fix,
    Memory,
    PersonMemory,
    Scan,
    SiteMemory,
    TourMemory,
    TrackMemory,
    device_key,
    micros,
    person_key,
    site_key,
    tour_key,
    track_keys,
    track_keys_of,
)
from domain.fraud.remembering import (
    fixes_between,
    forget_old_tracks,
    forget_old_uses,
    forget_old_visits,
)

M = TypeVar("M", PersonMemory, DeviceMemory, SiteMemory, TourMemory, TrackMemory)


class Recall(Protocol):
    """Where memories are kept between batches."""

    def __call__(self, keys: Sequence[str], type_: type[M], /) -> dict[str, M]:
        """Return the memories under these keys; absent ones are left out."""
        ...


class Shelf:
    """Memories in hand, and which of them changed. What was never kept begins empty."""

    def __init__(self, recall: Recall) -> None:
        self.changed: dict[str, Memory] = {}
        self.forgotten: list[str] = []  # keys under which nothing shall be kept any more
        self.persons: dict[str, PersonMemory] = {}  # these five by key
        self.devices: dict[str, DeviceMemory] = {}
        self.sites: dict[str, SiteMemory] = {}
        self.tours: dict[str, TourMemory] = {}
        self.tracks: dict[str, TrackMemory] = {}
        self._heard: dict[str, datetime] = {}  # by person id: when the newest signal was recorded
        self._recall = recall

    def hear_of(self, person_id: str, recorded_at: datetime) -> None:
        """Note that a signal of a person was taken in."""
        before = self._heard.get(person_id)
        if before is None or before < recorded_at:
            self._heard[person_id] = recorded_at

    def fetch(
        self,
        *,
        persons: Iterable[str] = (),
        devices: Iterable[str] = (),
        sites: Iterable[str] = (),
        tours: Iterable[str] = (),
        tracks: Iterable[str] = (),
    ) -> None:
        """Have the memories under these keys in hand; one recall for each kind at most."""
        self._fetch(self.persons, persons, PersonMemory)
        self._fetch(self.devices, devices, DeviceMemory)
        self._fetch(self.sites, sites, SiteMemory)
        self._fetch(self.tours, tours, TourMemory)
        self._fetch(self.tracks, tracks, TrackMemory)

    def _fetch(self, in_hand: dict[str, M], keys: Iterable[str], type_: type[M]) -> None:
        missing = [key for key in dict.fromkeys(keys) if key not in in_hand]
        if missing:
            found = self._recall(missing, type_)
            for key in missing:
                in_hand[key] = found[key] if key in found else type_()

    def settle(self) -> dict[str, Memory]:
        """Bring what changed back within its limits, and return it by key.

        Only at the end of a batch: what is about to be judged must not be forgotten before.
        """
        for memory in self.changed.values():
            if isinstance(memory, PersonMemory):
                forget_old_visits(memory)
            elif isinstance(memory, DeviceMemory):
                forget_old_uses(memory)
        for person_id, heard_at in self._heard.items():
            self._forget_tracks(person_id, heard_at)
        return self.changed

    def _forget_tracks(self, person_id: str, heard_at: datetime) -> None:
        person = self.person(person_id)
        days = forget_old_tracks(person, micros(heard_at))
        if days:
            self.changed[person_key(person_id)] = person
        for key in (key for day in days for key in track_keys_of(person_id, day)):
            self.changed.pop(key, None)
            self.forgotten.append(key)

    def person(self, person_id: str) -> PersonMemory:
        return self.persons[person_key(person_id)]

    def device(self, device_id: str) -> DeviceMemory:
        return self.devices[device_key(device_id)]

    def site(self, site_id: str) -> SiteMemory:
        return self.sites[site_key(site_id)]

    def tour(self, tour_id: str) -> TourMemory:
        return self.tours[tour_key(tour_id)]

    def scans(self, person_id: str, from_us: int, to_us: int) -> list[Scan]:
        """Return what a person scanned in a time, both ends included, oldest first."""
        return [
            scan
            for key in track_keys(person_id, from_us, to_us)
            for scan in self.tracks[key].scans
            if from_us <= scan.at_us <= to_us
        ]

    def fixes(self, person_id: str, from_us: int, to_us: int) -> list[Fix]:
        """Return a person's locations of a time, both ends included, oldest first."""
        return [
            fix
            for key in track_keys(person_id, from_us, to_us)
            for fix in fixes_between(self.tracks[key], from_us, to_us)
        ]
