"""A stop and a new start: nothing is lost, and little is repeated."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gapless.local.function import Invocation
from gapless.local.stream.checkpoint import Checkpoint
from gapless.local.stream.record import HASHES, key_hash
from tests.local.stream.fakes import (
    STREAM,
    FakeEngine,
    Recorder,
    in_loop,
    keys,
    mapping_of,
    running,
    settings,
    until,
)


def refuse(event: dict[str, Any]) -> None:
    """A handler that always fails."""
    raise RuntimeError("not yet")


@in_loop
async def test_a_new_start_goes_on_where_the_stop_was(tmp_path: Path) -> None:
    engine, function, file = FakeEngine(), Recorder(), tmp_path / "deep" / "checkpoint.json"
    for part in ("ab", "cd"):
        for key in part:
            engine.put(key)
        async with running(mapping_of(engine, function.invoke, checkpoint=file)) as mapping:
            await mapping.drain(5)
    assert function.batches == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize("loses_its_stream", [False, True])
@pytest.mark.parametrize("shards", [1, 3])
@in_loop
async def test_what_was_read_but_not_done_survives_a_stop(tmp_path: Path, loses_its_stream: bool, shards: int) -> None:
    engine, file = FakeEngine(), tmp_path / "checkpoint.json"
    written = [str(number) for number in range(20)]
    for key in written[:10]:
        engine.put(key)
    failing = Recorder(refuse)
    async with running(mapping_of(engine, failing.invoke, settings(BatchSize=4), checkpoint=file)) as mapping:
        await until(lambda: mapping.unfinished() == 10 and len(failing.events) > 2)
        for key in written[10:]:
            engine.put(key)  # in the stream, perhaps not yet read when the stop comes
    if loses_its_stream:
        engine.renumber()
    engine.put("new")
    function = Recorder()
    async with running(mapping_of(engine, function.invoke, shards=shards, checkpoint=file)) as mapping:
        await mapping.drain(5)
    assert sorted(function.done) == sorted([*written, "new"])
    if shards == 1:
        assert function.done == [*written, "new"]


@in_loop
async def test_pending_records_survive_a_kill_after_the_new_start_as_well(tmp_path: Path) -> None:
    engine, file = FakeEngine(), tmp_path / "checkpoint.json"
    engine.put("old")
    async with running(mapping_of(engine, Recorder(refuse).invoke, checkpoint=file)) as mapping:
        await until(lambda: mapping.unfinished() == 1)
    engine.renumber()
    engine.put("new")
    killed = mapping_of(engine, Recorder(refuse).invoke, checkpoint=file)
    await killed.start()
    await until(lambda: "engine-0" in Checkpoint.load(file, STREAM).positions and killed.unfinished() == 2)
    saved = file.read_bytes()
    await killed.stop()
    file.write_bytes(saved)  # what a kill would have left
    function = Recorder()
    async with running(mapping_of(engine, function.invoke, checkpoint=file)) as mapping:
        await mapping.drain(5)
    assert function.done == ["old", "new"]


@in_loop
async def test_after_a_kill_reading_begins_at_the_oldest_unfinished_record_and_skips_what_was_done(
    tmp_path: Path,
) -> None:
    engine, file = FakeEngine(), tmp_path / "checkpoint.json"
    written = [str(number) for number in range(40)]
    sequences = {key: engine.put(key) for key in written}
    raws = dict(zip(written, engine.shards["engine-0"].records, strict=True))
    lanes = [[key for key in written if key_hash(raws[key]) * 4 // HASHES == shard] for shard in range(4)]
    stuck = next(lane for lane in lanes if "17" in lane)
    last_done = [lane[lane.index("17") - 1] if lane is stuck else lane[-1] for lane in lanes]
    function = Recorder(lambda event: refuse(event) if keys(event) == ["17"] else None)
    killed = mapping_of(engine, function.invoke, settings(BatchSize=1), shards=4, checkpoint=file)
    await killed.start()

    def finished() -> list[dict[str, str]]:
        return [lane for shard in Checkpoint.load(file, STREAM).shards for lane in shard.finished]

    await until(lambda: finished() == [{"engine-0": sequences[key]} for key in last_done])
    saved = file.read_bytes()
    position = Checkpoint.load(file, STREAM).positions["engine-0"]
    await killed.stop()
    file.write_bytes(saved)  # what a kill would have left
    again = Recorder()
    async with running(mapping_of(engine, again.invoke, shards=4, checkpoint=file)) as mapping:
        await mapping.drain(5)
    assert position is not None
    assert (position.sequence, position.finished) == (sequences["17"], False)
    assert again.done == stuck[stuck.index("17") :]


@in_loop
async def test_a_record_in_another_place_under_the_same_number_is_new(tmp_path: Path) -> None:
    engine, function, file = FakeEngine(), Recorder(), tmp_path / "checkpoint.json"
    engine.put("a")
    engine.put("b")
    async with running(mapping_of(engine, function.invoke, checkpoint=file)) as mapping:
        await mapping.drain(5)
    engine.renumber()
    for key in "cde":  # c and d get the numbers that a and b had
        engine.put(key)
    async with running(mapping_of(engine, function.invoke, checkpoint=file)) as mapping:
        await mapping.drain(5)
    assert function.done == ["a", "b", "c", "d", "e"]


@in_loop
async def test_the_checkpoint_of_another_stream_is_not_used(tmp_path: Path) -> None:
    engine, function, file = FakeEngine(), Recorder(), tmp_path / "checkpoint.json"
    Checkpoint("arn:of:a:table:made:before", pending=[{"never": "sent"}]).save(file)
    engine.put("a")
    async with running(mapping_of(engine, function.invoke, checkpoint=file)) as mapping:
        await mapping.drain(5)
    assert function.done == ["a"]


@in_loop
async def test_a_closed_shard_with_unfinished_records_is_read_again_before_its_child(tmp_path: Path) -> None:
    engine, file = FakeEngine(), tmp_path / "checkpoint.json"
    for key in "ab":
        engine.put(key)
    engine.split("engine-0", "engine-1")
    engine.put("c", shard="engine-1")
    killed = mapping_of(engine, Recorder(refuse).invoke, settings(BatchSize=1), checkpoint=file)
    await killed.start()
    await until(lambda: set(Checkpoint.load(file, STREAM).positions) == {"engine-0", "engine-1"})
    saved = file.read_bytes()
    await killed.stop()
    file.write_bytes(saved)
    function = Recorder()
    async with running(mapping_of(engine, function.invoke, checkpoint=file)) as mapping:
        await mapping.drain(5)
    assert function.done == ["a", "b", "c"]


@in_loop
async def test_a_stop_lets_the_invocation_in_flight_finish(tmp_path: Path) -> None:
    engine, file = FakeEngine(), tmp_path / "checkpoint.json"
    started, go = asyncio.Event(), asyncio.Event()
    recorder = Recorder()

    async def invoke(event: bytes) -> Invocation:
        started.set()
        await go.wait()
        return await recorder.invoke(event)

    engine.put("a")
    engine.put("b")
    mapping = mapping_of(engine, invoke, settings(BatchSize=1), checkpoint=file)
    await mapping.start()
    await started.wait()
    asyncio.get_running_loop().call_later(0.05, go.set)
    await mapping.stop()
    assert recorder.done == ["a"]
    assert [len(shard.pending) for shard in Checkpoint.load(file, STREAM).shards] == [mapping.unfinished()] == [1]


@in_loop
async def test_an_invocation_that_takes_longer_than_the_grace_is_left_for_the_next_start(tmp_path: Path) -> None:
    engine, function, file = FakeEngine(), Recorder(), tmp_path / "checkpoint.json"
    started = asyncio.Event()

    async def hang(event: bytes) -> Invocation:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError("not reached")

    engine.put("a")
    mapping = mapping_of(engine, hang, checkpoint=file)
    await mapping.start()
    await started.wait()
    await mapping.stop(grace_seconds=0.05)
    async with running(mapping_of(engine, function.invoke, checkpoint=file)) as again:
        await again.drain(5)
    assert function.done == ["a"]
