"""The far side: Vedette as the field sees it, over its public HTTP interface and nothing else.

A request that meets a busy, broken or absent server is sent again with the same bytes, so the same signal ids: the far
side answers items it already has as duplicates. A request that it refuses for good ends the run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

import httpx
import msgspec
import stamina

from interfaces.simulator.parameters import Parameters
from interfaces.simulator.signals import Signal
from interfaces.simulator.summary import Tally

SIGNALS = "/api/v2/noc/signals/"
DIRECTORY = "/api/v2/noc/directory/"
LONGEST_WAIT_S = 5.0
LONGEST_RETRY_AFTER_S = 60.0
JSON = {"Content-Type": "application/json"}


class Problem(msgspec.Struct, frozen=True):
    """The part of a problem document that is read here; further members are ignored."""

    code: str = "unknown"
    title: str = ""
    detail: str = ""
    field: str = ""


class Result(msgspec.Struct, frozen=True):
    """What became of one item of a batch."""

    index: int
    status: str
    position: int | None = None
    problem: Problem | None = None


class _Batch(msgspec.Struct, frozen=True):
    results: list[Result]


class _Answer(msgspec.Struct, frozen=True):
    data: _Batch


class _Reached(msgspec.Struct, frozen=True):
    position: int | None = None


class FarSideFailed(Exception):
    """The far side refused the driver itself, answered nonsense, or stayed away for too long."""


class FarSide:
    """One connection pool and one credential."""

    def __init__(self, parameters: Parameters, tally: Tally) -> None:
        self._retry_seconds = parameters.retry_seconds
        self._tally = tally
        self._client = httpx.AsyncClient(
            base_url=parameters.url,
            headers={"Authorization": f"Bearer {parameters.token}"},
            timeout=parameters.timeout_s,
            limits=httpx.Limits(
                max_connections=parameters.concurrency,
                max_keepalive_connections=parameters.concurrency,
            ),
            trust_env=False,  # a proxy meant for the internet is not meant for this
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def enrol(self, collection: str, item_id: str, content: Mapping[str, object]) -> None:
        """State one site, person or device. Stating it again changes nothing."""
        answer = await self._send(
            "PUT", f"{DIRECTORY}{collection}/{item_id}/", msgspec.json.encode(content)
        )
        if not answer.is_success:
            raise FarSideFailed(f"{collection} {item_id} was not enrolled: {_said(answer)}")
        self._tally.reached(_decoded(answer, _Reached).position)
        self._tally.enrolled += 1

    async def send(self, batch: Sequence[Signal]) -> list[Result]:
        """Send a batch and answer one result for each item, in the items' order.

        A batch that is too large for the far side goes in halves.
        """
        began = monotonic()
        answer = await self._send("POST", SIGNALS, msgspec.json.encode(batch))
        self._tally.latencies.add(monotonic() - began)
        if answer.status_code == 413:
            if len(batch) == 1:
                return [Result(0, "refused", problem=_problem(answer))]
            half = len(batch) // 2
            first, second = await self.send(batch[:half]), await self.send(batch[half:])
            moved = [
                msgspec.structs.replace(result, index=result.index + half) for result in second
            ]
            return first + moved
        if answer.status_code != 200:
            raise FarSideFailed(f"a batch was refused as a whole: {_said(answer)}")
        results = sorted(_decoded(answer, _Answer).data.results, key=lambda result: result.index)
        if [result.index for result in results] != list(range(len(batch))):
            raise FarSideFailed(
                f"{len(batch)} items were sent, but the answer speaks of {len(results)}"
            )
        return results

    async def _send(self, method: str, path: str, body: bytes) -> httpx.Response:
        """One request, again and again until it is answered for good or the time for retries is over."""
        attempts = stamina.retry_context(
            on=_worth_retrying,
            attempts=None,
            timeout=self._retry_seconds,
            wait_initial=0.1,
            wait_max=LONGEST_WAIT_S,
            wait_jitter=0.25,
        )
        try:
            async for attempt in attempts:
                with attempt:
                    self._tally.requests += 1
                    self._tally.retries += attempt.num > 1
                    answer = await self._client.request(method, path, content=body, headers=JSON)
                    if answer.status_code == 429 or answer.status_code >= 500:
                        answer.raise_for_status()
                    return answer
        except httpx.HTTPStatusError as error:
            raise FarSideFailed(
                f"still no answer after {self._retry_seconds} s: {_said(error.response)}"
            ) from error
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise FarSideFailed(
                f"not reached at {self._client.base_url} in {self._retry_seconds} s: {reason}"
            ) from error
        raise asyncio.CancelledError


def _worth_retrying(error: Exception) -> bool | float:
    """Whether to send again; a number is the wait in seconds that the far side asked for."""
    if isinstance(error, httpx.HTTPStatusError):
        asked = error.response.headers.get("Retry-After", "")
        return min(float(asked), LONGEST_RETRY_AFTER_S) if asked.isdecimal() else True
    return isinstance(error, httpx.TransportError)


def _decoded(answer: httpx.Response, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except msgspec.DecodeError as error:
        raise FarSideFailed(f"the answer cannot be read: {error}") from error


def _problem(answer: httpx.Response) -> Problem:
    try:
        return msgspec.json.decode(answer.content, type=Problem)
    except msgspec.DecodeError:
        return Problem()


def _said(answer: httpx.Response) -> str:
    problem = _problem(answer)
    words = " ".join(part for part in (problem.title, problem.detail, problem.field) if part)
    return f"{answer.status_code} {problem.code} {words}".strip()
