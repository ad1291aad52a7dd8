"""Why: from a ticket, alert, incident, finding, anomaly or score back to the raw signals, and on."""

from uuid import UUID

from litestar import Controller, get
from litestar.concurrency import sync_to_thread
from litestar.params import FromPath
from msgspec.structs import replace

from application.explaining import Explanation, Kind, Told, explain
from application.principals import Principal
from domain.access import Capability
from interfaces.http.credentials import Caller, needs
from interfaces.http.envelope import Envelope
from interfaces.http.parameters import TheCaller, TheVedette
from interfaces.http.problems import OF_LISTS
from interfaces.http.reading import NotFound
from interfaces.wiring import Vedette

HIDDEN = "Something at a site that you may not see."


class ExplainController(Controller):
    path = "/api/v2/noc/explain"
    tags = ("Why",)

    @get(
        "/{kind:str}/{subject_id:uuid}/",
        opt=needs(Capability.TICKETS_VIEW),
        responses=OF_LISTS,
        summary="Why something stands, and what it led to",
    )
    async def why(
        self,
        *,
        kind: FromPath[Kind],
        subject_id: FromPath[UUID],
        caller: TheCaller,
        vedette: TheVedette,
    ) -> Envelope[Explanation]:
        """Follow the causes in the log: `because` goes back to the raw signals, with the numbers
        that decided, and `led_to` goes on to everything that was stated because of it. The id of a
        score is that of its attendance."""
        found, position = await sync_to_thread(explained, vedette, caller, kind, subject_id)
        return Envelope(data=found, position=position)


def explained(
    vedette: Vedette, caller: Caller, kind: Kind, subject_id: UUID
) -> tuple[Explanation, int]:
    """Return an explanation as far as the caller may see it, and the position that it stands on.

    Raises:
        NotFound: there is no such thing, or it is at a site that the caller may not see.
    """
    position = vedette.log.head(caller.tenant_id).position
    found = explain(vedette.log, caller.tenant_id, kind, subject_id)
    if not caller.principal.sees(found.story[0].site_id):
        raise NotFound("There is no such thing here.")
    return seen_by(caller.principal, found), position


def seen_by(principal: Principal, found: Explanation) -> Explanation:
    """Return an explanation without the content of what may be at sites that somebody does not see.

    Most facts of a story leave its site to the first one, so the site is looked up by story. Where
    it stands nowhere, nobody who is limited to some sites sees the fact.
    """
    if principal.site_scope is None:
        return found
    sites = {
        fact.stream_id: fact.site_id
        for fact in (*found.because, *found.led_to)
        if fact.site_id is not None
    }

    def shown(fact: Told) -> Told:
        if principal.sees(fact.site_id or sites.get(fact.stream_id)):
            return fact
        return replace(fact, words=HIDDEN, data={}, site_id=None, stream_id="", actor="")

    return replace(
        found,
        because=[shown(fact) for fact in found.because],
        led_to=[shown(fact) for fact in found.led_to],
    )
