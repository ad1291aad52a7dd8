"""Judging: answers doubts with judgements, each person's attendances in the order of time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from heapq import heappop, heappush
from itertools import chain
from uuid import UUID

import msgspec

from domain.catalogue import AnyRecorded
from domain.fraud.contradictions import HARD, TWO_SITES_US, contradictions
from domain.fraud.doubts import Doubt, Doubts
from domain.fraud.facts import Features, FraudScored, score_stream
from domain.fraud.features import (
    CONSECUTIVE_MAX,
    FIXES_AFTER_US,
    FIXES_BEFORE_US,
    USES_AROUND_US,
    Known,
    Walked,
    features,
    shift_of,
)
from domain.fraud.memory import (
    HISTORY_US,
    HISTORY_VISITS_MAX,
    Past,
    PersonMemory,
    Standing,
    Visit,
    device_key,
    moment_of,
    person_key,
    site_key,
    tour_key,
    track_keys,
)
from domain.fraud.remembering import (
    fence_at,
    holder_at,
    past_moment,
    place_of,
    round_at,
    uses_around,
    verdict_counts,
)
from domain.fraud.score import Judgement, Scorer
from domain.fraud.shelf import Shelf
from domain.fraud.types import FraudType

BECAUSE_MAX = 32  # signals named in one score


class Rescore(msgspec.Struct, frozen=True):
    """A score to record."""

    attendance: UUID
    stream_id: str
    version: int  # where the stream stands before it
    fact: FraudScored
    because: AnyRecorded  # the fact that caused it


class Draft(msgspec.Struct, frozen=True):
    """A judgement that differs from the one that stood when the batch began."""

    person_id: str
    visit: Visit
    features: Features
    judgement: Judgement
    contradictions: list[str]
    witnesses: list[UUID]
    doubt: Doubt
    stood: Standing | None  # before the batch


class Judge:
    """Judges each doubted attendance once; what differs from the standing score becomes a fact."""

    def __init__(self, shelf: Shelf, scorer: Scorer, doubts: Doubts) -> None:
        self.shelf = shelf
        self.scorer = scorer
        self.doubts = doubts
        self.drafts: list[Draft] = []

    def judge(self) -> list[Rescore]:
        """Answer every doubt, also those that come up on the way."""
        by_person = self.doubts.by_person
        self.shelf.fetch(persons=[person_key(person_id) for person_id in by_person])
        doubted = {person_id: self._places(person_id) for person_id in by_person}
        self._fetch_for(doubted)
        for person_id, places in doubted.items():
            self._judge_person(person_id, places)
        self.drafts.sort(
            key=lambda draft: (draft.doubt.cause.position, draft.visit.at_us, draft.visit.signal)
        )
        return [self._rescore(draft) for draft in self.drafts]

    def _places(self, person_id: str) -> dict[int, Doubt]:
        """Return the doubts of a person by the index of the attendance."""
        visits = self.shelf.person(person_id).visits
        places = {}
        for signal, doubt in self.doubts.by_person[person_id].items():
            index = place_of(visits, doubt.at_us, signal)
            if index is not None:  # else its score stands for ever: it is older than what is kept
                places[index] = doubt
        return places

    def _fetch_for(self, doubted: Mapping[str, Iterable[int]]) -> None:
        """Have in hand what judging these attendances needs."""
        devices: dict[str, None] = {}
        sites: dict[str, None] = {}
        tracks: dict[str, None] = {}
        shifts: list[tuple[str, tuple[int, int]]] = []
        for person_id, indices in doubted.items():
            visits = self.shelf.person(person_id).visits
            for index in indices:
                visit = visits[index]
                devices[device_key(visit.device_id)] = None
                for near in [visit, *_just_before(visits, index)]:
                    sites[site_key(near.site_id)] = None
                span = visit.at_us - FIXES_BEFORE_US, visit.at_us + FIXES_AFTER_US
                tracks.update(dict.fromkeys(track_keys(person_id, *span)))
                shift = _shift(visits, index)
                if shift is not None:
                    tracks.update(dict.fromkeys(track_keys(person_id, *shift)))
                    shifts.append((person_id, shift))
        self.shelf.fetch(devices=devices, sites=sites, tracks=tracks)
        scans = (self.shelf.scans(person_id, *shift) for person_id, shift in shifts)
        self.shelf.fetch(tours=[tour_key(scan.tour_id) for each in scans for scan in each])

    def _judge_person(self, person_id: str, doubted: dict[int, Doubt]) -> None:
        person = self.shelf.person(person_id)
        upcoming = sorted(doubted)  # a sorted list is a heap
        while upcoming:
            index = heappop(upcoming)
            visit, doubt = person.visits[index], doubted[index]
            was_violation = visit.violation
            self._judge_visit(person_id, person, index, doubt)
            if visit.violation is was_violation:
                continue
            # The ones after count violations in a row.
            end = min(len(person.visits), index + 1 + CONSECUTIVE_MAX)
            more = [later for later in range(index + 1, end) if later not in doubted]
            self._fetch_for({person_id: more})
            for later in more:
                at_us = person.visits[later].at_us
                because = dict(doubt.because) or {visit.signal: None}
                doubted[later] = Doubt(at_us, because, doubt.cause)
                heappush(upcoming, later)

    def _judge_visit(self, person_id: str, person: PersonMemory, index: int, doubt: Doubt) -> None:
        visit = person.visits[index]
        known = self._known(person_id, person, index)
        found = contradictions(visit, known)
        its_features = features(visit, known)
        radius_m = None if known.fence is None else known.fence.radius_m
        judgement = self.scorer.score(its_features, found, radius_m)
        hard = [contradiction.code.value for contradiction in found if contradiction.code in HARD]
        witnesses = list(dict.fromkeys(chain.from_iterable(each.witnesses for each in found)))
        digest = digest_of(
            its_features, judgement.probability, judgement.fraud_type, hard, witnesses
        )
        stood = visit.standing
        if stood is not None and stood.digest == digest:
            if visit.waiting:
                visit.waiting = []
                self.shelf.changed[person_key(person_id)] = person
            return
        self.shelf.changed[person_key(person_id)] = person
        if stood is not None and stood.position == 0:
            because = dict.fromkeys(visit.waiting) | doubt.because
            visit.waiting = list(because)[-BECAUSE_MAX:]
            return
        visit.waiting = []
        version = 1 if stood is None else stood.version + 1
        visit.standing = Standing(version, 0, judgement.probability, digest)
        self.drafts.append(
            Draft(person_id, visit, its_features, judgement, hard, witnesses, doubt, stood)
        )

    def _known(self, person_id: str, person: PersonMemory, index: int) -> Known:
        visits = person.visits
        visit = visits[index]
        at_us = visit.at_us
        shift = _shift(visits, index)
        device = self.shelf.device(visit.device_id)
        frauds, benign = verdict_counts(person, at_us)
        nearby = {}
        for near in _just_before(visits, index):
            fence = fence_at(self.shelf.site(near.site_id), near.at_us)
            if fence is not None:
                nearby[near.site_id] = fence
        return Known(
            person_id=person_id,
            fence=fence_at(self.shelf.site(visit.site_id), at_us),
            fences_nearby=nearby,
            earlier=_earlier(person, index),
            next_at_us=visits[index + 1].at_us if index + 1 < len(visits) else None,
            fixes_before=self.shelf.fixes(person_id, at_us - FIXES_BEFORE_US, at_us),
            fixes_after=self.shelf.fixes(person_id, at_us + 1, at_us + FIXES_AFTER_US),
            shift_fixes=[] if shift is None else self.shelf.fixes(person_id, *shift),
            tracked=shift is not None
            and person.first_fix_at_us is not None
            and person.first_fix_at_us < shift[0],
            walked=[] if shift is None else self._walked(person_id, shift),
            uses=[
                use
                for use in uses_around(device, at_us, USES_AROUND_US)
                if use.person_id != person_id
            ],
            holder=holder_at(device, at_us) if device.personal else None,
            frauds=frauds,
            benign=benign,
        )

    def _walked(self, person_id: str, shift: tuple[int, int]) -> list[Walked]:
        """Return the tours that a person scanned something of in a shift, by their ids."""
        scans = self.shelf.scans(person_id, *shift)
        walked = []
        for tour_id in sorted({scan.tour_id for scan in scans}):
            what = round_at(self.shelf.tour(tour_id), shift[0])
            if what is not None:  # else nobody has said what belongs to the tour
                its = [scan for scan in scans if scan.tour_id == tour_id]
                walked.append(Walked(what.checkpoints, its, what.places))
        return walked

    def _rescore(self, draft: Draft) -> Rescore:
        visit, judgement, stood = draft.visit, draft.judgement, draft.stood
        fact = FraudScored(
            attendance=visit.signal,
            person_id=draft.person_id,
            site_id=visit.site_id,
            device_id=visit.device_id,
            occurred_at=moment_of(visit.at_us),
            features=draft.features,
            probability=judgement.probability,
            fraud_type=judgement.fraud_type,
            model=self.scorer.model,
            model_version=self.scorer.version,
            model_digest=self.scorer.digest,
            reasons=judgement.reasons,
            supersedes=None if stood is None else stood.position,
            because=[] if stood is None else list(draft.doubt.because)[-BECAUSE_MAX:],
            contradictions=draft.contradictions,
            witnesses=draft.witnesses,
        )
        version = 0 if stood is None else stood.version
        return Rescore(visit.signal, score_stream(visit.signal), version, fact, draft.doubt.cause)


def digest_of(
    its_features: Features,
    probability: float,
    fraud_type: FraudType,
    hard: Sequence[str],
    witnesses: Sequence[UUID],
) -> str:
    """Return what tells one judgement from another; texts do not count."""
    judged: tuple[object, ...] = (its_features, probability, fraud_type, hard)
    if witnesses:  # else it is the digest of scores from before there were any
        judged = (*judged, witnesses)
    return blake2b(msgspec.json.encode(judged), digest_size=12).hexdigest()


def _earlier(person: PersonMemory, index: int) -> list[Past]:
    visits = person.visits[max(0, index - HISTORY_VISITS_MAX) : index]
    missing = HISTORY_VISITS_MAX - len(visits)
    past: list[Past] = [*(person.habits[-missing:] if missing else ()), *visits]
    since_us = person.visits[index].at_us - HISTORY_US
    return past[bisect_left(past, since_us, key=past_moment) :]


def _just_before(visits: list[Visit], index: int) -> list[Visit]:
    """Return the attendances before one that may be at two sites at once with it."""
    since_us = visits[index].at_us - TWO_SITES_US
    found = []
    for near in reversed(visits[:index]):
        if near.at_us < since_us:
            break
        found.append(near)
    return found


def _shift(visits: list[Visit], index: int) -> tuple[int, int] | None:
    before = visits[index - 1] if index > 0 else None
    next_at_us = visits[index + 1].at_us if index + 1 < len(visits) else None
    return shift_of(visits[index], before, next_at_us)
