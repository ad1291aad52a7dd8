"""Sounding: is a site heard of at all? Silent site.

One guard's phone without a network looks like a site that is cut off, so what calls people is what
one phone does not explain: two guards who are not heard of, or a whole hour of the clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from domain.finding.duties import SiteHalfHourDuty
from domain.finding.facts import Expected, FindingType
from domain.finding.seen import Judgement, Seen, clock, is_sign_of_life
from domain.severity import Severity

NAMED_MAX = 3  # guards named in one explanation
# The phones of so many guards are seldom out of reach at once by chance. An assumption, measured
# in ADR 0054.
GUARDS_HIGH_FROM = 2


def judge_site_half_hour(duty: SiteHalfHourDuty, signals: Sequence[Seen]) -> list[Judgement]:
    """Return whether neither the site nor anybody on shift there sent anything for half an hour."""
    heard = [each.at for each in signals if is_sign_of_life(each)]
    if heard and heard[-1] >= duty.starts_at:
        return []
    for_an_hour = bool(duty.persons_before) and not heard
    since = duty.hour_starts_at if for_an_hour else duty.starts_at
    grave = for_an_hour or len(duty.persons) >= GUARDS_HIGH_FROM
    return [
        Judgement(
            type=FindingType.SILENT_SITE,
            severity=Severity.HIGH if grave else Severity.MEDIUM,
            title=f"{duty.site_id} was silent from {clock(since.astimezone(UTC))}"
            f" for {'an hour' if for_an_hour else 'half an hour'}",
            expected=(Expected("A signal of any kind", duty.until),),
            received=[each for each in signals if each.at >= since],
            explanation=explained(duty, for_an_hour=for_an_hour),
        )
    ]


def explained(duty: SiteHalfHourDuty, *, for_an_hour: bool) -> str:
    """Return what was not heard of, and what makes it grave or not, in a sentence."""
    if for_an_hour:
        names = named(sorted({*duty.persons, *duty.persons_before}))
        return f"No device of the site and none of {names} was heard of, for an hour now."
    if len(duty.persons) >= GUARDS_HIGH_FROM:
        names, number = named(duty.persons), len(duty.persons)
        return (
            f"No device of the site and none of {names} was heard of,"
            f" though {number} guards were on shift."
        )
    return f"No device of the site was heard of, nor {duty.persons[0]}, the only guard on shift."


def named(persons: Sequence[str]) -> str:
    return ", ".join(persons[:NAMED_MAX]) + (", …" if len(persons) > NAMED_MAX else "")
