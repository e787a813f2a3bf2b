"""Deliveries that come twice, late, or half done. P: a shard; C: its child; t: the record of x touched by a sweeper."""

from memory import Memory
from operations import Commit, WriteStamps
from tests.faults.directed.world import World


def late_zombie(world: World) -> None:
    """
    P, old delivery   about to commit x ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ commits? no: the fence has moved
    C                                    t: x numbered, stamped
    """
    world.open("P")
    zombie = world.start([world.put("x")], "P").until(Commit)
    world.deliver([world.resend("x")], "C")
    zombie.finish()


def zombie_between(world: World) -> None:
    """
    C                 t: x read, PENDING ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ commits? no: the version has moved
    P, old delivery                       commits x, dies
    """
    world.open("P")
    zombie = world.start([world.put("x")], "P").until(Commit)
    child = world.start([world.resend("x")], "C").until(Commit)
    zombie.die_after(Commit)
    child.finish()


def parent_not_stamped(world: World) -> None:
    """
    P   commits x, dies, is discarded and split
    C                                            t: x read, PENDING ─▶ commits? no: P's entry has it
    """
    world.open("P")
    world.start([world.put("x")], "P").die_after(Commit)
    world.deliver([world.resend("x")], "C")


def mapping_made_anew(world: World) -> None:
    """
    P   batch of x discarded ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ read again from TRIM_HORIZON: x numbered? no: looked at
    C                          t: x numbered (verifyUntil goes up to it)
    """
    world.open("P")
    x = world.put("x")
    world.deliver([world.resend("x")], "C")
    world.deliver([x], "P")


def same_batch_again(world: World) -> None:
    """
    P   [x, y]: numbered ─▶ [x, y] again: at or below the mark
    """
    world.open("P")
    batch = world.put_many("x", "y")
    world.deliver(batch, "P")
    world.deliver(batch, "P")


def same_delivery_twice(world: World) -> None:
    """
    P          about to commit [x, y] ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ commits? no: the mark has moved
    P, again                           [x, y]: numbered
    """
    world.open("P")
    batch = world.put_many("x", "y")
    slow = world.start(batch, "P").until(Commit)
    world.deliver(batch, "P")
    slow.finish()


def lane_made_twice(world: World) -> None:
    """
    P          no lane yet: about to commit x ┄┄┄┄┄┄┄▶ commits? no: there is one
    P, again                                   x: numbered
    """
    world.open("Q")
    x = world.put("x")
    slow = world.start([x], "P").until(Commit)
    world.deliver([x], "P")
    slow.finish()


def decided_between_two_looks(world: World) -> None:
    """
    C                 t: reads the counter ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ reads x: it is DONE
    P, old delivery                         commits x, stamps ─▶ y
    """
    world.open("P")
    zombie = world.start([world.put("x")], "P").until(Commit)
    child = world.start([world.resend("x")], "C")
    child.step()
    zombie.finish()
    world.deliver([world.put("y")], "P")
    child.finish()


def put_and_touch_together(world: World) -> None:
    """
    P   down for hours ┄┄┄┄┄┄┄┄┄┄┄┄▶ one batch: [x, t]: two numbers? no: an id once a batch
    sweeper             touches x
    """
    world.open("P")
    x = world.put("x")
    world.deliver([x, world.resend("x")], "P")


def two_batches_cut_short(world: World, first: int = 4, second: int = 4) -> None:
    """
    P   batch 1, dead after some calls ─▶ batch 2, dead after some calls ─▶ batch 3: applies what is left on the lane
        discarded                          discarded
    """
    world.open("P")
    one, two = world.put_many("a", "b", "c"), world.put_many("d", "e")
    for batch, calls in ((one, first), (two, second)):
        worker = world.start(batch, "P")
        for _ in range(calls):
            if worker.operation is not None:
                worker.step()
    world.deliver([world.put("f")], "P")


def stamps_unconfirmed(world: World) -> None:
    """
    P, warm   commits x, every stamp throttled: fails ─▶ batch again, same process: applies ─▶ the next batch
    """
    world.open("P")
    memory = Memory()
    world.deliver([world.put("w")], "P", memory)
    x = world.put("x")
    world.throttled.add("x")
    report = world.deliver([x], "P", memory)
    assert report.failures, "stamps that cannot be written are no success"
    world.throttled.clear()
    world.deliver([world.put("y")], "P", memory)


def answer_is_final(world: World) -> None:
    """
    P         commits x ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ stamps x with its result? no: x does not wait
    sweeper              applies: work() refuses x by now, so x is DONE with no result
    """
    world.open("P")
    worker = world.start([world.put("x")], "P").until(WriteStamps)
    world.refused.add("x")
    world.sweep()
    worker.finish()
    assert world.tables.requests["x"].result == "null", "a client has seen another answer before"


def room_for_one(world: World) -> None:
    """
    P, warm   about to commit x ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ commits? no: there is no room ─▶ x is refused
    Q, warm                      takes the last number
    """
    world.set_options(capacity=5)
    world.open("P", "Q")
    p, q = Memory(), Memory()
    world.deliver([world.put("p")], "P", p)
    world.deliver([world.put("q")], "Q", q)
    zombie = world.start([world.put("x")], "P", p).until(Commit)
    world.deliver([world.put("y")], "Q", q)
    zombie.finish()


def two_first_commits(world: World) -> None:
    """
    P   no counter: about to make it with x ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ makes it? no: it is there ─▶ commits x to it
    Q                                        makes it with y
    """
    first = world.start([world.put("x")], "P").until(Commit)
    world.deliver([world.put("y")], "Q")
    first.finish()


def failure_in_the_middle(world: World) -> None:
    """
    P   [a, bad, b]: commits a, its mark ends before bad ─▶ [bad, b] again: both numbered, in order
    """
    world.open("P")
    batch = world.put_many("a", "bad", "b")
    world.failing.add("bad")
    world.deliver(batch, "P")
    world.failing.clear()
    world.deliver(batch[1:], "P")
    assert [world.status(one) for one in ("a", "bad", "b")] == ["DONE 2", "DONE 3", "DONE 4"], "nothing is skipped"
