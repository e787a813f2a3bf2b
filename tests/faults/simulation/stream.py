"""The table's stream: shards that split and merge, records that are trimmed after a day."""

import random
import zlib
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from itertools import pairwise

from request import Request

SLOTS = 64  # of the hashes of the keys; a shard has a range of them
DAY = 86_400_000
FIRST_SEQUENCE = 10**20


@dataclass(frozen=True)
class Record:
    """A request as the stream shows it, and when that was, epoch ms."""

    request: Request
    at: int


@dataclass(eq=False)
class Shard:
    """A run of records about the keys of some slots; it is closed when others take over.

    ends: where deliveries have ended.
    """

    shard_id: str
    slots: range
    parents: tuple["Shard", ...] = ()
    records: list[Record] = field(default_factory=list)
    is_open: bool = True
    ends: list[int] = field(default_factory=list)

    def first_kept(self, now: int) -> int:
        """The place of the first record that is not trimmed yet."""
        return bisect_right(self.records, now - DAY, key=lambda record: record.at)


class Stream:
    """All shards, oldest first. missed: how many records were trimmed before a mapping had read them."""

    def __init__(self, draw: random.Random, shards: int) -> None:
        self._random = draw
        self._sequence = FIRST_SEQUENCE
        self.shards: list[Shard] = []
        self.missed = 0
        bounds = [SLOTS * place // shards for place in range(shards + 1)]
        for start, stop in pairwise(bounds):
            self._open(range(start, stop))

    def announce(self, request: Request, now: int) -> Shard:
        """Add a record about a request to the shard of its key."""
        slot = zlib.crc32(request.request_id.encode()) % SLOTS
        shard = next(one for one in self.open_shards() if slot in one.slots)
        self._sequence += self._random.randint(1, 9)
        shard.records.append(Record(replace(request, sequence=self._sequence), now))
        return shard

    def open_shards(self) -> list[Shard]:
        """Those that records are added to."""
        return [one for one in self.shards if one.is_open]

    def split(self) -> bool:
        """Split a shard in two, if one can be."""
        wide = [one for one in self.open_shards() if len(one.slots) > 1]
        if not wide:
            return False
        parent = self._random.choice(wide)
        middle = parent.slots[len(parent.slots) // 2]
        parent.is_open = False
        self._open(range(parent.slots.start, middle), parent)
        self._open(range(middle, parent.slots.stop), parent)
        return True

    def merge(self) -> bool:
        """Merge two neighbours, if there are two."""
        left, *rest = sorted(self.open_shards(), key=lambda one: one.slots.start)
        if not rest:
            return False
        right = rest[0]
        left.is_open = right.is_open = False
        self._open(range(left.slots.start, right.slots.stop), left, right)
        return True

    def _open(self, slots: range, *parents: Shard) -> None:
        self.shards.append(Shard(f"shardId-{len(self.shards):020}-{self._random.getrandbits(32):08x}", slots, parents))
