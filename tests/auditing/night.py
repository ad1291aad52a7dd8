"""A night for tests: a plan, signals that come in any order, audits, and the policy that follows.

Everything is in memory; what the read models would tell is folded from the log each time."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

import msgspec

from application.auditing import RunAudit
from application.following import KnownSignal, Window
from application.policies.keep_findings_right_whenever_signals_come_late import (
    KeepFindingsRightWheneverSignalsComeLate,
)
from domain.catalogue import AnyRecorded
from domain.finding.audit import REACH
from domain.finding.coverage import Coverage, covering, is_covered
from domain.finding.duties import Duty
from domain.finding.facts import (
    AuditKind,
    AuditRequested,
    FindingRaised,
    audit_stream,
)
from domain.finding.finding import FINDING, STANDING
from domain.finding.judging import judged_findings
from domain.finding.planning import duties_due
from domain.kernel import Event
from domain.signals import (
    SignalEvent,
    signal_stream,
    signal_uuid,
)
from tests.auditing.field import (
    NAMESPACE,
    PREFIXES,
    STREAMS,
    at,
    shift,
    site,
)
from tests.auditing.port import AsEventLog, KilledError, Reading
from tests.memory_desk import Following, MemoryLog, settle


class Night:
    """A log with a plan, a worker for audits, and the policy."""

    def __init__(self, *plan: Event) -> None:
        self.log = MemoryLog()
        self.port = AsEventLog(self.log)
        self.policy = Following(KeepFindingsRightWheneverSignalsComeLate(), self.log)
        self.audits = 0
        for event in plan or (site(), shift()):
            self.plan(event)

    def plan(self, event: Event, stream_id: str = "") -> None:
        """State a fact of the directory."""
        if not stream_id:
            field = STREAMS[type(event)]
            stream_id = PREFIXES[field] + getattr(event, field)
        self.log.state(stream_id, event)

    def tell(self, *signals: SignalEvent) -> None:
        """Record signals; what is recorded already stays so."""
        for signal in signals:
            uuid = signal_uuid(signal.source, signal.signal_id)
            if not self.log.stream(signal_stream(uuid)):
                self.log.state(signal_stream(uuid), signal, event_id=uuid)

    def follow(self, batch: int = 1_000) -> None:
        """Let the policy catch up."""
        settle(self.policy, batch_facts_max=batch)

    def ask(
        self,
        minutes: float,
        kind: AuditKind = AuditKind.COMPREHENSIVE,
        site_id: str | None = None,
    ) -> AnyRecorded:
        """Ask for an audit as of a moment of the night."""
        self.audits += 1
        audit_id = uuid5(NAMESPACE, str(self.audits))
        request = AuditRequested(audit_id=audit_id, kind=kind, as_of=at(minutes), site_id=site_id)
        return self.log.state(audit_stream(audit_id), request)

    def run(self, asked: AnyRecorded, *, kill_after: int | None = None) -> None:
        """Do an audit, or as much of it as so many appends allow."""
        assert isinstance(asked.event, AuditRequested)
        self.port.appends_left = kill_after
        reading = Reading(self.log)
        try:
            RunAudit(self.port, reading, reading)(  # type: ignore[arg-type]  # a part of the port
                "t", asked.event.audit_id, asked.position
            )
        except KilledError:
            pass
        finally:
            self.port.appends_left = None

    def audit(
        self,
        minutes: float,
        kind: AuditKind = AuditKind.COMPREHENSIVE,
        site_id: str | None = None,
    ) -> None:
        """Ask for an audit, do it, and let the policy answer."""
        self.run(self.ask(minutes, kind, site_id))
        self.follow()

    def standing(self) -> dict[UUID, FindingRaised]:
        """Return what stands, told without what depends on when it was judged."""
        return {
            id_: plain(finding.judged)
            for id_, finding in self.stories().items()
            if finding.stage in STANDING and finding.judged
        }

    def stories(self) -> dict[UUID, Any]:
        ids = {fact.stream_id for fact in self.log.facts if fact.stream_id.startswith("finding-")}
        return {
            UUID(id_.removeprefix("finding-")): FINDING.replay(
                fact.event  # type: ignore[misc]  # the stream holds nothing else
                for fact in self.log.stream(id_)
            )
            for id_ in ids
        }

    def types(self) -> list[str]:
        """Return which findings stand, by name."""
        return sorted(each.finding_type.value for each in self.standing().values())

    def expected(self) -> dict[UUID, FindingRaised]:
        """Return what is to stand: every duty that an audit was asked about, on every signal."""
        everywhere = Coverage()
        alone: dict[str, Coverage] = {}
        for fact in self.log.facts:
            if isinstance(request := fact.event, AuditRequested):
                if request.site_id is None:
                    everywhere = covering(everywhere, request)
                else:
                    before = alone.get(request.site_id, Coverage())
                    alone[request.site_id] = covering(before, request)
        reading = Reading(self.log)
        found = {}
        for plan in reading.plans("t", reading.sites("t"), at(-3_000), at(6_000)):
            for duty in duties_due(plan, at(-3_000), at(6_000)):
                coverages = [everywhere, alone.get(plan.site_id, Coverage())]
                if is_covered(coverages, duty.due):
                    for finding in judged_findings(duty, self.known(duty), 0):
                        found[finding.finding_id] = plain(finding)
        return found

    def known(self, duty: Duty) -> list[KnownSignal]:
        """Return the signals of a duty, one by one."""
        windows = [Window(ask.kind, ask.subject_id, ask.since, ask.until) for ask in duty.asks]
        answers = Reading(self.log).signals("t", windows, len(self.log.facts))
        known = {each.signal: each for answer in answers for each in answer}
        return sorted(known.values(), key=lambda each: (each.at, str(each.signal)))


def plain(judged: FindingRaised) -> FindingRaised:
    evidence = msgspec.structs.replace(judged.evidence, judged_up_to=0)
    return msgspec.structs.replace(judged, evidence=evidence, because=(), audit_id=None)


__all__ = ["REACH", "Night", "Reading"]
