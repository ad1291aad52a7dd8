"""`vedette tune`: the thresholds of baselines: what is in force, what would be, and who decides."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from cyclopts import App, Parameter

from application.simulating import SimulateThreshold, Simulation
from application.simulating import simulate as simulated
from domain.anomaly.facts import Metric, threshold_stream
from domain.tuning.story import DAYS_DEFAULT
from domain.tuning.threshold import (
    THRESHOLD,
    PinThreshold,
    ReleaseThreshold,
    RevertThreshold,
    ThresholdCommand,
)
from interfaces import wiring
from interfaces.cli.answering import JsonOption, TenantOption, opened, show, wish
from interfaces.cli.working import work
from projections.threshold_board import THRESHOLD_BOARD
from projections.views import Wanted

FamilyOption: TypeAlias = Annotated[
    Metric, Parameter(name="--family", help="The family of baselines: a metric.")
]
ThresholdOption: TypeAlias = Annotated[
    float, Parameter(name="--threshold", help="Standard deviations, 0.5 to 20.")
]
ReasonOption: TypeAlias = Annotated[str, Parameter(name="--reason", help="Why, in a line.")]
COLUMNS = [
    "family",
    "threshold",
    "reason",
    "because",
    "expires_at",
    "verdicts",
    "rate",
    "pinned_by",
    "changed_at",
]

app = App(name="tune", help="Look at the thresholds of baselines, try others, and decide.")


@app.command(name="list")
def list_(*, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """List the families whose threshold was ever changed; for all others the default rule holds."""
    with opened(tenant) as vedette:
        page = vedette.views.page(THRESHOLD_BOARD, tenant, Wanted(limit=len(Metric)))
    show(page.rows, COLUMNS, as_json=as_json)


@app.command
def simulate(
    *,
    tenant: TenantOption,
    family: FamilyOption,
    threshold: ThresholdOption,
    days: int = DAYS_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show what another threshold would have done to the anomalies of the last days.

    Nothing is changed. What a lower one gains is told of about the last week.

    Parameters
    ----------
    days
        Of history, 1 to 365.
    """
    asked = wish(SimulateThreshold, family=family, threshold=threshold, days=days)
    with opened(tenant) as vedette:
        result = simulated(wiring.past(vedette), tenant, asked, wiring.now())
    if as_json:
        print(msgspec.json.encode(result).decode())
        return
    print(f"{family} at {threshold:g} over {days} days:")
    print(f"  lost    {result.anomalies_lost} of {result.anomalies_before} anomalies,", end=" ")
    print(f"{result.alerts_lost} of {result.alerts_before} alerts")
    print(
        f"  gained  {result.anomalies_gained} anomalies, {result.alerts_gained} alerts{of(result)}"
    )
    for sign, examples in (("-", result.lost), ("+", result.gained)):
        for each in examples:
            print(f"  {sign} {each.window_start:%Y-%m-%d %H:%MZ}", end="  ")
            print(f"{each.subject_id}  {each.explanation}")


def of(result: Simulation) -> str:
    """Return of what the gains are, where they are not of all that was asked for."""
    since = f" since {result.gains_since:%Y-%m-%d}" if result.gains_since > result.since else ""
    return f"{since}, of the first {result.windows_rejudged} windows" if result.gains_cut else since


@app.command
def pin(
    *,
    tenant: TenantOption,
    family: FamilyOption,
    threshold: ThresholdOption,
    reason: ReasonOption,
    as_json: JsonOption = False,
) -> None:
    """Fix a threshold; no tuning moves it until it is released."""
    command = wish(PinThreshold, family=family, threshold=threshold, reason=reason)
    decide(tenant, command, f"{family} is pinned at {threshold:g}", as_json=as_json)


@app.command
def release(
    *, tenant: TenantOption, family: FamilyOption, reason: ReasonOption, as_json: JsonOption = False
) -> None:
    """Let a pinned threshold go; what was in force before holds again."""
    command = wish(ReleaseThreshold, family=family, reason=reason)
    decide(tenant, command, f"{family} is released", as_json=as_json)


@app.command
def revert(
    *, tenant: TenantOption, family: FamilyOption, reason: ReasonOption, as_json: JsonOption = False
) -> None:
    """Take the latest tuning of a threshold back."""
    command = wish(RevertThreshold, family=family, reason=reason)
    decide(tenant, command, f"The tuning of {family} is taken back", as_json=as_json)


def decide(tenant: str, command: ThresholdCommand, what: str, *, as_json: bool) -> None:
    """Hand a decision to a family's threshold, and say what it came to."""
    stream = threshold_stream(command.family)
    work(tenant, THRESHOLD, stream, command, what, as_json=as_json)
