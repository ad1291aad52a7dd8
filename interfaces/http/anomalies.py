"""Anomalies and baselines: what was unusual, by which numbers, and what is normal."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath, FromQuery, QueryParameter

from application.watching.memories import Subject
from application.watching.showing import POLICY, BaselineRow
from domain.access import Capability
from domain.anomaly.facts import Metric, SubjectKind, anomaly_stream
from domain.severity import Severity
from interfaces.http.credentials import needs
from interfaces.http.envelope import Envelope, Items
from interfaces.http.parameters import (
    IDENTIFIER_PATTERN,
    CursorParameter,
    IdentifierFilter,
    LimitParameter,
    TheCaller,
    TheVedette,
    WaitForParameter,
    wait_until,
)
from interfaces.http.problems import OF_LISTS
from interfaces.http.reading import (
    NotFound,
    TimelineEntry,
    filters,
    page_of,
    story_of,
)
from projections.anomalies import ANOMALIES, AnomalyRow, AnomalyShown
from projections.views import PAGE_ROWS_DEFAULT

VIEW = needs(Capability.ANOMALIES_VIEW)


class AnomalyStory(AnomalyRow, frozen=True, kw_only=True):
    """An anomaly with everything that was ever judged of its window, oldest first."""

    timeline: list[TimelineEntry]


class AnomalyController(Controller):
    path = "/api/v2/noc/anomalies"
    tags = ("Anomalies",)

    @get("/", opt=VIEW, responses=OF_LISTS, summary="List anomalies")
    async def list_anomalies(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        status: FromQuery[AnomalyShown | None] = None,
        metric: FromQuery[Metric | None] = None,
        severity: FromQuery[Severity | None] = None,
        subject_kind: FromQuery[SubjectKind | None] = None,
        subject_id: IdentifierFilter = None,
        site_id: IdentifierFilter = None,
        person_id: IdentifierFilter = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[AnomalyRow]]:
        """List anomalies, newest first, with value, mean, deviation, count, threshold and why."""
        equal = filters(
            status=status,
            metric=metric,
            severity=severity,
            subject_kind=subject_kind,
            subject_id=subject_id,
            site_id=site_id,
            person_id=person_id,
        )
        return await page_of(
            vedette, ANOMALIES, caller, equal, limit=limit, cursor=cursor, wait_for=wait_for
        )

    @get("/{anomaly_id:uuid}/", opt=VIEW, responses=OF_LISTS, summary="One anomaly")
    async def one_anomaly(
        self,
        *,
        anomaly_id: FromPath[UUID],
        caller: TheCaller,
        vedette: TheVedette,
        wait_for: WaitForParameter = None,
    ) -> Envelope[AnomalyStory]:
        """Show an anomaly, and what was judged of its window before late signals came."""
        stream = anomaly_stream(anomaly_id)
        return await story_of(vedette, ANOMALIES, caller, stream, AnomalyStory, wait_for=wait_for)


class BaselineController(Controller):
    path = "/api/v2/noc/baselines"
    tags = ("Anomalies",)

    @get("/", opt=VIEW, responses=OF_LISTS, summary="Baselines of one subject")
    async def baselines(
        self,
        *,
        caller: TheCaller,
        vedette: TheVedette,
        subject_kind: FromQuery[SubjectKind],
        subject_id: Annotated[
            str, QueryParameter(min_length=1, max_length=64, pattern=IDENTIFIER_PATTERN)
        ],
        metric: FromQuery[Metric | None] = None,
        at: Annotated[
            datetime | None,
            QueryParameter(description="The moment whose hour is asked for; now, if left out."),
        ] = None,
        wait_for: WaitForParameter = None,
    ) -> Envelope[Items[BaselineRow]]:
        """Show what is normal for a person or a site at a moment, the threshold and why, and what
        each bucket learned. A subject that is too new shows what its site lends it."""
        await wait_until(vedette.views, POLICY, caller.tenant_id, wait_for)
        position = await sync_to_thread(vedette.views.reached, POLICY, caller.tenant_id)
        moment = datetime.now(UTC) if at is None else at
        rows = await sync_to_thread(
            vedette.baselines.of,
            caller.tenant_id,
            Subject(subject_kind, subject_id),
            list(Metric) if metric is None else [metric],
            moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC),
        )
        if rows is None or not all(caller.principal.sees(row.site_id) for row in rows):
            raise NotFound("There is no such subject here, or no signal of it yet.")
        return Envelope(data=Items(items=rows, next_cursor=None), position=position)
