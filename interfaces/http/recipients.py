"""Recipients: how many listeners each frame of the feed was handed to, looked up by position."""

from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.params import QueryParameter

from application.recipients import KEPT_DAYS, FrameRecipients, recipients_of
from domain.access import Capability
from interfaces.http.credentials import needs
from interfaces.http.envelope import Envelope
from interfaces.http.parameters import POSITION_MAX, LimitParameter, TheCaller, TheVedette
from interfaces.http.problems import OF_LISTS
from interfaces.http.working import require_site
from projections.views import PAGE_ROWS_DEFAULT


class FramesHanded(msgspec.Struct, frozen=True, kw_only=True):
    """Frames in the order of the log; `next_after` leads on, and is null on the last page."""

    items: list[FrameRecipients]
    next_after: int | None


class RecipientController(Controller):
    path = "/api/v2/noc/feed/recipients"
    tags = ("Feed",)

    @get(
        "/",
        opt=needs(Capability.OPERATIONS_VIEW),
        responses=OF_LISTS,
        sync_to_thread=True,
        summary="Recipients of frames",
        description=(
            "How many listeners each frame of the feed was handed to, and for how many it was left"
            " out in a storm, over all web processes, known about a second later. One with 0"
            " recipients was for nobody who listened; what is not listed is not public, or happened"
            f" while nobody listened, or was told more than {KEPT_DAYS} days ago."
        ),
    )
    def recipients(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        position: Annotated[
            int | None,
            QueryParameter(ge=1, le=POSITION_MAX, description="Only the frame of this fact."),
        ] = None,
        after: Annotated[
            int, QueryParameter(ge=0, le=POSITION_MAX, description="Only frames behind this one.")
        ] = 0,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
    ) -> Envelope[FramesHanded]:
        """Tell how many listeners each frame was handed to."""
        require_site(caller, None)
        found = recipients_of(
            vedette.recipients, caller.tenant_id, position=position, after=after, limit=limit
        )
        more = position is None and len(found) == limit
        return Envelope(
            data=FramesHanded(items=found, next_after=found[-1].position if more else None),
            position=vedette.log.head(caller.tenant_id).position,
        )
