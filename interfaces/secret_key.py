"""The secret key of an installation that was not given one: made once, kept with the data.

Every process that signs or checks tokens has to have the same one, and logins should outlive a
restart. Whoever runs several machines sets `VEDETTE_SECRET_KEY` (or `_FILE`) instead.
"""

from __future__ import annotations

import os
import secrets

from msgspec.structs import replace

from interfaces.cli.failing import CommandFailed
from interfaces.settings import Settings

FILE = "secret-key"
SECRET_BYTES = 32


def with_secret_key(settings: Settings, *, make: bool) -> Settings:
    """Return the settings with the key that is configured, kept, or made now if that is wanted.

    Raises:
        CommandFailed: the file cannot be read or written.
    """
    if settings.secret_key is not None:
        return settings
    path = settings.data_directory / FILE
    try:
        if make and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w") as file:  # noqa: PTH123 - a descriptor, not a path
                file.write(secrets.token_urlsafe(SECRET_BYTES))
        if path.exists():
            return replace(settings, secret_key=path.read_text("utf-8").strip())
    except OSError as error:
        raise CommandFailed(
            f"The secret key cannot be kept in {path}: {error.strerror or error}; make the "
            "directory writable or set VEDETTE_SECRET_KEY."
        ) from error
    return settings
