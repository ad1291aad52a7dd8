"""Every type of frame: each reaches whoever asked for it, by site, live and when resuming."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from adapters.log.codec import decode
from domain.alert import AlertAcknowledged
from domain.anomaly.facts import AnomalyWithdrawn
from domain.catalogue import AnyRecorded
from domain.finding.facts import FindingAcknowledged, FindingTakenUp
from domain.fraud.facts import score_stream
from domain.incident.facts import IncidentAcknowledged, IncidentEvidenceLinked
from domain.ticket import TicketCommented
from interfaces.feed.hub import Hub
from interfaces.feed.listeners import Filter
from projections.alert_board import ALERT_BOARD
from projections.anomalies import ANOMALIES
from projections.findings import FINDINGS
from projections.fraud_scores import FRAUD_SCORES
from projections.incidents import INCIDENTS
from projections.kernel import Projection
from projections.published import FrameType
from projections.ticket_board import TICKET_BOARD
from tests.feed.stage import EVERYTHING, Stage, all_after, chained, taken
from tests.projections.rows import OPENED, RAISED, rows_of
from tests.projections.test_published import SCORED

GOLDEN = Path(__file__).parent.parent / "golden" / "events"
LISTS: dict[FrameType, Projection[Any]] = {
    "ticket": TICKET_BOARD,
    "alert": ALERT_BOARD,
    "finding": FINDINGS,
    "anomaly": ANOMALIES,
    "incident": INCIDENTS,
    "correlation": INCIDENTS,
    "score": FRAUD_SCORES,
}
#: In this order at each site; the types of their frames.
TOLD: tuple[FrameType, ...] = (
    "ticket", "ticket", "alert", "alert", "finding", "finding", "finding", "anomaly", "anomaly",
    "incident", "correlation", "incident", "score",
)  # fmt: skip


def sample(tag: str) -> Any:
    """Return the golden sample of a fact."""
    return decode(tag, (GOLDEN / f"{tag}.json").read_bytes())


def night(stage: Stage, site_id: str, number: int) -> int:
    """Let something of every type happen at a site; return the last position."""
    own = UUID(int=number)
    linked: IncidentEvidenceLinked = sample("incident.evidence_linked")
    withdrawn: AnomalyWithdrawn = sample("anomaly.withdrawn")
    stories: list[tuple[str, Any, list[Any]]] = [
        ("ticket", replace(OPENED, ticket_id=own), [TicketCommented(text="Hm")]),
        ("alert", replace(RAISED, alert_id=own), [AlertAcknowledged()]),
        (
            "finding",
            replace(sample("finding.raised"), finding_id=own),
            [FindingTakenUp(ticket_id=own), FindingAcknowledged()],
        ),
        ("anomaly", replace(sample("anomaly.detected"), anomaly_id=own), [withdrawn]),
        (
            "incident",
            replace(sample("incident.opened"), incident_id=own),
            [linked, IncidentAcknowledged()],
        ),
    ]
    for kind, first, rest in stories:
        stage.state(f"{kind}-{own}", replace(first, site_id=site_id), *rest)
        stage.secret()
    score = replace(SCORED, attendance=own, site_id=site_id, probability=0.9)
    return stage.state(score_stream(own), score)


def of_facts(facts: list[AnyRecorded]) -> dict[FrameType, dict[str, Any]]:
    """Return what each list shows after these facts, as JSON."""
    return {
        type_: {
            key: msgspec.json.decode(msgspec.json.encode(row))
            for key, row in rows_of(board, facts).items()
        }
        for type_, board in LISTS.items()
    }


def test_every_type_is_in_the_story() -> None:
    assert set(TOLD) == set(LISTS) == set(get_args(FrameType))


async def test_all_types_reach_a_listener_live_and_show_what_their_lists_show(
    hub: Hub, stage: Stage
) -> None:
    start = stage.secret()
    subscription = await hub.subscribe(stage.tenant, EVERYTHING, None)
    assert subscription is not None
    frames = await taken(subscription, night(stage, "S-1", 1))
    hub.leave(stage.tenant, subscription)
    assert [frame["type"] for frame in frames] == list(TOLD)
    assert {frame["site_id"] for frame in frames} == {"S-1"}
    assert chained(start, frames)
    lists = of_facts(stage.log.read(stage.tenant, 0, 100))
    newest = {frame["type"]: frame for frame in frames}
    assert newest["finding"]["data"]["ticket_id"] == str(UUID(int=1))
    for type_, frame in newest.items():
        (row,) = lists[type_].values()
        if type_ != "correlation":  # the incident was acknowledged after that
            assert frame["data"] == row


@pytest.mark.parametrize("type_", LISTS)
async def test_a_filter_lets_through_one_type_at_one_site(
    hub: Hub, stage: Stage, type_: FrameType
) -> None:
    night(stage, "S-1", 1)
    head = night(stage, "S-2", 2)
    only = await all_after(hub, stage.tenant, 0, Filter(types=frozenset({type_})))
    assert [frame["type"] for frame in only] == [type_] * 2 * TOLD.count(type_)
    there = Filter(frozenset({type_}), frozenset({"S-2"}))
    frames = await all_after(hub, stage.tenant, 0, there)
    assert {frame["site_id"] for frame in frames} == {"S-2"}
    assert len(frames) == TOLD.count(type_)
    assert chained(0, frames)
    assert await all_after(hub, stage.tenant, head, there) == []


async def test_resuming_within_the_story_of_any_type_loses_and_doubles_nothing(
    hub: Hub, stage: Stage
) -> None:
    head = night(stage, "S-1", 1)
    whole = await all_after(hub, stage.tenant, 0)
    assert len(whole) == len(TOLD)
    for cut in range(head + 1):
        frames = await all_after(hub, stage.tenant, cut)
        assert chained(cut, frames)
        rest = [frame for frame in whole if frame["position"] > cut]
        # A row that began before the cut is folded from its stream, and is the same.
        told = [(frame["position"], frame["data"]) for frame in frames]
        assert told == [(frame["position"], frame["data"]) for frame in rest]
