"""The evaluation's matching: what counts as found, as called, and as false."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.severity import Severity
from interfaces.simulator import Mishap, Truth
from tests.evaluate.evaluating import NotWanted, Wanted, wanted_by
from tests.evaluate.figures import Figures, Kind, Level, Said, headline, summed
from tests.evaluate.judged import (
    TOLERANCE,
    Call,
    Judgement,
    false_calls,
    is_about,
    median_minutes,
    results,
)
from tests.evaluate.truth import SEVERITY, Trouble, of_frauds, of_mishap

NIGHT = datetime(2026, 10, 11, 22, tzinfo=UTC)
SLEEP = Trouble(
    kind="asleep",
    severity=Severity.HIGH,
    site_id="S-1",
    persons=frozenset({"G-1"}),
    since=NIGHT,
    until=NIGHT + timedelta(hours=2),
)
STORM = Trouble(
    kind="storm",
    severity=Severity.MEDIUM,
    site_id="S-1",
    since=NIGHT,
    until=NIGHT + timedelta(hours=1),
)


def said(
    person: str | None = "G-1", site: str | None = "S-1", *, hour: float = 0.0, at: float = 1.0
) -> Judgement:
    since = NIGHT + timedelta(hours=hour)
    return Judgement(
        source="finding",
        label="LOW_PHONE_ACTIVITY",
        site_id=site,
        person_id=person,
        since=since,
        until=since + timedelta(hours=1),
        at=NIGHT + timedelta(hours=at),
    )


def call(*about: Judgement) -> Call:
    return Call(site_id="S-1", at=about[0].at, about=about)


def test_a_judgement_is_about_who_and_when() -> None:
    assert is_about(said(), SLEEP)
    assert is_about(said(site=None), SLEEP)
    assert is_about(said(person=None), SLEEP), "It is about everybody at the site."
    assert not is_about(said("G-2"), SLEEP)
    assert not is_about(said(person=None, site="S-2"), SLEEP)
    late = SLEEP.until + TOLERANCE - NIGHT
    assert is_about(said(hour=late.total_seconds() / 3_600, at=9), SLEEP)
    assert not is_about(said(hour=2.6, at=9), SLEEP)
    assert not is_about(said(hour=-1.6), SLEEP)
    assert not is_about(said(at=-0.1), SLEEP), "Nothing is found before it happens."


def test_what_is_wrong_at_a_whole_site_is_found_by_whoever_suffers() -> None:
    assert is_about(said("G-7"), STORM)
    assert is_about(said(person=None), STORM)
    assert not is_about(said("G-7", "S-2"), STORM)


def test_troubles_are_seen_called_or_missed() -> None:
    other = said("G-2")
    found = results([SLEEP], [said(at=3), said(at=2), other], [call(other), call(said(at=4))])
    assert [(each.seen_after_s, each.called_after_s) for each in found] == [(7_200.0, 14_400.0)]
    missed = results([SLEEP], [other], [])
    assert [(each.seen_after_s, each.called_after_s) for each in missed] == [(None, None)]
    assert median_minutes([None, 60.0, 180.0]) == 2.0
    assert median_minutes([None]) is None


def test_a_ticket_is_false_where_nothing_it_is_about_happened() -> None:
    calls = [call(said("G-2")), call(said("G-2"), said()), call(said("G-1", hour=5, at=6))]
    assert false_calls([SLEEP], calls) == 2


def test_the_truth_of_a_fraud_is_one_trouble_a_shift_and_names_both_persons() -> None:
    def truth(signal: str, at: str) -> Truth:
        return Truth(
            signal_id=signal,
            source="s",
            kind="attendance",
            tactic="buddy_punching",
            person_id="G-1",
            site_id="S-1",
            device_id="D-2",
            shift_id="G-1.20261011",
            occurred_at=at,
            accomplice_id="G-2",
        )

    told = [truth("in", "2026-10-11T06:00:00Z"), truth("out", "2026-10-11T14:00:00Z")]
    (trouble,) = of_frauds(told)
    assert trouble.persons == {"G-1", "G-2"}
    assert trouble.until - trouble.since == timedelta(hours=8)
    storm = of_mishap(
        Mishap(
            mishap="storm",
            site_id="S-1",
            since="2026-10-11T06:00:00Z",
            until="2026-10-11T07:00:00Z",
        )
    )
    assert (storm.kind, storm.severity, storm.persons) == ("storm", SEVERITY["storm"], frozenset())


def figures_of(seed: int, levels: tuple[int, ...]) -> Figures:
    return Figures(
        seed=seed,
        days=2,
        sites=1,
        guards=2,
        site_hours=24,
        signals=10,
        seconds=1,
        refused={"signal.too_old": 1},
        parked=[],
        facts={"ticket.opened": 3},
        kinds={
            "asleep": Kind(
                severity=Severity.HIGH, count=3, seen_after_s=[60.0, 120.0], called_after_s=[180.0]
            )
        },
        said={"finding: NO_SHOW": Said(count=4, false=1)},
        tickets=3,
        false_tickets=1,
        levels=[
            Level(
                strictness=number,
                tickets=10 * found,
                false_tickets=found,
                found_after_s=[30.0] * found,
                found_kinds={"asleep": found},
            )
            for number, found in enumerate(levels)
        ],
    )


def test_seeds_are_summed_and_compared_at_equal_recall() -> None:
    total = summed([figures_of(1, (0, 1, 2)), figures_of(2, (0, 1, 2))])
    assert (total.seed, total.signals, total.refused) == (None, 20, {"signal.too_old": 2})
    found = headline(total)
    assert (found.troubles, found.seen, found.called) == (6, 4, 2)
    assert found.tickets_per_site_day == 3.0
    assert found.false_tickets_per_1000_site_hours == round(2 / 0.048, 2)
    assert found.static_for_called is not None
    assert (found.static_for_called.strictness, found.static_for_called.found) == (1, 2)
    assert found.static_for_seen is not None
    assert found.static_for_seen.strictness == 2
    assert headline(figures_of(1, (0, 1))).static_for_seen is None, "It never finds as much."


def test_what_is_played_is_chosen_by_variables() -> None:
    assert wanted_by({}) == Wanted()
    chosen = wanted_by({"SEEDS": "101, 102", "DAYS": "7", "GUARDS": "20", "SITES": ""})
    assert chosen == Wanted(seeds=(101, 102), days=7, guards=20)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"SEEDS": "1,x"}, "SEEDS: Expected `int`, got `str`"),
        ({"DAYS": "many"}, "DAYS: Expected `float`, got `str`"),
        ({"GUARDS": "0"}, "GUARDS: Expected `int` >= 1"),
        ({"DAYS": "1"}, "DAYS must be more than WARM_UP_DAYS, or nothing is counted."),
    ],
)
def test_what_cannot_be_played_is_refused_by_name(variables: dict[str, str], said: str) -> None:
    with pytest.raises(NotWanted) as refused:
        wanted_by(variables)
    assert str(refused.value) == said
