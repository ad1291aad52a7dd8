"""Settings are read once, from the environment over a file, and refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from interfaces.settings import Settings, SettingsRefused, load

KEY = "k" * 32


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusals(environment: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsRefused) as caught:
        load(environment)
    return caught.value.problems


def test_nothing_needs_to_be_set() -> None:
    assert load({"HOME": "/", "VEDETTE_REDIS_URL": ""}) == Settings()


def test_each_setting_comes_from_its_variable() -> None:
    settings = load(
        {
            "VEDETTE_DATABASE_URL": "postgresql://app@db/vedette",
            "VEDETTE_DATABASE_OWNER_URL": "postgres://owner@db/vedette",
            "VEDETTE_REDIS_URL": "unix:///run/valkey.sock",
            "VEDETTE_SECRET_KEY": KEY,
            "VEDETTE_DATA_DIRECTORY": "/var/lib/vedette",
            "VEDETTE_HOST": "0.0.0.0",  # noqa: S104 - a value, nothing listens
            "VEDETTE_PORT": "80",
            "VEDETTE_ALLOWED_ORIGINS": "https://a.example, https://b.example:8443",
            "VEDETTE_LOG_LEVEL": "debug",
            "VEDETTE_SMTP_HOST": "mail.example.org",
            "VEDETTE_SMTP_PORT": "465",
            "VEDETTE_SMTP_SECURITY": "tls",
            "VEDETTE_SMTP_USERNAME": "vedette",
            "VEDETTE_SMTP_PASSWORD": "hush",
            "VEDETTE_MAIL_FROM": "vedette@example.org",
            "VEDETTE_WEB_PROCESSES": "2",
            "VEDETTE_FOLLOWER_PROCESSES": "3",
            "VEDETTE_WORKER_PROCESSES": "0",
        }
    )
    assert settings == Settings(
        database_url="postgresql://app@db/vedette",
        database_owner_url="postgres://owner@db/vedette",
        redis_url="unix:///run/valkey.sock",
        secret_key=KEY,
        data_directory=Path("/var/lib/vedette"),
        host="0.0.0.0",  # noqa: S104
        port=80,
        allowed_origins=("https://a.example", "https://b.example:8443"),
        log_level="debug",
        smtp_host="mail.example.org",
        smtp_port=465,
        smtp_security="tls",
        smtp_username="vedette",
        smtp_password="hush",
        mail_from="vedette@example.org",
        web_processes=2,
        follower_processes=3,
        worker_processes=0,
    )


def test_the_environment_wins_over_the_file() -> None:
    Path("vedette.toml").write_text('port = 1000\nhost = "::1"\nallowed_origins = ["http://a"]\n')
    settings = load({"VEDETTE_PORT": "2000"})
    assert (settings.port, settings.host) == (2000, "::1")
    assert settings.allowed_origins == ("http://a",)


def test_another_file_may_be_named() -> None:
    Path("other.toml").write_text("port = 1000\n")
    assert load({"VEDETTE_CONFIG": "other.toml"}).port == 1000


def test_every_secret_may_come_from_a_file() -> None:
    Path("key").write_text(f"{KEY}\n")
    Path("url").write_text("postgresql://app:hush@db/vedette\n")
    Path("vedette.toml").write_text('secret_key_file = "key"\n')
    settings = load({"VEDETTE_DATABASE_URL_FILE": "url"})
    assert settings.secret_key == KEY
    assert settings.database_url == "postgresql://app:hush@db/vedette"


def test_a_secret_is_never_shown() -> None:
    settings = load({"VEDETTE_SECRET_KEY": KEY, "VEDETTE_REDIS_URL": "redis://:hush@r/0"})
    assert "hush" not in repr(settings)
    assert KEY not in f"{settings}"
    assert "port=8420" in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("VEDETTE_PORT", "http", "must be a port number, 1 to 65535."),
        ("VEDETTE_PORT", "70000", "must be a port number, 1 to 65535."),
        ("VEDETTE_WEB_PROCESSES", "-1", "must be a number of processes, 0 to 64."),
        ("VEDETTE_LOG_LEVEL", "loud", "must be one of debug, info, warning, error."),
        ("VEDETTE_SECRET_KEY", "short", "must be a secret of at least 32 characters."),
        ("VEDETTE_PORTS", "1", "is not a setting of Vedette."),
        ("VEDETTE_PORT_FILE", "x", "is not a setting of Vedette."),
        ("VEDETTE_SECRET_KEY_FILE", "x", "names a file that cannot be read: No such file"),
        ("VEDETTE_CONFIG", "x.toml", "names x.toml, which does not exist."),
        ("VEDETTE_REDIS_URL", "http://x", "must be a Redis address"),
        ("VEDETTE_DATABASE_URL", "mysql://x", "must be a PostgreSQL address"),
        ("VEDETTE_ALLOWED_ORIGINS", "noc.example", "must be origins such as"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(variable: str, value: str, rule: str) -> None:
    (problem,) = refusals({variable: value})
    assert problem.startswith(f"{variable} {rule}")


def test_everything_wrong_is_named_at_once() -> None:
    Path("vedette.toml").write_text("prot = 1\n")
    problems = refusals({"VEDETTE_PORT": "x", "VEDETTE_HOSTS": "y"})
    assert problems == [
        "VEDETTE_HOSTS is not a setting of Vedette.",
        "`prot` in vedette.toml is not a setting of Vedette.",
        "VEDETTE_PORT must be a port number, 1 to 65535.",
    ]


def test_a_secret_given_twice_is_refused() -> None:
    (problem,) = refusals({"VEDETTE_SECRET_KEY": KEY, "VEDETTE_SECRET_KEY_FILE": "key"})
    assert problem == "VEDETTE_SECRET_KEY and VEDETTE_SECRET_KEY_FILE are both given."


@pytest.mark.parametrize("text", ["port = ", "port = 'x'", "port = 1.5", "host = 3"])
def test_a_file_that_makes_no_sense_is_refused(text: str) -> None:
    Path("vedette.toml").write_text(text)
    (problem,) = refusals({})
    assert "vedette.toml" in problem


def test_a_mail_server_wants_a_sender_and_its_password_stays_hidden(tmp_path: Path) -> None:
    (problem,) = refusals({"VEDETTE_SMTP_HOST": "mail.example.org"})
    assert "VEDETTE_MAIL_FROM" in problem
    secret = tmp_path / "smtp"
    secret.write_text("hush\n")
    settings = load(
        {
            "VEDETTE_SMTP_HOST": "mail.example.org",
            "VEDETTE_MAIL_FROM": "vedette@example.org",
            "VEDETTE_SMTP_PASSWORD_FILE": str(secret),
        }
    )
    assert settings.smtp_password == "hush"
    assert "hush" not in repr(settings)
