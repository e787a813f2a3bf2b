"""Requests that are deleted while they wait, and put again under the same id. P is a shard; x' is the second x."""

from operations import Commit, ReadRequests, WriteStamps
from tests.faults.directed.world import World


def deleted_before_its_stamp(world: World) -> None:
    """
    P        commits x, y ┄┄┄┄┄┄┄┄┄┄▶ stamps: x is gone, its number is kept by a tombstone
    admin                  deletes x
    """
    world.open("P")
    worker = world.start(world.put_many("x", "y"), "P").until(WriteStamps)
    world.tables.delete_request("x")
    worker.finish()


def deleted_before_it_is_applied(world: World) -> None:
    """
    P        commits x, y, dies             ─▶ next batch: applies; x is gone, its number is kept by a tombstone
    admin                        deletes x
    """
    world.open("P")
    world.start(world.put_many("x", "y"), "P").die_after(Commit)
    world.tables.delete_request("x")
    world.deliver([world.put("z")], "P")


def deleted_between_two_looks(world: World) -> None:
    """
    P        commits x, y, dies   ─▶ next batch: x waits ┄┄┄┄┄┄┄┄┄┄┄┄▶ reads x: gone, its number is kept by a tombstone
    admin                                                 deletes x
    """
    world.open("P")
    world.start(world.put_many("x", "y"), "P").die_after(Commit)
    worker = world.start([world.put("z")], "P").until(ReadRequests)
    world.tables.delete_request("x")
    worker.finish()
    assert [world.status("y"), world.status("z")] == ["DONE 3", "DONE 4"]


def stamped_between_two_looks(world: World) -> None:
    """
    P        commits x, y, dies   ─▶ next batch: x waits ┄┄┄┄┄┄┄┄┄┄┄┄▶ reads x: not waiting, and not gone: no tombstone
    sweeper                                               stamps x, y
    """
    world.open("P")
    world.start(world.put_many("x", "y"), "P").die_after(Commit)
    worker = world.start([world.put("z")], "P").until(ReadRequests)
    world.sweep()
    worker.finish()
    assert [world.status(one) for one in "xyz"] == ["DONE 2", "DONE 3", "DONE 4"]


def put_again_in_the_same_batch(world: World) -> None:
    """
    client   puts x, deletes it, puts it again
    P                                          one batch: [x, x', b] ─▶ the number is the second's, once
    """
    world.open("P")
    x = world.put("x")
    world.tables.delete_request("x")
    world.now += 50
    world.deliver([x, world.put("x"), world.put("b")], "P")
    assert world.status("x") == "DONE 2", "the second need not wait for a sweeper"


def put_again_before_its_stamp(world: World) -> None:
    """
    P        commits x ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ stamps: that is another x ─▶ tombstone; next batch: x' has its own
    client              deletes x, puts it again
    """
    world.open("P")
    worker = world.start([world.put("x")], "P").until(WriteStamps)
    world.tables.delete_request("x")
    again = world.put("x")
    worker.finish()
    world.deliver([again], "P")


def put_again_before_it_is_applied(world: World) -> None:
    """
    P        commits x, dies                     ─▶ next batch [x']: x is gone: tombstone; x' has its own
    client                    deletes x, puts it again
    """
    world.open("P")
    world.start([world.put("x")], "P").die_after(Commit)
    world.tables.delete_request("x")
    world.deliver([world.put("x")], "P")


def put_again_while_others_overtake(world: World) -> None:
    """
    client   puts x, deletes it, sends x' ┄┄┄┄┄┄┄┄┄┄┄┄▶ x' is stored: received before b, stored behind it
    client                                 puts b
    P                                      commits [x, b], dies ─▶ [x']: x is gone: tombstone; x' has its own
    """
    world.open("P")
    x = world.put("x")
    world.now += 50
    world.start([x, world.put("b")], "P").die_after(Commit)
    world.tables.delete_request("x")
    world.now -= 20
    world.deliver([world.put("x")], "P")
