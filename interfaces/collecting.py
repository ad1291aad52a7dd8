"""Collecting: how seldom the processes that stay let the garbage collector come by.

A batch of facts makes thousands of small objects that reference counting frees by itself; with the
defaults the collector walks through them and the whole application again and again meanwhile.
"""

from __future__ import annotations

import gc

COLLECT_AFTER_OBJECTS = 50_000  # allocated and not freed


def spare_the_collector() -> None:
    """Let the collector pass over what was built for good, and come by less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_OBJECTS, 20, 20)
