"""Holders: the users and keys of a tenant, folded from their facts; few enough to need no read model."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, TypeVar

from domain.catalogue import event_types, tag_of
from domain.kernel import Decider
from interfaces.wiring import Vedette

FACTS_PER_READ = 5_000

S = TypeVar("S")


def holders(
    vedette: Vedette, tenant_id: str, kind: str, decider: Decider[Any, S, Any]
) -> dict[str, S]:
    """Return the state of every holder of a kind (`user` or `key`), by name."""
    family = {"user": "user.", "key": "api_key."}[kind]
    types = [tag_of(type_) for type_ in event_types() if tag_of(type_).startswith(family)]
    head = vedette.log.head(tenant_id).position
    stories: dict[str, list[Any]] = defaultdict(list)
    reached = 0
    while reached < head:
        facts, reached = vedette.log.read_types(tenant_id, reached, types, FACTS_PER_READ)
        for fact in facts:
            stories[fact.stream_id.removeprefix(f"{kind}-")].append(fact.event)
    return {name: decider.replay(story) for name, story in stories.items()}
