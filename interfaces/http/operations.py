"""Operations: health for people and load balancers, metrics for Prometheus."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec
import psycopg
import redis
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import SkipValidation
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from application.operations import FollowerStanding, FollowerState
from application.ports import LogUnavailable
from interfaces.feed.hub import Hub
from interfaces.http.credentials import PUBLIC, needs
from interfaces.http.parameters import TheVedette
from interfaces.wiring import Vedette

LAG_DEGRADED_S = 10.0
KEPT_S = 2.0  # how long an answer about followers is used again
REDIS_TIMEOUT_S = 1.0

OPEN = needs(PUBLIC)
State: TypeAlias = Literal["ok", "degraded", "down"]
T = TypeVar("T")


class Component(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One part of Vedette."""

    name: str
    state: State
    detail: str | None = None
    lag_events: int | None = None
    lag_s: float | None = None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How Vedette is, as a whole and in its parts."""

    status: State
    components: list[Component]


class Alive(msgspec.Struct, frozen=True, kw_only=True):
    """This process answers."""

    status: Literal["ok", "down"] = "ok"
    detail: str | None = None


class Kept:
    """An answer that is good for a moment, so that many questions cost one look."""

    def __init__(self, ask: Callable[[], list[FollowerStanding]]) -> None:
        self._ask = ask
        self._until = 0.0
        self._answer: list[FollowerStanding] = []

    def __call__(self) -> list[FollowerStanding]:
        if time.monotonic() >= self._until:
            self._answer = self._ask()
            self._until = time.monotonic() + KEPT_S
        return self._answer


class FollowerGauges(Collector):
    """What Prometheus is told about logs and followers, looked up when it asks."""

    def __init__(self, followers: Kept) -> None:
        self._followers = followers

    def collect(self) -> Iterator[Metric]:
        labels = ["tenant", "follower"]
        up = GaugeMetricFamily("vedette_database_up", "Whether the database answered this scrape")
        head = GaugeMetricFamily(
            "vedette_log_head_position", "Where a tenant's log ends", labels=["tenant"]
        )
        events = GaugeMetricFamily(
            "vedette_follower_lag_events", "Facts that a follower has not seen", labels=labels
        )
        seconds = GaugeMetricFamily(
            "vedette_follower_lag_seconds", "How long the oldest of them waits", labels=labels
        )
        stopped = GaugeMetricFamily(
            "vedette_follower_stopped", "1 where a person has to decide", labels=labels
        )
        try:
            standings = self._followers()
            up.add_metric([], 1)
        except (psycopg.OperationalError, LogUnavailable):
            standings = []
            up.add_metric([], 0)
        for tenant, position in {each.tenant_id: each.head for each in standings}.items():
            head.add_metric([tenant], position)
        for each in standings:
            of = [each.tenant_id, each.follower]
            events.add_metric(of, each.lag_events)
            seconds.add_metric(of, each.lag_s)
            stopped.add_metric(of, int(is_stopped(each)))
        yield from (up, head, events, seconds, stopped)


# What is counted of the feed since this process started, by the name of the tally's field.
FEED_COUNTERS = {
    "frames": "Frames that happened while somebody listened",
    "recipients": "Listeners that frames were handed to, over all frames",
    "left_out": "Listeners for whom frames were left out in a storm, over all frames",
    "gaps": "Gaps that were told in the place of frames",
    "resyncs": "Listeners that were sent away to load the lists again",
    "unrecorded": "Frames whose recipients could not be recorded",
}


class FeedCounters(Collector):
    """What Prometheus is told about the feed of this process, by tenant."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def collect(self) -> Iterator[Metric]:
        tallies = sorted(self._hub.tallies.copy().items())
        for name, meaning in FEED_COUNTERS.items():
            counter = CounterMetricFamily(f"vedette_feed_{name}", meaning, labels=["tenant"])
            for tenant_id, tally in tallies:
                counter.add_metric([tenant_id], getattr(tally, name))
            yield counter
        listening = GaugeMetricFamily(
            "vedette_feed_listeners", "Who listens at this moment", labels=["tenant"]
        )
        now = self._hub.listeners()
        for tenant_id, _ in tallies:
            listening.add_metric([tenant_id], now.get(tenant_id, 0))
        yield listening


class Instruments:
    """What the operations routes look through: one set for one application."""

    def __init__(self, vedette: Vedette, hub: Hub) -> None:
        self.followers = Kept(vedette.operations.followers)
        self.registry = CollectorRegistry()
        self.registry.register(FollowerGauges(self.followers))
        self.registry.register(FeedCounters(hub))


TheInstruments: TypeAlias = NamedDependency[SkipValidation[Instruments]]


class OperationsController(Controller):
    tags = ("Operations",)

    @get(
        "/health/",
        opt=OPEN,
        security=[{}],
        responses={
            503: ResponseSpec(Health, generate_examples=False, description="Something is down.")
        },
        sync_to_thread=True,
        summary="Health",
    )
    def health(self, vedette: TheVedette, instruments: TheInstruments) -> Response[Health]:
        """Tell how each part is. Degraded answers 200, since it still serves; down answers 503."""
        components = [*database_and_followers(instruments.followers)]
        if vedette.settings.redis_url is not None:
            components.append(redis_health(vedette.settings.redis_url))
        states = {component.state for component in components}
        status: State = "down" if "down" in states else "degraded" if "degraded" in states else "ok"
        code = 503 if status == "down" else 200
        return Response(Health(status=status, components=components), status_code=code)

    @get("/health/live", opt=OPEN, security=[{}], sync_to_thread=False, summary="Liveness")
    def live(self) -> Alive:
        """Answer. A process that cannot do that should be started again."""
        return Alive()

    @get(
        "/health/ready",
        opt=OPEN,
        security=[{}],
        responses={
            503: ResponseSpec(Alive, generate_examples=False, description="Send nobody here yet.")
        },
        sync_to_thread=True,
        summary="Readiness",
    )
    def ready(self, vedette: TheVedette) -> Response[Alive]:
        """Tell whether requests may be sent here: the database answers and is of this release."""
        try:
            waiting = vedette.unapplied_migrations()
        except psycopg.OperationalError:
            return Response(
                Alive(status="down", detail="The database does not answer."), status_code=503
            )
        if waiting:
            detail = f"The database waits for {', '.join(waiting)}."
            return Response(Alive(status="down", detail=detail), status_code=503)
        return Response(Alive(), status_code=200)

    @get("/metrics", opt=OPEN, include_in_schema=False, sync_to_thread=True)
    def metrics(self, instruments: TheInstruments) -> Response[bytes]:
        """Answer Prometheus."""
        text = generate_latest(REGISTRY) + generate_latest(instruments.registry)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


def is_stopped(standing: FollowerStanding) -> bool:
    return standing.state in (FollowerState.PARKED, FollowerState.FORKED)


def database_and_followers(followers: Kept) -> Iterator[Component]:
    """Return the health of the database, and of each follower in its worst tenant.

    No tenant is named, since anybody may ask; who may see names has `vedette followers`.
    """
    try:
        standings = followers()
    except (psycopg.OperationalError, LogUnavailable):
        yield Component(name="database", state="down", detail="The database does not answer.")
        return
    yield Component(name="database", state="ok")
    by_name: dict[str, list[FollowerStanding]] = {}
    for each in standings:
        by_name.setdefault(each.follower, []).append(each)
    for name, of_name in sorted(by_name.items()):
        yield follower_health(name, of_name)


def follower_health(name: str, standings: list[FollowerStanding]) -> Component:
    lag_events = max(each.lag_events for each in standings)
    lag_s = max(each.lag_s for each in standings)
    stopped = sum(is_stopped(each) for each in standings)
    detail = None
    if stopped:
        detail = f"It stopped in {stopped} tenants and waits for a person's decision."
    elif lag_s > LAG_DEGRADED_S:
        detail = f"It is more than {LAG_DEGRADED_S:.0f} s behind."
    return Component(
        name=f"follower:{name}",
        state="degraded" if detail else "ok",
        detail=detail,
        lag_events=lag_events,
        lag_s=round(lag_s, 3),
    )


def redis_health(url: str) -> Component:
    """Ask Redis; without it jobs wait, and everything else goes on."""
    client: Any = redis.Redis.from_url(
        url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S
    )
    try:
        client.ping()
    except redis.RedisError:
        return Component(name="redis", state="degraded", detail="Redis does not answer.")
    finally:
        client.close()
    return Component(name="redis", state="ok")
