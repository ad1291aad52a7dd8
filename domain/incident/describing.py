"""How bad an incident is, what it is called and whom it is about: functions of the things it holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from domain.incident.facts import Item, Link, Sign
from domain.incident.grouping import place_in_crowd
from domain.incident.matching import words
from domain.incident.wishes import OpenIncident
from domain.kernel import SHORT_TEXT_CHARACTERS_MAX
from domain.severity import Severity, rank, worst

TITLE_SIGNS_MAX = 3
SERIOUS_SIGNS_MIN = 3  # so many kinds of trouble, none of them small, are a serious one


def severity_of(items: Collection[Item]) -> tuple[Severity, str]:
    """Return how bad an incident is, and the rule that says so."""
    rated: list[tuple[Severity, str]] = []
    signs = {item.sign for item in items}
    if Sign.PANIC in signs:
        rated.append((Severity.CRITICAL, "a guard called for help"))
    quiet = {item.person_id for item in items if item.sign is Sign.LOW_PHONE_ACTIVITY}
    gone = {
        item.person_id for item in items if item.sign in {Sign.DEVICE_OFFLINE, Sign.SILENT_DEVICE}
    }
    if (quiet & gone) - {None}:
        rated.append((Severity.HIGH, "low phone activity and a lost device of the same guard"))
    if Sign.TAMPER in signs and signs & {Sign.DEVICE_OFFLINE, Sign.SILENT_SITE, Sign.FRAUD}:
        rated.append((Severity.HIGH, "tampering together with silence or fraud"))
    if Sign.SILENT_SITE in signs and signs & {Sign.NO_SHOW, Sign.UNCOVERED_SHIFT}:
        rated.append((Severity.HIGH, "a silent site that nobody came to guard"))
    serious = {item.sign for item in items if rank(item.severity) >= rank(Severity.MEDIUM)}
    if len(serious) >= SERIOUS_SIGNS_MIN:
        rated.append((Severity.HIGH, "three or more kinds of trouble at once"))
    rated.append((worst(*(item.severity for item in items)), "the worst of its things"))
    # Of rules that say the same, the first one is named.
    return max(rated, key=lambda each: rank(each[0]))


def title_of(items: Collection[Item]) -> str:
    """Return what an incident is called: its signs, the worst first, and whom or what it is about."""
    ordered = sorted(items, key=place_in_crowd)
    signs = list(dict.fromkeys(words(item.sign) for item in ordered))
    more = f" and {len(signs) - TITLE_SIGNS_MAX} more" if len(signs) > TITLE_SIGNS_MAX else ""
    title = ", ".join(signs[:TITLE_SIGNS_MAX]) + more
    person, site = only(item.person_id for item in ordered), site_of(ordered)
    title += "" if person is None else f" of {person}"
    title += "" if site is None else f" at {site}"
    return (title[0].upper() + title[1:])[:SHORT_TEXT_CHARACTERS_MAX]


def only(names: Iterable[str | None]) -> str | None:
    """Return the one name that things have, or None where they have several or none."""
    found = {name for name in names if name is not None}
    return found.pop() if len(found) == 1 else None


def site_of(items: Iterable[Item]) -> str | None:
    """Return the site of the worst thing that has one."""
    return next((item.site_id for item in sorted(items, key=place_in_crowd) if item.site_id), None)


def opening(
    incident_id: UUID,
    items: Sequence[Item],
    links: Sequence[Link],
    *,
    split_from: UUID | None = None,
) -> OpenIncident:
    """Return the wish for an incident of these things, in order of time, each with its link."""
    severity, rule = severity_of(items)
    return OpenIncident(
        incident_id=incident_id,
        severity=severity,
        severity_rule=rule,
        title=title_of(items),
        site_id=site_of(items),
        person_id=only(item.person_id for item in items),
        first_at=items[0].at,
        items=tuple(items),
        links=tuple(links),
        split_from=split_from,
    )
