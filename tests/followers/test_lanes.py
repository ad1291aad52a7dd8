"""Lanes: every follower runs in one of them, and none waits for one of the other lane."""

from __future__ import annotations

import os

from adapters.followers.lanes import (
    BACKGROUND_NICENESS,
    CALLING,
    Lane,
    of_lane,
    step_back,
)
from interfaces.wiring import handlers


def test_every_follower_runs_in_one_lane() -> None:
    every = [each.name for each in handlers()]
    lanes = [[each.name for each in of_lane(handlers(), lane)] for lane in Lane]
    assert sorted(name for names in lanes for name in names) == sorted(every)
    assert all(lanes)
    assert set(every) >= CALLING


def test_a_process_without_a_lane_runs_them_all() -> None:
    assert [each.name for each in of_lane(handlers(), None)] == [each.name for each in handlers()]


def test_no_follower_stays_behind_one_of_the_other_lane() -> None:
    """It would learn of each of its steps by a poll, not by a wake-up."""
    for lane in Lane:
        names = {each.name for each in of_lane(handlers(), lane)}
        assert {each.behind for each in of_lane(handlers(), lane)} <= names | {None}


def test_the_background_alone_gives_way() -> None:
    """In a child, since nobody but root may take niceness back."""
    for lane in (None, *Lane):
        child = os.fork()
        if child == 0:
            before = os.nice(0)
            step_back(lane)
            os._exit(os.nice(0) - before)
        _, status = os.waitpid(child, 0)
        wanted = BACKGROUND_NICENESS if lane is Lane.BACKGROUND else 0
        assert os.waitstatus_to_exitcode(status) == wanted
