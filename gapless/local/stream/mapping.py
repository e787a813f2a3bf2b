"""The event source mapping: one reader of the engine's stream, its records dealt to shards that invoke the function."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic
from typing import Any

from gapless.local.clock import Clock
from gapless.local.engine import Engine, EngineError, EngineUnavailable
from gapless.local.function import Invocation
from gapless.local.stream.checkpoint import Checkpoint
from gapless.local.stream.destination import FailureDestination, PutObject
from gapless.local.stream.filter import compile_filters
from gapless.local.stream.lane import Consumer, Lane, report_crash
from gapless.local.stream.reader import Position, StreamReader
from gapless.local.stream.record import RawRecord, StreamRecord, identity, key_hash, to_record
from gapless.local.stream.settings import MappingSettings
from gapless.local.stream.shards import Shards
from gapless.local.stream.trimming import Trimming

IDLE_POLL_SECONDS = 0.1
POLL_GAP_SECONDS = 0.01  # between two polls: under load they would otherwise take the engine's time from the writes
ENGINE_RETRY_SECONDS = 1.0
MAX_UNFINISHED = 10_000
STOP_GRACE_SECONDS = 10.0
SAVE_SECONDS = 0.2  # a kill repeats at most what was done since
ENGINE_TROUBLE = (EngineError, EngineUnavailable)


class EventSourceMapping:
    """Reads a stream and invokes a function with it, as Lambda's DynamoDB event source mapping does.

    invoke: runs the function on an event, and raises only when it could not be invoked;
    shards: how many logical shards the records are dealt to at first, by the hash of the item's key; checkpoint: the
    file that keeps them and the position, None to begin anew each time; put_object: where an S3 failure destination's
    objects go.
    function_name: the last part of the function's ARN.
    Raises InvalidPattern and InvalidMapping for settings that cannot work.
    """

    def __init__(
        self,
        settings: MappingSettings,
        *,
        engine: Engine,
        table_name: str,
        stream_arn: str,
        function_arn: str,
        invoke: Callable[[bytes], Awaitable[Invocation]],
        shards: int = 4,
        checkpoint: Path | None = None,
        clock: Clock | None = None,
        log: Callable[[str], None] | None = None,
        put_object: PutObject | None = None,
    ) -> None:
        self.function_name = function_arn.rpartition(":")[2]
        self._settings = settings
        self._name = f"event source mapping of {table_name}"
        self._stream_arn = stream_arn
        self._log = log or (lambda line: None)
        self._checkpoint_file = checkpoint
        self._matches = compile_filters(settings.filters)
        self._reader = StreamReader(engine, stream_arn)
        self._read_order = 0
        self._reading = asyncio.Lock()
        self._wake = asyncio.Event()
        self._progress = asyncio.Event()
        self._changed = False  # since the checkpoint was saved
        self._saved_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._trimming: Trimming | None = None  # while what the stream has at the start is read
        destination = None
        if settings.on_failure:
            destination = FailureDestination(
                settings.on_failure,
                engine=engine,
                function_arn=function_arn,
                stream_arn=stream_arn,
                put_object=put_object,
            )
        consumer = Consumer(settings, stream_arn, invoke, destination, clock or Clock(), self._log, self._note_progress)
        self._first_shards = shards
        self._shards = Shards(stream_arn, consumer)

    async def start(self, trimming: Trimming | None = None) -> None:
        """Go to the starting position, or where the checkpoint says, and begin; changes from here on are seen.

        The stream is read to its end first: after a kill this deals what was read before to the shards that had it,
        and so no split can come in between. trimming: what becomes of that, by default nothing.
        Raises EngineError when the engine does not have the stream.
        """
        if not self._settings.enabled:
            self._log(f"{self._name}: not enabled")
            return
        self._trimming = trimming
        saved = Checkpoint.load(self._checkpoint_file, self._stream_arn)
        await self._reader.open(saved.positions, self._settings.starting_position)
        self._restore(saved)
        self._save(stopping=False)
        while await self._read_page():
            pass
        self._trimming = None
        self._shards.start()
        self._task = asyncio.create_task(self._run())
        report_crash(self._task, self._name, self._log)

    def wake(self) -> None:
        """Say that something was written, so that it is read at once."""
        self._wake.set()

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109 - the caller's own words for what it waits
        """Wait until everything in the stream at this moment is done; raises TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout):
            while await self._read_page():
                pass
            last = self._read_order
            while any(lane.unfinished and lane.unfinished[0].order <= last for lane in self._shards.lanes()):
                self._progress.clear()
                await self._progress.wait()

    async def stop(self, grace_seconds: float = STOP_GRACE_SECONDS) -> None:
        """Stop after the invocations in flight. To be called while the engine still runs: what the stream holds is
        read to its end and kept in the checkpoint with all that is unfinished."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait({self._task})
        self._task = None
        await self._shards.stop(grace_seconds)
        if self._checkpoint_file is None:
            return
        try:
            while await self._read_page():
                pass
        except ENGINE_TROUBLE as error:
            self._log(f"{self._name}: the stream could not be read to its end: {error!r}")
        self._save(stopping=True)

    def unfinished(self) -> int:
        """How many records were read and are not done."""
        return sum(len(lane.unfinished) for lane in self._shards.lanes())

    def describe_shards(self) -> list[dict[str, Any]]:
        """The shards that are open, or closed and not done: id, parents, hashes, status, unfinished."""
        return [shard.describe() for shard in self._shards]

    def split(self, shard_id: str) -> list[str]:
        """Close a shard and open two for the halves of its hashes; returns their ids.

        Raises NoSuchShard or CannotReshard.
        """
        children = self._shards.split(shard_id)
        self._save(stopping=False)
        return [child.shard_id for child in children]

    def merge(self, first_id: str, second_id: str) -> list[str]:
        """Close two shards whose hashes adjoin and open one for both; returns its id, alone in a list.

        Raises NoSuchShard or CannotReshard.
        """
        child = self._shards.merge(first_id, second_id)
        self._save(stopping=False)
        return [child.shard_id]

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                found = self.unfinished() < MAX_UNFINISHED and await self._read_page()
            except ENGINE_TROUBLE as error:
                self._log(f"{self._name}: the stream cannot be read, trying again: {error!r}")
                await asyncio.sleep(ENGINE_RETRY_SECONDS)
                continue
            if self._changed and monotonic() - self._saved_at > SAVE_SECONDS:
                self._save(stopping=False)
            await asyncio.sleep(POLL_GAP_SECONDS)
            if not found:
                await self._wait_for_wake()

    async def _wait_for_wake(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), IDLE_POLL_SECONDS)
        except TimeoutError:
            return

    async def _read_page(self) -> bool:
        """Read on and deal the records; whether the stream may hold more."""
        found = False
        async with self._reading:
            async for source, records in self._reader.pages():
                found = self._changed = True
                for raw in records:
                    self._deal(raw, source)
        return found

    def _deal(self, raw: RawRecord, source: str) -> None:
        """Give a record to its lane; one that the filter drops, or that was done before a kill, is done."""
        sequence = raw["dynamodb"]["SequenceNumber"]
        self._shards.dealt[source] = sequence
        self._add(raw, source, self._shards.lane_of(key_hash(raw), source, sequence))

    def _add(self, raw: RawRecord, source: str, lane: Lane | None) -> None:
        self._read_order += 1
        if lane is None or not self._matches(raw):
            return
        record: StreamRecord | None = to_record(raw, self._stream_arn, self._read_order, source)
        if record is not None and self._trimming is not None:
            record = self._trimming.apply(record)
        if record is not None:
            lane.add(record)

    def _note_progress(self) -> None:
        self._changed = True
        self._progress.set()

    def _restore(self, saved: Checkpoint) -> None:
        self._shards.restore(saved)
        for shard, was in zip(self._shards, saved.shards, strict=True):
            for raw in was.pending:
                self._add(raw, "", shard.lane_of(key_hash(raw)))
        if not saved.shards:
            self._shards.begin(self._first_shards)
        elif self._reader.renumbered:
            self._shards.roll_over()
        for raw in saved.pending:
            self._add(raw, "", self._shards.lane_of(key_hash(raw), "", raw["dynamodb"]["SequenceNumber"]))

    def _save(self, *, stopping: bool) -> None:
        """Save the checkpoint: when stopping with every unfinished record, else with those only this file has."""
        positions = dict(self._reader.positions)
        if not stopping:
            oldest = {one.source: one for one in reversed(self._shards.unfinished()) if one.source}
            positions |= {source: position_of(one) for source, one in oldest.items()}
        shards = [shard.save(stopping=stopping) for shard in self._shards]
        Checkpoint(self._stream_arn, positions, shards, self._shards.made).save(self._checkpoint_file)
        self._changed = False
        self._saved_at = monotonic()


def position_of(record: StreamRecord) -> Position:
    """Where to read on so that this record comes again."""
    return Position(record.sequence, identity(json.loads(record.body)), finished=False)
