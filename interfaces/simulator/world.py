"""The world: sites, guards with habits, and the phones they carry, all drawn from one seed.

Each site, guard and phone has its own generator, so a larger world holds the smaller one of the same seed unchanged.
"""

from __future__ import annotations

from hashlib import sha256
from math import cos, pi, sin

import msgspec

from interfaces.simulator.geography import displaced
from interfaces.simulator.parameters import WorldParameters
from interfaces.simulator.places import CITIES, FAMILY_NAMES, GIVEN_NAMES, PREMISES
from interfaces.simulator.randomness import between, stream

DAY_S = 86_400.0
PRONE_SHARE = 0.2  # of the guards commit most of the fraud; an assumption
PRONE_FACTOR = 4.0  # times the stated rate, for those guards; an assumption
WALKING_M_PER_S = 0.8  # a patrol's pace with its stops
# Median error in metres and the share of the fleet, for three classes of receiver; an assumption.
JITTER_CLASSES_M = (4.0, 9.0, 20.0)
JITTER_WEIGHTS = (0.55, 0.33, 0.12)
# Start hour by the site's clock and length in hours: three reliefs of eight and two of twelve.
PATTERNS = ((6, 8), (14, 8), (22, 8), (7, 12), (19, 12))


class Site(msgspec.Struct, frozen=True):
    site_id: str
    name: str
    latitude: float
    longitude: float
    geofence_radius_m: float
    time_zone: str


class Phone(msgspec.Struct, frozen=True):
    device_id: str
    jitter_m: float  # standard deviation of one axis
    outlier_rate: float  # share of fixes that are far off
    signal_dbm: float  # what it usually receives at its site
    discharge_hours: float  # from full to the level at which it is plugged in
    charge_hours: float
    phase_s: float  # shifts its battery curve and its outage days
    stamps: bool  # says when it sent a signal, by its own clock
    skew_s: float  # how far its clock is ahead; not zero on a few phones, which all stamp
    local_time: bool  # writes timestamps with the site's offset and not in UTC


class Guard(msgspec.Struct, frozen=True):
    person_id: str
    name: str
    telephone: str
    site: Site
    phone: Phone
    index: int
    start_hour: int
    shift_hours: int
    rest_phase: int  # days; where the week of work and rest begins
    arrival_offset_s: float  # usual check-in relative to the shift's start
    arrival_spread_s: float
    departure_offset_s: float
    biometric_quality: float  # usual quality, 0 to 1
    post_east_m: float
    post_north_m: float
    patrol_radius_m: float  # 0: stays at the post
    lap_s: float
    lodging_east_m: float  # home, seen from the site
    lodging_north_m: float
    fraud_rate: float  # share of this guard's shifts


class World(msgspec.Struct, frozen=True):
    seed: int
    parameters: WorldParameters
    source: str  # of all its signals; differs when seed or parameters differ
    sites: tuple[Site, ...]
    guards: tuple[Guard, ...]

    def colleagues(self, guard: Guard) -> tuple[Guard, ...]:
        """The other guards of the same site, in order."""
        step = len(self.sites)
        same_site = self.guards[guard.index % step :: step]
        return tuple(other for other in same_site if other.index != guard.index)


def world(seed: int, parameters: WorldParameters) -> World:
    """Draw the world. Pure: the same seed and parameters give the same world."""
    digest = sha256(msgspec.json.encode(parameters)).hexdigest()[:8]
    sites = tuple(_site(seed, parameters, index) for index in range(parameters.sites))
    prone = _prone(seed, parameters)
    guards = tuple(
        _guard(seed, parameters, index, sites[index % len(sites)], index in prone)
        for index in range(parameters.guards)
    )
    return World(
        seed=seed,
        parameters=parameters,
        source=f"simulator-{seed}-{digest}",
        sites=sites,
        guards=guards,
    )


def _site(seed: int, parameters: WorldParameters, index: int) -> Site:
    # Neighbours in number come from different regions of the earth, so that two sites are hours apart.
    region = (index + stream(seed, "regions").randrange(len(CITIES))) % len(CITIES)
    cities = list(CITIES[region])
    stream(seed, "cities", region).shuffle(cities)
    city = cities[index // len(CITIES) % len(cities)]
    draw = stream(seed, "site", index)
    angle, away_m = draw.uniform(0, 2 * pi), draw.uniform(500, 12_000)
    latitude, longitude = displaced(
        city.latitude, city.longitude, away_m * cos(angle), away_m * sin(angle)
    )
    return Site(
        site_id=f"{parameters.site_prefix}{index + 1:02d}",
        name=f"{city.name} {draw.choice(PREMISES)}",
        latitude=latitude,
        longitude=longitude,
        geofence_radius_m=float(draw.randrange(80, 301, 10)),
        time_zone=city.time_zone,
    )


def _prone(seed: int, parameters: WorldParameters) -> frozenset[int]:
    everyone = range(parameters.guards)
    return frozenset(stream(seed, "prone").sample(everyone, round(PRONE_SHARE * parameters.guards)))


def _fraud_rate(parameters: WorldParameters, prone: bool) -> float:
    """Split the stated rate over prone and other guards so that the mean over all of them is the stated one."""
    prone_share = round(PRONE_SHARE * parameters.guards) / parameters.guards
    prone_rate = min(1.0, PRONE_FACTOR * parameters.fraud_rate)
    if prone:
        return prone_rate
    return between((parameters.fraud_rate - prone_share * prone_rate) / (1 - prone_share), 0.0, 1.0)


def _phone(seed: int, parameters: WorldParameters, index: int) -> Phone:
    draw = stream(seed, "phone", index)
    skewed = draw.random() < 0.04
    skew_s = draw.choice((-1, 1)) * draw.uniform(90, 5_400) if skewed else 0.0
    return Phone(
        device_id=f"{parameters.device_prefix}{index + 1:04d}",
        jitter_m=draw.choices(JITTER_CLASSES_M, JITTER_WEIGHTS)[0] * draw.uniform(0.8, 1.25),
        outlier_rate=draw.uniform(0.0005, 0.006),
        signal_dbm=draw.uniform(-98, -66),
        discharge_hours=draw.uniform(9, 22),
        charge_hours=draw.uniform(1.2, 3.0),
        phase_s=draw.uniform(0, DAY_S),
        stamps=draw.random() < 0.8 or skewed,
        skew_s=round(skew_s, 3),
        local_time=draw.random() < 0.4,
    )


def _guard(seed: int, parameters: WorldParameters, index: int, site: Site, prone: bool) -> Guard:
    draw = stream(seed, "guard", index)
    start_hour, shift_hours = PATTERNS[index // parameters.sites % len(PATTERNS)]
    angle, away_m = draw.uniform(0, 2 * pi), draw.uniform(0, 0.5) * site.geofence_radius_m
    home_angle, home_m = draw.uniform(0, 2 * pi), draw.uniform(2_000, 18_000)
    walks = draw.random() < 0.35
    patrol_radius_m = draw.uniform(0.15, 0.4) * site.geofence_radius_m if walks else 0.0
    return Guard(
        person_id=f"{parameters.person_prefix}{index + 1:04d}",
        name=f"{draw.choice(GIVEN_NAMES)} {draw.choice(FAMILY_NAMES)}",
        telephone=f"+44 7700 900{index % 1_000:03d}",  # a range reserved for fiction
        site=site,
        phone=_phone(seed, parameters, index),
        index=index,
        start_hour=start_hour,
        shift_hours=shift_hours,
        rest_phase=draw.randrange(7),
        arrival_offset_s=draw.uniform(-900, 240),
        arrival_spread_s=draw.uniform(60, 420),
        departure_offset_s=draw.uniform(-60, 600),
        biometric_quality=draw.uniform(0.84, 0.97),
        post_east_m=away_m * cos(angle),
        post_north_m=away_m * sin(angle),
        patrol_radius_m=patrol_radius_m,
        lap_s=max(60.0, 2 * pi * patrol_radius_m / WALKING_M_PER_S),
        lodging_east_m=home_m * cos(home_angle),
        lodging_north_m=home_m * sin(home_angle),
        fraud_rate=_fraud_rate(parameters, prone),
    )
