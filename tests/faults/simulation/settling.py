"""What must come after faults: once nothing goes wrong any more, everything is settled, and before long."""

from request import PENDING
from tests.faults.simulation.happenings import happen
from tests.faults.simulation.mapping import Mapping
from tests.faults.simulation.scenario import DEFAULT_COUNTER
from tests.faults.simulation.world import MOST_RESENDS, Busy, World

# A request that work() fails on for ever is discarded, sent again, and discarded, until it is given up.
ROUNDS = MOST_RESENDS + 3
MOST_CALLS = 40_000
TWO_HOURS = 7_200_000
SETTLE, PRUNE = 120, 3600  # seconds


class Unsettled(AssertionError):
    """It goes on and on."""


def live(world: World, calls: int) -> None:
    """Let things happen until so many calls were made."""
    while world.history.events["operations"] < calls:
        happen(world)


def settle(world: World) -> None:
    """End all faults, let zombies finish, then sweep and send again until nothing waits. Raises Unsettled.

    At the end all that the stream still has is read once more, by a mapping made anew: it must change nothing.
    """
    world.chance, world.work.is_sound = 0, True
    for call in world.adrift:
        world.perform(call)
    world.adrift.clear()
    for _ in range(ROUNDS):
        run_until_quiet(world)
        world.clock += TWO_HOURS
        sweep_all(world)
        if not any(item.status == PENDING for item in world.store.requests.values()):
            break
    else:
        raise Unsettled(f"after {ROUNDS} rounds of sweeping requests still wait")
    world.mapping = Mapping(world.stream)
    run_until_quiet(world)
    sweep_all(world)


def sweep_all(world: World) -> None:
    """One run of the sweeper."""
    for name in sorted(world.history.made.keys() | {DEFAULT_COUNTER}):
        world.start_sweep(name, SETTLE, PRUNE)
    run_until_quiet(world)
    for request_id, item in sorted(world.store.requests.items()):
        if item.status == PENDING:
            world.start_resend(request_id, PRUNE)
    run_until_quiet(world)


def run_until_quiet(world: World) -> None:
    """Make every call that is still to be made. Raises Unsettled."""
    started = world.history.events["operations"]
    while True:
        world.clock += world.random.randint(0, 300)
        ready = world.mapping.ready(world.clock)
        busy: list[Busy] = [*ready, *world.strays, *world.sweeps]
        if not busy:
            return
        if world.history.events["operations"] > started + MOST_CALLS:
            raise Unsettled(f"after {MOST_CALLS} calls there is still no end")
        world.advance(world.random.choice(busy))
