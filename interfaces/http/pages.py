"""Pages: what a browser gets, the page at `/`, its assets, and the API's documentation at `/docs`.

Every file is read once, into a table keyed by its address, so that a request can name only what
is in the table: there is no path to walk out of. The pages run under a Content-Security-Policy
that allows scripts, styles and connections of this very server alone.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.status_codes import HTTP_304_NOT_MODIFIED

AnyRequest: TypeAlias = Request[Any, Any, Any]

WEB = Path(__file__).parent.parent / "web"

CONTENT_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}

# A vendored file carries its version in its path, so it never changes. Ours do: browsers ask each
# time, and are mostly answered 304.
KEPT_FOR_EVER = "public, max-age=31536000, immutable"
ASKED_EACH_TIME = "no-cache"

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
OWN_THINGS_ONLY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# The page writes text only. Trusted Types make the browser refuse markup from a string. The
# documentation's library needs such markup, and shows nothing but our own schema.
PAGE_POLICY = f"{OWN_THINGS_ONLY}; require-trusted-types-for 'script'"
DOCS_POLICY = OWN_THINGS_ONLY


class Asset(msgspec.Struct, frozen=True):
    """One file as it is served."""

    content: bytes
    content_type: str
    etag: str
    cache_control: str


def read_asset(path: Path) -> Asset:
    content = path.read_bytes()
    vendored = path.is_relative_to(WEB / "vendor")
    return Asset(
        content=content,
        content_type=CONTENT_TYPES[path.suffix],
        etag=f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        cache_control=KEPT_FOR_EVER if vendored else ASKED_EACH_TIME,
    )


@cache
def assets() -> dict[str, Asset]:
    """Return every file that may be served, by its path below the folder of the page."""
    return {
        path.relative_to(WEB).as_posix(): read_asset(path)
        for path in sorted(WEB.rglob("*"))
        if path.suffix in CONTENT_TYPES
    }


def answer(
    request: AnyRequest, asset: Asset, content_security_policy: str = OWN_THINGS_ONLY
) -> Response[bytes]:
    """Return the file, or 304 where the browser has it already."""
    headers = {
        **SECURITY_HEADERS,
        "Content-Security-Policy": content_security_policy,
        "Cache-Control": asset.cache_control,
        "ETag": asset.etag,
    }
    known = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
    # A proxy that compresses marks the tag as weak; the content is the same.
    if asset.etag in known or f"W/{asset.etag}" in known:
        return Response(b"", status_code=HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(asset.content, media_type=asset.content_type, headers=headers)


@get("/", include_in_schema=False, sync_to_thread=False, media_type=MediaType.HTML)
def page(request: AnyRequest) -> Response[bytes]:
    """The page: login, live feed, tickets, alerts and fraud scores."""
    return answer(request, assets()["index.html"], PAGE_POLICY)


@get("/docs", include_in_schema=False, sync_to_thread=False, media_type=MediaType.HTML)
def docs(request: AnyRequest) -> Response[bytes]:
    """The API's documentation, drawn by a vendored library from our own schema."""
    return answer(request, assets()["docs.html"], DOCS_POLICY)


@get("/favicon.ico", include_in_schema=False, sync_to_thread=False)
def icon(request: AnyRequest) -> Response[bytes]:
    """The icon at the address where browsers look for it unasked."""
    return answer(request, assets()["icon.svg"])


@get("/assets/{path:path}", include_in_schema=False, sync_to_thread=False)
def asset(request: AnyRequest, path: FromPath[Path]) -> Response[bytes]:
    """A script, a style, a font or an image of the page."""
    found = assets().get(path.as_posix().lstrip("/"))
    if found is None or found.content_type.startswith("text/html"):
        raise NotFoundException("There is no such asset.")
    return answer(request, found)


PAGES: tuple[HTTPRouteHandler, ...] = (page, docs, icon, asset)
