"""The fold over the log: first scores, and what each was judged by."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.directory.device import DeviceIssued, DeviceKind, device_stream
from domain.directory.site import GeofenceResized, SiteRelocated, SiteTimeZoneCorrected, site_stream
from domain.fraud.facts import score_stream
from domain.fraud.knowledge import think
from domain.fraud.memory import (
    DeviceMemory,
    PersonMemory,
    SiteMemory,
)
from domain.fraud.remembering import holder_at
from domain.fraud.score import RULES
from domain.fraud.types import FraudType
from tests.domain.fraud.field import (
    MONDAY,
    Field,
    after,
    at,
    attendance,
    judge,
    location,
    then,
    uuid_of,
)


def test_a_plain_attendance_gets_one_low_score() -> None:
    checked_in = attendance(at(0))
    (score,) = then(Field(), location(at(-10)), checked_in)
    assert score.attendance == uuid_of(checked_in)
    assert (score.person_id, score.site_id, score.device_id) == ("G-1", "S-01", "D-G-1")
    assert score.occurred_at == MONDAY
    assert score.probability < 0.2
    assert (score.model, score.model_version, score.model_digest) == ("rules", "1", RULES.digest)
    assert (score.supersedes, score.because, score.contradictions) == (None, [], [])


def test_the_stream_of_a_score_is_named_after_the_attendance() -> None:
    field = after(attendance(at(0)))
    assert field.log[-1].stream_id == score_stream(uuid_of(attendance(at(0))))


def test_a_strange_face_on_another_guards_phone_alerts() -> None:
    field = Field()
    field.register("D-9", person="G-9")
    (score,) = then(field, attendance(at(0), device="D-9", matched=False))
    assert score.probability >= 0.80
    assert score.fraud_type is FraudType.BUDDY_PUNCHING


def test_a_phone_that_was_handed_over_is_its_new_holders() -> None:
    field = Field()
    field.register("D-9", person="G-9")
    field.record(device_stream("D-9"), DeviceIssued(person_id="G-1"), at(-60))
    (score,) = then(field, attendance(at(0), device="D-9"))
    assert score.reasons == []
    before, _ = then(field, attendance(at(-120), "G-1", device="D-9"))
    assert [reason.code for reason in before.reasons] == ["device_of_another"]


@pytest.mark.parametrize("kind", [DeviceKind.READER, DeviceKind.PANEL])
def test_a_reader_is_there_for_everybody(kind: DeviceKind) -> None:
    field = Field()
    field.register("R-1", kind, person="G-9")
    signals = [attendance(at(n), f"G-{n}", device="R-1") for n in range(1, 5)]
    assert all(score.reasons == [] for score in then(field, *signals))


def test_signals_of_one_batch_are_one_score() -> None:
    field = Field()
    field.signals([attendance(at(0)), location(at(-2), north_m=30_000)])
    (score,) = field.follow()
    assert score.supersedes is None


def test_a_site_is_measured_as_it_was_when_the_attendance_happened() -> None:
    field = Field()
    stream = site_stream("S-01")
    field.record(stream, GeofenceResized(geofence_radius_m=300.0), at(60))
    field.record(stream, SiteRelocated(latitude=52.5, longitude=-0.12), at(120))
    field.record(stream, SiteTimeZoneCorrected(time_zone="Asia/Tokyo"), at(120))
    moments = [at(0), at(90), at(600), MONDAY - timedelta(hours=20)]
    field.signals([attendance(moment, north_m=300) for moment in moments])
    scores = {score.occurred_at: score.features for score in field.follow()}
    distances = [scores[moment].geofence_distance_meters for moment in moments]
    assert distances == [
        pytest.approx(192, abs=1),
        0,
        pytest.approx(110_600, rel=0.01),
        distances[0],
    ]
    visits = field.memory("person/G-1", PersonMemory).visits
    assert [visit.local_minute for visit in visits] == [720, 480, 570, 180]
    assert len(field.memory("site/S-01", SiteMemory).fences) == 4


def test_an_attendance_at_a_site_that_nobody_told_of_is_judged_on_what_is_known() -> None:
    field = Field()
    thoughts = think([field.record("signal-x", attendance(at(0)))], lambda _keys, _type: {})
    (rescore,) = thoughts.rescores
    assert rescore.fact.features.geofence_distance_meters is None
    near = [attendance(at(0)), attendance(at(5), site="S-02")]
    facts = [field.record(f"signal-{n}", signal) for n, signal in enumerate(near)]
    both = think(facts, lambda _keys, _type: {}).rescores
    assert all("two_places_at_once" not in one.fact.contradictions for one in both)


def test_weeks_of_a_log_in_one_batch_give_every_attendance_its_score() -> None:
    field = Field()
    moments = [MONDAY + timedelta(days=day) for day in range(40)]
    for moment in moments:
        field.signals([attendance(moment)], moment)
    assert [score.occurred_at for score in field.follow()] == moments


def test_a_device_that_nobody_told_of_is_nobodys() -> None:
    assert holder_at(DeviceMemory(), 0) is None
    assert judge([attendance(at(0), device="D-new")]).reasons == []
