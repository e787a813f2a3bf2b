"""Sweepers beside deliveries, old ones above all. A lane that is at rest is pruned, and with it goes its mark."""

from collections.abc import Sequence

from memory import Memory
from numbering import PATIENT_ATTEMPTS
from operations import Commit, Prune, RaiseFence
from request import Request
from tests.faults.directed.world import HOUR, World


def zombie_over_a_pruned_lane(world: World) -> None:
    """
    P, old delivery   "no lane": about to commit x ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ commits? no: the fence has moved
    P, again                                        x numbered
    sweeper                                                     prunes P
    """
    world.open("Q")
    world.sweep()  # so that P is the only lane that is pruned later
    x = world.put("x")
    zombie = world.start([x], "P").until(Commit)
    world.deliver([x], "P")
    world.sweep()
    zombie.finish()


def replay_over_a_pruned_lane(world: World) -> None:
    """
    P         x numbered                                            x again, from an older checkpoint: looked at
    sweeper               prunes P (verifyUntil goes up to x)
    """
    world.open("Q")
    x = world.put("x")
    world.deliver([x], "P")
    world.sweep()
    world.deliver([x], "P")


def replay_of_two_that_overtook_each_other(world: World) -> None:
    """
    P         x, received last, numbered first ─▶ y             x again, from an older checkpoint: looked at
    sweeper                                       prunes P (verifyUntil goes up to x, the newest of the lane)
    """
    world.open("Q")
    x = world.put("x")
    world.now -= 20
    y = world.put("y")
    world.deliver([x], "P")
    world.deliver([y], "P")
    world.sweep()
    world.deliver([x], "P")


def skipped_and_marked(world: World) -> tuple[Sequence[Request], Memory]:
    """x skipped, for its batch was discarded, and y numbered behind it: [x, y], and what P's worker remembers."""
    world.open("Q")
    batch, memory = world.put_many("x", "y"), Memory()
    world.deliver(batch[1:], "P", memory)
    return batch, memory


def same_mark_again(world: World) -> None:
    """
    P, warm           y numbered: "mark 20 applied" ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ t: takes mark 20 for applied? no: fence
    sweeper                                          prunes P
    P, old delivery                                           [x, y]: commits x under mark 20, dies
    """
    batch, memory = skipped_and_marked(world)
    world.sweep()
    world.start(batch, "P").die_after(Commit)
    world.deliver([world.resend("x")], "P", memory)


def two_sweepers(world: World) -> None:
    """
    sweeper 1         applies mark 20 ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ prunes "mark 20"? no: the fence has moved
    sweeper 2                          applies, prunes
    P, old delivery                                     [x, y]: commits x under mark 20, dies
    """
    batch, _ = skipped_and_marked(world)
    world.now += 2 * HOUR
    slow = world.start_sweep().until(Prune)
    slow.step()  # Q's lane
    slow.until(Prune)
    world.sweep()
    world.start(batch, "P").die_after(Commit)
    slow.finish()


def fence_raised_by_another_too(world: World) -> None:
    """
    P                 t of z: loses thrice ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ raises the fence; "mark 20 is applied"? no
    sweeper                                 prunes P (fence + 1)
    P, old delivery                                               [x, y]: commits x under mark 20, dies
    """
    batch, _ = skipped_and_marked(world)
    world.put("z")
    worker = world.start([world.resend("z")], "P")
    for turn in range(PATIENT_ATTEMPTS + 1):
        worker.until(Commit)
        world.deliver([world.put(f"busy {turn}")], "Q")
        worker.step()
    worker.until(RaiseFence)
    world.sweep()
    world.start(batch, "P").die_after(Commit)
    worker.finish()


def sweeper_behind_a_commit(world: World) -> None:
    """
    sweeper   applies mark 10 ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ prunes "mark 10"? no: the mark has moved
    P, warm                    commits x, dies
    """
    memory = Memory()
    world.open("Q")
    world.deliver([world.put("w")], "Q", memory)
    world.now += 2 * HOUR
    sweeper = world.start_sweep().until(Prune)
    world.start([world.put("x")], "Q", memory).die_after(Commit)
    sweeper.finish()


def touched_and_numbered_before(world: World) -> None:
    """
    sweeper   touches x ┄┄┄┄┄┄▶                t: looked at
    P                     x numbered, at last
    """
    world.open("P", "C")
    x = world.put("x")
    touched = world.resend("x")
    world.deliver([x], "P")
    world.deliver([touched], "C")


def touched_twice(world: World) -> None:
    """
    sweeper   touches x ┄┄┄┄┄┄┄┄┄┄▶ touches x again
    C                    t: commits x, dies           D: t': C's entry has it
    """
    world.open("P")
    world.put("x")
    world.start([world.resend("x")], "C").die_after(Commit)
    world.deliver([world.resend("x")], "D")


def swept_while_being_stamped(world: World) -> None:
    """
    P         commits x, y ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ stamps what is stamped
    sweeper                 applies: stamps x, y; prunes
    """
    world.open("P")
    worker = world.start(world.put_many("x", "y"), "P")
    worker.until(Commit).step()
    world.sweep()
    worker.finish()
