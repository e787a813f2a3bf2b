"""Every boundary of every delivery, at operation level: the worker is gone before, in the middle of, or after each."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal

import pytest

from memory import Memory
from operations import Commit, Judge, WriteStamps
from request import Request
from tests.faults.batches import BATCHES, ENDS, POISON, REDELIVERIES, REJECTED, REPEATED, UNREADABLE
from tests.faults.directed.world import Worker, World

Moment = Literal["before", "in the middle", "after"]
# What the worker finds: no counter yet; its lane's last entry applied, and known or not known to be; or not applied.
LANES = ("no counter", "warm", "cold", "unapplied", "no lanes")


@dataclass
class Boundary:
    """A world in which a worker stands before an operation of the batch's delivery.

    memory: what a process that delivers the batch again may know: the window's state of before.
    """

    world: World
    worker: Worker
    memory: Memory
    shard: str | None
    earlier: Sequence[Request]
    batch: Sequence[Request]
    later: Sequence[Request]
    ends: dict[str, str]


def reach(kinds: list[str], lane: str, operations: int) -> Boundary | None:
    """Let the delivery do so many operations; None when it has no more than those."""
    world = World()
    shard = None if lane == "no lanes" else "P"
    memory = Memory()
    if lane != "no counter":
        world.open("Q")
    earlier = world.put_many("earlier 0", "earlier 1")
    if lane in ("warm", "cold", "no lanes"):
        world.deliver(earlier, shard, memory)
    if lane == "unapplied":
        world.start(earlier, shard).die_after(Commit)
    if lane == "cold":
        memory = Memory()
    batch = [announce(world, f"{place}", kind) for place, kind in enumerate(kinds)]
    ends = {request.request_id: ENDS[kind] for request, kind in zip(batch, kinds, strict=True)}
    worker = world.start(batch, shard, memory)
    for _ in range(operations):
        if worker.operation is None:
            return None
        worker.step()
    if worker.operation is None:
        return None
    later = world.put_many("later 0", "later 1")
    return Boundary(world, worker, memory, shard, earlier, batch, later, ends)


def announce(world: World, request_id: str, kind: str) -> Request:
    """A record of the batch."""
    if kind == REPEATED:
        world.sequence += 10
        before = max(
            (one for one in world.tables.requests if one.isdigit() and one not in world.refused | world.failing),
            key=int,
        )
        item = world.tables.requests[before]
        assert item.request is not None
        return replace(item.request, sequence=world.sequence, resent=True)
    {POISON: world.failing, REJECTED: world.refused, UNREADABLE: world.refused}.get(kind, set()).add(request_id)
    return world.put(request_id)


def die(boundary: Boundary, moment: Moment) -> None:
    """Be gone: before the operation, after it with its answer lost, or with half of the stamps written."""
    operation = boundary.worker.operation
    if moment == "after" and operation is not None:
        with suppress(OSError):  # work() has failed, and nobody hears of it
            boundary.world.perform(operation)
    if moment == "in the middle" and isinstance(operation, WriteStamps):
        boundary.world.perform(WriteStamps(operation.stamps[1::2]))


def redeliver(boundary: Boundary, how: str, memory: Memory) -> None:
    """The batch again, by a process that knows what `memory` says, and what comes behind it."""
    world, batch = boundary.world, list(boundary.batch)

    def deliver(requests: Sequence[Request]) -> None:
        world.deliver_as_lambda(requests, boundary.shard, memory)

    if how == "suffix":
        deliver(batch[len(batch) // 2 :])
    if how == "shifted":
        deliver([*batch[1:], *boundary.later[:1]])
    if how == "older":
        deliver([*boundary.earlier, *batch])
    deliver(batch)
    deliver(boundary.later)
    world.failing.clear()


def boundaries(kinds: list[str], lane: str) -> Iterator[tuple[int, Moment]]:
    """Every boundary of the batch's delivery; of the times that work() is asked, which writes nothing, the first."""
    has_judged = False
    for operations in count():
        boundary = reach(kinds, lane, operations)
        if boundary is None:
            return
        judges = isinstance(boundary.worker.operation, Judge)
        if judges and has_judged:
            continue
        has_judged |= judges
        yield operations, "before"
        if isinstance(boundary.worker.operation, WriteStamps) and len(boundary.worker.operation.stamps) > 1:
            yield operations, "in the middle"
        yield operations, "after"


@pytest.mark.usefixtures("journal_mode")
@pytest.mark.parametrize("journal_mode", ["as it fits", "always in the journal"], indirect=True)
@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("name", BATCHES)
def test_a_crash_at_every_boundary_and_every_redelivery(name: str, lane: str) -> None:
    points = list(boundaries(BATCHES[name], lane))
    assert len(points) >= 2, "work() is asked at least"
    for operations, moment in points:
        for how in REDELIVERIES:
            for knows_the_state in (False, True) if lane == "warm" else (False,):
                boundary = reach(BATCHES[name], lane, operations)
                assert boundary is not None
                die(boundary, moment)
                redeliver(boundary, how, boundary.memory if knows_the_state else Memory())
                point = f"{moment} operation {operations}, then {how}, {'warm' if knows_the_state else 'cold'}"
                in_order = how in ("whole", "older") and POISON not in BATCHES[name]
                assert boundary.world.find_faults([list(boundary.ends)] if in_order else []) == [], point
                ends = {one: boundary.world.status(one).split()[0] for one in boundary.ends}
                assert ends == boundary.ends, point
