"""Thresholds: what is in force for each family of baselines and why, and what people decide."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath, SkipValidation

from application.handling import handle
from application.simulating import SimulateThreshold, Simulation, simulate
from domain.access import Capability
from domain.anomaly.facts import Metric, Threshold, ThresholdReason, threshold_stream
from domain.kernel import ShortText
from domain.tuning.threshold import (
    THRESHOLD,
    PinThreshold,
    ReleaseThreshold,
    RevertThreshold,
    ThresholdCommand,
)
from interfaces import wiring
from interfaces.http.credentials import Caller, needs
from interfaces.http.envelope import Envelope, Items, Reached
from interfaces.http.parameters import (
    IfMatchParameter,
    TheCaller,
    TheVedette,
    WaitForParameter,
    body,
    version_of,
    wait_until,
)
from interfaces.http.problems import OF_LISTS, OF_WRITES
from interfaces.http.reading import NotFound, TimelineEntry, timeline_of
from interfaces.http.working import commanding, reached, require_site
from interfaces.wiring import Vedette
from projections.threshold_board import THRESHOLD_BOARD, ThresholdRow
from projections.views import Wanted

VIEW = needs(Capability.BASELINES_VIEW)
MANAGE = needs(Capability.THRESHOLDS_MANAGE)
command = commanding(Capability.THRESHOLDS_MANAGE)
NEVER_CHANGED = "Never tuned or pinned"


class ThresholdShown(msgspec.Struct, frozen=True, kw_only=True):
    """The threshold of one family. Null means the default rule: 3.0, and 2.5 above 100 samples."""

    family: Metric
    threshold: float | None
    reason: ThresholdReason
    because: str
    row: ThresholdRow | None  # null: nobody ever changed it


class ThresholdStory(ThresholdShown, frozen=True, kw_only=True):
    """A family's threshold with everything that was decided about it, oldest first."""

    timeline: list[TimelineEntry]


class Pin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The threshold that shall hold, and why."""

    threshold: Threshold
    reason: ShortText


class Why(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a person decides so."""

    reason: ShortText


class ThresholdController(Controller):
    path = "/api/v2/noc/baselines/thresholds"
    tags = ("Baselines",)

    @get("/", opt=VIEW, responses=OF_LISTS, summary="List thresholds")
    async def list_thresholds(
        self, *, caller: TheCaller, vedette: TheVedette, wait_for: WaitForParameter = None
    ) -> Envelope[Items[ThresholdShown]]:
        """List what is in force for every family of baselines, and why."""
        await wait_until(vedette.views, THRESHOLD_BOARD.name, caller.tenant_id, wait_for)
        page = await sync_to_thread(
            vedette.views.page, THRESHOLD_BOARD, caller.tenant_id, Wanted(limit=len(Metric))
        )
        rows = {row.family: row for row in page.rows}
        items = [shown(family, rows.get(family)) for family in Metric]
        return Envelope(data=Items(items=items, next_cursor=None), position=page.position)

    @get("/{family:str}/", opt=VIEW, responses=OF_LISTS, summary="One threshold")
    async def one_threshold(
        self,
        *,
        family: FromPath[str],
        caller: TheCaller,
        vedette: TheVedette,
        wait_for: WaitForParameter = None,
    ) -> Envelope[ThresholdStory]:
        """Show a family's threshold and how it came about."""
        metric = family_of(family)
        await wait_until(vedette.views, THRESHOLD_BOARD.name, caller.tenant_id, wait_for)
        found = await sync_to_thread(
            vedette.views.one, THRESHOLD_BOARD, caller.tenant_id, metric.value
        )
        timeline = await sync_to_thread(timeline_of, vedette, caller, threshold_stream(metric))
        fields: dict[str, Any] = msgspec.structs.asdict(shown(metric, found.row))
        return Envelope(data=ThresholdStory(**fields, timeline=timeline), position=found.position)

    @post("/simulate/", opt=MANAGE, status_code=200, responses=OF_WRITES, sync_to_thread=True)
    def simulate(
        self,
        *,
        data: Annotated[
            SkipValidation[SimulateThreshold],
            body({"family": "geofence_distance", "threshold": 4.0, "days": 30}),
        ],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Simulation]:
        """Show which anomalies and alerts of the last days another threshold would lose and gain.

        Nothing is changed. What is lost is told of all the days, what a lower threshold gains of
        those since `gains_since`, about the last week: their windows are judged again.
        """
        require_site(caller, None)
        result = simulate(wiring.past(vedette), caller.tenant_id, data, wiring.now())
        return Envelope(data=result, position=vedette.log.head(caller.tenant_id).position)

    @command("/{family:str}/pin/")
    def pin(
        self,
        *,
        family: FromPath[str],
        data: Annotated[
            SkipValidation[Pin], body({"threshold": 3.5, "reason": "Works next door until May"})
        ],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Fix a family's threshold; no tuning moves it until it is released."""
        wish = PinThreshold(family=family_of(family), threshold=data.threshold, reason=data.reason)
        return work(vedette, caller, wish, if_match)

    @command("/{family:str}/release/")
    def release(
        self,
        *,
        family: FromPath[str],
        data: Annotated[SkipValidation[Why], body({"reason": "The works are over"})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Let a pinned threshold go; what was in force before holds again."""
        wish = ReleaseThreshold(family=family_of(family), reason=data.reason)
        return work(vedette, caller, wish, if_match)

    @command("/{family:str}/revert/")
    def revert(
        self,
        *,
        family: FromPath[str],
        data: Annotated[SkipValidation[Why], body({"reason": "A new guard gave the verdicts"})],
        caller: TheCaller,
        vedette: TheVedette,
        if_match: IfMatchParameter = None,
    ) -> Envelope[Reached]:
        """Take the latest tuning of a family back."""
        wish = RevertThreshold(family=family_of(family), reason=data.reason)
        return work(vedette, caller, wish, if_match)


def family_of(text: str) -> Metric:
    """Return the family of this name.

    Raises:
        NotFound: there is none.
    """
    try:
        return Metric(text)
    except ValueError as error:
        raise NotFound("There is no such family of baselines.") from error


def shown(family: Metric, row: ThresholdRow | None) -> ThresholdShown:
    """Return a family's threshold, whether or not somebody ever changed it."""
    if row is None:
        return ThresholdShown(
            family=family,
            threshold=None,
            reason=ThresholdReason.DEFAULT,
            because=NEVER_CHANGED,
            row=None,
        )
    return ThresholdShown(
        family=family, threshold=row.threshold, reason=row.reason, because=row.because, row=row
    )


def work(
    vedette: Vedette, caller: Caller, wish: ThresholdCommand, if_match: str | None
) -> Envelope[Reached]:
    """Hand a decision to a family's threshold; it holds at every site, so it takes all of them."""
    require_site(caller, None)
    position = handle(
        vedette.log,
        caller.tenant_id,
        THRESHOLD,
        threshold_stream(wish.family),
        wish,
        caller.cause(),
        if_match=version_of(if_match),
    )
    return reached(vedette, caller, position)
