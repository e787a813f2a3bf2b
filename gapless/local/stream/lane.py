"""One lane of a logical shard: its records in order, one invocation in flight.

A shard has as many lanes as the ParallelizationFactor says, one by default.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from itertools import islice

from gapless.local.clock import Clock, wait_for_event
from gapless.local.engine import EngineError, EngineUnavailable
from gapless.local.function import Invocation
from gapless.local.stream.backoff import backoff
from gapless.local.stream.destination import RECORD_TOO_OLD, RETRIES_EXHAUSTED, Discarded, FailureDestination
from gapless.local.stream.event import Window, build_event, fitting
from gapless.local.stream.outcome import Batch, Outcome, read_outcome, rest_of
from gapless.local.stream.record import StreamRecord
from gapless.local.stream.settings import MappingSettings

DESTINATION_ATTEMPTS = 5
NOTHING_YET, FINE, PROBLEM = RESULTS = ("No records processed", "OK", "PROBLEM: Function call failed")  # as AWS says
WINDOW_GRACE_SECONDS = 0.5  # records of a window that has just ended may not have been read yet


@dataclass(frozen=True)
class Consumer:
    """What all lanes of a mapping share: the function, where failures go, and the time.

    progressed: called when records are done.
    """

    settings: MappingSettings
    stream_arn: str
    invoke: Callable[[bytes], Awaitable[Invocation]]
    destination: FailureDestination | None
    clock: Clock
    log: Callable[[str], None]
    progressed: Callable[[], None]


class Lane:
    """Records on their way to the function, first to last: those at the front are the batch in flight.

    unfinished: read and not done; finished: the last sequence number done of each shard of the engine; window: the open
    tumbling window; ended: set when the lane was closed and has nothing left; last_result: of an invocation.
    """

    def __init__(self, shard_id: str, consumer: Consumer) -> None:
        self.shard_id = shard_id
        self.unfinished: deque[StreamRecord] = deque()
        self.finished: dict[str, str] = {}
        self.window: Window | None = None
        self.ended = asyncio.Event()
        self.last_result = NOTHING_YET
        self._consumer = consumer
        self._settings = consumer.settings
        self._clock = consumer.clock
        self._arrived = asyncio.Event()
        self._failures = 0  # in a row, without a record done
        self._busy = False
        self._closed = False
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def add(self, record: StreamRecord) -> None:
        """Put a record at the end."""
        self.unfinished.append(record)
        self._arrived.set()

    def close(self) -> None:
        """Say that no more records come: what is there is not held back for a fuller batch, and the window ends.

        "When the shard ends, Lambda considers the window closed"; it is not said to have ended early.
        Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
        """
        self._closed = True
        self._arrived.set()

    def start(self) -> None:
        """Begin to invoke the function."""
        self._task = asyncio.create_task(self._run())
        report_crash(self._task, self.shard_id, self._consumer.log)

    async def stop(self, grace_seconds: float) -> None:
        """Stop after the invocation in flight, or without it when it takes longer than the grace."""
        self._stopping = True
        if self._task is None:
            return
        if self._busy:
            await asyncio.wait({self._task}, timeout=grace_seconds)
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _run(self) -> None:
        while not self._stopping:
            batch = await self._next_batch()
            if batch is None:
                self.ended.set()
                return
            batches = [batch]
            while batches and not self._stopping:
                if self._failures:
                    await self._clock.sleep(backoff(self._failures))
                self._busy = True
                batches[:1] = await self._process(batches[0])
                self._busy = False

    async def _next_batch(self) -> Batch | None:
        """Wait until a batch is due: it is full, its batching window is over, or a tumbling window ends.

        None when the lane is closed and has nothing left.
        """
        while not self.unfinished:
            if self._closed and self.window is None:
                return None
            if await self._window_ended():
                return Batch(0, final=True)
        if self._settings.tumbling_window:
            if self.window is None:
                self.window = Window.of(self.unfinished[0].arrival, self._settings.tumbling_window)
            elif self.window.overflows or self.unfinished[0].arrival >= self.window.end:
                return Batch(0, final=True)
        return await self._fill_batch()

    async def _window_ended(self) -> bool:
        """Wait for a record, or the end of the lane; whether the open window ended before it."""
        self._arrived.clear()
        if self.window is None:
            await self._arrived.wait()
            return False
        left = self.window.end + WINDOW_GRACE_SECONDS - self._clock.time()
        return self._closed or self.window.overflows or not await wait_for_event(self._arrived, left, self._clock)

    async def _fill_batch(self) -> Batch:
        until = self._clock.monotonic() + self._settings.batching_window
        while True:
            self._arrived.clear()
            size, full = fitting(self.unfinished, self._settings.batch_size, self.window)
            left = until - self._clock.monotonic()
            if full or left <= 0 or self._closed:
                return Batch(size)
            await wait_for_event(self._arrived, left, self._clock)

    async def _process(self, batch: Batch) -> list[Batch]:
        """Invoke the function once with a batch; what is left of it to be tried again."""
        records = list(islice(self.unfinished, batch.size))
        if too_old := self._count_too_old(records):
            await self._discard(records[:too_old], RECORD_TOO_OLD, batch.attempts, None)
            return [replace(batch, size=batch.size - too_old)] if too_old < batch.size else []
        try:
            invocation = await self._consumer.invoke(self._event(records, batch.final))
        except Exception as error:  # the function was not invoked at all, which uses up no retry
            self._failures += 1
            self._consumer.log(f"{self.shard_id}: the function could not be invoked, trying again: {error!r}")
            return [batch]
        batch = replace(batch, attempts=batch.attempts + 1)
        outcome = read_outcome(
            invocation,
            [record.sequence for record in records],
            report_item_failures=self._settings.report_item_failures,
            windowed=self.window is not None,
        )
        if outcome.failed and not outcome.reported:
            self._consumer.log(f"{self.shard_id}: a batch of {len(records)} failed: {why_failed(invocation)}")
        self._take_over(batch, outcome)
        if not outcome.failed:
            return []
        rest = rest_of(batch, outcome, bisect=self._settings.bisect)
        if rest[0].attempts > self._settings.maximum_retries >= 0:
            await self._discard(records[outcome.done :], RETRIES_EXHAUSTED, batch.attempts, invocation)
            return []
        return rest

    def _take_over(self, batch: Batch, outcome: Outcome) -> None:
        """Move on past what is done; a window's state moves with it."""
        self._finish(outcome.done)
        self.last_result = PROBLEM if outcome.failed else FINE
        self._failures = 0 if not outcome.failed else 1 if outcome.done else self._failures + 1
        if self.window is not None and outcome.state is not None:
            self.window.state = outcome.state
        if batch.final and not outcome.failed:
            self.window = None

    def _finish(self, count: int) -> None:
        for _ in range(count):
            record = self.unfinished.popleft()
            if record.source:
                self.finished[record.source] = record.sequence
        self._consumer.progressed()

    def _count_too_old(self, records: list[StreamRecord]) -> int:
        """How many records, from the first, are older than MaximumRecordAgeInSeconds."""
        if self._settings.maximum_record_age < 0:
            return 0
        oldest = self._clock.time() - self._settings.maximum_record_age
        return next((index for index, record in enumerate(records) if record.arrival >= oldest), len(records))

    async def _discard(
        self, records: list[StreamRecord], condition: str, attempts: int, invocation: Invocation | None
    ) -> None:
        """Give up on the first records, so that the lane goes on, and tell the failure destination.

        A final invocation, which has none, counts its retries too: "tumbling windows fully support the existing retry
        policies". Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
        """
        self._failures = 0
        if not records:
            self._consumer.log(f"{self.shard_id}: the final invocation of a window was given up on ({condition})")
            self.window = None
            return
        discarded = Discarded(records, self.shard_id, condition, attempts, invocation, self._event(records, False))
        span = f"{records[0].sequence} to {records[-1].sequence}"
        self._consumer.log(f"{self.shard_id}: {len(records)} records given up on ({condition}): {span}")
        await self._send(discarded)
        self._finish(len(records))

    async def _send(self, discarded: Discarded) -> None:
        """Send to the destination; when that fails again and again the records are dropped, as AWS does."""
        if self._consumer.destination is None:
            return
        for attempt in range(1, DESTINATION_ATTEMPTS + 1):
            try:
                await self._consumer.destination.send(discarded, self._clock.time())
                return
            except (EngineError, EngineUnavailable, OSError) as error:
                self._consumer.log(f"{self.shard_id}: the failure destination does not answer: {error!r}")
                await self._clock.sleep(backoff(attempt))

    def _event(self, records: list[StreamRecord], final: bool) -> bytes:
        return build_event(
            records, self.window, shard_id=self.shard_id, stream_arn=self._consumer.stream_arn, final=final
        )


def why_failed(invocation: Invocation) -> str:
    """The error of an invocation, or the answer that is no success."""
    return invocation.reason or f"the function answered {invocation.payload[:200].decode(errors='replace')}"


def report_crash(task: asyncio.Task[None], name: str, log: Callable[[str], None]) -> None:
    """Say so when a task that should never end has ended by an error of its own: silence would look like idleness."""

    def report(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            log(f"{name}: stopped by an error of its own, a bug: {error!r}")

    task.add_done_callback(report)
