"""Field simulator: guards, phones, shifts and fraud drawn from a seed, sent over the public HTTP interface.

It stands for the world outside. It shares no rule, no constant and no code with the system that it tries, so what it
draws cannot agree with the detectors by construction; the truth about its frauds goes to a file they never read.
"""

from interfaces.simulator.deliveries import Delivery, Truth
from interfaces.simulator.mishaps import Mishap, mishaps
from interfaces.simulator.parameters import InvalidParameter, Parameters, WorldParameters
from interfaces.simulator.play import play
from interfaces.simulator.runner import Progress, SimulationFailed, run
from interfaces.simulator.steady import steady
from interfaces.simulator.summary import Summary
from interfaces.simulator.world import World, world

__all__ = [
    "Delivery",
    "InvalidParameter",
    "Mishap",
    "Parameters",
    "Progress",
    "SimulationFailed",
    "Summary",
    "Truth",
    "World",
    "WorldParameters",
    "mishaps",
    "play",
    "run",
    "steady",
    "world",
]
