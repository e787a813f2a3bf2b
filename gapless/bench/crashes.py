"""What becomes of a batch whose process dies at a call, and that is then delivered again to another process."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from connection import Settings
from gapless.bench.designs import choose
from gapless.bench.readback import Readback, count_gaps, count_twins, is_gapless, read_back
from gapless.bench.shard import Shard, create_counter
from request import Request

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH = 5
MOMENTS: tuple[Literal["before", "after"], ...] = ("before", "after")


class Crash(BaseException):
    """The process is gone: nothing in it may catch this."""


@dataclass(frozen=True)
class Aftermath:
    """What crashes have left behind, once their batches were delivered again.

    runs: with a crash each; bad: how many of them ended with a gap or a twin. Over all of them, gaps: numbers that no
    request has; twins: numbers that several have; changed: requests that had a number, and then another.
    """

    runs: int
    bad: int
    gaps: int
    twins: int
    changed: int


class Crashes:
    """Runs of one design, a crash in each. client: the design's; bystander: makes the calls that cannot crash."""

    def __init__(self, design: str, client: "DynamoDBClient", bystander: "DynamoDBClient", settings: Settings) -> None:
        self._design = design
        self._client = client
        self._bystander = bystander
        self._settings = settings

    def try_all(self) -> Aftermath:
        """Crash before and after each call that a batch takes, and add up what that has left behind."""
        runs = [self._crash(call, moment) for call in range(self._count_calls()) for moment in MOMENTS]
        return Aftermath(
            runs=len(runs),
            bad=sum(not is_gapless(end.numbers, end.value) for _, end in runs),
            gaps=sum(count_gaps(end.numbers, end.value) for _, end in runs),
            twins=sum(count_twins(end.numbers) for _, end in runs),
            changed=sum(
                before not in (None, after)
                for crashed, end in runs
                for before, after in zip(crashed.numbers, end.numbers, strict=True)
            ),
        )

    def _count_calls(self) -> int:
        with crashing(self._client) as calls:
            self._number(self._begin())
        return len(calls)

    def _crash(self, call: int, moment: str) -> tuple[Readback, Readback]:
        """What there is after a crash at that call, and after a redelivery."""
        shard, requests = self._begin()
        with crashing(self._client, call, moment), suppress(Crash):
            self._number((shard, requests))
        crashed = read_back(self._bystander, self._settings, requests[0].counter, shard.ids)
        self._number((shard, requests))
        return crashed, read_back(self._bystander, self._settings, requests[0].counter, shard.ids)

    def _begin(self) -> tuple[Shard, list[Request]]:
        """A batch of a counter of its own."""
        counter = f"crash-{uuid.uuid4()}"
        create_counter(self._bystander, self._settings, counter)
        shard = Shard(self._bystander, self._settings, "shard", counter)
        return shard, shard.put(BATCH)

    def _number(self, delivery: tuple[Shard, Sequence[Request]]) -> None:
        shard, requests = delivery
        choose(self._design, self._client, self._settings, shard.name)(requests)


@contextmanager
def crashing(client: "DynamoDBClient", call: int = -1, moment: str = "") -> Iterator[list[str]]:
    """Crash at a call, counted from 0: before it is made, or after it was carried out. Gives the calls made so far."""
    calls: list[str] = []

    def before(model: object, **_: object) -> None:
        calls.append(str(model))
        if (len(calls) - 1, "before") == (call, moment):
            raise Crash

    def after(**_: object) -> None:
        if (len(calls) - 1, "after") == (call, moment):
            raise Crash

    client.meta.events.register("before-call.dynamodb", before)
    client.meta.events.register("after-call.dynamodb", after)
    try:
        yield calls
    finally:
        client.meta.events.unregister("before-call.dynamodb", before)
        client.meta.events.unregister("after-call.dynamodb", after)
