"""Auditing: duty is looked at as of an instant, on what stood in the log when that was asked for.

An audit is a pure function of the log up to its request, compared with what stands. Killed at any
point and run again it states what is missing and nothing twice. What comes behind the request is
the business of the policy `keep-findings-right-whenever-signals-come-late`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Protocol, cast
from uuid import UUID, uuid4

import msgspec

from application.duty_signals import signals_for
from application.following import KnownSignals
from application.handling import handle
from application.ports import (
    Append,
    Cause,
    EventLog,
    Expect,
    StreamMoved,
)
from domain.catalogue import AnyRecorded
from domain.finding.audit import AUDIT, REACH, CompleteAudit, FailAudit, RequestAudit
from domain.finding.duties import finding_id
from domain.finding.facts import (
    AuditKind,
    AuditRequested,
    FindingEvent,
    FindingRaised,
    FindingRevised,
    FindingWithdrawn,
    audit_stream,
    finding_stream,
)
from domain.finding.finding import FINDING, FindingCommand, JudgeFinding, WithdrawFinding
from domain.finding.judging import explaining_first, judged_findings
from domain.finding.plan import SitePlan
from domain.finding.planning import duties_due
from domain.kernel import Senseless
from domain.signals import HORIZON

AUDITOR = "system:auditor"
FINDINGS_AT_ONCE = 1_000  # in one call of the log
SITES_AT_ONCE = 50  # their signals of a day are held in memory together
TRIES_MAX = 10  # for a stream that somebody else writes to at the same time
DUTY_WAS_DONE = "Judged anew, duty was done."


class AuditOutOfRange(Senseless):
    """An audit looks at what may still be judged."""

    code = "audit.as_of_out_of_range"


class AuditMustWait(Exception):
    """A read model has not reached the request yet."""

    def __init__(self, projection: str, position: int) -> None:
        super().__init__(f"The read model {projection} did not reach position {position} in time.")


class StandingFinding(msgspec.Struct, frozen=True):
    """A finding as the read model tells it."""

    finding_id: UUID
    stands: bool  # open or acknowledged
    judged_up_to: int  # position


class Plans(Protocol):
    """The plan and the findings of a tenant, as the read models tell them."""

    def wait(self, tenant_id: str, position: int) -> None:
        """Wait until everything that an audit reads has reached a position.

        Raises:
            AuditMustWait: it had not in time; trying again is safe.
        """
        ...

    def sites(self, tenant_id: str) -> list[str]:
        """Return every site, in order."""
        ...

    def plans(
        self, tenant_id: str, site_ids: Sequence[str], since: datetime, until: datetime
    ) -> list[SitePlan]:
        """Return what sites plan, enough for the duties due in a time."""
        ...

    def standing(
        self, tenant_id: str, site_ids: Sequence[str], since: datetime
    ) -> list[StandingFinding]:
        """Return the findings at sites whose duty ended at a moment or later."""
        ...

    def stories(self, tenant_id: str, finding_ids: Sequence[UUID]) -> dict[UUID, list[AnyRecorded]]:
        """Return the facts of findings, oldest first; findings without any are left out."""
        ...


class Tally(msgspec.Struct):
    """What an audit has done so far, whichever worker did it."""

    windows: int = 0
    raised: int = 0
    revised: int = 0
    withdrawn: int = 0

    def count(self, event: object) -> None:
        self.raised += isinstance(event, FindingRaised)
        self.revised += isinstance(event, FindingRevised)
        self.withdrawn += isinstance(event, FindingWithdrawn)


def request_audit(
    log: EventLog,
    tenant_id: str,
    kind: AuditKind,
    now: datetime,
    cause: Cause,
    *,
    site_id: str | None = None,
    as_of: datetime | None = None,
) -> tuple[UUID, datetime, int]:
    """Ask for an audit; return its id, as of when it looks, and the position that it judges up to.

    Raises:
        AuditOutOfRange: it is to look at the future, or at what nobody judges any more.
    """
    as_of = as_of or now
    if not now - HORIZON <= as_of <= now:
        raise AuditOutOfRange(
            f"as_of must be a moment of the last {HORIZON.days} days.", field="$.as_of"
        )
    audit_id = uuid4()
    command = RequestAudit(audit_id=audit_id, kind=kind, as_of=as_of, site_id=site_id)
    position = handle(log, tenant_id, AUDIT, audit_stream(audit_id), command, cause)
    assert position is not None, "Nobody asked under a fresh id before."
    return audit_id, as_of, position


class RunAudit:
    """Judges every duty that an audit asks for, and states the difference to what stands."""

    def __init__(self, log: EventLog, signals: KnownSignals, plans: Plans) -> None:
        self._log = log
        self._signals = signals
        self._plans = plans

    def __call__(self, tenant_id: str, audit_id: UUID, position: int) -> None:
        """Answer the request at a position. What is answered already, or was never asked, stays so.

        Raises:
            AuditMustWait: the read models have not reached the request; trying again is safe.
            LogUnavailable: the database did not answer; trying again is safe.
        """
        story = self._log.read_stream(tenant_id, audit_stream(audit_id))
        if len(story) != 1 or not isinstance(story[0].event, AuditRequested):
            return
        self._plans.wait(tenant_id, position)
        request = story[0].event
        sites = self._plans.sites(tenant_id)
        answer: CompleteAudit | FailAudit
        if request.site_id is not None and request.site_id not in sites:
            answer = FailAudit(reason=f"There is no site {request.site_id}.")
        else:
            wanted = sites if request.site_id is None else [request.site_id]
            tally = Tally()
            for chunk in chunks(wanted):
                self._judge(tenant_id, story[0], request, chunk, tally)
            answer = CompleteAudit(
                judged_up_to=position, sites=len(wanted), **msgspec.structs.asdict(tally)
            )
        cause = Cause(AUDITOR, correlation_id=story[0].correlation_id, caused_by=position)
        try:
            handle(self._log, tenant_id, AUDIT, audit_stream(audit_id), answer, cause)
        except StreamMoved:
            return  # another worker had the same message, and was faster

    def _judge(
        self,
        tenant_id: str,
        asked: AnyRecorded,
        request: AuditRequested,
        site_ids: Sequence[str],
        tally: Tally,
    ) -> None:
        """Judge the duties of some sites."""
        since, until = request.as_of - REACH[request.kind], request.as_of
        position = asked.position
        duties = [
            duty
            for plan in self._plans.plans(tenant_id, site_ids, since, until)
            for duty in duties_due(plan, since, until)
        ]
        duties.sort(key=explaining_first)
        tally.windows += len(duties)
        if not duties:
            return
        known = signals_for(
            duties, lambda windows: self._signals.signals(tenant_id, windows, position)
        )
        judged = {
            finding.finding_id: finding
            for duty, signals in zip(duties, known, strict=True)
            for finding in judged_findings(duty, signals, position, request.audit_id)
        }
        asked_about = {finding_id(type_, duty) for duty in duties for type_ in duty.types}
        begin = min(duty.starts_at for duty in duties)
        known_before = {
            each.finding_id: each
            for each in self._plans.standing(tenant_id, site_ids, begin)
            if each.finding_id in asked_about
        }
        wishes: dict[UUID, FindingCommand] = {
            each.finding_id: WithdrawFinding(reason=DUTY_WAS_DONE, judged_up_to=position)
            for each in known_before.values()
            # What this audit withdrew before it was cut off is counted again, and not done again.
            if each.finding_id not in judged and (each.stands or each.judged_up_to == position)
        }
        wishes |= {id_: JudgeFinding(finding=finding) for id_, finding in judged.items()}
        self._state(tenant_id, asked, wishes, known_before.keys(), tally)

    def _state(
        self,
        tenant_id: str,
        asked: AnyRecorded,
        wishes: dict[UUID, FindingCommand],
        heard_of: Collection[UUID],
        tally: Tally,
    ) -> None:
        """State what differs from what stands, all of it in one go; who lost a race tries again.

        A finding that the read model has not heard of is taken for new: nearly always it is.
        """
        cause = Cause(AUDITOR, correlation_id=asked.correlation_id, caused_by=asked.position)
        left = wishes
        known = [id_ for id_ in wishes if id_ in heard_of]
        for _ in range(TRIES_MAX):
            stories = self._plans.stories(tenant_id, known)
            appends: dict[UUID, Append] = {}
            for id_, command in left.items():
                story = stories.get(id_, [])
                version = story[-1].version if story else Expect.NO_STREAM
                state = FINDING.replay(cast("FindingEvent", fact.event) for fact in story)
                events = FINDING.decide(state, command)
                if events:
                    stream_id = finding_stream(id_)
                    appends[id_] = Append.of(stream_id, version, events, cause)
                    continue
                # What this audit stated before it was cut off is counted, too.
                for fact in story:
                    if fact.caused_by == asked.position:
                        tally.count(fact.event)
            lost = self._append(tenant_id, appends, tally)
            left = {id_: left[id_] for id_ in lost}
            known = list(left)
            if not left:
                return
        raise StreamMoved(finding_stream(known[0]), 0)

    def _append(self, tenant_id: str, appends: dict[UUID, Append], tally: Tally) -> list[UUID]:
        """Append facts of findings; return those whose stories went on in between."""
        wanted = list(appends.items())
        lost: list[UUID] = []
        for first in range(0, len(wanted), FINDINGS_AT_ONCE):
            part = wanted[first : first + FINDINGS_AT_ONCE]
            outcomes = self._log.append_each(tenant_id, [append for _, append in part])
            for (id_, append), outcome in zip(part, outcomes, strict=True):
                if isinstance(outcome, StreamMoved):
                    lost.append(id_)
                    continue
                for fact in append.slices[0].facts:
                    tally.count(fact.event)
        return lost


def chunks(sites: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut sites into parts whose signals are held in memory together."""
    for first in range(0, len(sites), SITES_AT_ONCE):
        yield sites[first : first + SITES_AT_ONCE]
