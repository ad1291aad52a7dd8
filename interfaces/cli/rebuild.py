"""`vedette rebuild`: a read model filled again from the log beside the live one, and swapped in."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from interfaces import wiring
from interfaces.cli.answering import opened
from interfaces.cli.failing import CommandFailed
from projections import PROJECTIONS


def app(name: str, *, tenant: str | None = None) -> None:
    """Rebuild a read model from the log while the live one serves, then swap them.

    Killed or interrupted, it goes on where it stood when it is started again. Two at once of the
    same are refused.

    Parameters
    ----------
    name
        The read model, such as ticket-board; a wrong name lists those there are.
    tenant
        Only this tenant's. Without it: every tenant's, one after the other.
    """
    projection = next((each for each in PROJECTIONS if each.name == name), None)
    if projection is None:
        names = ", ".join(each.name for each in PROJECTIONS)
        raise CommandFailed(f"There is no read model {name!r}; there are {names}.")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with opened(tenant) as vedette:
        for tenant_id in [tenant] if tenant is not None else vedette.log.tenants():
            with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
                bar = progress.add_task(f"{tenant_id} {name}", total=None)

                def watch(position: int, head: int) -> None:
                    progress.update(bar, completed=position, total=head)  # noqa: B023

                generation = wiring.rebuild(vedette, projection, tenant_id, watch)
            print(f"{name} of {tenant_id} is rebuilt; generation {generation} is live.")
