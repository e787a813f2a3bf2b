"""Many lanes, long ids, numbers that end or begin again, and re-sent requests that must not starve under traffic."""

from collections import Counter as Multiset

import pytest

import numbering
from counter import Counter
from memory import Memory
from operations import Commit, PutJournal, RaiseFence
from request import ITEM_LIMIT
from stamping import ATTEMPTS
from tests.faults.directed.world import COUNTER, Worker, World

BUSY_LANES = 8


class BusyLane:
    """A warm worker that is never without a batch."""

    def __init__(self, world: World, shard: str) -> None:
        self.world, self.shard, self.memory = world, shard, Memory()
        self.world.deliver([self.world.put(f"first of {shard}")], shard, self.memory)
        self.batches = 0
        self.worker = self.next_batch()

    def next_batch(self) -> Worker:
        """The next request is there already."""
        self.batches += 1
        return self.world.start([self.world.put(f"{self.shard} {self.batches}")], self.shard, self.memory)

    def step(self) -> None:
        """One call."""
        if self.worker.operation is None:
            self.worker = self.next_batch()
        self.worker.step()


def number_among_traffic(world: World, busy: int) -> tuple[Worker, list[BusyLane]]:
    """A re-sent request, all workers making one call in turn; the one that numbers it comes last each time."""
    world.open("C")
    world.put("x")
    touched = world.resend("x")
    lanes = [BusyLane(world, f"busy {number}") for number in range(busy)]
    for number, lane in enumerate(lanes):  # out of step with each other: somebody commits at every turn
        for _ in range(number):
            lane.step()
    worker = world.start([touched], "C")
    while worker.operation is not None:
        for lane in lanes:
            lane.step()
        worker.step()
    for lane in lanes:
        lane.worker.finish()
    return worker, lanes


@pytest.mark.parametrize("busy", [1, 2, BUSY_LANES, 24])
def test_a_resent_request_does_not_starve_among_busy_lanes(busy: int) -> None:
    """Its commit depends on all lanes, and they never stop committing."""
    world = World()
    worker, lanes = number_among_traffic(world, busy)
    commits = sum(isinstance(one, Commit) for one in worker.done)
    assert world.status("x").startswith("DONE")
    assert commits <= 4, "two patient attempts, and one or two behind a raised fence"
    assert all(lane.batches >= 2 for lane in lanes), "nor does it hold up the others"
    assert world.find_faults() == []


def test_without_raising_the_fence_it_would_starve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbering, "PATIENT_ATTEMPTS", ATTEMPTS)
    world = World()
    worker, _ = number_among_traffic(world, BUSY_LANES)
    assert not any(isinstance(one, RaiseFence) for one in worker.done)
    assert world.status("x") == "PENDING"
    assert isinstance(worker.outcome.failures[0][1], numbering.Starved)


@pytest.mark.parametrize("busy", [2, BUSY_LANES])
def test_workers_without_lanes_take_turns(busy: int) -> None:
    """Lanes=off: each commit depends on the whole counter, so one of them gets through at each turn."""
    world = World()
    world.open("P")
    workers = [world.start(world.put_many(f"{one} a", f"{one} b"), None) for one in range(busy)]
    while any(worker.operation for worker in workers):
        for worker in workers:
            if worker.operation is not None:
                worker.step()
    assert all(not worker.outcome.failures for worker in workers)
    assert world.counter().value == 1 + 2 * busy
    assert world.find_faults() == []


def test_a_counter_with_more_lanes_than_one_kilobyte_holds() -> None:
    """The ids of many go to the journal, since every lane would pay for them at each commit."""
    world = World()
    shards = [f"shard {number}" for number in range(40)]
    world.open(*shards)
    memories = {shard: Memory() for shard in shards}
    journalled = 0
    for turn in range(3):
        for shard in shards:
            worker = world.start(world.put_many(*(f"{shard} {turn} {one}" for one in range(5))), shard, memories[shard])
            journalled += any(isinstance(one, PutJournal) for one in run(worker))
    assert world.counter().size > numbering.WRITE_UNIT
    assert journalled == 3 * len(shards)
    assert world.counter().value == len(shards) * (1 + 3 * 5)
    assert world.find_faults() == []


@pytest.mark.parametrize("name", ["é" * 1000, "🦆" * 500, "x" * 2048], ids=["two bytes", "four bytes", "longest"])
def test_ids_as_long_as_a_key_may_be(name: str) -> None:
    """A batch of them is larger than an item may be, so it is cut; each part is committed, and dies, by itself."""
    world = World()
    world.open("P")
    batch = world.put_many(*(f"{number:04}{name[4:]}" for number in range(400)))
    whole = world.start(batch, "P")
    assert sum(isinstance(one, Commit) for one in run(whole)) == 3
    assert [world.status(one.request_id) for one in batch] == [f"DONE {number}" for number in range(2, 402)]
    assert world.counter().size < ITEM_LIMIT
    assert world.find_faults() == []


def test_long_ids_survive_a_crash_between_the_parts() -> None:
    world = World()
    world.open("P")
    batch = world.put_many(*(f"{number:04}{'x' * 2044}" for number in range(200)))
    worker = world.start(batch, "P")
    worker.until(Commit).step()
    worker.die_after(Commit)
    world.deliver(batch, "P")
    assert [world.status(one.request_id) for one in batch] == [f"DONE {number}" for number in range(2, 202)]
    assert world.find_faults() == []


def run(worker: Worker) -> list[object]:
    """What it did, to its end."""
    worker.finish()
    return list(worker.done)


@pytest.mark.parametrize("increment", [1, 5, -5])
def test_a_cycling_counter_begins_again_in_the_middle_of_a_batch_that_dies(increment: int) -> None:
    world = World()
    world.tables.put_counter(Counter(COUNTER, start=10, increment=increment, capacity=3, cycle=True))
    world.open("P")
    world.start(world.put_many("a", "b", "c", "d"), "P").die_after(Commit)
    world.deliver(world.put_many("e"), "P")
    numbers = [item.number for item in world.tables.requests.values()]
    expected = [10 + step % 3 * increment for step in range(6)]
    assert Multiset(numbers) == Multiset(expected)
    assert numbers == expected
    assert world.find_faults() == []


def test_the_last_numbers_are_given_and_the_rest_are_refused_by_the_entry() -> None:
    world = World()
    world.tables.put_counter(Counter(COUNTER, capacity=4))
    world.open("P")
    world.start(world.put_many("a", "b", "c", "d", "e"), "P").die_after(Commit)
    world.set_options(capacity=6)
    world.deliver([world.put("f")], "P")
    ends = [world.status(one) for one in "abcdef"]
    assert ends == ["DONE 2", "DONE 3", "DONE 4", "FAILED CounterExhausted", "FAILED CounterExhausted", "DONE 5"]
    assert world.find_faults() == []


def test_a_raised_capacity_is_seen_by_a_warm_worker() -> None:
    world = World()
    world.tables.put_counter(Counter(COUNTER, capacity=2))
    world.open("P")
    memory = Memory()
    world.deliver([world.put("a")], "P", memory)
    world.set_options(capacity=3)
    world.deliver(world.put_many("b", "c"), "P", memory)
    assert [world.status(one) for one in "abc"] == ["DONE 2", "DONE 3", "FAILED CounterExhausted"]
    assert world.find_faults() == []
