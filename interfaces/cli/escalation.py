"""`vedette escalation`: where mail about escalated and critical tickets goes."""

from __future__ import annotations

import msgspec
from cyclopts import App

from application.handling import standing
from domain.mail import ESCALATION_ADDRESS, ESCALATION_ADDRESS_STREAM, GiveEscalationAddress
from interfaces.cli.answering import JsonOption, TenantOption, opened, wish
from interfaces.cli.working import work

app = App(name="escalation", help="Show and set where mail about escalated tickets goes.")


@app.command(name="show")
def show_(*, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Show where mail about escalated and critical tickets goes."""
    with opened(tenant) as vedette:
        stands = standing(vedette.log, tenant, ESCALATION_ADDRESS, ESCALATION_ADDRESS_STREAM)
    if as_json:
        print(msgspec.json.encode({"email": stands.email}).decode())
    else:
        print(stands.email or "Nowhere: no escalation address is set.")


@app.command(name="set")
def set_(email: str, *, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Say where mail about escalated and critical tickets goes.

    Parameters
    ----------
    email
        One address, such as that of the supervisors' list.
    """
    command = wish(GiveEscalationAddress, email=email)
    give(tenant, command, f"Escalations go to {email}", as_json=as_json)


@app.command
def clear(*, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """Send that mail nowhere."""
    give(tenant, GiveEscalationAddress(email=None), "Escalations go nowhere", as_json=as_json)


def give(tenant: str, command: GiveEscalationAddress, what: str, *, as_json: bool) -> None:
    """Hand the address over and say what it came to."""
    work(tenant, ESCALATION_ADDRESS, ESCALATION_ADDRESS_STREAM, command, what, as_json=as_json)
