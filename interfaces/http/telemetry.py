"""Telemetry: the signals of one person or one site, newest first, answered again from a cache.

The key of a cached answer holds the mark of its subject, the position of its newest signal, so an
answer that a newer signal made wrong is never found; see docs/decisions/0030.
"""

from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Annotated, TypeAlias

from litestar import Controller, Response, get
from litestar.concurrency import sync_to_thread
from litestar.params import FromQuery, QueryParameter

from domain.access import Capability
from domain.moments import NEWEST, OLDEST
from interfaces.http.credentials import Caller, needs
from interfaces.http.envelope import Envelope
from interfaces.http.keeping import RESPONSES, AnyRequest, kept_or_made, key_of
from interfaces.http.parameters import (
    CursorParameter,
    IdentifierPath,
    LimitParameter,
    TheCaller,
    TheVedette,
    WaitForParameter,
    require_order,
    wait_until,
)
from interfaces.http.problems import Rejected
from interfaces.http.reading import NotFound
from interfaces.wiring import Vedette
from projections.signals import SIGNALS
from projections.telemetry import (
    Mark,
    SignalKind,
    SignalsAsked,
    TelemetryPage,
    TelemetrySubject,
)
from projections.views import PAGE_ROWS_DEFAULT, Wanted

VIEW = needs(Capability.DIRECTORY_VIEW)

Answer: TypeAlias = Response[Envelope[TelemetryPage]]
# As text, so that a moment that is none is blamed on the name that the client gave it.
SinceParameter: TypeAlias = Annotated[
    str | None,
    QueryParameter(name="from", max_length=64, description="A moment with its zone, included."),
]
UntilParameter: TypeAlias = Annotated[
    str | None,
    QueryParameter(name="to", max_length=64, description="A moment with its zone, not included."),
]


class TelemetryController(Controller):
    path = "/api/v2/noc/telemetry"
    tags = ("Telemetry",)

    @get("/signals/{person_id:str}/", opt=VIEW, responses=RESPONSES, summary="A person's signals")
    async def of_person(
        self,
        *,
        request: AnyRequest,
        person_id: IdentifierPath,
        caller: TheCaller,
        vedette: TheVedette,
        kind: FromQuery[SignalKind | None] = None,
        since: SinceParameter = None,
        until: UntilParameter = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Answer:
        """List the signals about a person by the time when they happened, newest first, with their
        count by kind. An ETag and If-None-Match save what has not changed."""
        asked = wanted(caller, TelemetrySubject.PERSON, person_id, kind, since, until)
        await wait_until(vedette.views, SIGNALS.name, caller.tenant_id, wait_for)
        at_least = wait_for or 0
        return await sync_to_thread(
            answer, vedette, caller, asked, limit, cursor, request, at_least
        )

    @get("/sites/{site_id:str}/", opt=VIEW, responses=RESPONSES, summary="A site's signals")
    async def of_site(
        self,
        *,
        request: AnyRequest,
        site_id: IdentifierPath,
        caller: TheCaller,
        vedette: TheVedette,
        kind: FromQuery[SignalKind | None] = None,
        since: SinceParameter = None,
        until: UntilParameter = None,
        limit: LimitParameter = PAGE_ROWS_DEFAULT,
        cursor: CursorParameter = None,
        wait_for: WaitForParameter = None,
    ) -> Answer:
        """List the signals from a site by the time when they happened, newest first, with their
        count by kind. An ETag and If-None-Match save what has not changed."""
        asked = wanted(caller, TelemetrySubject.SITE, site_id, kind, since, until)
        await wait_until(vedette.views, SIGNALS.name, caller.tenant_id, wait_for)
        at_least = wait_for or 0
        return await sync_to_thread(
            answer, vedette, caller, asked, limit, cursor, request, at_least
        )


def wanted(  # noqa: PLR0917 - whose, of which kind, from when to when
    caller: Caller,
    subject: TelemetrySubject,
    subject_id: str,
    kind: SignalKind | None,
    since: str | None,
    until: str | None,
) -> SignalsAsked:
    """Return what is asked for, within the sites of the caller."""
    scope = caller.principal.site_scope
    bounds = moment("from", since), moment("to", until)
    require_order(*({} if bound is None else {"at": bound} for bound in bounds))
    return SignalsAsked(
        subject=subject,
        subject_id=subject_id,
        kind=kind,
        since=bounds[0],
        until=bounds[1],
        sites=None if scope is None else sorted(scope),
    )


def moment(name: str, text: str | None) -> datetime | None:
    """Return a bound of time as it was given.

    Raises:
        Rejected: it is no moment, has no zone, or lies where nothing is kept.
    """
    if text is None:
        return None
    given = None
    with suppress(ValueError):
        given = datetime.fromisoformat(text)
    if given is None or given.tzinfo is None or not OLDEST <= given < NEWEST:
        span = f"a moment with its zone, from {OLDEST:%Y-%m-%d} on and before {NEWEST:%Y-%m-%d}"
        raise Rejected(400, "request.invalid", f"{name} must be {span}.", field=name)
    return given


def answer(  # noqa: PLR0917 - what, of it which page, and what the client has already
    vedette: Vedette,
    caller: Caller,
    asked: SignalsAsked,
    limit: int,
    cursor: str | None,
    request: AnyRequest,
    at_least: int,
) -> Answer:
    """Answer from what was answered before, or afresh.

    Raises:
        NotFound: the subject is not there for this caller.
        MalformedCursor: the cursor is not one of ours.
    """
    mark = vedette.telemetry.mark(caller.tenant_id, asked.subject, asked.subject_id, at_least)
    require_visible(caller, asked, mark)
    key = key_of(caller.tenant_id, asked, limit, cursor, mark.newest)
    make = partial(page_of, vedette, caller, asked, mark, limit, cursor)
    return kept_or_made(vedette, request, key, mark.position, make)


def require_visible(caller: Caller, asked: SignalsAsked, mark: Mark) -> None:
    """Refuse subjects that are not there, and sites that the caller may not see.

    Raises:
        NotFound: it is not there for this caller.
    """
    is_site = asked.subject is TelemetrySubject.SITE
    if not mark.known or (is_site and not caller.principal.sees(mark.site_id)):
        raise NotFound("There is no such thing here.")


def page_of(  # noqa: PLR0917 - whose signals, for whom, and which of them
    vedette: Vedette,
    caller: Caller,
    asked: SignalsAsked,
    mark: Mark,
    limit: int,
    cursor: str | None,
) -> TelemetryPage:
    """Return one page of a subject's signals.

    Raises:
        NotFound: it is a person from another site, of whom nothing can be seen at the caller's.
        MalformedCursor: the cursor is not one of ours.
    """
    equal = {f"{asked.subject}_id": asked.subject_id}
    if asked.kind is not None:
        equal["kind"] = asked.kind
    page = vedette.views.page(
        SIGNALS,
        caller.tenant_id,
        Wanted(
            equal=equal,
            at_least={} if asked.since is None else {"at": asked.since},
            below={} if asked.until is None else {"at": asked.until},
            sites=asked.sites,
            limit=limit,
            cursor=cursor,
        ),
    )
    summary = vedette.telemetry.summary(caller.tenant_id, asked)
    if not summary.counts and not caller.principal.sees(mark.site_id):
        raise NotFound("There is no such thing here.")
    return TelemetryPage(summary=summary, items=page.rows, next_cursor=page.next_cursor)
