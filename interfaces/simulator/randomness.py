"""Randomness: one generator for each thing that is drawn, named after that thing.

Nothing is drawn from a shared generator, so the order in which guards and shifts are looked at changes nothing: a
month played in one go and the same month played day by day hold the same signals.
"""

from __future__ import annotations

from random import Random


def stream(seed: int, *names: object) -> Random:
    """The generator of one named thing; equal for equal names, in every process."""
    # Text seeds go through SHA-512, which is the same everywhere; `hash` is not. Nothing here is a secret.
    return Random("/".join((str(seed), *map(str, names))))


def between(value: float, lowest: float, highest: float) -> float:
    return min(highest, max(lowest, value))
