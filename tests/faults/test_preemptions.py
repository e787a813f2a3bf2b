"""Every schedule of a few workers in which at most so many of them are interrupted: to sleep for a while, or for good.

Errors in concurrent programs nearly always show with one or two interruptions at the right places, and these can be
tried completely (Musuvathi and Qadeer, "Iterative context bounding for systematic testing", PLDI 2007).
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, permutations, product

import pytest

from counter import Counter
from operations import ReadCounter
from stamping import Report, Steps
from sweeping import Sweep, sweep_counter
from tests.faults.directed.world import COUNTER, Worker, World

OTHER = "orders"
Play = Callable[[World], list[Worker]]
# After so many calls in all, to which of the others, and whether the interrupted one is gone.
Interruption = tuple[int, int, bool]


def sweep(world: World) -> Worker:
    """A sweeper that applies and prunes whatever it finds, however fresh: its times are not needed for safety."""
    return Worker(world, sweep_counter(COUNTER, Sweep(lambda: world.now, 0, 0, 0), Report()))


def parent_and_child(world: World) -> list[Worker]:
    """An old delivery, the same again, and the child shard's delivery of what was touched meanwhile."""
    world.open("P")
    batch = world.put_many("x", "y")
    touched = world.resend("x")
    return [world.start(batch, "P"), world.start(batch, "P"), world.start([touched, world.put("z")], "C")]


def parent_child_and_sweeper(world: World) -> list[Worker]:
    """An old delivery and the child's, and a sweeper that prunes their lanes at once."""
    world.open("P")
    batch = world.put_many("x", "y")
    touched = world.resend("x")
    return [world.start(batch, "P"), world.start([touched], "C"), sweep(world)]


def skipped_and_two_sweepers(world: World) -> list[Worker]:
    """An old delivery with one that was skipped, and two sweepers on the lane whose mark it commits under."""
    world.open("Q")
    batch = world.put_many("x", "y")
    world.deliver(batch[1:], "P")
    return [world.start(batch, "P"), sweep(world), sweep(world)]


def lanes_and_none(world: World) -> list[Worker]:
    """A deployment that is switching: a shard in its lane, all shards in one, and what was touched."""
    world.open("P")
    batch = world.put_many("x", "y")
    touched = world.resend("x")
    return [world.start(batch, "P"), world.start(batch, None), world.start([touched], "C")]


def batch_after_batch(world: World) -> list[Worker]:
    """A batch, the next one of its shard, which comes when the first was given up, and a sweeper."""
    world.open("P")
    return [world.start(world.put_many("x", "y"), "P"), world.start(world.put_many("z"), "P"), sweep(world)]


def first_of_all(world: World) -> list[Worker]:
    """The default counter is made by whoever comes first."""
    batch = world.put_many("x", "y")
    touched = world.resend("x")
    return [world.start(batch, "P"), world.start([touched], "C"), world.start([world.put("z")], "Q")]


def unknown_until_it_is_made(world: World) -> list[Worker]:
    """An unknown counter's requests are refused while somebody makes it."""
    batch = world.put_many("x", "y", counter=OTHER)
    return [world.start(batch, "P"), world.start(batch[:1], "P"), Worker(world, make_counter(world))]


def make_counter(world: World) -> Steps[None]:
    """What an admin does, between two looks."""
    yield ReadCounter(OTHER)
    world.tables.put_counter(Counter(OTHER))
    yield ReadCounter(OTHER)


def deleted_and_put_again(world: World) -> list[Worker]:
    """A request is deleted and put again under its id while its batch is at work."""
    world.open("P")
    batch = world.put_many("x", "y")
    world.now += 1
    return [world.start(batch, "P"), Worker(world, put_again(world)), sweep(world)]


def put_again(world: World) -> Steps[None]:
    """What an admin and a client do, as long as the request waits; the stream announces it to the same shard."""
    yield ReadCounter(COUNTER)
    if "x" not in world.waiting():
        return
    world.tables.delete_request("x")
    yield ReadCounter(COUNTER)
    again = world.put("x")
    yield ReadCounter(COUNTER)
    world.start([again], "P").finish()


PLAYS = [
    parent_and_child,
    parent_child_and_sweeper,
    skipped_and_two_sweepers,
    lanes_and_none,
    batch_after_batch,
    first_of_all,
    unknown_until_it_is_made,
    deleted_and_put_again,
]


def play(start: Play, order: Sequence[int], interruptions: Sequence[Interruption]) -> tuple[World, int]:
    """Let the workers go on in that order, each to its end unless it is interrupted; the world, and the calls made."""
    world = World()
    workers = start(world)
    queue = list(order)
    calls = 0
    while queue:
        for after, other, dies in interruptions:
            if after == calls and len(queue) > other:
                interrupted = queue.pop(0)
                queue.insert(0, queue.pop(other - 1))
                queue += [] if dies else [interrupted]
        if workers[queue[0]].operation is None:
            queue.pop(0)
            continue
        workers[queue[0]].step()
        calls += 1
    return world, calls


def schedules(start: Play, most: int) -> Iterator[tuple[Sequence[int], Sequence[Interruption]]]:
    """Every order of the workers, with every choice of at most so many interruptions."""
    for order in permutations(range(3)):
        _, calls = play(start, order, [])
        single = list(product(range(1, calls + 1), (1, 2), (False, True)))
        for many in range(most + 1):
            for interruptions in combinations(single, many):
                if len({after for after, _, _ in interruptions}) == many:
                    yield order, interruptions


@pytest.mark.parametrize("most", [1, pytest.param(2, marks=pytest.mark.everything)])
@pytest.mark.parametrize("start", PLAYS, ids=lambda start: start.__name__)
def test_every_schedule_leaves_the_numbers_whole(start: Play, most: int) -> None:
    for order, interruptions in schedules(start, most):
        world, _ = play(start, order, interruptions)
        assert world.find_faults() == [], f"{start.__name__}, order {order}, interrupted {interruptions}"
