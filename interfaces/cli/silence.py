"""`vedette silence`: what calls nobody for a while: started, ended before its time, and listed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from cyclopts import App, Parameter

from application.silencing import SilenceWanted, start_silence
from domain.muting.facts import Matcher, silence_stream
from domain.muting.silence import SILENCE, EndSilence
from interfaces import wiring
from interfaces.cli.answering import JsonOption, TenantOption, by_hand, opened, said, show, wish
from interfaces.cli.working import wanted, work
from projections.muting import SILENCES
from projections.views import PAGE_ROWS_DEFAULT

COLUMNS = ["silence_id", "status", "mutes", "starts_at", "ends_at", "author", "reason"]

app = App(name="silence", help="Let something call nobody for a while; it is judged as ever.")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One silence, as a line."""

    silence_id: UUID
    status: str
    mutes: str
    starts_at: datetime
    ends_at: datetime
    author: str
    reason: str


@app.command
def start(
    *,
    tenant: TenantOption,
    reason: str,
    hours: Annotated[float, Parameter(help="How long, in hours; up to 720.")],
    site: str | None = None,
    person: str | None = None,
    device: str | None = None,
    kind: Annotated[list[str] | None, Parameter(negative="")] = None,
    severity_at_most: Literal["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO"] | None = None,
    as_json: JsonOption = False,
) -> None:
    """Start a silence, which begins now. It mutes what agrees with everything that is named.

    Parameters
    ----------
    reason
        Why; people read it in the ledger.
    site
        Only what is at this site.
    person
        Only what is about this person.
    device
        Only what is about this device.
    kind
        Only this kind, such as finding:NO_SHOW, alert:tamper, or alert for all alerts; may be said again.
    severity_at_most
        Only what is no worse than this.
    """
    now = wiring.now()
    given = {
        "site_id": site,
        "person_id": person,
        "device_id": device,
        "kinds": kind,
        "severity_at_most": severity_at_most,
    }
    matcher = {name: value for name, value in given.items() if value is not None}
    ends_at = now + timedelta(hours=hours)
    wanted = wish(SilenceWanted, matcher=matcher, ends_at=ends_at, reason=reason)
    with opened(tenant) as vedette:
        begun = start_silence(vedette.log, tenant, wanted, by_hand(), now)
    what = f"The silence {begun.id} is started"
    said(begun.position, what, as_json=as_json, silence_id=begun.id)


@app.command
def end(
    silence_id: UUID, *, tenant: TenantOption, reason: str, as_json: JsonOption = False
) -> None:
    """End a silence before its time; what still stands calls people now."""
    command = wish(EndSilence, reason=reason)
    what = f"The silence {silence_id} is over"
    work(tenant, SILENCE, silence_stream(silence_id), command, what, as_json=as_json)


@app.command(name="list")
def list_(
    *,
    tenant: TenantOption,
    status: Literal["RUNNING", "ENDED", "LAPSED"] | None = None,
    limit: int = PAGE_ROWS_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """List a tenant's silences, newest first."""
    with opened(tenant) as vedette:
        rows = vedette.views.page(SILENCES, tenant, wanted(limit, status=status)).rows
    if as_json:
        show(rows, [], as_json=True)
        return
    lines = [
        Line(
            silence_id=row.silence_id,
            status=row.status,
            mutes=words(row.matcher),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            author=row.author,
            reason=row.reason,
        )
        for row in rows
    ]
    show(lines, COLUMNS, as_json=False)


def words(matcher: Matcher) -> str:
    """Return what a silence mutes, as a person reads it in a line."""
    named = [
        matcher.site_id,
        matcher.person_id,
        matcher.device_id,
        *matcher.kinds,
        None if matcher.severity_at_most is None else f"up to {matcher.severity_at_most}",
    ]
    return ", ".join(each for each in named if each is not None)
