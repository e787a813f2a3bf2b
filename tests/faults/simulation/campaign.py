"""Many worlds, and what came of them all; as a program: until there were as many crashes as asked, on every core."""

import argparse
import os
import random
import sys
import time
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import count, cycle

from tests.faults.simulation.happenings import begin
from tests.faults.simulation.modes import MODES, Mode
from tests.faults.simulation.promises import find_breaches
from tests.faults.simulation.settling import live, settle
from tests.faults.simulation.world import World

CALLS = 300  # of a world, until faults end
CHUNK = 50  # worlds that a process is handed at once
PROGRESS = 10.0  # seconds between two lines
# What a campaign must have met to mean anything.
EVENTS = (
    "crash_before", "crash_amidst", "crash_after", "adrift", "lost_answer", "setback_before", "setback_after",
    "throttled", "zombies", "strays", "discards", "mappings", "splits", "merges", "trims", "jumps", "sweeps", "prunes",
    "resends", "saves", "resumed", "deletions", "reuses", "tombstones", "raises", "conflicts", "given_up",
)  # fmt: skip


class Breach(AssertionError):
    """A world in which a promise was broken."""


def live_and_settle(world: World, calls: int = CALLS) -> None:
    """A world's whole life. Raises what nothing may raise."""
    with world.mode.applied():
        begin(world)
        live(world, calls)
        settle(world)


def run_world(seed: int, mode: Mode) -> Tally[str]:
    """Let a world live and settle; how often what has happened. Raises Breach."""
    world = World(seed, mode)
    try:
        live_and_settle(world)
    except Exception as error:
        raise Breach(f"seed {seed}, {mode}: {error!r}") from error
    breaches = find_breaches(world.history, world.store.requests, world.store.counters)
    if breaches:
        raise Breach("\n".join([f"seed {seed}, {mode}:", *breaches]))
    world.history.events.update(worlds=1, trims=world.stream.missed)
    return world.history.events


def run_worlds(seeds: Iterable[int], mode: Mode) -> Tally[str]:
    """A world for each seed. Raises Breach."""
    total: Tally[str] = Tally()
    for seed in seeds:
        total.update(run_world(seed, mode))
    return total


def run_campaign(seed: int, crashes: int) -> Iterator[Tally[str]]:
    """Worlds of every mode on every core until there were so many crashes; the total so far, over and over.

    Raises Breach.
    """
    total: Tally[str] = Tally()
    chunks = (range(start, start + CHUNK) for start in count(seed, CHUNK))
    with ProcessPoolExecutor() as pool:
        work = zip(chunks, cycle(MODES), strict=False)
        while total["crashes"] < crashes:
            # A few chunks a core at a time, so that a breach is told before long.
            some = [next(work) for _ in range(2 * (os.cpu_count() or 1))]
            for events in pool.map(run_worlds, *zip(*some, strict=True)):
                total.update(events)
            yield total


def tell(total: Tally[str], seconds: float) -> str:
    """A campaign in a line."""
    counts = ", ".join(
        f"{total[name]:,} {name.replace('_', ' ')}" for name in ("worlds", "operations", "crashes", *EVENTS)
    )
    return f"{seconds:.0f} s: {counts}"


def main() -> None:
    """Run until enough processes have crashed; exit code 1 and the seed when a promise was broken."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--crashes", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)  # noqa: T201 (a program)
    started = told = time.monotonic()
    try:
        for total in run_campaign(options.seed, options.crashes):
            if time.monotonic() > told + PROGRESS or total["crashes"] >= options.crashes:
                told = time.monotonic()
                print(tell(total, told - started), flush=True)  # noqa: T201
    except Breach as breach:
        sys.exit(str(breach))


if __name__ == "__main__":
    main()
