"""Many worlds, one after the other, and what came of them all; run as a program, for as many crashes as asked.

    PYTHONPATH=functions/processor python -m tests.faults.simulation.campaign --crashes 1000000
"""

from collections import Counter as Tally
from collections.abc import Iterable

from tests.faults.simulation.happenings import begin
from tests.faults.simulation.modes import Mode
from tests.faults.simulation.promises import find_breaches
from tests.faults.simulation.settling import live, settle
from tests.faults.simulation.world import World

CALLS = 300  # of a world, until faults end


class Breach(AssertionError):
    """A world in which a promise was broken."""


def run_world(seed: int, mode: Mode, calls: int = CALLS) -> Tally[str]:
    """Let a world live and settle; how often what has happened. Raises Breach."""
    world = World(seed, mode)
    with mode.applied():
        try:
            begin(world)
            live(world, calls)
            settle(world)
        except Exception as error:
            raise Breach(f"seed {seed}, {mode}: {error!r}") from error
    breaches = find_breaches(world.history, world.store.requests, world.store.counters)
    if breaches:
        raise Breach("\n".join([f"seed {seed}, {mode}:", *breaches]))
    world.history.events["worlds"] = 1
    return world.history.events


def run_worlds(seeds: Iterable[int], mode: Mode) -> Tally[str]:
    """A world for each seed. Raises Breach."""
    total: Tally[str] = Tally()
    for seed in seeds:
        total.update(run_world(seed, mode))
    return total
