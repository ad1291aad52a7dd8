"""A stand-in for the far side: a small real HTTP server on loopback that remembers what it was told.

It keeps the public contract's promises about idempotence and nothing else. Troubles are played in order, one for each
request for signals: a status to answer with, or a connection that breaks after the items were taken.
"""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import uvicorn
from litestar import Litestar, Request, Response, post, put
from litestar.params import FromPath, RawBody
from litestar.response import Stream

BREAK = "break"
TOKEN = "vdt_demo.key.secret"

Item = dict[str, Any]


class StandIn:
    def __init__(self, *, most_items: int = 1_000, delay_s: float = 0.0) -> None:
        self.url = ""
        self.most_items = most_items
        self.delay_s = delay_s
        self.troubles: list[int | str] = []
        self.retry_after: str | None = None
        self.refuse_person: str | None = None
        self.entries: dict[str, Item] = {}
        self.entered: list[str] = []
        self.items: dict[tuple[str, str], Item] = {}
        self.positions: dict[tuple[str, str], int] = {}
        self.received: list[Item] = []
        self.bodies: list[bytes] = []
        self.largest_batch = 0
        self.under_way = 0
        self.most_under_way = 0

    def app(self) -> Litestar:
        @put("/api/v2/noc/directory/{collection:str}/{item_id:str}/", sync_to_thread=False)
        def state(
            collection: FromPath[str],
            item_id: FromPath[str],
            request: Request[Any, Any, Any],
            body: RawBody,
        ) -> Response[Any]:
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                return problem(401, "credentials.invalid")
            self.entries[f"{collection}/{item_id}"] = msgspec.json.decode(body)
            self.entered.append(collection)
            return Response({"status": "success", "data": {}, "position": len(self.entries)})

        @post("/api/v2/noc/signals/", status_code=200)
        async def take(request: Request[Any, Any, Any], body: RawBody) -> Response[Any] | Stream:
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                return problem(401, "credentials.invalid")
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            try:
                return await self.answer(body)
            finally:
                self.under_way -= 1

        return Litestar([state, take], openapi_config=None, logging_config=None)

    async def answer(self, body: bytes) -> Response[Any] | Stream:
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        self.bodies.append(body)
        items = msgspec.json.decode(body, type=list[Item])
        self.largest_batch = max(self.largest_batch, len(items))
        trouble = self.troubles.pop(0) if self.troubles else None
        if isinstance(trouble, int):
            headers = {} if self.retry_after is None else {"Retry-After": self.retry_after}
            return problem(trouble, "requests.too_many", headers)
        if len(items) > self.most_items:
            return problem(413, "request.too_large")
        results = [self.result(index, item) for index, item in enumerate(items)]
        if trouble == BREAK:
            return Stream(broken(), status_code=200)
        counts = {
            name: sum(result["status"] == status for result in results)
            for name, status in (
                ("accepted", "accepted"),
                ("duplicates", "duplicate"),
                ("refused", "refused"),
            )
        }
        return Response(
            {
                "status": "success",
                "data": {**counts, "results": results},
                "cached": False,
                "position": len(self.positions),
            }
        )

    def result(self, index: int, item: Item) -> Item:
        self.received.append(item)
        # What somebody else tells of a phone leaves out who carries it.
        if item.get("person_id", "") == self.refuse_person:
            refusal = {"code": "signal.unknown_person", "status": 422, "field": "$.person_id"}
            return {"index": index, "status": "refused", "problem": refusal}
        key = (item["source"], item["signal_id"])
        known = key in self.positions
        position = self.positions.setdefault(key, len(self.positions) + 1)
        self.items.setdefault(key, item)
        return {
            "index": index,
            "signal_id": item["signal_id"],
            "status": "duplicate" if known else "accepted",
            "position": position,
        }


def problem(status: int, code: str, headers: dict[str, str] | None = None) -> Response[Any]:
    return Response(
        {"type": f"urn:vedette:problem:{code}", "title": "No.", "status": status, "code": code},
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )


async def broken() -> AsyncIterator[bytes]:
    yield b'{"status":'
    raise ConnectionAbortedError("the stand-in breaks this connection on purpose")


@contextmanager
def standing(stand_in: StandIn, port: int = 0) -> Iterator[StandIn]:
    """The stand-in at work on a loopback port, and gone afterwards."""
    config = uvicorn.Config(stand_in.app(), ws="none", lifespan="off", log_level="critical")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    stand_in.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield stand_in
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
