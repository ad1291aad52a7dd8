"""A site that is not heard of: told by half hours, and whom that calls."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.directory.shift import ShiftCancelled
from domain.finding.duties import SiteHalfHourDuty
from domain.finding.facts import (
    AuditKind,
    Evidence,
    FindingRaised,
    FindingRevised,
    FindingType,
    FindingWithdrawn,
    finding_stream,
)
from domain.finding.judging import judge
from domain.finding.plan import SitePlan
from domain.finding.planning import duties_due
from domain.kernel import Event
from domain.severity import Severity
from domain.signals import SignalEvent
from tests.auditing.field import at, location, shift, site, status
from tests.auditing.night import Night

HIGH, MEDIUM = Severity.HIGH, Severity.MEDIUM
ALONE: list[Event] = [site(), shift(hours=2)]
TWO: list[Event] = [site(), shift(hours=2), shift("N-2", "G-2", hours=2)]


def silences(night: Night) -> list[FindingRaised]:
    """Return what stands of silent sites, and hold that audits and policy agree."""
    assert night.standing() == night.expected()
    found = night.standing().values()
    silent = [each for each in found if each.finding_type is FindingType.SILENT_SITE]
    return sorted(silent, key=lambda each: each.window_start)


def told(night: Night) -> list[tuple[int, Severity, str]]:
    """Return of each silence in which minute it began, how bad it is and how long it was."""
    found = silences(night)
    return [
        (
            round((each.window_start - at(0)).total_seconds() / 60),
            each.severity,
            each.title.partition(" was silent from 2026-11-20 ")[2],
        )
        for each in found
    ]


def audited(plan: list[Event], *signals: SignalEvent, as_of: float = 700) -> Night:
    night = Night(*plan)
    night.tell(*signals)
    night.audit(as_of)
    return night


def heard(*minutes: float, person: str = "G-1") -> list[SignalEvent]:
    return [location(minute, person) for minute in minutes]


def test_the_only_guard_on_shift_calls_nobody_before_an_hour_of_the_clock_is_over() -> None:
    night = audited(ALONE, *heard(70, 100))
    assert told(night) == [
        (0, MEDIUM, "22:00Z for half an hour"),
        (30, HIGH, "22:00Z for an hour"),
    ]
    first, second = silences(night)
    assert first.evidence.explanation == (
        "No device of the site was heard of, nor G-1, the only guard on shift."
    )
    assert second.evidence.explanation == (
        "No device of the site and none of G-1 was heard of, for an hour now."
    )
    assert (second.window_start, second.window_end) == (at(30), at(60))


def test_an_hour_across_two_hours_of_the_clock_calls_nobody() -> None:
    night = audited(ALONE, *heard(20, 95))
    assert told(night) == [
        (30, MEDIUM, "22:30Z for half an hour"),
        (60, MEDIUM, "23:00Z for half an hour"),
    ]


def test_two_guards_who_are_not_heard_of_call_after_half_an_hour() -> None:
    night = audited(TWO, *heard(31, 61, 91))
    assert told(night) == [(0, HIGH, "22:00Z for half an hour")]
    assert silences(night)[0].evidence.explanation == (
        "No device of the site and none of G-1, G-2 was heard of, though 2 guards were on shift."
    )
    assert told(audited(TWO, *heard(5), *heard(31, 61, 91, person="G-2"))) == []


def test_half_an_hour_is_told_five_minutes_after_it() -> None:
    night = audited(TWO, as_of=34)
    assert told(night) == []
    night.audit(35, AuditKind.HEARTBEAT)
    assert len(told(night)) == 1


def test_what_others_say_of_a_device_is_no_sign_of_life_and_named() -> None:
    night = audited(ALONE, status(10), status(40), *heard(70, 100))
    first, second = silences(night)
    assert (len(first.evidence.received), len(second.evidence.received)) == (1, 2)
    night = audited(ALONE, status(10), *heard(15), status(40), *heard(70, 100))
    assert len(silences(night)[0].evidence.received) == 1


def test_a_silent_site_names_some_of_its_guards() -> None:
    shifts = [shift(f"N-{n}", f"G-{n}", hours=1) for n in range(5)]
    half, hour = silences(audited([site(), *shifts]))
    assert "none of G-0, G-1, G-2, … was heard of, though 5" in half.evidence.explanation
    assert "none of G-0, G-1, G-2, … was heard of, for an hour" in hour.evidence.explanation


def test_half_hours_are_a_sites_when_shifts_cover_them_in_turn() -> None:
    turn = [shift("N-1", hours=0.25), shift("N-2", "G-2", start=15, hours=0.25)]
    assert told(audited([site(), *turn])) == [(0, HIGH, "22:00Z for half an hour")]
    gap = [shift("N-1", hours=0.25), shift("N-2", "G-2", start=20, hours=0.2)]
    assert told(audited([site(), *gap])) == []
    # Nobody was on shift in the first half: what is silent is half an hour.
    later = [shift(start=30, hours=0.5)]
    assert told(audited([site(), *later])) == [(30, MEDIUM, "22:30Z for half an hour")]


def test_who_was_on_shift_in_the_first_half_is_still_heard_of_in_the_second() -> None:
    turn: list[Event] = [shift("N-1", hours=0.5), shift("N-2", "G-2", start=30, hours=0.5)]
    assert told(audited([site(), *turn], *heard(33))) == [(0, MEDIUM, "22:00Z for half an hour")]


def test_late_signals_of_the_first_half_leave_half_an_hour_of_silence() -> None:
    night = audited(ALONE, *heard(70, 100))
    late = location(10)
    night.tell(late)
    night.follow()
    assert told(night) == [(30, MEDIUM, "22:30Z for half an hour")]
    (revised,) = night.log.events(FindingRevised)
    withdrawn = night.log.events(FindingWithdrawn)[-1]
    assert revised.because == withdrawn.because
    assert len(revised.because) == 1


def test_late_signals_of_the_second_half_leave_the_first_as_it_was() -> None:
    night = audited(ALONE, *heard(70, 100))
    night.tell(location(40))
    night.follow()
    assert told(night) == [(0, MEDIUM, "22:00Z for half an hour")]
    assert night.log.events(FindingRevised) == []


# A site's duty was once a whole hour of the clock, and its findings stand in the log under ids that
# were derived from the start of the hour. This one was: S-1, 22:00.
WHOLE_HOUR = UUID("223ecc7b-146b-54ec-b40c-8fa5b174ccef")


def hourly() -> FindingRaised:
    """Return the finding that S-1 was silent from 22:00 to 23:00, as it was raised then."""
    return FindingRaised(
        finding_id=WHOLE_HOUR,
        finding_type=FindingType.SILENT_SITE,
        severity=HIGH,
        site_id="S-1",
        person_id=None,
        device_id=None,
        subject_id="S-1",
        title="S-1 was silent from 2026-11-20 22:00Z for an hour",
        window_start=at(0),
        window_end=at(60),
        evidence=Evidence(
            expected=(),
            received=(),
            explanation="No device of the site and none of G-1 was heard of.",
            judged_up_to=1,
        ),
    )


def night_before(*signals: SignalEvent) -> Night:
    """Return a night that an audit covered when hours were still judged as a whole."""
    night = Night(*ALONE)
    night.ask(700)
    night.tell(*signals)
    night.log.state(finding_stream(WHOLE_HOUR), hourly())
    night.follow()
    return night


def test_a_finding_of_a_whole_hour_stands_as_long_as_it_is_true() -> None:
    night = night_before(*heard(70, 100))
    assert night.standing()[WHOLE_HOUR].severity is HIGH
    night.audit(700)
    revised = night.standing()[WHOLE_HOUR]
    assert (revised.severity, revised.title) == (HIGH, hourly().title)
    assert (revised.window_start, revised.window_end) == (at(0), at(60))  # as it was raised
    # The half that completes the hour went on with it: no second finding tells of the hour.
    raised = [each for each in night.log.events(FindingRaised) if "silent" in each.title]
    assert [each.window_start for each in raised] == [at(0), at(0)]
    assert [each.severity for each in raised] == [HIGH, MEDIUM]


@pytest.mark.parametrize(
    ("minute", "severity"),
    [(40, None), (10, MEDIUM)],
)
def test_late_signals_put_a_finding_of_a_whole_hour_right(
    minute: float, severity: Severity | None
) -> None:
    night = night_before(*heard(70, 100))
    night.tell(location(minute))
    night.follow()
    standing = night.standing().get(WHOLE_HOUR)
    assert (standing and standing.severity) == severity
    if standing is not None:
        assert standing.title == "S-1 was silent from 2026-11-20 22:30Z for half an hour"


def test_a_finding_of_a_whole_hour_goes_with_its_shift() -> None:
    night = night_before()
    night.plan(ShiftCancelled(), "shift-N-1")
    night.follow()
    assert WHOLE_HOUR not in night.standing()


# Whatever is planned and heard: what calls people is two guards, or an hour of the clock.

shifts_drawn = st.lists(
    st.tuples(
        st.integers(0, 3), st.sampled_from([0, 15, 30, 60, 90]), st.sampled_from([0.5, 1, 2])
    ),
    min_size=1,
    max_size=4,
)
minutes_drawn = st.lists(st.tuples(st.integers(0, 239), st.integers(0, 3)), max_size=12)


@settings(max_examples=100, deadline=None)
@given(shifts_drawn, minutes_drawn)
def test_one_guard_alone_calls_when_an_hour_of_the_clock_is_silent_and_no_sooner(
    drawn: list[tuple[int, int, float]], minutes: list[tuple[int, int]]
) -> None:
    planned = [
        shift(f"N-{number}", f"G-{person}", start=start, hours=hours)
        for number, (person, start, hours) in enumerate(drawn)
    ]
    night = Night(site(), *planned)
    night.tell(*(location(minute, f"G-{person}") for minute, person in minutes))
    plan = SitePlan(site_id="S-1", fence=None, time_zone="UTC", shifts=tuple(planned))
    duties = [
        each for each in duties_due(plan, at(0), at(400)) if isinstance(each, SiteHalfHourDuty)
    ]
    found = {duty.starts_at: judge(duty, night.known(duty)) for duty in duties}
    for duty in duties:
        since, until = duty.starts_at, duty.until
        here = {*duty.persons, *duty.persons_before}
        is_silent = not any(
            since <= at(minute) < until and f"G-{person}" in here for minute, person in minutes
        )
        assert bool(found[since]) is is_silent
        if not is_silent:
            continue
        hour = duty.hour_starts_at
        whole = (
            not duty.is_first_half
            and hour in found
            and not any(
                hour <= at(minute) < until and f"G-{person}" in here for minute, person in minutes
            )
        )
        grave = found[since][0].severity is HIGH
        assert grave is (whole or len(duty.persons) > 1)
