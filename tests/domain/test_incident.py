"""Incidents: the life of one, what matches, what makes one and how bad it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import strategies as st

from adapters.log.codec import decode, encode
from domain.catalogue import tag_of
from domain.incident.correlating import correlate
from domain.incident.describing import severity_of, title_of
from domain.incident.facts import (
    IncidentEvent,
    IncidentEvidenceLinked,
    IncidentOpened,
    IncidentSplit,
    Item,
    ItemKind,
    Link,
    Sign,
)
from domain.incident.grouping import CROWD_MAX, Edge, clusters, edge, makes_incident, taking_part
from domain.incident.lifecycle import (
    INCIDENT,
    IncidentIsFull,
    IncidentLacksItem,
    IncidentUnknown,
    IncidentWouldBeEmpty,
)
from domain.incident.matching import Standing, match
from domain.incident.state import Incident, IncidentStatus
from domain.incident.wishes import (
    ITEMS_MAX,
    AcknowledgeIncident,
    IncidentCommand,
    LinkEvidence,
    MergeIncident,
    OpenIncident,
    ResolveIncident,
    SplitIncident,
)
from domain.kernel import Decider, Refused
from domain.severity import Severity
from tests.strategies import forall, structs

AT = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
NEAR = {"S-1": frozenset({"S-2"}), "S-2": frozenset({"S-1"})}


def item(
    number: int,
    sign: Sign = Sign.FRAUD,
    minutes: float = 0,
    *,
    lasts: float | None = None,
    person: str | None = None,
    device: str | None = None,
    site: str | None = None,
    severity: Severity = Severity.MEDIUM,
) -> Standing:
    at = AT + timedelta(minutes=minutes)
    return Standing(
        Item(
            kind=ItemKind.SIGNAL,
            id=UUID(int=number),
            sign=sign,
            label=sign.value,
            severity=severity,
            at=at,
            until=None if lasts is None else at + timedelta(minutes=lasts),
            site_id=site,
            person_id=person,
            device_id=device,
        ),
        (UUID(int=number),),
    )


def scored(first: Standing, second: Standing) -> float | None:
    found, back = match(first, second, NEAR), match(second, first, NEAR)
    assert found == back, "A match is mutual."
    return None if found is None else found.score


@pytest.mark.parametrize(
    ("first", "second", "score"),
    [
        ({"person": "G"}, {"person": "G", "minutes": 15}, 0.65),
        ({"person": "G"}, {"person": "G", "minutes": 15.1}, None),
        ({"device": "D"}, {"device": "D", "sign": Sign.TAMPER}, 1.0),
        ({"person": "G"}, {"person": "H"}, None),
        ({}, {}, None),
        ({"site": "S-1"}, {"site": "S-1", "sign": Sign.LATE_CHECKPOINT, "minutes": 15}, 0.5),
        ({"site": "S-1"}, {"site": "S-2", "sign": Sign.LATE_CHECKPOINT}, 0.6),
        ({"site": "S-1"}, {"site": "S-2", "sign": Sign.LATE_CHECKPOINT, "minutes": 14}, None),
        ({"site": "S-1"}, {"site": "S-3", "sign": Sign.LATE_CHECKPOINT}, None),
        ({"site": "S-1"}, {"site": "S-1", "sign": Sign.LATE_CHECKPOINT, "lasts": 61}, None),
        ({"site": "S-1"}, {"site": "S-1", "sign": Sign.NO_SHOW, "lasts": 61}, 0.475),
        ({"site": "S-1"}, {"site": "S-1", "sign": Sign.LOW_BATTERY}, None),
        (
            {"person": "G"},
            {"person": "G", "sign": Sign.LATE_CHECKPOINT, "minutes": -60, "lasts": 90},
            0.85,
        ),
        ({"site": "S-1"}, {"site": "S-1", "sign": Sign.PANIC, "minutes": 7.5}, 0.75),
    ],
)
def test_the_score_of_a_pair(
    first: dict[str, Any], second: dict[str, Any], score: float | None
) -> None:
    second = {"sign": Sign.LATE_CHECKPOINT, **second} if score == 0.65 else second  # ordinary
    assert scored(item(1, **first), item(2, **second)) == score


def test_what_stands_on_the_same_evidence_matches_fully_and_is_one_trouble() -> None:
    told, alert = item(1, Sign.UNUSUAL, person="G"), item(2, Sign.FRAUD, person="G")
    alert = Standing(alert.item, (UUID(int=2), UUID(int=1)))
    assert scored(told, alert) == 1.0
    assert not makes_incident([told, alert])
    assert makes_incident([told, item(3, person="G")])
    assert not makes_incident([item(1, person="G"), item(2, person="G", minutes=5)])
    assert makes_incident([item(1, severity=Severity.CRITICAL)])
    assert makes_incident([Standing(item(1).item, cuts={"x": True})])


@pytest.mark.parametrize(
    ("items", "severity"),
    [
        ([item(1, severity=Severity.LOW)], Severity.LOW),
        ([item(1, Sign.PANIC, severity=Severity.LOW)], Severity.CRITICAL),
        (
            [
                item(1, Sign.LOW_PHONE_ACTIVITY, person="G"),
                item(2, Sign.DEVICE_OFFLINE, person="G"),
            ],
            Severity.HIGH,
        ),
        (
            [
                item(1, Sign.LOW_PHONE_ACTIVITY, person="G"),
                item(2, Sign.DEVICE_OFFLINE, person="H"),
            ],
            Severity.MEDIUM,
        ),
        ([item(1, Sign.LOW_PHONE_ACTIVITY), item(2, Sign.DEVICE_OFFLINE)], Severity.MEDIUM),
        ([item(1, Sign.TAMPER), item(2, Sign.DEVICE_OFFLINE)], Severity.HIGH),
        ([item(1, Sign.SILENT_SITE), item(2, Sign.NO_SHOW)], Severity.HIGH),
        ([item(1, Sign.GPS_OFF), item(2, Sign.FRAUD), item(3, Sign.NO_SHOW)], Severity.HIGH),
    ],
)
def test_how_bad_an_incident_is(items: list[Standing], severity: Severity) -> None:
    assert severity_of([each.item for each in items])[0] is severity


def test_a_title_names_the_worst_signs_and_whom_it_is_about() -> None:
    signs = (Sign.GPS_OFF, Sign.FRAUD, Sign.NO_SHOW, Sign.TAMPER)
    every = [item(n, sign, person="G-1").item for n, sign in enumerate(signs)]
    assert title_of(every) == "GPS off, fraud, no show and 1 more of G-1"
    two = [
        item(1, Sign.FRAUD, person="G-1").item,
        item(2, Sign.TAMPER, person="G-2", site="S").item,
    ]
    assert title_of(two) == "Fraud, tamper at S"


def test_in_a_storm_only_what_began_in_the_same_hour_belongs_together() -> None:
    """What comes to one of its hours leaves the incidents of the others as they are."""
    each_minutes = 3  # so that 20 things begin in each hour
    storm = {
        UUID(int=n): item(n, minutes=each_minutes * n, site="S-1") for n in range(ITEMS_MAX + 20)
    }
    chain = [edge(UUID(int=n), UUID(int=n + 1), 0.9 - n % 7 / 100) for n in range(ITEMS_MAX + 19)]
    before = {frozenset(each) for each in clusters(storm, chain)}
    assert max(len(each) for each in before) == 20
    late = UUID(int=9_999)
    storm[late] = item(9_999, minutes=1, site="S-1")
    after = {frozenset(each) for each in clusters(storm, [*chain, edge(UUID(int=0), late, 1.0)])}
    (grown_from,) = before - after
    assert after - before == {grown_from | {late}}

    calm = dict(list(storm.items())[:ITEMS_MAX])
    assert len(clusters(calm, chain[: ITEMS_MAX - 1])) == 1


def test_a_set_never_outgrows_an_incident_and_a_crowd_lets_its_worst_in() -> None:
    many = {UUID(int=n): item(n) for n in range(ITEMS_MAX + 20)}
    chain = [edge(UUID(int=n), UUID(int=n + 1), 0.9) for n in range(ITEMS_MAX + 19)]
    sizes = sorted(len(each) for each in clusters(many, chain))
    assert sizes[-1] <= ITEMS_MAX
    assert sum(sizes) == ITEMS_MAX + 20
    crowd = [item(n, minutes=-n).item for n in range(CROWD_MAX)]
    worst = item(999, severity=Severity.HIGH).item
    assert taking_part([*crowd, worst])[0] == worst
    assert len(taking_part([*crowd, worst])) == CROWD_MAX
    assert chain[0].other(UUID(int=0)) == UUID(int=1)
    assert chain[0].other(UUID(int=1)) == UUID(int=0)
    assert isinstance(chain[0], Edge)


def test_correlate_is_a_function_of_the_set() -> None:
    things = [item(n, sign, n, person="G") for n, sign in enumerate((Sign.FRAUD, Sign.GPS_OFF))]
    lone = item(7, person="H")
    expected = [(frozenset({UUID(int=0), UUID(int=1)}), Severity.MEDIUM)]
    assert correlate([*things, lone], {}) == correlate([lone, *reversed(things)], {}) == expected


def play(commands: list[IncidentCommand]) -> list[IncidentEvent]:
    story: list[IncidentEvent] = []
    state: Incident = INCIDENT.initial
    for command in commands:
        try:
            facts = INCIDENT.decide(state, command)
        except Refused:
            continue
        story += facts
        state = Decider(state, INCIDENT.decide, INCIDENT.evolve).replay(facts)
        if facts:
            assert INCIDENT.decide(state, command) == [], "What was granted is true."
    return story


@forall(
    st.lists(
        st.one_of([structs(kind, few=True) for kind in get_args(IncidentCommand)]), max_size=20
    )
)
def test_whatever_is_wished_the_story_stays_well_formed(commands: list[IncidentCommand]) -> None:
    opening = next((each for each in commands if "items" in each.__struct_fields__), None)
    story = play(commands if opening is None else [opening, *commands])
    assert not story or type(story[0]) is IncidentOpened
    assert INCIDENT.replay(story).facts == len(story)
    assert [decode(tag_of(fact), encode(fact)) for fact in story] == story
    over = {IncidentStatus.RESOLVED}
    for length, fact in enumerate(story):
        if INCIDENT.replay(story[:length]).status in over:
            assert tag_of(fact) == "incident.linked"


def test_what_is_refused() -> None:
    with pytest.raises(IncidentUnknown):
        INCIDENT.decide(INCIDENT.initial, AcknowledgeIncident())
    full = {item(n).item.id: (item(n).item, None) for n in range(ITEMS_MAX)}
    incident = Incident(status=IncidentStatus.OPEN, items=full)  # type: ignore[arg-type]  # links play no part
    merge = MergeIncident(into_incident_id=UUID(int=1), reason="x", others=(UUID(int=9_999),))
    with pytest.raises(IncidentIsFull):
        INCIDENT.decide(incident, merge)
    merged = Incident(status=IncidentStatus.MERGED, merged_into=UUID(int=1))
    with pytest.raises(Refused, match="goes on in"):
        INCIDENT.decide(merged, ResolveIncident(resolution="x"))


def opened() -> list[IncidentEvent]:
    """Return the beginning of an incident of two things."""
    items = tuple(item(number, person="G").item for number in (1, 2))
    wish = OpenIncident(
        incident_id=UUID(int=100),
        severity=Severity.MEDIUM,
        severity_rule="the worst of its things",
        title="Fraud of G",
        site_id=None,
        person_id="G",
        first_at=AT,
        items=items,
        links=(LINK, LINK),
    )
    return INCIDENT.decide(INCIDENT.initial, wish)


LINK = Link(0.9, ("the same guard G",))
THING = item(3, person="G").item


def linking(**change: Any) -> LinkEvidence:
    told = {"item": THING, "link": LINK, "severity": Severity.HIGH, "severity_rule": "three"}
    return LinkEvidence(**{**told, **change})


@pytest.mark.parametrize(
    ("wish", "is_news"),
    [
        (linking(), False),
        (linking(link=Link(0.8, ("the same guard G",))), True),
        (linking(item=item(3, person="G", minutes=1).item), True),
        (linking(severity=Severity.CRITICAL), True),
        (linking(severity_rule="another"), True),
    ],
)
def test_a_thing_is_linked_again_where_something_else_is_told_of_it(
    wish: LinkEvidence, is_news: bool
) -> None:
    story = opened()
    story += INCIDENT.decide(INCIDENT.replay(story), linking())
    told = INCIDENT.decide(INCIDENT.replay(story), wish)
    assert [type(fact) for fact in told] == [IncidentEvidenceLinked] * is_news


def test_what_is_split_off_belongs_to_it_and_leaves_something() -> None:
    story = opened()

    def split(*numbers: int) -> list[IncidentEvent]:
        item_ids = tuple(UUID(int=number) for number in numbers)
        wish = SplitIncident(item_ids=item_ids, new_incident_id=UUID(int=200), reason="x")
        return INCIDENT.decide(INCIDENT.replay(story), wish)

    with pytest.raises(IncidentLacksItem):
        split(1, 3)
    with pytest.raises(IncidentWouldBeEmpty):
        split(2, 1)
    story += split(2, 2)
    split_off = IncidentSplit(item_ids=(UUID(int=2),), new_incident_id=UUID(int=200), reason="x")
    assert story[1:] == [split_off]
    assert INCIDENT.replay(story).items.keys() == {UUID(int=1)}
    assert split(2) == []
