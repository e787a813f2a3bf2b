"""An event source mapping, as Lambda has it: a poller for each shard, parents before their children.

A batch that fails is retried, halved, in the end discarded; what is reported as failed is where the next one begins.
"""

import random
from dataclasses import dataclass, field
from typing import Any

from memory import Memory
from request import Request
from stamping import Report
from tests.faults.simulation.run import Run
from tests.faults.simulation.stream import Shard, Stream

RETRIES = 3
BATCH = 12


@dataclass(eq=False)
class Delivery:
    """Records [low, high) of a shard on their way through the processor, and the process that has them."""

    shard: Shard
    low: int
    high: int
    run: Run
    memory: Memory
    lane: str


@dataclass(eq=False)
class Poller:
    """How far a shard has been read. state: what the window hands on; size: the most records of the next batch."""

    shard: Shard
    place: int
    state: dict[str, Any] = field(default_factory=dict)
    attempts: int = 0
    size: int = BATCH
    delivery: Delivery | None = None

    def succeed(self, report: Report, state: dict[str, Any]) -> None:
        """Go on behind the batch, or at the record that is reported; the first of several halves the batch instead."""
        delivery = self._take()
        failed = [request.sequence for request, _ in report.failures]
        if not failed:
            self.place, self.state, self.attempts, self.size = delivery.high, state, 0, BATCH
            return
        sequences = [record.request.sequence for record in delivery.shard.records]
        place = sequences.index(min(failed))
        if place > delivery.low:
            self.place, self.state, self.attempts = place, state, 0
        else:
            self._retry(delivery)

    def fail(self) -> None:
        """The invocation has failed: its state is lost, and the batch is delivered again."""
        self._retry(self._take())

    def _take(self) -> Delivery:
        assert self.delivery
        delivery, self.delivery = self.delivery, None
        return delivery

    def _retry(self, delivery: Delivery) -> None:
        self.state = {}
        self.attempts += 1
        self.size = max(1, (delivery.high - delivery.low) // 2)

    @property
    def is_at_its_end(self) -> bool:
        """Whether the batch has been tried so often that it may be discarded."""
        return self.attempts > RETRIES and self.size == 1

    def discard(self) -> None:
        """Give up a batch."""
        self.place, self.attempts, self.size = self.place + self.size, 0, BATCH


class Mapping:
    """The pollers of a stream; it begins at TRIM_HORIZON, the oldest record that is kept."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.pollers: dict[Shard, Poller] = {}

    def ready(self, now: int) -> list[Poller]:
        """The pollers that have a batch under way, or could have one."""
        for shard in self._stream.shards:
            if shard not in self.pollers and all(self._is_read(parent) for parent in shard.parents):
                self.pollers[shard] = Poller(shard, shard.first_kept(now))
        for poller in self.pollers.values():
            kept = poller.shard.first_kept(now)
            self._stream.missed += max(0, kept - poller.place)
            poller.place = max(poller.place, kept)
        return [one for one in self.pollers.values() if one.delivery or one.place < len(one.shard.records)]

    def _is_read(self, shard: Shard) -> bool:
        poller = self.pollers.get(shard)
        return poller is not None and not poller.delivery and poller.place >= len(shard.records) and not shard.is_open


def draw_batch(draw: random.Random, poller: Poller) -> range:
    """The places of the next batch."""
    return range(poller.place, min(len(poller.shard.records), poller.place + draw.randint(1, poller.size)))


def draw_stray(draw: random.Random, shard: Shard, first: int) -> range:
    """The places of a batch that some mapping delivers out of turn: again, cut elsewhere, or too early.

    Many end where another has ended: to the protocol they have the same mark.
    """
    low = draw.randrange(first, len(shard.records))
    ends = [end for end in shard.ends if end > low]
    if ends and draw.random() < 0.6:
        return range(low, draw.choice(ends))
    return range(low, min(len(shard.records), low + draw.randint(1, 2 * BATCH)))


def requests_of(shard: Shard, places: range) -> list[Request]:
    """The records, read."""
    return [shard.records[place].request for place in places]
