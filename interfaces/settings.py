"""Settings: what whoever runs Vedette may choose, read once into one frozen Struct.

Each field is the variable `VEDETTE_<NAME>` or the key `<name>` of a TOML file, where the
environment wins. The file is `vedette.toml` in the working directory, or what `VEDETTE_CONFIG`
names. A secret may come from a file: `VEDETTE_<NAME>_FILE`, or `<name>_file` in TOML. An empty
variable counts as not set. What Vedette does not know or cannot use is refused, all of it at once.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

PREFIX = "VEDETTE_"
CONFIG_VARIABLE = "VEDETTE_CONFIG"
CONFIG_FILE = "vedette.toml"
FILE_SUFFIX = "_file"
SECRET = {"secret": True}

Text = Annotated[str, Meta(min_length=1, description="a text that is not empty")]
DatabaseUrl = Annotated[
    str,
    Meta(
        pattern=r"^postgres(ql)?://",
        description="a PostgreSQL address such as postgresql://user:password@host/database",
        extra=SECRET,
    ),
]
RedisUrl = Annotated[
    str,
    Meta(
        pattern=r"^(rediss?|unix)://",
        description="a Redis address such as redis://host:6379/0 or unix:///path/to/socket",
        extra=SECRET,
    ),
]
SecretKey = Annotated[
    str,
    Meta(min_length=32, description="a secret of at least 32 characters", extra=SECRET),
]
Port = Annotated[int, Meta(ge=1, le=65535, description="a port number, 1 to 65535")]
Processes = Annotated[int, Meta(ge=0, le=64, description="a number of processes, 0 to 64")]
Origin = Annotated[str, Meta(pattern=r"^https?://[^/\s]+$")]
Origins = Annotated[
    tuple[Origin, ...],
    Meta(description="origins such as https://noc.example.org, separated by commas"),
]
MailHost = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9.:-]{1,253}$", description="the name or address of a mail server"),
]
MailSecurity = Annotated[
    Literal["starttls", "tls", "none"],
    Meta(description="one of starttls, tls, none"),
]
MailAddress = Annotated[
    str,
    Meta(pattern=r"^[^@\s<>]{1,64}@[A-Za-z0-9.-]{1,189}$", description="an e-mail address"),
]
MailPassword = Annotated[
    str, Meta(min_length=1, description="a text that is not empty", extra=SECRET)
]
OnOff = Annotated[bool, Meta(description="true or false")]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"],
    Meta(description="one of debug, info, warning, error"),
]


class SettingsRefused(Exception):
    """Settings that Vedette cannot run with; one sentence for each, naming it and the rule."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What one process of Vedette was told. Where an address is missing, `vedette up` embeds."""

    database_url: DatabaseUrl | None = None  # as the application's role
    database_owner_url: DatabaseUrl | None = None  # for migrations; the one above, if missing
    redis_url: RedisUrl | None = None
    secret_key: SecretKey | None = None  # signs the tokens of logins
    data_directory: Annotated[Path, Meta(description="a directory")] = Path(".vedette")
    host: Text = "127.0.0.1"
    port: Port = 8420
    allowed_origins: Origins = ()  # of pages that may open the feed, besides our own
    log_level: LogLevel = "info"
    schedule: OnOff = True  # whether workers ask for tunings and audits by the clock
    smtp_host: MailHost | None = None  # None: no mail is sent
    smtp_port: Port = 587
    smtp_security: MailSecurity = "starttls"
    smtp_username: Text | None = None
    smtp_password: MailPassword | None = None
    mail_from: MailAddress | None = None  # wanted where there is a mail server
    web_processes: Processes = 1
    follower_processes: Processes = 1
    worker_processes: Processes = 1

    def __repr__(self) -> str:
        shown = (f"{name}={self.shown(name)}" for name in self.__struct_fields__)
        return f"Settings({', '.join(shown)})"

    def shown(self, name: str) -> str:
        """Return a value as it may be printed: a secret is hidden."""
        value = getattr(self, name)
        return "'…'" if value is not None and is_secret(name) else repr(value)


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of this process.

    Raises:
        SettingsRefused: something is unknown, unreadable or breaks its rule.
    """
    variables = os.environ if environment is None else environment
    reader = Reader(variables)
    return reader.settings()


class Reader:
    """One reading: it goes through everything before it refuses."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.problems: list[str] = []
        self.from_environment = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in variables.items()
            if name.startswith(PREFIX) and name != CONFIG_VARIABLE and value != ""
        }
        self.config = variables.get(CONFIG_VARIABLE) or None
        self.from_file = self.read_toml()

    def settings(self) -> Settings:
        for source, given in (("environment", self.from_environment), ("file", self.from_file)):
            known = set(known_names())
            self.problems += [
                f"{self.label(source, name)} is not a setting of Vedette."
                for name in sorted(given)
                if name not in known
            ]
        values = dict(self.values())
        if "smtp_host" in values and "mail_from" not in values:
            self.problems.append("VEDETTE_SMTP_HOST wants VEDETTE_MAIL_FROM beside it.")
        if self.problems:
            raise SettingsRefused(self.problems)
        return Settings(**values)

    def values(self) -> Iterator[tuple[str, Any]]:
        for name in Settings.__struct_fields__:
            for source, given in (
                ("environment", self.from_environment),
                ("file", self.from_file),
            ):
                found = self.find(source, given, name)
                if found is not None:
                    label, value = found
                    with_rule = self.converted(label, name, value)
                    if with_rule is not None:
                        yield name, with_rule
                    break

    def find(self, source: str, given: Mapping[str, Any], name: str) -> tuple[str, Any] | None:
        """Return the label and the raw value of a setting in one source, or None."""
        by_file = name + FILE_SUFFIX
        if by_file in given and is_secret(name):
            label = self.label(source, by_file)
            if name in given:
                self.problems.append(f"{self.label(source, name)} and {label} are both given.")
                return None
            try:
                return label, Path(str(given[by_file])).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "not a text file"
                self.problems.append(f"{label} names a file that cannot be read: {reason}.")
                return None
        if name in given:
            return self.label(source, name), given[name]
        return None

    def converted(self, label: str, name: str, value: object) -> Any:
        """Return the value in the setting's type, or None after noting the rule it breaks."""
        if name == "allowed_origins" and isinstance(value, str):
            value = [origin.strip() for origin in value.split(",") if origin.strip()]
        if name == "data_directory" and isinstance(value, str):
            return Path(value)
        try:
            return msgspec.convert(value, TYPES[name], strict=not isinstance(value, str))
        except msgspec.ValidationError:
            self.problems.append(f"{label} must be {meta(name).description}.")
            return None

    def read_toml(self) -> dict[str, Any]:
        path = Path(self.config or CONFIG_FILE)
        try:
            return tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            if self.config is not None:
                self.problems.append(f"{CONFIG_VARIABLE} names {path}, which does not exist.")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not a text file"
            self.problems.append(f"{path} cannot be read: {reason}.")
        except tomllib.TOMLDecodeError as error:
            self.problems.append(f"{path} is not TOML: {error}.")
        return {}

    def label(self, source: str, name: str) -> str:
        if source == "environment":
            return PREFIX + name.upper()
        return f"`{name}` in {self.config or CONFIG_FILE}"


TYPES: dict[str, Any] = get_type_hints(Settings, include_extras=True)


def meta(name: str) -> Meta:
    """Return what is said about a setting's type, whether or not it may be missing."""
    candidates = (TYPES[name], *get_args(TYPES[name]))
    for candidate in candidates:
        for note in getattr(candidate, "__metadata__", ()):
            if isinstance(note, Meta):
                return note
    raise AssertionError(f"{name} has no rule")


def is_secret(name: str) -> bool:
    return (meta(name).extra or {}).get("secret", False) is True


def known_names() -> Iterator[str]:
    for name in Settings.__struct_fields__:
        yield name
        if is_secret(name):
            yield name + FILE_SUFFIX
