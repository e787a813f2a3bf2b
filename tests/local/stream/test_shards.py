"""Logical shards: order within a key, concurrency between them, and the engine's own shards that close and go on."""

import asyncio
import random
from collections import defaultdict
from typing import Any

import pytest

from gapless.local.engine import EngineError
from gapless.local.function import Invocation
from tests.local.stream.fakes import (
    FakeEngine,
    OrderedHandler,
    Recorder,
    deliver,
    in_loop,
    keys,
    mapping_of,
    running,
    settings,
    until,
)


class SlowFunction:
    """A function that answers when told, and knows how many invocations were in flight at a time."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.in_flight: defaultdict[str, int] = defaultdict(int)
        self.most: defaultdict[str, int] = defaultdict(int)

    async def invoke(self, event: bytes) -> Invocation:
        """Wait for `go`."""
        self.in_flight["all"] += 1
        self.most["all"] = max(self.most["all"], self.in_flight["all"])
        await self.go.wait()
        self.in_flight["all"] -= 1
        return Invocation(True, b"null")


@pytest.mark.parametrize(("shards", "factor", "expected"), [(1, 1, 1), (4, 1, 4), (2, 3, 6)])
@in_loop
async def test_as_many_invocations_at_a_time_as_shards_times_the_factor(
    shards: int, factor: int, expected: int
) -> None:
    engine, function = FakeEngine(), SlowFunction()
    for number in range(100):
        engine.put(str(number))
    with_settings = settings(BatchSize=1, ParallelizationFactor=factor)
    async with running(mapping_of(engine, function.invoke, with_settings, shards=shards)) as mapping:
        await until(lambda: function.in_flight["all"] == expected)
        function.go.set()
        await mapping.drain(5)
    assert function.most["all"] == expected


@pytest.mark.parametrize("shards", [1, 2, 3, 4, 7])
@in_loop
async def test_the_changes_of_a_key_stay_in_order_on_any_number_of_shards(shards: int, seeded: random.Random) -> None:
    engine = FakeEngine()
    written: defaultdict[str, list[str]] = defaultdict(list)
    for _ in range(300):
        key = str(seeded.randrange(20))
        written[key].append(engine.put(key))
    seen: defaultdict[str, list[str]] = defaultdict(list)

    def handler(event: dict[str, Any]) -> None:
        if seeded.random() < 0.2:
            raise RuntimeError("it failed")
        for record in event["Records"]:
            seen[record["dynamodb"]["Keys"]["requestId"]["S"]].append(record["dynamodb"]["SequenceNumber"])

    function = Recorder(handler)
    async with running(mapping_of(engine, function.invoke, settings(BatchSize=7), shards=shards)) as mapping:
        await mapping.drain(10)
    assert seen == written


@in_loop
async def test_poison_delays_its_own_shard_only() -> None:
    engine = FakeEngine()
    written = [str(number) for number in range(40)]
    for key in written:
        engine.put(key)
    handler = OrderedHandler(lambda key: key == "7")
    function = Recorder(handler)
    with_settings = settings(FunctionResponseTypes=["ReportBatchItemFailures"], BisectBatchOnFunctionError=True)
    async with running(mapping_of(engine, function.invoke, with_settings, shards=4)) as mapping:
        await until(lambda: len(handler.done) >= 25)  # three shards of four; the poisoned one retries for ever
        assert 0 < mapping.unfinished() < 20


@in_loop
async def test_reading_goes_on_in_the_children_of_a_closed_shard_after_it() -> None:
    engine, function = FakeEngine(), Recorder()
    engine.put("a")
    engine.split("engine-0", "engine-1")
    engine.put("b", shard="engine-1")
    engine.split("engine-1", "engine-2")
    engine.put("c", shard="engine-2")
    async with running(mapping_of(engine, function.invoke)) as mapping:
        await mapping.drain(5)
        assert [key for batch in function.batches for key in batch] == ["a", "b", "c"]
        engine.put("d", shard="engine-2")
        engine.split("engine-2", "engine-3")
        engine.put("e", shard="engine-3")
        await mapping.drain(5)
    assert function.done == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("code", ["ExpiredIteratorException", "InternalServerError"])
@in_loop
async def test_an_engine_that_fails_is_asked_again(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gapless.local.stream.mapping.ENGINE_RETRY_SECONDS", 0.05)
    engine, function = FakeEngine(), Recorder()
    async with running(mapping_of(engine, function.invoke)) as mapping:
        engine.put("a")
        await mapping.drain(5)
        engine.failing["GetRecords"] = [EngineError(code, "not now", 500)]
        engine.put("b")
        await until(lambda: function.done == ["a", "b"])
    assert function.batches == [["a"], ["b"]]


@in_loop
async def test_drain_says_so_when_a_record_cannot_be_done() -> None:
    engine = FakeEngine()
    engine.put("a")

    def handler(event: dict[str, Any]) -> None:
        raise RuntimeError("it failed")

    async with running(mapping_of(engine, Recorder(handler).invoke)) as mapping:
        with pytest.raises(TimeoutError):
            await mapping.drain(0.2)


@in_loop
async def test_without_a_destination_records_given_up_on_are_left_behind() -> None:
    engine = FakeEngine()
    engine.put("a")
    engine.put("b")
    function = Recorder(lambda event: 1 / 0 if keys(event) == ["a"] else None)
    await deliver(engine, function, settings(MaximumRetryAttempts=1, BatchSize=1))
    assert function.done == ["b"]
