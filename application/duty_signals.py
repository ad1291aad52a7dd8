"""Duty signals: the signals that duties are judged on, fetched once however many ask for them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from operator import attrgetter

from application.following import KnownSignal, Window
from domain.anomaly.facts import SubjectKind
from domain.finding.coverage import Span, joined
from domain.finding.duties import Ask, Duty

# A store answers so many signals of one window at most; a busy site stays below it in this time.
PIECE = timedelta(hours=4)

Fetch = Callable[[Sequence[Window]], list[list[KnownSignal]]]

at = attrgetter("at")
order = attrgetter("at", "signal")


def signals_for(duties: Sequence[Duty], fetch: Fetch) -> list[list[KnownSignal]]:
    """Return the signals of each duty, ordered by (at, signal), each once."""
    spans: dict[tuple[SubjectKind, str], list[Span]] = {}
    for duty in duties:
        for ask in duty.asks:
            spans.setdefault((ask.kind, ask.subject_id), []).append(Span(ask.since, ask.until))
    windows = [
        Window(kind, subject_id, piece.since, piece.until)
        for (kind, subject_id), asked in spans.items()
        for span in joined(asked)
        for piece in pieces(span)
    ]
    known: dict[tuple[SubjectKind, str], list[KnownSignal]] = {}
    for window, signals in zip(windows, fetch(windows), strict=True):
        known.setdefault((window.kind, window.subject_id), []).extend(signals)
    return [signals_of(duty, known) for duty in duties]


def pieces(span: Span) -> Iterator[Span]:
    """Cut a time into pieces, in order."""
    since = span.since
    while since < span.until:
        until = min(since + PIECE, span.until)
        yield Span(since, until)
        since = until


def signals_of(
    duty: Duty, known: dict[tuple[SubjectKind, str], list[KnownSignal]]
) -> list[KnownSignal]:
    """Return what a duty asked for, out of what is known of its subjects."""
    if len(duty.asks) == 1:
        return cut(known[duty.asks[0].kind, duty.asks[0].subject_id], duty.asks[0])
    found = {
        each.signal: each for ask in duty.asks for each in cut(known[ask.kind, ask.subject_id], ask)
    }
    return sorted(found.values(), key=order)


def cut(signals: list[KnownSignal], ask: Ask) -> list[KnownSignal]:
    first = bisect_left(signals, ask.since, key=at)
    return signals[first : bisect_left(signals, ask.until, lo=first, key=at)]
