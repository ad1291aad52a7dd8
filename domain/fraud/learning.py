"""Learning: takes facts into the memories, and doubts every judgement that may depend on them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from uuid import UUID

from domain.alert.facts import AlertKind, AlertReopened, AlertResolved, Verdict
from domain.catalogue import AnyRecorded
from domain.directory.device import DeviceIssued, DeviceRegistered, device_stream
from domain.directory.site import (
    GeofenceResized,
    SiteRegistered,
    SiteRelocated,
    SiteTimeZoneCorrected,
    site_stream,
)
from domain.directory.time_zone import zone_named
from domain.directory.tour import TourDefined
from domain.fraud.doubts import Doubts
from domain.fraud.facts import FraudScored
from domain.fraud.features import FIXES_AFTER_US, FIXES_BEFORE_US, USES_AROUND_US
from domain.fraud.judging import digest_of
from domain.fraud.learning_directory import learn_device, learn_site, learn_tour
from domain.fraud.memory import (
    Fix,
    KnownVerdict,
    PersonMemory,
    Scan,
    Standing,
    Use,
    Visit,
    device_key,
    micros,
    moment_of,
    person_key,
    site_key,
    too_late,
    tour_key,
    track_key,
)
from domain.fraud.remembering import (
    add_fix,
    add_scan,
    add_track_day,
    add_use,
    add_verdict,
    add_visit,
    fence_at,
    place_of,
    uncount_verdict,
    uses_around,
    visit_moment,
)
from domain.fraud.shelf import Shelf
from domain.signals import (
    AttendanceRecorded,
    CheckpointScanRecorded,
    Direction,
    LocationRecorded,
    SignalEvent,
    corrected_at,
    signal_uuid,
)

SITE_PREFIX = site_stream("")
DEVICE_PREFIX = device_stream("")

# What a verdict says about fraud. Verdicts on bad data, bad devices and doubles say nothing, and
# negligence is no deceit.
FRAUD_BY_VERDICT = {
    Verdict.CONFIRMED_FRAUD: True,
    Verdict.CONFIRMED_NEGLIGENCE: False,
    Verdict.BENIGN_EXPECTED: False,
    Verdict.FALSE_POSITIVE_LOGIC: False,
}


class Learner:
    """Takes one fact after the other into the memories of a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.doubts = Doubts()

    def fetch_for(self, batch: Sequence[AnyRecorded]) -> None:
        """Have in hand what learning these facts needs."""
        persons: dict[str, None] = {}
        devices: dict[str, None] = {}
        sites: dict[str, None] = {}
        tours: dict[str, None] = {}
        tracks: dict[str, None] = {}
        for recorded in batch:
            match recorded.event:
                case LocationRecorded() | CheckpointScanRecorded() as told:
                    persons[person_key(told.person_id)] = None
                    tracks[track_key(told.person_id, micros(corrected_at(told)))] = None
                case TourDefined(tour_id=tour_id):
                    tours[tour_key(tour_id)] = None
                case AttendanceRecorded() as attendance:
                    persons[person_key(attendance.person_id)] = None
                    devices[device_key(attendance.device_id)] = None
                    sites[site_key(attendance.site_id)] = None
                case FraudScored(person_id=person_id):
                    persons[person_key(person_id)] = None
                case (
                    AlertResolved(kind=AlertKind.FRAUD, person_id=str(person_id))
                    | AlertReopened(kind=AlertKind.FRAUD, person_id=str(person_id))
                ):
                    persons[person_key(person_id)] = None
                case (
                    SiteRegistered() | SiteRelocated() | GeofenceResized() | SiteTimeZoneCorrected()
                ):
                    sites[site_key(recorded.stream_id.removeprefix(SITE_PREFIX))] = None
                case DeviceRegistered() | DeviceIssued():
                    devices[device_key(recorded.stream_id.removeprefix(DEVICE_PREFIX))] = None
                case _:
                    pass
        self.shelf.fetch(persons=persons, devices=devices, sites=sites, tours=tours, tracks=tracks)

    def learn(self, recorded: AnyRecorded) -> None:
        """Take one fact in. Facts that tell nothing about fraud change nothing."""
        match recorded.event:
            case LocationRecorded() as location:
                self._locate(recorded, location)
            case AttendanceRecorded() as attendance:
                self._attend(recorded, attendance)
            case CheckpointScanRecorded() as scan:
                self._scan(recorded, scan)
            case TourDefined(tour_id=tour_id):
                self._define(recorded, tour_key(tour_id))
            case FraudScored() as scored:
                self._place(recorded, scored)
            case AlertResolved(kind=AlertKind.FRAUD, person_id=str(person_id), reason=verdict):
                self._conclude(recorded, person_id, FRAUD_BY_VERDICT.get(verdict))
            case AlertReopened(kind=AlertKind.FRAUD, person_id=str(person_id)) as reopened:
                self._take_back(recorded, person_id, reopened)
            case SiteRegistered() | SiteRelocated() | GeofenceResized() | SiteTimeZoneCorrected():
                self._fence(recorded)
            case DeviceRegistered() | DeviceIssued():
                self._issue(recorded)
            case _:
                pass

    def _locate(self, recorded: AnyRecorded, location: LocationRecorded) -> None:
        at_us = micros(corrected_at(location))
        if too_late(recorded.recorded_at, at_us):
            return
        person_id = location.person_id
        person = self.shelf.person(person_id)
        self.shelf.hear_of(person_id, recorded.recorded_at)
        signal = _Lazy(location)
        before_us = person.first_fix_at_us
        if before_us is None or at_us < before_us:
            # From here on the person's phone counts as one that tells where it is.
            person.first_fix_at_us = at_us
            self.shelf.changed[person_key(person_id)] = person
            # The next one after may end a shift that began between.
            self._doubt(person_id, _between(person, at_us, before_us, 1), recorded, signal)
        key = track_key(person_id, at_us)
        track = self.shelf.tracks[key]
        fix = Fix(at_us, location.latitude, location.longitude, location.gps_accuracy_m)
        change = add_fix(track, fix)
        if change is None:
            return
        self._keep_track(person_id, key, at_us)
        visits = person.visits
        if not visits or visits[-1].at_us + FIXES_AFTER_US < at_us:
            return  # The way of nearly all locations: they come in order, long after a check-in.
        fixes = track.fixes
        if fixes[-1] is fix and len(fixes) > 1 and fixes[-2].at_us > visits[-1].at_us:
            return  # A location just after an attendance tells nothing that the one before did not.
        doubted = _between(person, change[0] - FIXES_AFTER_US - 1, change[1] + FIXES_BEFORE_US)
        self._doubt(person_id, doubted, recorded, signal)
        self._doubt(person_id, _shift_ends(visits, *change), recorded, signal)

    def _scan(self, recorded: AnyRecorded, scanned: CheckpointScanRecorded) -> None:
        at_us = micros(corrected_at(scanned))
        if too_late(recorded.recorded_at, at_us):
            return
        self.shelf.hear_of(scanned.person_id, recorded.recorded_at)
        key = track_key(scanned.person_id, at_us)
        scan = Scan(at_us, scanned.tour_id, scanned.checkpoint_id, _place_of(scanned))
        if not add_scan(self.shelf.tracks[key], scan):
            return
        self._keep_track(scanned.person_id, key, at_us)
        ends = _shift_ends(self.shelf.person(scanned.person_id).visits, at_us, at_us)
        self._doubt(scanned.person_id, ends, recorded, _Lazy(scanned))

    def _keep_track(self, person_id: str, key: str, at_us: int) -> None:
        self.shelf.changed[key] = self.shelf.tracks[key]
        person = self.shelf.person(person_id)
        if add_track_day(person, at_us):
            self.shelf.changed[person_key(person_id)] = person

    def _attend(self, recorded: AnyRecorded, attendance: AttendanceRecorded) -> None:
        at_us = micros(corrected_at(attendance))
        if too_late(recorded.recorded_at, at_us):
            return
        person_id = attendance.person_id
        person = self.shelf.person(person_id)
        self.shelf.hear_of(person_id, recorded.recorded_at)
        visit = self._visit(attendance, at_us)
        index = add_visit(person, visit)
        if index is None:
            return
        self.shelf.changed[person_key(person_id)] = person
        self.doubts.raise_(person_id, at_us, visit.signal, (), recorded)
        visits = person.visits
        # The one before got another end of its shift; those after got another past.
        doubted = visits[index + 1 :]
        if index > 0 and visits[index - 1].checks_in:
            doubted.append(visits[index - 1])
        signal = _Lazy(attendance)
        self._doubt(person_id, doubted, recorded, signal)
        self._use(recorded, attendance, visit)

    def _visit(self, attendance: AttendanceRecorded, at_us: int) -> Visit:
        fence = fence_at(self.shelf.site(attendance.site_id), at_us)
        local = None if fence is None else moment_of(at_us).astimezone(zone_named(fence.time_zone))
        return Visit(
            at_us=at_us,
            signal=signal_uuid(attendance.source, attendance.signal_id),
            site_id=attendance.site_id,
            device_id=attendance.device_id,
            checks_in=attendance.direction is Direction.CHECK_IN,
            latitude=attendance.latitude,
            longitude=attendance.longitude,
            accuracy_m=attendance.gps_accuracy_m,
            biometric_quality=attendance.biometric_quality if attendance.biometric_matched else 0.0,
            signal_dbm=attendance.phone_signal_dbm,
            battery_percent=attendance.battery_percent,
            local_day=None if local is None else local.toordinal(),
            local_minute=None if local is None else local.hour * 60 + local.minute,
        )

    def _use(self, recorded: AnyRecorded, attendance: AttendanceRecorded, visit: Visit) -> None:
        device = self.shelf.device(attendance.device_id)
        if not device.personal:
            return
        add_use(device, Use(visit.at_us, visit.signal, attendance.person_id))
        self.shelf.changed[device_key(attendance.device_id)] = device
        for use in uses_around(device, visit.at_us, USES_AROUND_US):
            if use.person_id != attendance.person_id:
                because = (visit.signal,)
                self.doubts.raise_(use.person_id, use.at_us, use.signal, because, recorded)

    def _place(self, recorded: AnyRecorded, scored: FraudScored) -> None:
        person = self.shelf.person(scored.person_id)
        index = place_of(person.visits, micros(scored.occurred_at), scored.attendance)
        visit = None if index is None else person.visits[index]
        if visit is None:
            return
        stood = visit.standing
        if stood is not None and (stood.version, stood.position > 0) >= (recorded.version, True):
            return
        visit.standing = Standing(
            recorded.version,
            recorded.position,
            scored.probability,
            digest_of(
                scored.features,
                scored.probability,
                scored.fraud_type,
                scored.contradictions,
                scored.witnesses,
            ),
        )
        self.shelf.changed[person_key(scored.person_id)] = person
        if visit.waiting:
            self.doubts.raise_(scored.person_id, visit.at_us, visit.signal, visit.waiting, recorded)

    def _conclude(self, recorded: AnyRecorded, person_id: str, fraud: bool | None) -> bool:
        """Take in what stands about an alert from here on; answer whether that was new."""
        person = self.shelf.person(person_id)
        at_us = micros(recorded.recorded_at)
        verdict = KnownVerdict(at_us, recorded.position, recorded.stream_id, fraud)
        if not add_verdict(person, verdict):
            return False
        self.shelf.changed[person_key(person_id)] = person
        return True

    def _take_back(self, recorded: AnyRecorded, person_id: str, reopened: AlertReopened) -> None:
        person = self.shelf.person(person_id)
        kept = any(known.alert == recorded.stream_id for known in person.verdicts)
        if self._conclude(recorded, person_id, None) and not kept and reopened.verdict is not None:
            uncount_verdict(person, FRAUD_BY_VERDICT.get(reopened.verdict))

    def _fence(self, recorded: AnyRecorded) -> None:
        key = site_key(recorded.stream_id.removeprefix(SITE_PREFIX))
        if learn_site(self.shelf.sites[key], recorded):
            self.shelf.changed[key] = self.shelf.sites[key]

    def _define(self, recorded: AnyRecorded, key: str) -> None:
        if learn_tour(self.shelf.tours[key], recorded):
            self.shelf.changed[key] = self.shelf.tours[key]

    def _issue(self, recorded: AnyRecorded) -> None:
        key = device_key(recorded.stream_id.removeprefix(DEVICE_PREFIX))
        if learn_device(self.shelf.devices[key], recorded):
            self.shelf.changed[key] = self.shelf.devices[key]

    def _doubt(
        self, person_id: str, visits: Iterable[Visit], recorded: AnyRecorded, signal: _Lazy
    ) -> None:
        for visit in visits:
            self.doubts.raise_(person_id, visit.at_us, visit.signal, (signal.uuid(),), recorded)


class _Lazy:
    """A signal's identity, worked out once and only where a doubt needs it."""

    def __init__(self, signal: SignalEvent) -> None:
        self._signal = signal
        self._uuid: UUID | None = None

    def uuid(self) -> UUID:
        if self._uuid is None:
            self._uuid = signal_uuid(self._signal.source, self._signal.signal_id)
        return self._uuid


def _place_of(scanned: CheckpointScanRecorded) -> tuple[float, ...]:
    """Return where a scan was made; phones tell an accuracy of 0 where they do not know it."""
    if scanned.latitude is None or scanned.longitude is None or not scanned.gps_accuracy_m:
        return ()
    return scanned.latitude, scanned.longitude, scanned.gps_accuracy_m


def _between(
    person: PersonMemory, after_us: int, until_us: int | None, more: int = 0
) -> list[Visit]:
    """Return the attendances after a moment, until another one, if one is named, and some more."""
    visits = person.visits
    first = bisect_right(visits, after_us, key=visit_moment)
    end = len(visits) if until_us is None else bisect_right(visits, until_us, key=visit_moment)
    return visits[first : end + more]


def _shift_ends(visits: list[Visit], first_us: int, last_us: int) -> list[Visit]:
    """Return both ends of every closed shift that lies around these moments."""
    ends = []
    start = max(0, bisect_left(visits, first_us, key=visit_moment) - 1)
    end = bisect_right(visits, last_us, key=visit_moment)
    for index in range(start, min(end, len(visits) - 1)):
        if visits[index].checks_in:
            ends.append(visits[index])
            if not visits[index + 1].checks_in:
                ends.append(visits[index + 1])
    return ends
