"""Surroundings: what windows are judged by that no signal says: clocks, fences, tours and thresholds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from application.following import Desk
from application.watching.memories import (
    DEFAULT_ZONE,
    REVISIONS_MAX,
    ZONE_KEY,
    PersonWatched,
    Round,
    Rulings,
    TourKnown,
    Zone,
    have,
    home_at,
    place_key,
    rulings_key,
    tour_key,
)
from domain.anomaly.facts import (
    Metric,
    ThresholdEvent,
    ThresholdExpired,
    ThresholdPinned,
    ThresholdReason,
    ThresholdReleased,
    ThresholdReverted,
    ThresholdTuned,
)
from domain.baseline.thresholds import Ruling, Threshold
from domain.catalogue import AnyRecorded
from domain.directory.site import (
    GeofenceResized,
    SiteRegistered,
    SiteRelocated,
    SiteTimeZoneCorrected,
    site_stream,
)
from domain.directory.tenant import TenantFounded
from domain.directory.time_zone import zone_named
from domain.directory.tour import TourDefined
from domain.fraud.learning_directory import learn_site
from domain.fraud.memory import SiteMemory, micros, moment_of
from domain.fraud.remembering import fence_at
from domain.geometry import distance_m, outside_m
from domain.signals import AttendanceRecorded, LocationRecorded, SignalEvent

SITE_FACTS = (SiteRegistered, SiteRelocated, GeofenceResized, SiteTimeZoneCorrected)
#: A tuning that finds its way back to these leaves the family to the default rule.
BY_RULE = (ThresholdReason.DEFAULT, ThresholdReason.STABLE)
NOWHERE_M = -1.0  # outside of no fence: none is known


class Surroundings:
    """What one batch has in hand of them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.zone = DEFAULT_ZONE
        self.places: dict[str, SiteMemory] = {}
        self.tours: dict[str, TourKnown] = {}
        self.rulings: dict[Metric, Rulings] = {}

    def fetch(self, sites: Iterable[str], tours: Iterable[str]) -> None:
        """Have these sites and tours in hand, every threshold, and the tenant's clock."""
        self.fetch_places(sites)
        have(self.desk, self.tours, {each: tour_key(each) for each in tours}, TourKnown)
        have(self.desk, self.rulings, {each: rulings_key(each) for each in Metric}, Rulings)
        zone = self.desk.memories([ZONE_KEY], Zone).get(ZONE_KEY)
        self.zone = zone.name if zone is not None else DEFAULT_ZONE

    def fetch_places(self, sites: Iterable[str | None]) -> None:
        """Have the fences and clocks of more sites in hand."""
        missing = {each for each in sites if each is not None} - self.places.keys()
        have(
            self.desk, self.places, {each: place_key(each) for each in sorted(missing)}, SiteMemory
        )

    def learn(self, fact: AnyRecorded) -> None:
        """Take one fact in. What was taken in before changes nothing."""
        event = fact.event
        if isinstance(event, SITE_FACTS):
            site_id = fact.stream_id.removeprefix(site_stream(""))
            if learn_site(self.places[site_id], fact):
                self.desk.remember(place_key(site_id), self.places[site_id])
        elif isinstance(event, TenantFounded):
            self.zone = event.time_zone
            self.desk.remember(ZONE_KEY, Zone(event.time_zone))
        elif isinstance(event, TourDefined):
            self._tour(fact, event)
        elif isinstance(event, ThresholdEvent):
            self._rule(fact, event)

    def zone_of(self, site_id: str | None, at_us: int) -> str:
        """Return the time zone of a site; the tenant's where no site is known."""
        fence = fence_at(self.places[site_id], at_us) if site_id in self.places else None
        return self.zone if fence is None else fence.time_zone

    def day_at(self, site_id: str, at_us: int) -> tuple[int, int]:
        """Return the beginning and the end of a day on a site's wall."""
        zone = zone_named(self.zone_of(site_id, at_us))
        local = moment_of(at_us).astimezone(zone)
        begins = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        next_day = datetime.fromordinal(begins.toordinal() + 1).replace(tzinfo=zone)
        return micros(begins), micros(next_day)

    def outside(self, signal: SignalEvent, person: PersonWatched, at_us: int) -> float:
        """Return how far outside the fence of its site a position surely is, in metres."""
        if not isinstance(signal, AttendanceRecorded | LocationRecorded):
            return NOWHERE_M
        site_id = signal.site_id or home_at(person, at_us)
        fence = fence_at(self.places[site_id], at_us) if site_id in self.places else None
        if fence is None:
            return NOWHERE_M
        away_m = distance_m(fence.latitude, fence.longitude, signal.latitude, signal.longitude)
        return outside_m(away_m, fence.radius_m, signal.gps_accuracy_m)

    def _tour(self, fact: AnyRecorded, event: TourDefined) -> None:
        tour = self.tours[event.tour_id]
        if fact.position > tour.position:
            tour.position = fact.position
            checkpoints = tuple(each.checkpoint_id for each in event.checkpoints)
            tour.rounds.append(Round(micros(fact.recorded_at), checkpoints))
            del tour.rounds[:-REVISIONS_MAX]
            self.desk.remember(tour_key(event.tour_id), tour)

    def _rule(self, fact: AnyRecorded, event: ThresholdEvent) -> None:
        known = self.rulings[event.family]
        if fact.position <= known.position:
            return
        known.position = fact.position
        before = known.rulings[-1] if known.rulings else Ruling(0)
        ruling = replace(ruled(before, event), since_us=micros(fact.recorded_at))
        known.rulings.append(ruling)
        del known.rulings[:-REVISIONS_MAX]
        self.desk.remember(rulings_key(event.family), known)


def ruled(before: Ruling, event: ThresholdEvent) -> Ruling:
    """Return what holds of a threshold after a fact."""
    match event:
        case ThresholdTuned(threshold=deviations, reason=reason):
            tuned = None if reason in BY_RULE else Threshold(deviations, reason)
            return replace(before, tuned=tuned)
        case ThresholdPinned(threshold=deviations):
            return replace(before, pinned=deviations)
        case ThresholdReleased():
            return replace(before, pinned=None)
        case ThresholdExpired():
            return replace(before, tuned=None)
        case ThresholdReverted(threshold=deviations):
            if deviations is None:
                return replace(before, tuned=None)
            return replace(before, tuned=Threshold(deviations, ThresholdReason.TUNED))
        case _:
            assert_never(event)
