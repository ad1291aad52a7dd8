"""Sounding: is a site heard of at all? Silent site."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from domain.finding.duties import SiteHourDuty
from domain.finding.facts import Expected, FindingType
from domain.finding.seen import Judgement, Seen, clock, is_sign_of_life
from domain.severity import Severity


def judge_site_hour(duty: SiteHourDuty, signals: Sequence[Seen]) -> list[Judgement]:
    """Return whether neither the site nor anybody on shift there sent anything for an hour."""
    if any(is_sign_of_life(each) for each in signals):
        return []
    persons = ", ".join(duty.persons[:3]) + (", …" if len(duty.persons) > 3 else "")
    return [
        Judgement(
            type=FindingType.SILENT_SITE,
            severity=Severity.HIGH,
            title=f"{duty.site_id} was silent from"
            f" {clock(duty.starts_at.astimezone(UTC))} for an hour",
            expected=(Expected("A signal of any kind", duty.until),),
            received=signals,
            explanation=f"No device of the site and none of {persons} was heard of.",
        )
    ]
