"""`vedette site`: sites registered, one or from a file, and listed."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from application.directory import SITE_ENTRIES
from interfaces.cli.answering import JsonOption, TenantOption
from interfaces.cli.directory import list_rows, state_file, state_one
from projections.directory import SITES

COLUMNS = ["site_id", "name", "latitude", "longitude", "geofence_radius_m", "time_zone", "security_manager"]  # fmt: skip

app = App(name="site", help="Register and list sites.")


@app.command(name="register")
def register_(
    site_id: str | None = None,
    *,
    tenant: TenantOption,
    name: str | None = None,
    latitude: float | None = None,
    longitude: float | None = None,
    geofence_radius: float = 150.0,
    time_zone: str | None = None,
    security_manager: str | None = None,
    file: Path | None = None,
    as_json: JsonOption = False,
) -> int:
    """Register a site, or bring what is known of it up to this content.

    Parameters
    ----------
    site_id
        The tenant's own id of the site, up to 64 of A-Z a-z 0-9 . _ : -
    name
        What people call it.
    latitude
        Degrees, WGS 84.
    longitude
        Degrees, WGS 84.
    geofence_radius
        Metres around the coordinates within which a guard counts as present.
    time_zone
        The clock on the site's wall, such as America/New_York.
    security_manager
        Username of who gets the site's security tickets.
    file
        A CSV file instead: columns site_id, name, latitude, longitude, geofence_radius_m, time_zone, security_manager.
    """
    if file is not None:
        return state_file(tenant, SITE_ENTRIES, file)
    fields = {
        "site_id": site_id,
        "name": name,
        "latitude": latitude,
        "longitude": longitude,
        "geofence_radius_m": geofence_radius,
        "time_zone": time_zone,
        "security_manager": security_manager,
    }
    return state_one(tenant, SITE_ENTRIES, fields, "registered", as_json=as_json)


@app.command(name="list")
def list_(*, tenant: TenantOption, as_json: JsonOption = False) -> None:
    """List a tenant's sites."""
    list_rows(tenant, SITES, COLUMNS, as_json=as_json)
