"""Shards that split and merge: every record in one of them, parents before children, over restarts too."""

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gapless.local.stream import CannotReshard, EventSourceMapping, NoSuchShard
from gapless.local.stream.checkpoint import Checkpoint
from tests.local.stream.fakes import (
    NOW,
    STREAM,
    FakeEngine,
    FakeTime,
    Recorder,
    in_loop,
    keys,
    mapping_of,
    on_failure,
    running,
    settings,
    until,
)

WINDOWED = settings(TumblingWindowInSeconds=900)


def count(event: dict[str, Any]) -> dict[str, Any]:
    """A handler that counts the records of a window."""
    return {"state": {"count": event["state"].get("count", 0) + len(event["Records"])}}


class Gate:
    """A handler that fails until it is opened; then it counts."""

    opened = False

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        if not self.opened:
            raise RuntimeError("not yet")
        return count(event)


def ids(mapping: EventSourceMapping) -> list[str]:
    """The shards that are open, in the order of their hashes."""
    return [one["shardId"] for one in sorted(mapping.describe_shards(), key=hashes) if one["status"] == "OPEN"]


def hashes(shard: dict[str, Any]) -> str:
    """A shard's range."""
    return str(shard["hashes"])


def shards_of(function: Recorder) -> dict[str, list[str]]:
    """The keys each shard has delivered, shards in the order of their first event."""
    seen: dict[str, list[str]] = {}
    for event in function.events:
        seen.setdefault(event["shardId"], []).extend(keys(event))
    return seen


def finals(function: Recorder) -> list[tuple[str, dict[str, int]]]:
    """Shard and state of every final invocation."""
    return [(event["shardId"], event["state"]) for event in function.events if event["isFinalInvokeForWindow"]]


@in_loop
async def test_a_split_ends_the_window_and_its_children_begin_with_a_fresh_state() -> None:
    time, engine, function = FakeTime(hurry=False), FakeEngine(), Recorder(count)
    async with running(mapping_of(engine, function.invoke, WINDOWED, clock=time.clock)) as mapping:
        (parent,) = ids(mapping)
        for number in range(20):
            engine.put(f"old-{number}")
        await mapping.drain(5)
        children = mapping.split(parent)
        await until(lambda: [shard for shard, _ in finals(function)] == [parent])
        for number in range(20):
            engine.put(f"new-{number}")
        await mapping.drain(5)
        assert ids(mapping) == children
        assert [one["parents"] for one in mapping.describe_shards()] == [[parent], [parent]]
    assert finals(function) == [(parent, {"count": 20})]
    assert not any(event["isWindowTerminatedEarly"] for event in function.events)  # that is for a state over 1 MB
    seen = shards_of(function)
    assert seen[parent] == [f"old-{number}" for number in range(20)]
    assert sorted(seen[children[0]] + seen[children[1]]) == sorted(f"new-{number}" for number in range(20))
    first = {event["shardId"]: event for event in reversed(function.events)}
    assert [first[child]["state"] for child in children] == [{}, {}]
    assert first[children[0]]["window"] == first[parent]["window"]  # the same window of time, begun anew
    assert len({parent, *children}) == 3
    assert all(re.fullmatch(r"shardId-\d{20}-[0-9a-f]{8}", one) for one in (parent, *children))


@pytest.mark.parametrize("reshard", ["split", "merge"])
@in_loop
async def test_children_wait_until_everything_of_their_parents_is_done(reshard: str) -> None:
    engine, gate = FakeEngine(), Gate()
    function = Recorder(gate)
    async with running(mapping_of(engine, function.invoke, WINDOWED, shards=2)) as mapping:
        low, high = ids(mapping)
        for number in range(10):
            engine.put(f"old-{number}")
        await until(lambda: mapping.unfinished() == 10)
        children = mapping.split(low) if reshard == "split" else mapping.merge(high, low)
        for number in range(10):
            engine.put(f"new-{number}")
        await until(lambda: mapping.unfinished() == 20 and len(function.events) > 20)
        assert not set(shards_of(function)) & set(children)
        gate.opened = True
        await mapping.drain(5)
    parents = {low} if reshard == "split" else {low, high}
    done = [event["shardId"] for event in function.events if event["Records"] or event["isFinalInvokeForWindow"]]
    assert set(children) <= set(done)
    last_of_parents = max(index for index, shard in enumerate(done) if shard in parents)
    assert last_of_parents < min(index for index, shard in enumerate(done) if shard in children)
    assert parents <= {shard for shard, _ in finals(function)}


@in_loop
async def test_children_begin_when_a_poison_record_of_the_parent_was_given_up_on() -> None:
    engine, function = FakeEngine(), Recorder(lambda event: 1 / 0 if keys(event) == ["bad"] else count(event))
    with_settings = on_failure(TumblingWindowInSeconds=900, MaximumRetryAttempts=2, BatchSize=1)
    time = FakeTime(hurry=False)
    async with running(mapping_of(engine, function.invoke, with_settings, clock=time.clock)) as mapping:
        engine.put("bad")
        await until(lambda: function.batches == [["bad"]])
        (parent,) = ids(mapping)
        mapping.split(parent)
        engine.put("good")
        await until(lambda: mapping.unfinished() == 2)
        while mapping.unfinished():
            await time.advance(1)
    assert function.done == ["good"]
    assert [message["DDBStreamBatchInfo"]["shardId"] for message in engine.messages] == [parent]


@in_loop
async def test_a_batch_is_not_held_back_in_a_closed_shard() -> None:
    time, engine, function = FakeTime(hurry=False), FakeEngine(), Recorder(count)
    with_settings = settings(TumblingWindowInSeconds=900, MaximumBatchingWindowInSeconds=300)
    async with running(mapping_of(engine, function.invoke, with_settings, clock=time.clock)) as mapping:
        engine.put("a")
        await until(lambda: mapping.unfinished() == 1)
        mapping.split(*ids(mapping))
        await until(lambda: function.done == ["a"])


@in_loop
async def test_split_and_merge_undo_each_other_and_never_give_an_id_twice() -> None:
    engine = FakeEngine()
    async with running(mapping_of(engine, Recorder().invoke, shards=4)) as mapping:
        before, seen = [hashes(one) for one in mapping.describe_shards()], set(ids(mapping))
        assert before == ["00000000-3fffffff", "40000000-7fffffff", "80000000-bfffffff", "c0000000-ffffffff"]
        for _ in range(3):
            children = mapping.split(ids(mapping)[1])
            again = mapping.merge(*children)
            assert len(seen | {*children, *again}) == len(seen) + 3
            seen |= {*children, *again}
        await until(lambda: len(mapping.describe_shards()) == 4)
        assert sorted(hashes(one) for one in mapping.describe_shards()) == before


@in_loop
async def test_what_cannot_be_done_is_refused_in_a_sentence_and_changes_nothing() -> None:
    engine, gate = FakeEngine(), Gate()
    async with running(mapping_of(engine, Recorder(gate).invoke, shards=4)) as mapping:
        first, _, third, _ = ids(mapping)
        before = mapping.describe_shards()
        with pytest.raises(NoSuchShard, match=f"no open shard shardId-x; open are: {first}, "):
            mapping.split("shardId-x")
        with pytest.raises(CannotReshard, match="not neighbours"):
            mapping.merge(first, third)
        with pytest.raises(CannotReshard, match="not neighbours"):
            mapping.merge(first, first)
        assert mapping.describe_shards() == before
        mapping.split(first)
        with pytest.raises(NoSuchShard, match="no open shard"):
            mapping.split(first)


@in_loop
async def test_a_range_of_one_hash_is_not_split() -> None:
    async with running(mapping_of(FakeEngine(), Recorder().invoke)) as mapping:
        for _ in range(32):
            mapping.split(ids(mapping)[0])
        with pytest.raises(CannotReshard, match="single key hash"):
            mapping.split(ids(mapping)[0])


@pytest.mark.parametrize("end", ["stop", "kill", "stop, and the engine loses its stream"])
@in_loop
async def test_a_restart_in_the_middle_of_a_split_loses_and_repeats_nothing(tmp_path: Path, end: str) -> None:
    engine, file, gate = FakeEngine(), tmp_path / "checkpoint.json", Gate()
    before = Recorder(gate)
    first = mapping_of(engine, before.invoke, WINDOWED, checkpoint=file)
    await first.start()
    for number in range(10):
        engine.put(f"old-{number}", arrival=NOW + number)
    await until(lambda: first.unfinished() == 10)
    (parent,) = ids(first)
    children = first.split(parent)
    for number in range(10):
        engine.put(f"new-{number}", arrival=NOW + 10 + number)
    await until(lambda: first.unfinished() == 20)
    saved = file.read_bytes()
    await first.stop()
    if end == "kill":
        file.write_bytes(saved)
    if end.endswith("stream"):
        engine.renumber()
    function = Recorder(count)
    async with running(mapping_of(engine, function.invoke, WINDOWED, checkpoint=file)) as mapping:
        await mapping.drain(5)
        if end.endswith("stream"):
            assert not set(ids(mapping)) & set(children)
    seen = shards_of(function)
    assert seen.pop(parent) == [f"old-{number}" for number in range(10)]
    assert sorted(key for child in children for key in seen[child]) == [f"new-{number}" for number in range(10)]
    assert set(shards_of(before)) == {parent}


@in_loop
async def test_after_a_kill_the_records_of_a_parent_that_has_ended_are_not_its_childrens(tmp_path: Path) -> None:
    """A record that never ends keeps the position back, so that everything behind it is read again."""
    engine, file = FakeEngine(), tmp_path / "checkpoint.json"
    engine.put("stuck")
    before = Recorder(lambda event: 1 / 0 if "stuck" in keys(event) else count(event))
    killed = mapping_of(engine, before.invoke, WINDOWED, shards=2, checkpoint=file)
    await killed.start()
    await until(lambda: len(before.events) > 1)
    stuck = before.events[0]["shardId"]
    (parent,) = set(ids(killed)) - {stuck}
    for number in range(30):
        engine.put(str(number))
    await until(lambda: before.done != [])
    children = killed.split(parent)
    await until(lambda: [one.shard_id for one in Checkpoint.load(file, STREAM).shards] == [stuck, *children])
    saved = file.read_bytes()
    await killed.stop()
    file.write_bytes(saved)
    function = Recorder(count)
    async with running(mapping_of(engine, function.invoke, WINDOWED, checkpoint=file)) as mapping:
        await mapping.drain(5)
    assert list(shards_of(function)) == [stuck]


@in_loop
async def test_an_engine_that_counts_anew_finds_new_shards(tmp_path: Path) -> None:
    """A function that keeps a mark of each shard must not meet lower sequence numbers in it."""
    engine, function, file = FakeEngine(), Recorder(count), tmp_path / "checkpoint.json"
    for number in range(3):
        engine.renumber()
        engine.put(f"a-{number}", arrival=NOW + number)
        async with running(mapping_of(engine, function.invoke, WINDOWED, checkpoint=file)) as mapping:
            await mapping.drain(5)
    assert list(shards_of(function).values()) == [["a-0"], ["a-1"], ["a-2"]]


@in_loop
async def test_shards_of_another_number_without_a_checkpoint_have_other_names() -> None:
    names = set()
    for shards in (1, 2, 4):
        async with running(mapping_of(FakeEngine(), Recorder().invoke, shards=shards)) as mapping:
            names.update(ids(mapping))
    assert len(names) == 7


@in_loop
async def test_a_file_from_before_shards_were_saved_is_read_on_from(tmp_path: Path) -> None:
    engine, function, file = FakeEngine(), Recorder(), tmp_path / "checkpoint.json"
    for key in "abc":
        engine.put(key)
    records = engine.shards["engine-0"].records
    keys_of_b = json.dumps(records[1]["dynamodb"]["Keys"], sort_keys=True)
    position = {"sequence": "102", "identity": f"INSERT {keys_of_b} {NOW}", "finished": True}
    old = {"stream_arn": STREAM, "positions": {"engine-0": position}, "finished": ["102"], "windows": [None]}
    file.write_text(json.dumps(old | {"pending": [records[0]]}))
    async with running(mapping_of(engine, function.invoke, checkpoint=file)) as mapping:
        await mapping.drain(5)
    assert function.done == ["a", "c"]


class Campaign:
    """Writes, splits, merges, stops and kills in an order by chance."""

    def __init__(self, chance: random.Random, file: Path) -> None:
        self.chance = chance
        self.file = file
        self.engine = FakeEngine()
        self.function = Recorder(self.handle)
        self.written: defaultdict[str, list[str]] = defaultdict(list)  # the values each key has had
        self.done: defaultdict[str, list[str]] = defaultdict(list)  # the values of each key, when done first
        self.first_done: dict[str, list[int]] = defaultdict(list)  # per shard, when its records were done first
        self.shard_of: dict[str, str] = {}
        self.astray: list[str] = []  # values that came in two shards, and shards that a kill would forget
        self.parents: dict[str, list[str]] = {}
        self.mapping = self.new_mapping()

    def new_mapping(self) -> EventSourceMapping:
        """A mapping that goes on from the file."""
        with_settings = settings(TumblingWindowInSeconds=900, BatchSize=5, BisectBatchOnFunctionError=True)
        return mapping_of(self.engine, self.function.invoke, with_settings, shards=2, checkpoint=self.file)

    def handle(self, event: dict[str, Any]) -> dict[str, Any]:
        """Fail now and then; otherwise note what was done, and in any case what was in another shard before."""
        values = [record["dynamodb"]["NewImage"]["value"]["S"] for record in event["Records"]]
        for value in values:
            if self.shard_of.setdefault(value, event["shardId"]) != event["shardId"]:
                self.astray.append(value)
        if event["shardId"] not in {one.shard_id for one in Checkpoint.load(self.file, STREAM).shards}:
            self.astray.append(event["shardId"])
        if self.chance.random() < 0.3:
            raise RuntimeError("by chance")
        for key, value in zip(keys(event), values, strict=True):
            if value not in self.done[key]:
                self.done[key].append(value)
                self.first_done[event["shardId"]].append(len(self.function.events))
        return {"state": {}}

    def note_parents(self) -> None:
        """Keep what is known of the shards before they are gone."""
        self.parents |= {one["shardId"]: one["parents"] for one in self.mapping.describe_shards()}

    def ancestors(self, shard: str) -> list[str]:
        """The shards it came from."""
        parents = self.parents.get(shard, [])
        return parents + [one for parent in parents for one in self.ancestors(parent)]

    async def write(self) -> None:
        """Change some items."""
        for _ in range(self.chance.randrange(1, 20)):
            key, value = str(self.chance.randrange(30)), str(sum(map(len, self.written.values())))
            self.written[key].append(value)
            self.engine.put(key, arrival=NOW + int(value) / 1000, value=value)

    async def run(self) -> None:
        """Let some events happen."""
        events = len(self.function.events) + self.chance.randrange(10)
        await until(lambda: len(self.function.events) >= events or not self.mapping.unfinished())

    async def split(self) -> None:
        """Split a shard."""
        self.mapping.split(self.chance.choice(ids(self.mapping)))

    async def merge(self) -> None:
        """Merge two neighbours."""
        if len(open_shards := ids(self.mapping)) > 1:
            index = self.chance.randrange(len(open_shards) - 1)
            self.mapping.merge(*open_shards[index : index + 2])

    async def stop(self) -> None:
        """Stop and start, at times with an engine that has lost its stream."""
        await self.mapping.stop()
        if self.chance.random() < 0.5:
            self.engine.renumber()
        await self.start()

    async def kill(self) -> None:
        """Start from what the file was some events before the end."""
        saved = self.file.read_bytes()
        await self.run()
        await self.mapping.stop()
        self.file.write_bytes(saved)
        await self.start()

    async def start(self) -> None:
        """Go on from the file."""
        self.mapping = self.new_mapping()
        await self.mapping.start()


@pytest.mark.parametrize("number", range(15))
@in_loop
async def test_by_chance_no_record_is_lost_or_out_of_order_or_in_two_shards(
    number: int, tmp_path: Path, seeded: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gapless.local.stream.mapping.IDLE_POLL_SECONDS", 0.001)
    campaign = Campaign(seeded, tmp_path / "checkpoint.json")
    await campaign.start()
    for _ in range(2):  # so that there are parents and children with records in any case
        await campaign.write()
        await campaign.mapping.drain(5)
        await campaign.merge()
        campaign.note_parents()
    steps: list[Callable[[Campaign], Any]] = [Campaign.write, Campaign.run, Campaign.split, Campaign.merge]
    for _ in range(40):
        await seeded.choice([*steps, *steps, Campaign.stop, Campaign.kill])(campaign)
        campaign.note_parents()
    await campaign.mapping.drain(10)
    await campaign.mapping.stop()
    assert campaign.done == campaign.written
    assert campaign.astray == []
    pairs = [(parent, child) for child in campaign.parents for parent in campaign.ancestors(child)]
    done = campaign.first_done
    compared = [max(done[parent]) < min(done[child]) for parent, child in pairs if done[parent] and done[child]]
    assert compared
    assert all(compared)
