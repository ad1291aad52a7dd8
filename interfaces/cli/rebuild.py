"""`vedette rebuild`: a read model, or what a policy remembers, made again from the log beside what is
in use, and swapped in."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from application.following import Policy
from application.policies import POLICIES
from interfaces import wiring
from interfaces.cli.answering import opened
from interfaces.cli.failing import CommandFailed
from projections import PROJECTIONS
from projections.kernel import Projection


def app(name: str, *, tenant: str | None = None) -> None:
    """Rebuild a read model or a policy's memories from the log, then swap.

    What is in use serves meanwhile. Rebuilding a policy states nothing and causes nothing.

    Killed or interrupted, it goes on where it stood when it is started again. Two at once of the
    same are refused.

    Parameters
    ----------
    name
        The read model or policy, such as ticket-board; a wrong name lists those there are.
    tenant
        Only this tenant's. Without it: every tenant's, one after the other.
    """
    subjects: dict[str, Projection[Any] | Policy] = {each.name: each for each in PROJECTIONS}
    subjects |= {policy.name: policy for policy in (make() for make in POLICIES)}
    subject = subjects.get(name)
    if subject is None:
        names = ", ".join(subjects)
        raise CommandFailed(f"There is no read model or policy {name!r}; there are {names}.")
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

                wiring.rebuild(vedette, subject, tenant_id, watch)
            print(f"{name} of {tenant_id} is rebuilt and in use.")
