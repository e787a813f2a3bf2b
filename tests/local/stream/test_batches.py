"""What an event holds, and when it is sent."""

import asyncio
import json

import pytest

from gapless.local.function import Invocation
from gapless.local.function.runtime_api import MAX_EVENT_BYTES
from gapless.local.stream import InvalidPattern
from tests.local.stream.fakes import (
    NOW,
    STREAM,
    FakeEngine,
    FakeTime,
    Recorder,
    deliver,
    in_loop,
    mapping_of,
    running,
    settings,
    until,
)


@in_loop
async def test_an_event_has_the_shape_lambda_sends() -> None:
    engine, function = FakeEngine(), Recorder()
    sequence = engine.put("a", note="naïve ✓")
    engine.shards["engine-0"].records[0] |= {
        "eventSourceARN": "the engine's own idea",
        "userIdentity": {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"},
    }
    await deliver(engine, function)
    assert function.events == [
        {
            "Records": [
                {
                    "eventID": sequence,
                    "eventName": "INSERT",
                    "eventVersion": "1.1",
                    "eventSource": "aws:dynamodb",
                    "awsRegion": "eu-west-1",
                    "dynamodb": {
                        "ApproximateCreationDateTime": NOW,
                        "Keys": {"requestId": {"S": "a"}},
                        "NewImage": {"requestId": {"S": "a"}, "note": {"S": "naïve ✓"}},
                        "SequenceNumber": sequence,
                        "SizeBytes": 10,
                        "StreamViewType": "NEW_IMAGE",
                    },
                    "eventSourceARN": STREAM,
                    "userIdentity": {"principalId": "dynamodb.amazonaws.com", "type": "Service"},
                }
            ]
        }
    ]


@in_loop
async def test_batches_are_cut_at_the_batch_size_in_order() -> None:
    engine, function = FakeEngine(), Recorder()
    for number in range(7):
        engine.put(str(number))
    await deliver(engine, function, settings(BatchSize=3))
    assert function.batches == [["0", "1", "2"], ["3", "4", "5"], ["6"]]


@in_loop
async def test_no_event_is_larger_than_lambda_takes_and_no_record_is_split() -> None:
    engine, function = FakeEngine(), Recorder()
    sizes: list[int] = []

    async def invoke(event: bytes) -> Invocation:
        sizes.append(len(event))
        return await function.invoke(event)

    for number in range(40):
        engine.put(str(number), body="x" * 350_000)
    async with running(mapping_of(engine, invoke, settings(BatchSize=1000))) as mapping:
        await mapping.drain(5)
    assert max(sizes) <= MAX_EVENT_BYTES
    assert len(sizes) == 3  # 17 such records fit into 6 MB
    assert [key for batch in function.batches for key in batch] == [str(number) for number in range(40)]


@in_loop
async def test_a_batching_window_waits_for_a_full_batch_but_not_for_ever() -> None:
    time = FakeTime(hurry=False)
    engine, function = FakeEngine(), Recorder()
    with_window = settings(BatchSize=3, MaximumBatchingWindowInSeconds=5)
    async with running(mapping_of(engine, function.invoke, with_window, clock=time.clock)) as mapping:
        for key in "abc":
            engine.put(key)
        mapping.wake()
        await until(lambda: function.batches == [["a", "b", "c"]])  # full: at once

        engine.put("d")
        mapping.wake()
        await until(lambda: mapping.unfinished() == 1)
        await time.advance(4.9)
        assert len(function.batches) == 1
        await time.advance(0.2)
        await until(lambda: function.batches[1:] == [["d"]])


@in_loop
async def test_a_write_that_wakes_the_mapping_is_delivered_before_the_next_idle_poll() -> None:
    engine, function = FakeEngine(), Recorder()
    loop = asyncio.get_running_loop()
    async with running(mapping_of(engine, function.invoke)) as mapping:
        delays = []
        for number in range(10):
            engine.put(str(number))
            start = loop.time()
            mapping.wake()
            await until(lambda: len(function.done) == len(engine.shards["engine-0"].records))
            delays.append(loop.time() - start)
    assert sorted(delays)[5] < 0.05, delays  # an idle poll is 0.1 s


@in_loop
async def test_latest_sees_only_what_is_written_after_the_start() -> None:
    engine, function = FakeEngine(), Recorder()
    engine.put("before")
    async with running(mapping_of(engine, function.invoke, settings(StartingPosition="LATEST"))) as mapping:
        engine.put("after")
        await mapping.drain(5)
    assert function.batches == [["after"]]


@in_loop
async def test_filtered_records_are_not_sent_but_done() -> None:
    engine, function = FakeEngine(), Recorder()
    pattern = json.dumps({"dynamodb": {"NewImage": {"status": {"S": ["PENDING"]}}}})
    for key, status in [("a", "PENDING"), ("b", "DONE"), ("c", "PENDING"), ("d", "DONE")]:
        engine.put(key, status=status)
    await deliver(engine, function, settings(FilterCriteria={"Filters": [{"Pattern": pattern}]}))
    assert function.batches == [["a", "c"]]


def test_an_invalid_filter_is_refused_before_anything_starts() -> None:
    async def invoke(event: bytes) -> Invocation:
        raise AssertionError("not to be called")

    with pytest.raises(InvalidPattern, match="wildcard"):
        mapping_of(
            FakeEngine(), invoke, settings(FilterCriteria={"Filters": [{"Pattern": '{"a": [{"wildcard": "*"}]}'}]})
        )


@in_loop
async def test_a_mapping_that_is_not_enabled_does_nothing() -> None:
    engine, function = FakeEngine(), Recorder()
    engine.put("a")
    await deliver(engine, function, settings(Enabled=False))
    assert function.events == []
