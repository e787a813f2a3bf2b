"""The logical shards of a stream, as they split and merge.

    engine's stream    r1 r2 r3 │ r4 r5 ...     `split` comes between r3 and r4
    parent             r1 r2 r3 ▌               closed: its records, the final invocation of its window, its end
    children                      r4  r5        begin after that, each with a window and a state of its own

A record belongs to one shard for ever, by its key and by its place in the stream. So the checkpoint file has a split
before the first record is dealt by it, and a stream that is read again after a kill is dealt as it was before.

DynamoDB splits a shard by its load, and every few hours has it go on in one child; it does not merge two. That is
Kinesis's, and here because a child with two parents is what tests the order hardest.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

import asyncio
import zlib
from collections.abc import Iterator
from itertools import chain

from gapless.local.stream.checkpoint import Checkpoint
from gapless.local.stream.lane import Consumer, Lane
from gapless.local.stream.record import HASHES, StreamRecord
from gapless.local.stream.shard import Hashes, Shard, reached


class NoSuchShard(LookupError):
    """There is no open shard of that id; the text says which there are."""


class CannotReshard(ValueError):
    """These shards cannot be split or merged; the text says why."""


class Shards:
    """All shards that are open, or closed with something left to do; parents stand before children.

    made: how many there have been; dealt: the last sequence number read of each shard of the engine.
    """

    def __init__(self, stream_arn: str, consumer: Consumer) -> None:
        self.made = 0
        self.dealt: dict[str, str] = {}
        self._all: list[Shard] = []
        self._stream_arn = stream_arn
        self._consumer = consumer
        self._started = False

    def __iter__(self) -> Iterator[Shard]:
        return iter(self._all)

    def begin(self, count: int) -> None:
        """Share all hashes out among so many new shards."""
        for number in range(count):
            self._open(Hashes(HASHES * number // count, HASHES * (number + 1) // count - 1), [])

    def restore(self, saved: Checkpoint) -> None:
        """The shards of a checkpoint, without their pending records."""
        self.made = saved.made
        self._all = [Shard.restore(one, self._consumer) for one in saved.shards]

    def roll_over(self) -> None:
        """Have every open shard go on in a child of the same range: the engine counts its records anew, and sequence
        numbers are compared inside one shard."""
        opened = [shard for shard in self._all if shard.until is None]
        for shard in self._all:
            shard.forget_places()
        for shard in opened:
            shard.close({})
            self._open(shard.hashes, [shard])

    def start(self) -> None:
        """Begin to invoke the function."""
        self._started = True
        for shard in list(self._all):
            self._start(shard)

    async def stop(self, grace_seconds: float) -> None:
        """Stop after the invocations in flight, or without those that take longer than the grace."""
        await asyncio.gather(*(shard.stop(grace_seconds) for shard in self._all))

    def lane_of(self, key_hash: int, source: str, sequence: str) -> Lane | None:
        """Where a record goes; None for one that was done before: by its lane, or by a shard that has ended since."""
        for shard in self._all:
            if key_hash in shard.hashes and shard.holds(source, sequence):
                lane = shard.lane_of(key_hash)
                return None if reached(lane.finished, source, sequence) else lane
        return None

    def lanes(self) -> Iterator[Lane]:
        """The lanes of every shard."""
        return chain.from_iterable(shard.lanes for shard in self._all)

    def unfinished(self) -> list[StreamRecord]:
        """The records that are not done, oldest first."""
        return sorted((one for lane in self.lanes() for one in lane.unfinished), key=lambda one: one.order)

    def split(self, shard_id: str) -> list[Shard]:
        """Close a shard and open one for each half of its range. Raises NoSuchShard or CannotReshard."""
        shard = self._find_open(shard_id)
        if shard.hashes.first == shard.hashes.last:
            raise CannotReshard(f"{shard_id} has a single key hash, and cannot be split further")
        shard.close(dict(self.dealt))
        return [self._open(half, [shard]) for half in shard.hashes.split()]

    def merge(self, first_id: str, second_id: str) -> Shard:
        """Close two shards whose ranges adjoin and open one for both. Raises NoSuchShard or CannotReshard."""
        low, high = sorted((self._find_open(one) for one in (first_id, second_id)), key=lambda one: one.hashes.first)
        if low.hashes.last + 1 != high.hashes.first:
            raise CannotReshard(f"{first_id} and {second_id} are not neighbours: merge shards whose hashes adjoin")
        for shard in (low, high):
            shard.close(dict(self.dealt))
        return self._open(Hashes(low.hashes.first, high.hashes.last), [low, high])

    def _find_open(self, shard_id: str) -> Shard:
        opened = {shard.shard_id: shard for shard in self._all if shard.until is None}
        if shard_id not in opened:
            raise NoSuchShard(f"there is no open shard {shard_id}; open are: {', '.join(opened) or 'none'}")
        return opened[shard_id]

    def _open(self, hashes: Hashes, parents: list[Shard]) -> Shard:
        shard_id = name_shard(self._stream_arn, self.made, hashes)
        after = {} if not parents else dict(self.dealt)
        shard = Shard(shard_id, hashes, [parent.shard_id for parent in parents], after, self._consumer)
        self.made += 1
        self._all.append(shard)
        if self._started:
            self._start(shard)
        return shard

    def _start(self, shard: Shard) -> None:
        shard.start([one for one in self._all if one.shard_id in shard.parents], self._drop)

    def _drop(self, ended: Shard) -> None:
        self._all.remove(ended)
        self._consumer.progressed()


def name_shard(stream_arn: str, number: int, hashes: Hashes) -> str:
    """An id in the form of DynamoDB's, never given twice: to a range of its own even where no checkpoint is kept."""
    check = zlib.crc32(f"{stream_arn} {number} {hashes.first}-{hashes.last}".encode())
    return f"shardId-{number:020d}-{check:08x}"
