"""Coverage: which duties an audit was asked to judge, told by the moment from which each is judged.

From the request on, a duty that is covered is kept right: signals that stand in the log at the
request are looked at by the audit, those behind it by the policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from domain.finding.audit import REACH
from domain.finding.facts import AuditRequested

KEPT = timedelta(days=10)  # more than the horizon of late signals and the longest duty


class Span(msgspec.Struct, frozen=True):
    """A time: (since, until]."""

    since: datetime
    until: datetime


class Coverage(msgspec.Struct, frozen=True):
    """What the audits of a tenant, or of one of its sites alone, have covered."""

    spans: tuple[Span, ...] = ()  # in order, none touching another
    latest: datetime | None = None  # the youngest moment that is covered


def covering(coverage: Coverage, request: AuditRequested) -> Coverage:
    """Return the coverage after an audit was asked for."""
    wanted = Span(request.as_of - REACH[request.kind], request.as_of)
    latest = max(request.as_of, coverage.latest or request.as_of)
    kept = [each for each in coverage.spans if each.until > latest - KEPT]
    return Coverage(joined([*kept, wanted]), latest)


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the same time in as few spans as can be."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda each: each.since):
        if found and span.since <= found[-1].until:
            found[-1] = Span(found[-1].since, max(found[-1].until, span.until))
        else:
            found.append(span)
    return tuple(found)


def is_covered(coverages: Sequence[Coverage], due: datetime) -> bool:
    """Return whether a duty that is judged from a moment on was to be judged."""
    return any(span.since < due <= span.until for each in coverages for span in each.spans)
