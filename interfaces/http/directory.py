"""Directory: the entries of a tenant, stated as they shall stand, one door a kind and all alike.

Stating the same content again changes nothing, so a client may state its whole directory whenever
it likes.
"""

from typing import Annotated, Any

import msgspec
from litestar import Controller, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from application.directory import Entries, state
from application.handling import handle
from domain.access import Capability
from interfaces.http.credentials import Caller, needs
from interfaces.http.directory_contents import KINDS, Kind, Narrowed
from interfaces.http.envelope import Envelope, Items, Reached
from interfaces.http.parameters import (
    CursorParameter,
    IdentifierPath,
    LimitParameter,
    TheCaller,
    TheVedette,
    WaitForParameter,
    body,
)
from interfaces.http.problems import OF_LISTS, OF_WRITES
from interfaces.http.reading import page_of, visible_row
from interfaces.http.working import reached, require_site
from interfaces.wiring import Vedette
from projections.views import PAGE_ROWS_DEFAULT

VIEW = needs(Capability.DIRECTORY_VIEW)
MANAGE = needs(Capability.DIRECTORY_MANAGE)


def door(kind: Kind) -> type[Controller]:
    """Return the controller of one kind of entry."""
    entries, projection = kind.entries, kind.projection
    noun = entries.noun
    # The framework reads the very types from the annotations, for the document and for decoding.
    row: Any = projection.row
    content: Any = kind.content

    class Door(Controller):
        path = f"/api/v2/noc/directory/{noun}s"
        tags = ("Directory",)
        dependencies = {"narrowed": Provide(kind.narrowed, sync_to_thread=False)}  # noqa: RUF012 - as the framework wants it

        @get(
            "/",
            opt=VIEW,
            responses=OF_LISTS,
            summary=f"List {noun}s",
            description=f"List {noun}s by `{projection.newest_first}`, the last one first.",
        )
        async def list_entries(
            self,
            *,
            caller: TheCaller,
            vedette: TheVedette,
            narrowed: NamedDependency[SkipValidation[Narrowed]],
            limit: LimitParameter = PAGE_ROWS_DEFAULT,
            cursor: CursorParameter = None,
            wait_for: WaitForParameter = None,
        ) -> Envelope[Items[row]]:
            return await page_of(
                vedette,
                projection,
                caller,
                narrowed.equal,
                limit=limit,
                cursor=cursor,
                above=narrowed.above,
                below=narrowed.below,
                wait_for=wait_for,
            )

        @get(
            "/{entry_id:str}/",
            opt=VIEW,
            responses=OF_LISTS,
            summary=f"One {noun}",
            description=f"Show a {noun}.",
        )
        async def one_entry(
            self,
            *,
            entry_id: IdentifierPath,
            caller: TheCaller,
            vedette: TheVedette,
            wait_for: WaitForParameter = None,
        ) -> Envelope[row]:
            found = await visible_row(vedette, projection, caller, entry_id, wait_for=wait_for)
            return Envelope(data=found.row, position=found.position)

        @put(
            "/{entry_id:str}/",
            opt=MANAGE,
            responses=OF_WRITES,
            sync_to_thread=True,
            summary=f"State a {noun}",
            description=f"Make a {noun} known, or bring what is known of it up to this content.",
        )
        def state_entry(
            self,
            *,
            entry_id: IdentifierPath,
            data: Annotated[SkipValidation[content], body(kind.example)],
            caller: TheCaller,
            vedette: TheVedette,
        ) -> Envelope[Reached]:
            fields = {entries.key: entry_id, **msgspec.structs.asdict(data)}
            statement = entries.statement(**fields)
            field = None if entries.key == "site_id" else "$.site_id"
            require_site(caller, fields.get("site_id"), field=field)
            require_own(vedette, caller, entries, entry_id)
            position = state(vedette.log, caller.tenant_id, entries, statement, caller.cause())
            return reached(vedette, caller, position)

    return ending(kind, Door) if kind.end_verb else Door


def ending(kind: Kind, base: type[Controller]) -> type[Controller]:
    """Return the controller of a kind whose entries can end."""
    entries = kind.entries
    ending: Any = type(entries.ending)

    class EndingDoor(base):  # type: ignore[misc,valid-type]
        @post(
            f"/{{entry_id:str}}/{kind.end_verb}/",
            status_code=200,
            opt=MANAGE,
            responses=OF_WRITES,
            sync_to_thread=True,
            summary=f"{kind.end_verb} a {entries.noun}".capitalize(),
            description=f"{ending.__doc__} Stated again, it is there again.",
        )
        def end_entry(
            self,
            *,
            entry_id: IdentifierPath,
            data: Annotated[SkipValidation[ending], body({})],
            caller: TheCaller,
            vedette: TheVedette,
        ) -> Envelope[Reached]:
            require_own(vedette, caller, entries, entry_id)
            stream = entries.stream(entry_id)
            position = handle(
                vedette.log, caller.tenant_id, entries.decider, stream, data, caller.cause()
            )
            return reached(vedette, caller, position)

    return EndingDoor


def require_own(vedette: Vedette, caller: Caller, entries: Entries, entry_id: str) -> None:
    """Refuse to take something away from a site that is not the caller's.

    The stream is asked, not a read model: what was stated a moment ago is protected now.

    Raises:
        NotFound: what stands under this id is at another site.
    """
    if caller.principal.site_scope is None:
        return
    facts = vedette.log.read_stream(caller.tenant_id, entries.stream(entry_id))
    known = entries.decider.replay(fact.event for fact in facts).content
    if known is not None:
        require_site(caller, known.site_id)


DIRECTORY_DOORS = tuple(door(kind) for kind in KINDS)
