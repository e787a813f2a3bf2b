"""Tables in memory, a clock, and workers that stop where one likes."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Self

from batch import Rules
from counter import Counter
from memory import Memory
from numbering import number_records
from operations import Judge, Operation, Outcome, Pause, Stamp, WriteStamps
from request import DONE, FAILED, PENDING, VOID, Accepted, Refused, Request, Verdict
from stamping import Report, Steps
from store import carry_out
from sweeping import Sweep, resend, sweep_counter
from tests.checker import find_faults_in
from tests.faults.directed.engine import EngineTables
from tests.faults.simulation.stored import StoredRequest, moved, to_item
from tests.faults.simulation.tables import SimulatedTables
from tests.unit.records import make_request

COUNTER = "requests"
MINUTE, HOUR = 60_000, 3_600_000  # ms
SETTLED_BY = 6  # rounds of sweeping


class World:
    """The tables, and everybody who works on them.

    now: epoch ms, and moves only when it is told to. refused, failing: the ids that work() refuses, and those it fails
    on; judged: those it has seen. throttled: the ids that DynamoDB writes no stamp on for now.
    """

    def __init__(self, tables: type[SimulatedTables] | EngineTables = SimulatedTables) -> None:
        """tables: how the simulated ones are to be, or those of an engine, whose clock is the machine's."""
        self.now = time.time_ns() // 1_000_000
        self.tables = tables if isinstance(tables, EngineTables) else tables(lambda: self.now)
        self.refused: set[str] = set()
        self.failing: set[str] = set()
        self.throttled: set[str] = set()
        self.judged: list[str] = []
        self.keys = (number.to_bytes(16, "big") for number in range(1, 10**9))
        self.rules = Rules(COUNTER, now=lambda: self.now, new_key=lambda: next(self.keys))
        self.sequence = 0

    # ── requests and counters ────────────────────────────────────────────────────────────────────────────────────────

    def open(self, *shards: str) -> None:
        """Have each shard number a request, so that the counter is there and the lanes are; an hour ago."""
        for shard in shards:
            self.deliver([self.put(f"first of {shard}")], shard)
        self.now += HOUR

    def put(self, request_id: str, counter: str = COUNTER, sequence: int | None = None) -> Request:
        """A client's request, as the stream announces it."""
        self.now += 1
        self.sequence = self.sequence + 10 if sequence is None else sequence
        request = make_request(request_id, counter=counter, received_at=self.now)
        self.tables.put_request(request)
        return replace(request, sequence=self.sequence)

    def put_many(self, *ids: str, counter: str = COUNTER) -> list[Request]:
        """Several."""
        return [self.put(one, counter) for one in ids]

    def resend(self, request_id: str) -> Request:
        """A sweeper's touch, an hour later, as the stream announces it."""
        self.now += HOUR
        assert carry_out(resend(request_id, self.a_sweep()), self.perform), f"{request_id} does not wait"
        self.sequence += 10
        item = self.tables.requests[request_id]
        assert item.request is not None
        return replace(item.request, sequence=self.sequence, resent=True, resends=item.resends)

    def set_options(self, **options: Any) -> None:
        """Make or change the counter, as `gapless counter set` does: workers that did not look have to."""
        counter = self.tables.counters.get(COUNTER)
        self.tables.put_counter(replace(moved(counter, fence=1) if counter else Counter(COUNTER), **options))

    def status(self, request_id: str) -> str:
        """A request's status and its number or code, such as "DONE 1"."""
        item = self.tables.requests[request_id]
        return " ".join(str(part) for part in (item.status, item.number, item.code) if part not in (None, ""))

    def counter(self, name: str = COUNTER) -> Counter:
        """A counter as it stands."""
        return self.tables.counters[name]

    # ── work ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def perform(self, operation: Operation) -> Any:
        """Carry out one operation, work() included."""
        if isinstance(operation, Judge):
            return self.judge(operation.request)
        if isinstance(operation, Pause):
            return None
        if isinstance(operation, WriteStamps):
            return [self.write_stamp(stamp) for stamp in operation.stamps]
        return self.tables.perform(operation)

    def judge(self, request: Request) -> Verdict:
        """What work() makes of a request."""
        self.judged.append(request.request_id)
        if request.request_id in self.failing:
            raise OSError("a service of work() is down")
        if request.request_id in self.refused:
            return Refused("Rejected", "work() does not take it")
        return Accepted(f'"result of {request.request_id}"')

    def write_stamp(self, stamp: Stamp) -> Outcome:
        """One stamp, for each is written or throttled by itself."""
        if stamp.request.request_id in self.throttled:
            return Outcome.THROTTLED
        outcome: Outcome = self.tables.perform(WriteStamps((stamp,)))[0]
        return outcome

    def start(self, requests: Sequence[Request], shard: str | None = "P", memory: Memory | None = None) -> "Worker":
        """A delivery that has not done anything yet; with no memory of another's it is a process of its own."""
        return Worker(self, number_records(requests, shard, memory or Memory(), self.rules))

    def deliver(self, requests: Sequence[Request], shard: str | None = "P", memory: Memory | None = None) -> Report:
        """A whole delivery."""
        report: Report = self.start(requests, shard, memory).finish()
        return report

    def deliver_as_lambda(self, requests: Sequence[Request], shard: str | None, memory: Memory) -> None:
        """Deliver until Lambda is done with it: from the request that is reported, in halves when that is the first;
        one that fails alone is given up."""
        batches = [requests]
        while batches:
            batch = batches.pop()
            failed = [request.sequence for request, _ in self.deliver(batch, shard, memory).failures]
            if not failed or len(batch) == 1:
                continue
            left = [request for request in batch if request.sequence >= min(failed)]
            middle = len(left) // 2
            batches += [left[middle:], left[:middle]] if len(left) == len(batch) else [left]

    def a_sweep(self) -> Sweep:
        """A sweeper's settings."""
        return Sweep(lambda: self.now)

    def start_sweep(self, name: str = COUNTER) -> "Worker":
        """A sweep of a counter that has not done anything yet."""
        return Worker(self, sweep_counter(name, self.a_sweep(), Report()))

    def sweep(self) -> None:
        """Sweep every counter, hours later."""
        self.now += 2 * HOUR
        for name in list(self.tables.counters):
            self.start_sweep(name).finish()

    def waiting(self) -> list[str]:
        """The requests that wait."""
        return [one for one, item in self.tables.requests.items() if item.status == PENDING]

    def settle(self, shard: str | None = "settling") -> None:
        """Sweep and send again until nothing waits, which it does soon or never."""
        for _ in range(SETTLED_BY):
            self.sweep()
            if not (waiting := self.waiting()):
                return
            self.deliver([self.resend(one) for one in waiting], shard)

    def find_faults(self, streams: Iterable[Sequence[str]] = ()) -> list[str]:
        """What the independent checker says, once everything is settled."""
        self.settle()
        requests = [to_request_item(one, item) for one, item in self.tables.requests.items()]
        counters = [to_item(counter) for counter in self.tables.counters.values()]
        return find_faults_in(requests, counters, streams)


class Worker:
    """A piece of the protocol under way. operation: what it is about to do; None when it is at its end."""

    def __init__(self, world: World, steps: Steps[Any]) -> None:
        self._world = world
        self._steps = steps
        self.outcome: Any = None
        self.done: list[Operation] = []
        self.operation: Operation | None = None
        self._go_on(lambda: next(steps))

    def _go_on(self, take: Callable[[], Operation]) -> None:
        try:
            self.operation = take()
        except StopIteration as end:
            self.operation, self.outcome = None, end.value

    def step(self) -> None:
        """Do what it is about to."""
        operation = self.operation
        assert operation is not None, "it has come to its end"
        self.done.append(operation)
        try:
            answer = self._world.perform(operation)
        except Exception as failure:
            error = failure
            self._go_on(lambda: self._steps.throw(error))
        else:
            self._go_on(lambda: self._steps.send(answer))

    def until(self, kind: type) -> Self:
        """Go on up to an operation of that kind, and stop before it."""
        while not isinstance(self.operation, kind):
            assert self.operation is not None, f"it has ended without {kind.__name__}"
            self.step()
        return self

    def finish(self) -> Any:
        """Go on to the end."""
        while self.operation is not None:
            self.step()
        return self.outcome

    def die_after(self, kind: type) -> None:
        """Go on through an operation of that kind, and be gone before its answer is heard."""
        self.until(kind)
        assert self.operation is not None
        self._world.perform(self.operation)
        self._steps.close()


def to_request_item(request_id: str, item: StoredRequest) -> dict[str, Any]:
    """A request as DynamoDB's item has it."""
    text: dict[str, Any] = {"requestId": request_id, "counter": item.counter, "status": item.status}
    if item.status != PENDING:
        text["completedAt"] = "now"
    if item.status == DONE:
        text["result"] = item.result
    if item.status == FAILED:
        text["error"] = item.code
    if item.status != VOID:
        text["request"] = "{}"
    number = {} if item.number is None else {"number": {"N": str(item.number)}}
    return {name: {"S": value} for name, value in text.items()} | number


# One of the interleavings: it plays, and leaves it to find_faults to say what came of it.
Scenario = Callable[[World], object]
