"""What the commands of planned things share: shifts and tasks are cancelled and listed alike."""

# Annotations are read when a command is defined, since they name what it is about.
from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import App, Parameter

from application.directory import Entries
from interfaces.cli.answering import JsonOption, TenantOption
from interfaces.cli.directory import end_one, list_rows, moment
from interfaces.cli.failing import CommandFailed
from projections.kernel import Projection


def add_cancel_and_list(
    app: App,
    entries: Entries,
    rows: Projection[Any],
    columns: Sequence[str],
    *,
    starts: str,
    ends: str,
) -> None:
    """Give an app its commands `cancel` and `list`; `starts` and `ends` are fields of the rows."""
    noun = entries.noun
    id_argument = Parameter(name=f"--{noun}-id", help=f"The {noun}'s id.")

    @app.command(help=f"Cancel a {noun}. Stated again, it is there again.")
    def cancel(
        entry_id: Annotated[str, id_argument], *, tenant: TenantOption, as_json: JsonOption = False
    ) -> int:
        return end_one(tenant, entries, entry_id, "cancelled", as_json=as_json)

    @app.command(name="list", help=f"List a tenant's {noun}s.")
    def list_(
        *,
        tenant: TenantOption,
        site: Annotated[str | None, Parameter(help="Only those at this site.")] = None,
        person: Annotated[str | None, Parameter(help="Only those of this person.")] = None,
        since: Annotated[
            str | None,
            Parameter(name="--from", help=f"Only those whose {ends} is after this moment."),
        ] = None,
        until: Annotated[
            str | None,
            Parameter(name="--to", help=f"Only those whose {starts} is before this moment."),
        ] = None,
        as_json: JsonOption = False,
    ) -> None:
        begins, over = moment("--from", since), moment("--to", until)
        if begins is not None and over is not None and begins > over:
            raise CommandFailed("--from must not be after --to.")
        list_rows(
            tenant,
            rows,
            columns,
            equal={"site_id": site, "person_id": person},
            above={ends: begins},
            below={starts: over},
            as_json=as_json,
        )
