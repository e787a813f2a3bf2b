"""A logical shard: the records of a range of key hashes, from one place in the stream to another."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gapless.local.stream.checkpoint import SavedShard
from gapless.local.stream.event import Window
from gapless.local.stream.lane import RESULTS, Consumer, Lane, report_crash
from gapless.local.stream.record import StreamRecord

Marks = Mapping[str, str]  # a sequence number in each of the engine's shards


@dataclass(frozen=True)
class Hashes:
    """A range of key hashes; both ends are in it."""

    first: int
    last: int

    def __contains__(self, key_hash: int) -> bool:
        return self.first <= key_hash <= self.last

    def split(self) -> tuple["Hashes", "Hashes"]:
        """Its two halves; the range has two hashes or more."""
        middle = (self.first + self.last) // 2
        return Hashes(self.first, middle), Hashes(middle + 1, self.last)


class Shard:
    """Deals its records to lanes, which begin when every parent has ended.

    after, until: its records lie behind the one and up to the other; until is None while it is open. An engine's shard
    that is in neither was first read later. ended: set when it is closed, all its records are done or given up on, and
    its window has had its final invocation.
    """

    def __init__(self, shard_id: str, hashes: Hashes, parents: Sequence[str], after: Marks, consumer: Consumer) -> None:
        self.shard_id = shard_id
        self.hashes = hashes
        self.parents = list(parents)
        self.after = after
        self.until: Marks | None = None
        self.lanes = [Lane(shard_id, consumer) for _ in range(consumer.settings.parallelization_factor)]
        self.ended = asyncio.Event()
        self._log = consumer.log
        self._clock = consumer.clock
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def restore(cls, saved: SavedShard, consumer: Consumer) -> "Shard":
        """A shard as it was saved, without its pending records; with another ParallelizationFactor its lanes are new,
        and repeat what they had done behind the oldest unfinished record."""
        shard = cls(saved.shard_id, Hashes(*saved.hashes), saved.parents, saved.after, consumer)
        if len(saved.finished) == len(shard.lanes):
            for lane, finished, window in zip(shard.lanes, saved.finished, saved.windows, strict=True):
                lane.finished = finished
                lane.window = Window(**window) if window and consumer.settings.tumbling_window else None
        if saved.until is not None:
            shard.close(saved.until)
        return shard

    def save(self, *, stopping: bool) -> SavedShard:
        """What restores it. Of its unfinished records those that the engine cannot give again, or when stopping all."""
        return SavedShard(
            self.shard_id,
            (self.hashes.first, self.hashes.last),
            self.parents,
            dict(self.after),
            None if self.until is None else dict(self.until),
            [lane.finished for lane in self.lanes],
            [asdict(lane.window) if lane.window else None for lane in self.lanes],
            [json.loads(one.body) for one in self.unfinished() if stopping or not one.source],
        )

    def describe(self) -> dict[str, Any]:
        """What a person wants to know of it. iteratorAge: ms since its oldest unfinished record came into being."""
        oldest = min((lane.unfinished[0].arrival for lane in self.lanes if lane.unfinished), default=None)
        results = {lane.last_result for lane in self.lanes}
        return {
            "shardId": self.shard_id,
            "parents": self.parents,
            "hashes": f"{self.hashes.first:08x}-{self.hashes.last:08x}",
            "status": "OPEN" if self.until is None else "CLOSED",
            "unfinished": len(self.unfinished()),
            "iteratorAge": 0 if oldest is None else max(0, round((self._clock.time() - oldest) * 1000)),
            "lastResult": max(results, key=RESULTS.index),
        }

    def holds(self, source: str, sequence: str) -> bool:
        """Whether a record at this place of the stream lies in it, if its key does."""
        return not reached(self.after, source, sequence) and (
            self.until is None or reached(self.until, source, sequence)
        )

    def lane_of(self, key_hash: int) -> Lane:
        """The lane that all records of a key share."""
        return self.lanes[key_hash % len(self.lanes)]

    def unfinished(self) -> list[StreamRecord]:
        """Its records that are not done, oldest first."""
        return sorted((one for lane in self.lanes for one in lane.unfinished), key=lambda one: one.order)

    def close(self, until: Marks) -> None:
        """Take no more records behind `until`."""
        self.until = until
        for lane in self.lanes:
            lane.close()

    def forget_places(self) -> None:
        """The engine has lost its stream: its marks say nothing any more, and what it reads now is not this shard's."""
        self.after, self.until = {}, {}
        for lane in self.lanes:
            lane.finished = {}

    def start(self, parents: Sequence["Shard"], on_end: Callable[["Shard"], None]) -> None:
        """Begin when the parents have ended; `on_end` is called when this one has."""
        self._task = asyncio.create_task(self._run(parents, on_end))
        report_crash(self._task, self.shard_id, self._log)

    async def stop(self, grace_seconds: float) -> None:
        """Stop after the invocations in flight, or without those that take longer than the grace."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await asyncio.gather(*(lane.stop(grace_seconds) for lane in self.lanes))

    async def _run(self, parents: Sequence["Shard"], on_end: Callable[["Shard"], None]) -> None:
        for parent in parents:
            await parent.ended.wait()
        for lane in self.lanes:
            lane.start()
        for lane in self.lanes:
            await lane.ended.wait()
        self.ended.set()
        on_end(self)


def reached(marks: Marks, source: str, sequence: str) -> bool:
    """Whether the mark in that shard of the engine is at this sequence number or behind it."""
    return source in marks and int(sequence) <= int(marks[source])
