"""A silence always ends, names what it mutes, and says why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.kernel import Refused
from domain.muting.facts import Matcher, SilenceEnded, SilenceLapsed, SilenceStarted
from domain.muting.silence import (
    SILENCE,
    SILENCE_BEGINS_WITHIN,
    SILENCE_LONGEST,
    EndSilence,
    LapseSilence,
    SilenceCommand,
    SilenceHasNoTime,
    SilenceIsTooFarAway,
    SilenceIsTooLong,
    SilenceMatchesEverything,
    SilenceUnknown,
    StartSilence,
)
from domain.severity import Severity
from tests.given import given

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ID = UUID(int=1)
START = StartSilence(
    silence_id=ID,
    matcher=Matcher(site_id="S-1"),
    starts_at=NOON,
    ends_at=NOON + timedelta(hours=2),
    reason="Fire drill",
    asked_at=NOON,
)
STARTED = SilenceStarted(
    silence_id=ID,
    matcher=Matcher(site_id="S-1"),
    starts_at=NOON,
    ends_at=NOON + timedelta(hours=2),
    reason="Fire drill",
)
END = EndSilence(reason="The drill was called off")
LAPSE = LapseSilence(at=NOON + timedelta(hours=2))
ENDED = SilenceEnded(reason="The drill was called off")


def test_a_silence_states_what_it_mutes_from_when_until_when_and_why() -> None:
    given(SILENCE).when(START).then(STARTED)
    given(SILENCE, STARTED).when(START).then()


@pytest.mark.parametrize(
    "matcher",
    [
        Matcher(person_id="G-1"),
        Matcher(device_id="D-1"),
        Matcher(kinds=("finding",)),
        Matcher(severity_at_most=Severity.HIGH),
    ],
)
def test_any_field_is_enough(matcher: Matcher) -> None:
    given(SILENCE).when(replace(START, matcher=matcher)).then(replace(STARTED, matcher=matcher))


@pytest.mark.parametrize(
    ("change", "rule", "field"),
    [
        ({"matcher": Matcher()}, SilenceMatchesEverything, "$.matcher"),
        ({"ends_at": NOON}, SilenceHasNoTime, "$.ends_at"),
        (
            {"starts_at": NOON - timedelta(hours=2), "ends_at": NOON},
            SilenceHasNoTime,
            "$.ends_at",
        ),
        (
            {"ends_at": NOON + SILENCE_LONGEST + timedelta(seconds=1)},
            SilenceIsTooLong,
            "$.ends_at",
        ),
        (
            {
                "starts_at": NOON + SILENCE_BEGINS_WITHIN + timedelta(seconds=1),
                "ends_at": NOON + SILENCE_BEGINS_WITHIN + timedelta(hours=1),
            },
            SilenceIsTooFarAway,
            "$.starts_at",
        ),
    ],
)
def test_a_silence_that_breaks_a_rule_is_refused(
    change: dict[str, Any], rule: type[Refused], field: str
) -> None:
    given(SILENCE).when(replace(START, **change)).refused(rule, field=field)


def test_a_silence_of_thirty_days_is_the_longest() -> None:
    wish = replace(START, ends_at=NOON + SILENCE_LONGEST)
    given(SILENCE).when(wish).then(replace(STARTED, ends_at=NOON + SILENCE_LONGEST))


def test_a_person_may_end_it_before_its_time_also_before_it_began() -> None:
    given(SILENCE, STARTED).when(END).then(ENDED)
    later = replace(STARTED, starts_at=NOON + timedelta(days=1), ends_at=NOON + timedelta(days=2))
    given(SILENCE, later).when(END).then(ENDED)


def test_the_clock_ends_it_when_its_time_is_over_and_not_before() -> None:
    given(SILENCE, STARTED).when(LAPSE).then(SilenceLapsed())
    early = LapseSilence(at=NOON + timedelta(hours=2) - timedelta(seconds=1))
    given(SILENCE, STARTED).when(early).then()


@pytest.mark.parametrize("over", [ENDED, SilenceLapsed()])
@pytest.mark.parametrize("wish", [START, END, LAPSE])
def test_what_is_over_stays_over(over: SilenceEnded | SilenceLapsed, wish: SilenceCommand) -> None:
    given(SILENCE, STARTED, over).when(wish).then()


@pytest.mark.parametrize("wish", [END, LAPSE])
def test_there_is_nothing_to_end_before_it_was_started(wish: SilenceCommand) -> None:
    given(SILENCE).when(wish).refused(SilenceUnknown)
