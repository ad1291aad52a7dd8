"""Upcasts: how facts of earlier shapes are read today.

A fact whose meaning changed keeps its old tag in the log for ever; its upcast turns the old
payload (a dict) into the payload of a fact in today's catalogue, tag included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Payload: TypeAlias = dict[str, Any]

UPCASTS: dict[str, Callable[[Payload], Payload]] = {}
