"""Fraud: the high risk board, the newest scores first, answered again from a cache until a score changes."""

from typing import Annotated

from litestar import Controller, Response, get
from litestar.concurrency import sync_to_thread
from litestar.params import QueryParameter

from domain.access import Capability
from domain.fraud.memory import HIGH_RISK_FROM
from interfaces.http.credentials import Caller, needs
from interfaces.http.envelope import Envelope, Items
from interfaces.http.keeping import RESPONSES, AnyRequest, kept_or_made, key_of
from interfaces.http.parameters import (
    CursorParameter,
    IdentifierFilter,
    LimitParameter,
    TheCaller,
    TheVedette,
    WaitForParameter,
    wait_until,
)
from interfaces.http.reading import filters
from interfaces.wiring import Vedette
from projections.fraud_scores import FRAUD_SCORES, ScoreRow
from projections.views import PAGE_ROWS_DEFAULT, Wanted

SCORES_KEPT_S = 300  # product rule


class FraudController(Controller):
    path = "/api/v2/noc/fraud"
    tags = ("Fraud",)

    @get(
        "/scores/live/",
        opt=needs(Capability.SECURITY_FRAUD_VIEW),
        responses=RESPONSES,
        summary="Scores, newest first",
    )
    async def live_scores(
        self,
        *,
        request: AnyRequest,
        caller: TheCaller,
        vedette: TheVedette,
        site_id: IdentifierFilter = None,
        person_id: IdentifierFilter = None,
        minimum: Annotated[
            float, QueryParameter(ge=0, le=1, description="Only scores of at least this.")
        ] = HIGH_RISK_FROM,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Response[Envelope[Items[ScoreRow]]]:
        """List the standing scores of attendances, with their features and reasons. An ETag and
        If-None-Match save what has not changed."""
        await wait_until(vedette.views, FRAUD_SCORES.name, caller.tenant_id, wait_for)
        scope = caller.principal.site_scope
        wanted = Wanted(
            equal=filters(site_id=site_id, person_id=person_id),
            at_least={"probability": minimum},
            sites=None if scope is None else sorted(scope),
            limit=limit,
            cursor=cursor,
        )
        return await sync_to_thread(scores, vedette, caller, wanted, request)


def scores(
    vedette: Vedette, caller: Caller, wanted: Wanted, request: AnyRequest
) -> Response[Envelope[Items[ScoreRow]]]:
    """Answer from what was answered before, as long as no score changed, or afresh.

    Raises:
        MalformedCursor: the cursor is not one of ours.
    """
    stands = vedette.views.changed(FRAUD_SCORES, caller.tenant_id)
    key = key_of(caller.tenant_id, "fraud-scores", wanted, stands.newest)

    def make() -> Items[ScoreRow]:
        page = vedette.views.page(FRAUD_SCORES, caller.tenant_id, wanted)
        return Items(items=page.rows, next_cursor=page.next_cursor)

    return kept_or_made(vedette, request, key, stands.position, make, SCORES_KEPT_S)
