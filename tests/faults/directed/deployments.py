"""Lanes switched off and on again under traffic, and counters that come into being or are changed."""

from dataclasses import replace

from counter import Counter
from memory import Memory
from operations import Commit, RefuseUncounted
from tests.faults.directed.world import World
from tests.faults.simulation.stored import moved

OTHER = "orders"  # not the default counter: it does not come into being by itself


def zombie_of_the_lanes(world: World) -> None:
    """
    Lanes=on, P   about to commit x ┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ commits? no: the fence has moved
    Lanes=off                        x numbered
    """
    world.open("P")
    x = world.put("x")
    zombie = world.start([x], "P").until(Commit)
    world.deliver([x], None)
    zombie.finish()


def zombie_without_lanes(world: World) -> None:
    """
    Lanes=off     x read, PENDING ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ commits? no: the version has moved
    Lanes=on, P                    x numbered
    """
    world.open("P")
    x = world.put("x")
    zombie = world.start([x], None).until(Commit)
    world.deliver([x], "P")
    zombie.finish()


def back_on_with_an_old_checkpoint(world: World) -> None:
    """
    Lanes=off     x numbered (verifyUntil goes up to it)
    Lanes=on, P                                          x again: looked at
    """
    world.open("P")
    x = world.put("x")
    world.deliver([x], None)
    world.deliver([x], "P")


def switched_off_before_the_stamp(world: World) -> None:
    """
    Lanes=on, P   commits x, dies
    Lanes=off                      x read, PENDING ─▶ commits? no: P's entry has it
    """
    world.open("P")
    x = world.put("x")
    world.start([x], "P").die_after(Commit)
    world.deliver([x], None)


def switched_on_before_the_stamp(world: World) -> None:
    """
    Lanes=off     commits x, dies
    Lanes=on, P                    x read, PENDING ─▶ commits? no: the shared lane's entry has it
    """
    world.open("P")
    x = world.put("x")
    world.start([x], None).die_after(Commit)
    world.deliver([x], "P")


def two_without_lanes(world: World) -> None:
    """
    Lanes=off, P   [a, x]: read, PENDING ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ commits? no: the version has moved
    Lanes=off, P                          [x, b]: commits, dies
    """
    world.open("P")
    a, x, b = world.put_many("a", "x", "b")
    one = world.start([a, x], None).until(Commit)
    world.start([x, b], None).die_after(Commit)
    one.finish()


def refusal_races_creation(world: World) -> None:
    """
    P       no counter: about to refuse x ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ refuses? no: there is one
    admin                                  makes it
    P, again                                        commits x, dies
    """
    x = world.put("x", OTHER)
    slow = world.start([x], "P").until(RefuseUncounted)
    world.tables.put_counter(Counter(OTHER))
    world.start([x], "P").die_after(Commit)
    slow.finish()


def refused_before_there_was_a_counter(world: World) -> None:
    """
    P       no counter: x refused                         x again: looked at (the first commit sets verifyUntil)
    admin                          makes it
    Q                                        numbers y
    """
    x = world.put("x", OTHER)
    world.deliver([x], "P")
    world.tables.put_counter(Counter(OTHER))
    world.deliver([world.put("y", OTHER)], "Q")
    world.deliver([x], "P")


def made_by_two(world: World) -> None:
    """
    P       no counter: about to make the default one with x ┄┄┄┄┄┄┄┄┄┄┄▶ makes it? no: it is there ─▶ x: 100
    admin                                                     makes it, from 100 on
    """
    worker = world.start([world.put("x")], "P").until(Commit)
    world.set_options(start=100)
    worker.finish()
    assert world.status("x") == "DONE 100", "the admin's options are gone"


def zombie_at_the_first_commit(world: World) -> None:
    """
    P, old delivery   no fence yet: about to commit x ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ commits? no: there is a fence
    C                                                  t: x numbered
    """
    world.tables.put_counter(Counter(OTHER))
    zombie = world.start([world.put("x", OTHER)], "P").until(Commit)
    world.deliver([world.resend("x")], "C")
    zombie.finish()


def zombie_between_at_the_first_commit(world: World) -> None:
    """
    C                 no version yet; t: x read, PENDING ┄┄┄┄┄┄┄┄┄┄┄┄▶ commits? no: there is a version
    P, old delivery                                       commits x, dies
    """
    world.tables.put_counter(Counter(OTHER))
    zombie = world.start([world.put("x", OTHER)], "P").until(Commit)
    child = world.start([world.resend("x")], "C").until(Commit)
    zombie.die_after(Commit)
    child.finish()


def handed_out_directly(world: World) -> None:
    """
    P, warm   x numbered                                        y: numbered? no: the fence has moved ─▶ refused
    admin                 has the counter number directly
    """
    memory = Memory()
    world.open("P")
    world.deliver([world.put("x")], "P", memory)
    world.set_options(allocation="direct")
    world.deliver([world.put("y")], "P", memory)
    assert world.status("y") == "FAILED DirectCounter", "the request took a number that is not the stream's to give"


def options_changed_after_refusals(world: World) -> None:
    """
    P, warm   x refused, journalled: nothing is handed out yet                  y: the first number of the new options
    admin                                                      start: 1 -> 100
    """
    memory = Memory()
    world.tables.put_counter(Counter(OTHER))
    world.refused.add("x")
    world.deliver([world.put("x", OTHER)], "P", memory)
    options = replace(moved(world.counter(OTHER), fence=1), start=100)
    world.tables.put_counter(options)
    world.deliver([world.put("y", OTHER)], "P", memory)
    assert world.status("y") == "DONE 100"
