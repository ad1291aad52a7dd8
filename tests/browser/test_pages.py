"""The files of the page: what is served, with which headers, and what is not."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from interfaces.web.vendoring import mismatches, read_lock
from tests.live import LiveServer


@pytest.fixture
def client(live_server: LiveServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live_server.url, trust_env=False) as client:
        yield client


def test_what_is_vendored_is_what_the_lock_says() -> None:
    assert mismatches(read_lock()) == []


def test_the_page_runs_only_scripts_of_this_server(client: httpx.Client) -> None:
    for path in ("/", "/docs"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "<script>" not in answer.text
        assert "style=" not in answer.text


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("css/base.css", "text/css; charset=utf-8"),
        ("app/main.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("vendor/inter-5.3.0/latin.woff2", "font/woff2"),
    ],
)
def test_an_asset_has_its_type_and_is_not_sent_twice(
    client: httpx.Client, path: str, content_type: str
) -> None:
    first = client.get(f"/assets/{path}")
    assert first.status_code == 200
    assert first.headers["content-type"] == content_type
    again = client.get(f"/assets/{path}", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_browsers_keep_what_carries_its_version_and_ask_for_the_rest(client: httpx.Client) -> None:
    vendored = client.get("/assets/vendor/htm-3.1.1/standalone.module.js")
    assert "immutable" in vendored.headers["cache-control"]
    assert client.get("/assets/app/main.js").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "nothing.js",
        "index.html",
        "__init__.py",
        "vendoring.py",
        "vendor.lock.json",
        "../http/pages.py",
        "%2e%2e/http/pages.py",
        "..%2f..%2fpyproject.toml",
        "/etc/passwd",
        "vendor/../../http/pages.py",
    ],
)
def test_nothing_else_is_served(live_server: LiveServer, path: str) -> None:
    # Sent as it stands: a client that tidied the path would never knock at this door.
    with httpx.Client(trust_env=False) as client:
        url = httpx.URL(live_server.url).copy_with(raw_path=f"/assets/{path}".encode())
        answer = client.get(url)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/problem+json")
