"""Journal: what a process says about itself, a line an event, on standard error.

A person at a terminal gets aligned, coloured lines; anything else (a file, a supervisor, a log
shipper) gets JSON. Libraries that use the standard library's loggers end up in the same lines.
Nothing here ever holds a secret or a request's body: whoever writes a line names its fields, and
what a library writes (the web server tells the address of each WebSocket, with the token in it) has
tokens and keys taken out.
"""

from __future__ import annotations

import logging
import re
import sys

import structlog

QUIET = ("httpx", "httpcore", "uvicorn.access", "asyncio")  # they speak only of trouble
# A signed token (three parts of base64, the first of which begins with {") or an API key.
CREDENTIAL = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+|vdt_[\w%.:-]+")


def configure(level: str) -> None:
    """Let this process speak, from this level up."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    on_terminal = sys.stderr.isatty()
    # Plain tracebacks: the pretty ones show local variables, and a password may be among them.
    end: list[structlog.typing.Processor] = [
        structlog.processors.format_exc_info,
        without_credentials,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if on_terminal
        else structlog.processors.JSONRenderer(),
    ]
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, *end],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *end],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(number)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def without_credentials(
    _: object, __: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Take tokens and keys out of whatever a line says."""
    for name, value in line.items():
        if isinstance(value, str):
            line[name] = CREDENTIAL.sub("…", value)
    return line
