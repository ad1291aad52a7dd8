"""The anomalies as a read model: what stands, what was withdrawn, and what stands again."""

from __future__ import annotations

from domain.anomaly.facts import AnomalyDetected, AnomalyRevised, AnomalyWithdrawn
from domain.directory.person import PersonEnrolled
from projections.anomalies import ANOMALIES, AnomalyRow, AnomalyShown, project
from tests.application.watching.habits import hour_of, usual
from tests.application.watching.post import Post, location
from tests.application.watching.post import at as moment


def test_an_anomaly_is_withdrawn_and_stands_again_in_one_row() -> None:
    post = Post()
    post.record(*usual())
    post.record(*hour_of(40.0))
    post.settle()
    fact = next(each for each in post.log.facts if isinstance(each.event, AnomalyDetected))
    event = fact.event
    assert isinstance(event, AnomalyDetected)
    key = ANOMALIES.key_of(fact)
    assert key == str(event.anomaly_id)
    revised = AnomalyRevised(severity=event.severity, measured=event.measured, because=())
    withdrawn = AnomalyWithdrawn(reason="Late signals.", because=())
    row: AnomalyRow | None = project(None, post.log.state(fact.stream_id, revised))
    assert row is None
    statuses = []
    for told in (event, revised, withdrawn, event, PersonEnrolled(person_id="G", name="G")):
        row = project(row, post.log.state(fact.stream_id, told))
        assert row is not None
        statuses.append((row.status, row.revisions))
    standing, gone = AnomalyShown.STANDING, AnomalyShown.WITHDRAWN
    assert statuses == [(standing, 0), (standing, 1), (gone, 1), (standing, 2), (standing, 2)]
    assert row is not None
    assert row.window_start == moment(5, 10)
    assert location(moment(5, 10)).person_id == row.person_id
