"""Fraud: the high risk board, the newest scores first, answered again from a cache until a score changes."""

from typing import Annotated

from litestar import Controller, Response, get
from litestar.params import QueryParameter

from domain.access import Capability
from domain.fraud.memory import HIGH_RISK_FROM
from interfaces.http.credentials import needs
from interfaces.http.envelope import Envelope, Items
from interfaces.http.keeping import RESPONSES, AnyRequest, kept_page_of
from interfaces.http.parameters import (
    CursorParameter,
    IdentifierFilter,
    LimitParameter,
    TheCaller,
    TheVedette,
    WaitForParameter,
)
from interfaces.http.reading import filters, wanted_by
from projections.fraud_scores import FRAUD_SCORES, ScoreRow
from projections.views import PAGE_ROWS_DEFAULT

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
        wanted = wanted_by(
            caller,
            filters(site_id=site_id, person_id=person_id),
            at_least={"probability": minimum},
            limit=limit,
            cursor=cursor,
        )
        return await kept_page_of(
            vedette,
            FRAUD_SCORES,
            caller,
            wanted,
            request,
            kept_s=SCORES_KEPT_S,
            wait_for=wait_for,
        )
