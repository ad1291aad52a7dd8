"""The web application: every door, one guard, one place for errors."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.plugins.prometheus import PrometheusConfig
from litestar.types import ControllerRouterHandler

from interfaces import wiring
from interfaces.feed.endpoint import feed_route
from interfaces.feed.hub import Hub
from interfaces.feed.recipients import Recorder
from interfaces.http.access import KeyController, UserController
from interfaces.http.alerts import AlertController
from interfaces.http.anomalies import AnomalyController, BaselineController
from interfaces.http.audits import AuditController
from interfaces.http.auth import AuthController
from interfaces.http.bulk import AlertBulkController, TicketBulkController
from interfaces.http.correlation import HEADER, add_headers
from interfaces.http.credentials import (
    PUBLIC,
    Doorkeeper,
    caller_of,
    declarations,
    guard,
    needs,
)
from interfaces.http.directory import DIRECTORY_DOORS
from interfaces.http.explain import ExplainController
from interfaces.http.findings import FindingController
from interfaces.http.fraud import FraudController
from interfaces.http.incidents import CorrelationController, IncidentController
from interfaces.http.jobs import JobController
from interfaces.http.limits import BODY_BYTES_MAX, THREADS_MAX
from interfaces.http.muting import (
    MaintenanceController,
    SilenceController,
    SuppressionController,
)
from interfaces.http.openapi import openapi_config
from interfaces.http.operations import Instruments, OperationsController
from interfaces.http.pages import PAGES
from interfaces.http.parameters import CommandRequest
from interfaces.http.problems import answer_with_problem
from interfaces.http.queries import note_parameters, refuse_strange_parameters
from interfaces.http.recipients import RecipientController
from interfaces.http.service_levels import (
    AssignmentRuleController,
    MailController,
    ServiceLevelController,
)
from interfaces.http.signals import SignalController
from interfaces.http.telemetry import TelemetryController
from interfaces.http.thresholds import ThresholdController
from interfaces.http.ticket_commands import TicketCommandController
from interfaces.http.tickets import TicketController
from interfaces.wiring import Vedette

DOORS: Sequence[ControllerRouterHandler] = (
    AuthController,
    SignalController,
    *DIRECTORY_DOORS,
    TicketController,
    TicketCommandController,
    TicketBulkController,
    ServiceLevelController,
    AssignmentRuleController,
    MailController,
    AlertController,
    AlertBulkController,
    AnomalyController,
    BaselineController,
    FindingController,
    AuditController,
    FraudController,
    TelemetryController,
    IncidentController,
    CorrelationController,
    ExplainController,
    SilenceController,
    MaintenanceController,
    SuppressionController,
    UserController,
    KeyController,
    JobController,
    ThresholdController,
    RecipientController,
    OperationsController,
)


def web(vedette: Vedette, *more: ControllerRouterHandler) -> Litestar:
    """Return the web application on a composed Vedette, which stays the caller's to close.

    Raises:
        RouteWithoutCapability: a route does not say what it asks for.
    """
    settings = vedette.settings
    assert settings.secret_key is not None, "Tokens need a secret key."
    doorkeeper = Doorkeeper(vedette.access, settings.secret_key)
    hub = Hub(vedette.log, lambda tenant_id: vedette.log.head(tenant_id).position)
    recorder = Recorder(hub.tallies, vedette.recipients)
    instruments = Instruments(vedette, hub)
    feed = feed_route(hub, doorkeeper, settings.allowed_origins)

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        executor = ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="door")
        asyncio.get_running_loop().set_default_executor(executor)
        listener = wiring.listener(vedette, hub.wake)
        listener.start()
        recording = asyncio.create_task(recorder.run(), name="recipients")
        try:
            yield
        finally:
            recording.cancel()
            await hub.close()
            await recorder.record()
            await asyncio.to_thread(listener.stop)
            doorkeeper.close()

    for page in PAGES:
        page.opt.update(needs(PUBLIC))
    app = Litestar(
        [*DOORS, *PAGES, feed, *more],
        guards=[guard],
        dependencies={
            "vedette": Provide(lambda: vedette, sync_to_thread=False),
            "doorkeeper": Provide(lambda: doorkeeper, sync_to_thread=False),
            "instruments": Provide(lambda: instruments, sync_to_thread=False),
            "caller": Provide(caller_of, sync_to_thread=False),
        },
        exception_handlers={Exception: answer_with_problem},
        before_request=refuse_strange_parameters,
        before_send=[add_headers],
        middleware=[
            PrometheusConfig(
                app_name="vedette", prefix="vedette_http", group_path=True, exclude=["^/metrics"]
            ).middleware
        ],
        request_class=CommandRequest,
        request_max_body_size=BODY_BYTES_MAX,
        cors_config=cors(settings.allowed_origins),
        openapi_config=openapi_config(),
        lifespan=[running],
        state=State({"vedette": vedette, "doorkeeper": doorkeeper}),
        logging_config=None,
    )
    declarations(app)
    note_parameters(app)
    return app


def cors(origins: Sequence[str]) -> CORSConfig | None:
    """Return what pages of other origins may do: nothing, unless the settings name them."""
    if not origins:
        return None
    return CORSConfig(
        allow_origins=list(origins),
        allow_headers=["Authorization", "Content-Type", "If-Match", HEADER],
        expose_headers=[HEADER, "Retry-After"],
    )
