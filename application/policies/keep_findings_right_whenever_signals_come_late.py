"""Whenever signals come late, or the plan changes, judge again what audits have judged.

From the moment in which an audit is asked for, what stands for a duty that it covers is the
judgement of everything that is known: the audit looks at what stands in the log at its request,
this policy at what comes behind it. When a finding of an audit comes back, it is judged again,
since something may have come in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.duty_book import EVERYWHERE, PLAN_FACTS, DutyBook, coverage_key
from application.duty_signals import signals_for
from application.following import Desk
from domain.catalogue import AnyRecorded
from domain.finding.coverage import Coverage, Span, covering, is_covered
from domain.finding.duties import GRACE, Duty, finding_id
from domain.finding.facts import (
    AuditRequested,
    FindingRaised,
    FindingRevised,
    FindingWithdrawn,
    finding_stream,
)
from domain.finding.finding import FINDING, STANDING, JudgeFinding, WithdrawFinding
from domain.finding.judging import concerns, explaining_first, judged_findings
from domain.finding.planning import DAY, JUDGED_AFTER, JUDGED_BEFORE
from domain.signals import (
    HORIZON,
    AttendanceRecorded,
    SignalEvent,
    TaskCompletionRecorded,
    corrected_at,
)

NAME = "keep-findings-right-whenever-signals-come-late"
KEPT = HORIZON + DAY  # duties that ended earlier stand as they are, whatever the plan becomes
BECAUSE_MAX = 50  # signals named as the cause of one judgement

DONE_AFTER_ALL = "Signals that came late show that duty was done."
PLAN_CHANGED = "The plan changed; this duty is not asked for."
FindingJudged = FindingRaised | FindingRevised | FindingWithdrawn
# An attendance tells of a whole shift, and a task may be done long after it was due: these judge
# duties again that were due before they happened. Nothing else does.
LOOKING_BACK = (AttendanceRecorded, TaskCompletionRecorded)


class Case(msgspec.Struct):
    """A duty that is to be judged again."""

    duty: Duty
    fact: AnyRecorded  # the last one that asks for it
    because: list[UUID]  # late signals


class KeepFindingsRightWheneverSignalsComeLate:
    """The policy `keep-findings-right-whenever-signals-come-late`."""

    name = NAME
    behind = "signals"
    facts = (
        *PLAN_FACTS,
        AuditRequested,
        *FindingJudged.__args__,
        *SignalEvent.__args__,
    )

    def handle(self, desk: Desk, batch: Sequence[AnyRecorded]) -> None:
        for part in parts(batch):
            keep_right(desk, part)


def parts(batch: Sequence[AnyRecorded]) -> Iterator[Sequence[AnyRecorded]]:
    """Cut a batch before each request of an audit: what stands before it is the audit's business."""
    first = 0
    for number, fact in enumerate(batch):
        if isinstance(fact.event, AuditRequested) and number > first:
            yield batch[first:number]
            first = number
    if batch:
        yield batch[first:]


def keep_right(desk: Desk, batch: Sequence[AnyRecorded]) -> None:
    """Answer facts among which at most the first one asks for an audit."""
    book = DutyBook(desk)
    plan = [fact for fact in batch if isinstance(fact.event, PLAN_FACTS)]
    learn_coverage(desk, batch)
    cases: dict[UUID, Case] = {}
    vanished: dict[UUID, AnyRecorded] = {}
    if plan:
        spans = {} if desk.replaying else wanted_spans(book, book.changes(plan), batch)
        before = book.duties(spans)
        book.learn(plan)
        after = book.duties(spans)
        for site_id in spans:
            compare(book, site_id, before[site_id], after[site_id], plan[-1], cases, vanished)
    if desk.replaying:
        return
    by_signals(desk, book, batch, cases)
    by_findings(desk, book, batch, cases, vanished)
    settle(desk, cases, vanished)


def learn_coverage(desk: Desk, batch: Sequence[AnyRecorded]) -> None:
    """Take in what audits were asked to look at."""
    requests = [fact.event for fact in batch if isinstance(fact.event, AuditRequested)]
    desk.memories([coverage_of(request) for request in requests], Coverage)
    for request in requests:
        key = coverage_of(request)
        known = desk.memories([key], Coverage).get(key, Coverage())
        desk.remember(key, covering(known, request))


def coverage_of(request: AuditRequested) -> str:
    return EVERYWHERE if request.site_id is None else coverage_key(request.site_id)


def wanted_spans(
    book: DutyBook, spans: dict[str, Span], batch: Sequence[AnyRecorded]
) -> dict[str, Span]:
    """Return the times as far as they are covered and not too long ago."""
    oldest = batch[-1].recorded_at - KEPT
    coverages = book.coverages(spans)
    found = {}
    for site_id, span in spans.items():
        latest = max((each.latest for each in coverages[site_id] if each.latest), default=oldest)
        since, until = max(span.since, oldest), min(span.until, latest)
        if since < until:
            found[site_id] = Span(since, until)
    return found


def compare(  # noqa: PLR0917 - duties before and after, and where the difference goes
    book: DutyBook,
    site_id: str,
    before: Sequence[Duty],
    after: Sequence[Duty],
    fact: AnyRecorded,
    cases: dict[UUID, Case],
    vanished: dict[UUID, AnyRecorded],
) -> None:
    """Take up the duties that a change of the plan made, changed or took away."""
    coverages = book.coverages([site_id])[site_id]
    known = set(before)
    for duty in after:
        if duty not in known and is_covered(coverages, duty.due):
            add(cases, duty, fact)
    still = {finding_id(type_, duty) for duty in after for type_ in duty.types}
    for duty in known.difference(after):
        for type_ in duty.types:
            if (gone := finding_id(type_, duty)) not in still:
                vanished[gone] = fact


def by_signals(
    desk: Desk, book: DutyBook, batch: Sequence[AnyRecorded], cases: dict[UUID, Case]
) -> None:
    """Take up the duties that signals fall into after they were judged."""
    told = [
        (fact, corrected_at(fact.event), fact.event)
        for fact in batch
        if isinstance(fact.event, SignalEvent)
    ]
    everywhere = desk.memories([EVERYWHERE], Coverage).get(EVERYWHERE)
    sites = {event.site_id for _, _, event in told if event.site_id is not None}
    alone = desk.memories([coverage_key(site) for site in sites], Coverage)
    latest = max(
        (each.latest for each in (everywhere, *alone.values()) if each and each.latest),
        default=None,
    )
    if latest is None:
        return
    late = [
        (fact, at, event)
        for fact, at, event in told
        if fact.recorded_at - at <= HORIZON
        and (at < latest - GRACE or isinstance(event, LOOKING_BACK))
    ]
    if not late:
        return
    rosters = book.sites_of(
        (event.person_id, at) for _, at, event in late if event.person_id is not None
    )
    falling: dict[str, list[tuple[AnyRecorded, datetime, SignalEvent]]] = {}
    for fact, at, event in late:
        where = set(rosters.get(event.person_id or "", ()))
        where |= {event.site_id} if event.site_id is not None else set()
        for site_id in where:
            falling.setdefault(site_id, []).append((fact, at, event))
    spans = {
        site_id: Span(
            min(at for _, at, _ in signals) - JUDGED_BEFORE,
            min(max(at for _, at, _ in signals) + JUDGED_AFTER, latest),
        )
        for site_id, signals in falling.items()
    }
    coverages = book.coverages(spans)
    for site_id, duties in book.duties(spans).items():
        for duty in duties:
            if not is_covered(coverages[site_id], duty.due):
                continue
            for fact, at, event in falling[site_id]:
                if concerns(duty, at, event):
                    add(cases, duty, fact, fact.event_id)


def by_findings(
    desk: Desk,
    book: DutyBook,
    batch: Sequence[AnyRecorded],
    cases: dict[UUID, Case],
    vanished: dict[UUID, AnyRecorded],
) -> None:
    """Take up the duties of findings that others judged on what was known earlier."""
    back = {
        fact.stream_id: fact
        for fact in batch
        if isinstance(fact.event, FindingJudged) and fact.actor != f"policy:{NAME}"
    }
    desk.fetch_streams(list(back))
    oldest = batch[-1].recorded_at - KEPT
    spans: dict[str, Span] = {}
    wanted: dict[UUID, AnyRecorded] = {}
    for stream_id, fact in back.items():
        judged = desk.state(FINDING, stream_id).judged
        if judged is None or judged.window_end < oldest:
            continue
        wanted[judged.finding_id] = fact
        start = judged.window_start - timedelta(seconds=1)
        span = spans.get(judged.site_id, Span(start, start))
        spans[judged.site_id] = Span(min(span.since, start), max(span.until, start + JUDGED_AFTER))
    for duties in book.duties(spans).values():
        for duty in duties:
            for type_ in duty.types:
                if (fact_of := wanted.pop(finding_id(type_, duty), None)) is not None:
                    add(cases, duty, fact_of)
    vanished |= wanted


def add(cases: dict[UUID, Case], duty: Duty, fact: AnyRecorded, signal: UUID | None = None) -> None:
    """Take up a duty once, with everything that asks for it."""
    case = cases.setdefault(finding_id(duty.types[0], duty), Case(duty, fact, []))
    case.duty, case.fact = duty, fact
    if signal is not None and len(case.because) < BECAUSE_MAX:
        case.because.append(signal)


def settle(desk: Desk, cases: dict[UUID, Case], vanished: dict[UUID, AnyRecorded]) -> None:
    """Judge every duty on what is known, and state the difference to what stands."""
    if not cases and not vanished:
        return
    ordered = sorted(cases.values(), key=lambda case: explaining_first(case.duty))
    duties = [case.duty for case in ordered]
    signals = signals_for(duties, desk.signals)
    ids = [finding_id(type_, duty) for duty in duties for type_ in duty.types]
    desk.fetch_streams([finding_stream(each) for each in (*ids, *vanished)])
    for case, known in zip(ordered, signals, strict=True):
        because = tuple(case.because)
        judged = {
            each.finding_id: msgspec.structs.replace(each, because=because)
            for each in judged_findings(case.duty, known, desk.position)
        }
        for type_ in case.duty.types:
            finding = finding_id(type_, case.duty)
            if finding in judged:
                command = JudgeFinding(finding=judged[finding])
                desk.do(FINDING, finding_stream(finding), command, case.fact)
            else:
                withdraw(desk, finding, case.fact, DONE_AFTER_ALL, because)
    for finding, fact in vanished.items():
        withdraw(desk, finding, fact, PLAN_CHANGED, ())


def withdraw(
    desk: Desk, finding: UUID, fact: AnyRecorded, reason: str, because: tuple[UUID, ...]
) -> None:
    """Withdraw a finding, if it stands."""
    stream_id = finding_stream(finding)
    if desk.state(FINDING, stream_id).stage not in STANDING:
        return
    command = WithdrawFinding(
        reason=reason, judged_up_to=desk.position, received=because, because=because
    )
    desk.do(FINDING, stream_id, command, fact)
