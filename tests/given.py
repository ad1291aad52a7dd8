"""The language of the rules' tests: given what happened, when this is wished, then that happens."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec
import pytest

from domain.kernel import Decider, Refused

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")


class When(msgspec.Struct, Generic[C, S, E], frozen=True):
    """A wish that meets a story."""

    decider: Decider[C, S, E]
    state: S
    command: C

    def then(self, *facts: E) -> None:
        """Demand exactly these facts, in this order; none means that the wish is already true."""
        assert self.decider.decide(self.state, self.command) == list(facts)

    def refused(self, rule: type[Refused], *, field: str | None = None) -> None:
        """Demand a refusal by exactly this rule, which blames this field of the wish."""
        with pytest.raises(Refused) as caught:
            self.decider.decide(self.state, self.command)
        assert type(caught.value) is rule
        assert caught.value.field == field
        assert str(caught.value).endswith("."), "A refusal is a sentence for people."


class Given(msgspec.Struct, Generic[C, S, E], frozen=True):
    """A story so far."""

    decider: Decider[C, S, E]
    state: S

    def when(self, command: C) -> When[C, S, E]:
        return When(self.decider, self.state, command)


def given(decider: Decider[C, S, E], *facts: E) -> Given[C, S, E]:
    """Begin with what happened, oldest first."""
    return Given(decider, decider.replay(facts))
