"""A stream, a function and a clock that do as they are told."""

import asyncio
import functools
import heapq
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec

from gapless.local.clock import Clock
from gapless.local.engine import Answer, EngineError
from gapless.local.function import Invocation
from gapless.local.stream import EventSourceMapping, MappingSettings
from gapless.local.stream.destination import PutObject

STREAM = "arn:aws:dynamodb:eu-west-1:000000000000:table/requests/stream/2026-11-22T00:00:00.000"
FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:processor"
QUEUE = "arn:aws:sqs:eu-west-1:000000000000:failures"
BUCKET = "arn:aws:s3:::failures"
NOW = 1_800_000_000.0

P = ParamSpec("P")


def in_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a coroutine test in an event loop of its own, for 20 seconds at most."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), 20))

    return run


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - conditions of any kind
            await asyncio.sleep(0.002)


@dataclass
class EngineShard:
    """One shard of the fake engine."""

    parent: str | None = None
    closed: bool = False
    records: list[dict[str, Any]] = field(default_factory=list)


class FakeEngine:
    """A stream of the engine, and a queue that keeps its messages."""

    def __init__(self) -> None:
        self.shards = {"engine-0": EngineShard()}
        self.messages: list[dict[str, Any]] = []
        self.failing: dict[str, list[EngineError]] = {}  # by action: one for each call that shall fail
        self._sequence = 100

    def put(self, key: str, *, shard: str = "engine-0", arrival: float = NOW, **attributes: str) -> str:
        """Write an item; returns the record's sequence number."""
        self._sequence += 1
        keys = {"requestId": {"S": key}}
        image = keys | {name: {"S": value} for name, value in attributes.items()}
        change = {
            "ApproximateCreationDateTime": arrival,
            "Keys": keys,
            "NewImage": image,
            "SequenceNumber": str(self._sequence),
            "SizeBytes": 10,
            "StreamViewType": "NEW_IMAGE",
        }
        record = {
            "eventID": str(self._sequence),
            "eventName": "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "eu-west-1",
            "dynamodb": change,
        }
        self.shards[shard].records.append(record)
        return str(self._sequence)

    def split(self, shard: str, child: str) -> None:
        """Close a shard and go on in another."""
        self.shards[shard].closed = True
        self.shards[child] = EngineShard(parent=shard)

    def renumber(self) -> None:
        """Lose every record and count from the beginning, as an engine does that keeps its stream in memory."""
        for shard in self.shards.values():
            shard.records.clear()
        self._sequence = 100

    async def call(self, target: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The four stream actions and two of SQS that the mapping uses."""
        await asyncio.sleep(0)
        name = target.rpartition(".")[2]
        if errors := self.failing.get(name):
            raise errors.pop(0)
        action: Callable[[Mapping[str, Any]], dict[str, Any]] = getattr(self, name)
        return action(request)

    async def post(self, target: str, body: bytes) -> Answer:
        raise AssertionError("a mapping reads the documents of answers")

    def DescribeStream(self, request: Mapping[str, Any]) -> dict[str, Any]:
        shards = [
            {"ShardId": name} | ({"ParentShardId": shard.parent} if shard.parent else {})
            for name, shard in self.shards.items()
        ]
        return {"StreamDescription": {"Shards": shards}}

    def GetShardIterator(self, request: Mapping[str, Any]) -> dict[str, Any]:
        records = self.shards[request["ShardId"]].records
        kind = request["ShardIteratorType"]
        at = {"TRIM_HORIZON": 0, "LATEST": len(records)}.get(kind)
        if at is None:
            numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
            if request["SequenceNumber"] not in numbers:
                raise EngineError("TrimmedDataAccessException", "trimmed", 400)
            at = numbers.index(request["SequenceNumber"]) + (kind == "AFTER_SEQUENCE_NUMBER")
        return {"ShardIterator": json.dumps([request["ShardId"], at])}

    def GetRecords(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name, at = json.loads(request["ShardIterator"])
        shard = self.shards[name]
        page = shard.records[at : at + request["Limit"]]
        after = at + len(page)
        more = {} if shard.closed and after == len(shard.records) else {"NextShardIterator": json.dumps([name, after])}
        return {"Records": page, **more}

    def GetQueueUrl(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"QueueUrl": f"http://engine/000000000000/{request['QueueName']}"}

    def SendMessage(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.messages.append(json.loads(request["MessageBody"]))
        return {"MessageId": "1"}


class Recorder:
    """A function that keeps its events, and answers with what `handler` returns or raises."""

    def __init__(self, handler: Callable[[dict[str, Any]], Any] = lambda event: None) -> None:
        self.handler = handler
        self.events: list[dict[str, Any]] = []
        self.done: list[str] = []  # keys of the records of events that did not fail

    async def invoke(self, event: bytes) -> Invocation:
        """Run the handler on an event."""
        document = json.loads(event)
        self.events.append(document)
        await asyncio.sleep(0)
        try:
            answer = self.handler(document)
        except Exception as error:
            return Invocation.failed(type(error).__name__, str(error))
        if not (isinstance(answer, dict) and answer.get("batchItemFailures")):
            self.done.extend(keys(document))
        return Invocation(True, json.dumps(answer).encode())

    @property
    def batches(self) -> list[list[str]]:
        """The keys of each event."""
        return [keys(event) for event in self.events]


def keys(event: Mapping[str, Any]) -> list[str]:
    """The keys of an event's records, in order."""
    return [record["dynamodb"]["Keys"]["requestId"]["S"] for record in event["Records"]]


class OrderedHandler:
    """A handler as it should be: in order, stops at the first failure, raises when that is the first of several and
    reports the record otherwise. `fails` says which keys fail."""

    def __init__(self, fails: Callable[[str], bool]) -> None:
        self.fails = fails
        self.done: list[str] = []

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        for index, record in enumerate(event["Records"]):
            key = record["dynamodb"]["Keys"]["requestId"]["S"]
            if not self.fails(key):
                self.done.append(key)
                continue
            if index == 0 and len(event["Records"]) > 1:
                raise RuntimeError(f"the first record, {key}, failed")
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
        return {"batchItemFailures": []}


class FakeTime:
    """A clock whose sleepers wake when it is moved on; with `hurry` every sleep moves it on by itself."""

    def __init__(self, *, hurry: bool = True) -> None:
        self.now = NOW
        self.slept: list[float] = []
        self._hurry = hurry
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    @property
    def clock(self) -> Clock:
        """It, in the form the mapping takes."""
        return Clock(time=lambda: self.now, monotonic=lambda: self.now, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds` of this clock; what is over by now is not waited for."""
        self.slept.append(seconds)
        if self._hurry or seconds <= 0:
            self.now += seconds
            await asyncio.sleep(0)
            return
        sleeper = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, len(self.slept), sleeper))
        await sleeper

    async def advance(self, seconds: float) -> None:
        """Let everything run that needs no time, move the clock on, and let everything run that was waiting for it."""
        await run_all()
        self.now += seconds
        while self._sleepers and self._sleepers[0][0] <= self.now:
            sleeper = heapq.heappop(self._sleepers)[2]
            if not sleeper.done():
                sleeper.set_result(None)
        await run_all()


async def run_all() -> None:
    """Let every task run until it waits for something; a few in a row wake each other."""
    for _ in range(20):
        await asyncio.sleep(0)


def settings(**properties: object) -> MappingSettings:
    """Settings as a template states them, from the beginning of the stream."""
    return MappingSettings.from_template({"StartingPosition": "TRIM_HORIZON", **properties})


def on_failure(destination: str = QUEUE, **properties: object) -> MappingSettings:
    """Settings with a failure destination."""
    return settings(DestinationConfig={"OnFailure": {"Destination": destination}}, **properties)


def mapping_of(
    engine: FakeEngine,
    invoke: Callable[[bytes], Awaitable[Invocation]],
    with_settings: MappingSettings | None = None,
    *,
    shards: int = 1,
    checkpoint: Path | None = None,
    clock: Clock | None = None,
    put_object: PutObject | None = None,
) -> EventSourceMapping:
    """A mapping of the fake stream; by default one shard and a clock that does not wait."""
    return EventSourceMapping(
        with_settings or settings(),
        engine=engine,
        table_name="requests",
        stream_arn=STREAM,
        function_arn=FUNCTION,
        invoke=invoke,
        shards=shards,
        checkpoint=checkpoint,
        clock=clock or FakeTime().clock,
        put_object=put_object,
    )


@asynccontextmanager
async def running(mapping: EventSourceMapping) -> AsyncIterator[EventSourceMapping]:
    """Start a mapping, and stop it in the end."""
    await mapping.start()
    try:
        yield mapping
    finally:
        await mapping.stop(grace_seconds=1)


async def deliver(
    engine: FakeEngine,
    recorder: Recorder,
    with_settings: MappingSettings | None = None,
    *,
    clock: Clock | None = None,
) -> None:
    """Run a mapping of one shard until everything in the stream is done."""
    async with running(mapping_of(engine, recorder.invoke, with_settings, clock=clock)) as mapping:
        await mapping.drain(5)
