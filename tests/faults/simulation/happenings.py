"""All that may happen next in a world, from a call that is made to an operator who raises a bound."""

from collections.abc import Callable
from dataclasses import replace

from counter import Counter
from operations import ReadCounter
from tests.faults.simulation.mapping import Mapping, draw_stray
from tests.faults.simulation.scenario import (
    DEFAULT_COUNTER,
    LATE,
    NEVER,
    Deleted,
    draw_counters,
    draw_kind,
    draw_request,
)
from tests.faults.simulation.stored import moved
from tests.faults.simulation.world import PATIENCES, SKEW, Busy, World

REQUESTS = 40
JUMPS = (61_000, 900_000, 3_601_000, 90_000_000)  # ms; the last is more than a stream keeps


def begin(world: World) -> None:
    """Have the operator make the first counters."""
    for counter in draw_counters(world.random):
        make_counter(world, counter)


def make_counter(world: World, counter: Counter) -> None:
    """The operator makes a counter."""
    world.history.made[counter.name] = counter
    world.store.put_counter(counter)


def happen(world: World) -> None:
    """Let one thing happen."""
    world.clock += world.random.randint(0, 300)
    event = world.random.choices(list(HAPPENINGS), list(HAPPENINGS.values()))[0]
    event(world)


def work(world: World) -> None:
    """Somebody makes a call: mostly the pollers; zombies and sweepers are slower, and so meet what is new by then."""
    ready = world.mapping.ready(world.clock)
    weights = [3] * len(ready) + [1] * len(world.strays) + [2] * len(world.sweeps)
    if weights:
        busy: list[Busy] = [*ready, *world.strays, *world.sweeps]
        world.advance(world.random.choices(busy, weights)[0])


def submit(world: World) -> None:
    """Clients put some requests, the one time a burst and the other time one."""
    if len(world.history.submitted) >= REQUESTS:
        return
    names = [*world.history.made, *world.history.made, "plain", "plain", DEFAULT_COUNTER, DEFAULT_COUNTER, LATE, NEVER]
    for _ in range(world.random.choice((1, 1, 2, 5, 9))):
        received_at = world.clock + world.random.randint(-SKEW, SKEW)
        kind = draw_kind(world.random, world.kinds)
        request = draw_request(world.random, world.random.choice(names), received_at, kind)
        world.history.kinds[request.request_id] = kind
        world.put(request)


def stray(world: World) -> None:
    """A batch is delivered out of turn."""
    shards = [(one, one.first_kept(world.clock)) for one in world.stream.shards]
    kept = [(shard, first) for shard, first in shards if first < len(shard.records)]
    if kept:
        world.count("strays")
        shard, first = world.random.choice(kept)
        places = draw_stray(world.random, shard, first)
        world.strays.append(world.deliver(shard, places, world.choose_state(shard)))


def sweep(world: World) -> None:
    """A sweeper begins with a counter; others may be at it."""
    world.start_sweep(world.random.choice([*world.history.made, DEFAULT_COUNTER]))


def send_again(world: World) -> None:
    """A sweeper finds a request that waits."""
    waiting = [one for one in world.history.submitted if one not in world.witness.decided]
    if waiting:
        world.start_resend(world.random.choice(waiting), world.random.choice(PATIENCES))


def arrive_late(world: World) -> None:
    """A call that was under way when its process died is carried out."""
    if world.adrift:
        place = world.random.randrange(len(world.adrift))
        world.perform(world.adrift.pop(place))


def jump(world: World) -> None:
    """Nothing happens for a long time."""
    world.count("jumps")
    world.clock += world.random.choice(JUMPS)


def split(world: World) -> None:
    """DynamoDB splits a shard."""
    if len(world.stream.open_shards()) < 5 and world.stream.split():
        world.count("splits")


def merge(world: World) -> None:
    """Two neighbouring shards become one."""
    if world.stream.merge():
        world.count("merges")


def make_mapping_anew(world: World) -> None:
    """Somebody deletes the mapping and makes another, which begins at TRIM_HORIZON; what was under way goes on."""
    world.count("mappings")
    world.strays += [one.delivery for one in world.mapping.pollers.values() if one.delivery]
    world.mapping = Mapping(world.stream)


def delete(world: World) -> None:
    """Somebody deletes a request, whatever state it is in."""
    left = [one for one in world.history.submitted if one not in world.history.deleted]
    if left:
        world.count("deletions")
        request_id = world.random.choice(left)
        number = world.store.delete_request(request_id)
        world.history.deleted[request_id] = Deleted(world.history.submitted[request_id], number)


def put_again(world: World) -> None:
    """A client uses the id of a deleted request for another one, for another counter perhaps.

    Only the time at which it was received tells the one from the other.
    """
    gone = list(world.history.deleted)
    if gone:
        world.count("reuses")
        request_id = world.random.choice(gone)
        world.history.buried.append(world.history.deleted.pop(request_id))
        before = world.history.submitted[request_id]
        received_at = max(before.received_at + 1, world.clock + world.random.randint(-SKEW, SKEW))
        counter = world.random.choice([DEFAULT_COUNTER, *world.history.made])
        request = replace(before, counter=counter, received_at=received_at)
        world.history.overtaken.add(request_id)
        world.history.stamped[request_id] = 0
        world.put(request)


def operate(world: World) -> None:
    """The operator makes a counter that was missing, or raises a bound, which every worker has to see."""
    name = world.random.choice((LATE, LATE, DEFAULT_COUNTER, "short", "short"))
    counter = world.perform(ReadCounter(name))
    if counter is None and name != "short":
        make_counter(world, Counter(name, start=world.random.randint(1, 9), increment=2))
    elif counter and counter.capacity is not None:
        world.count("raises")
        raised = counter.capacity + world.random.randint(1, 5)
        world.history.capacities[name] = raised
        world.store.put_counter(replace(moved(counter, fence=1), capacity=raised))


def hand_out(world: World) -> None:
    """A client takes a number of a direct counter, which goes past the protocol."""
    counter = world.perform(ReadCounter("direct"))
    if counter:
        world.history.handed_out["direct"] += 1
        world.store.put_counter(replace(counter, value=counter.value + 1))


HAPPENINGS: dict[Callable[[World], None], float] = {
    work: 100,
    submit: 6,
    stray: 2,
    sweep: 2,
    send_again: 3,
    arrive_late: 2,
    jump: 0.7,
    split: 0.7,
    merge: 0.3,
    make_mapping_anew: 0.3,
    delete: 1,
    put_again: 0.5,
    operate: 1,
    hand_out: 0.3,
}
