"""`vedette migrate`: the database brought up to this release."""

from __future__ import annotations

from interfaces import settings, wiring


def app() -> None:
    """Bring the database up to this release. Again, it changes nothing.

    It runs as the owner of the database (VEDETTE_DATABASE_OWNER_URL, or VEDETTE_DATABASE_URL if
    that is missing). A second one at the same time waits for the first.
    """
    chosen = wiring.completed(settings.load())
    owner_url = chosen.database_owner_url or chosen.database_url
    assert owner_url is not None, "Completed settings name a database."
    applied = wiring.migrate(owner_url)
    for name in applied:
        print(f"applied {name}")
    if not applied:
        print("The database is up to date.")
