"""The numbering protocol: verdicts in, numbers out, with no gap and no duplicate. Decides; a `Store` calls AWS.

One transaction moves the counter from `value` to `value + n` and stamps the n requests that own those numbers, or it
does neither. So no crash can leave a number without its request:

    shard A: read value 7 ──▶ transaction: 7 -> 9, stamp a=8, b=9 ──▶ committed
    shard B: read value 7 ────────────────────▶ transaction: value is not 7 ──▶ read 9 ──▶ 9 -> 10, stamp c=10

A lost answer, a redelivery and an overlapping delivery are one case: the stamp's condition finds the request decided,
and the request is dropped from the batch.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from request import MESSAGE_LIMIT, Accepted, Refused, Request, Verdict

# TransactWriteItems takes 100 actions, one of them the counter's, and 4 MB of items in all. Developer guide, "Amazon
# DynamoDB Transactions: How it works".
TRANSACTION_REQUESTS = 99
TRANSACTION_BYTES = 4 * 1024 * 1024 - 64 * 1024
LONGEST_NAME = 2048  # bytes of a partition key
NUMBER_LIMIT = 10**38  # DynamoDB keeps 38 digits


class Decision(NamedTuple):
    """A request and what work() made of it."""

    request: Request
    verdict: Verdict


@dataclass(frozen=True)
class Stamp:
    """What is to be written on a request: its result and number, or its error."""

    request: Request
    verdict: Verdict
    number: int | None


@dataclass(frozen=True)
class Counter:
    """A counter: `value` is how many numbers it has handed out, and the options map that ordinal to a number."""

    name: str
    value: int | None = None  # None: the item has no value yet, or there is no item
    start: int = 1
    increment: int = 1
    capacity: int | None = None  # ordinals available; None is no bound
    cycle: bool = False
    allocation: str = "stream"
    exists: bool = True
    fault: str = ""  # why its item cannot be used

    def number(self, ordinal: int) -> int:
        """The number of the ordinal-th request, counted from 1. A cycling counter begins again at start."""
        step = ordinal - 1
        if self.cycle and self.capacity is not None:
            step %= self.capacity
        return self.start + step * self.increment

    def has_room(self, ordinal: int) -> bool:
        """Whether the ordinal can be handed out: there is one more, and DynamoDB can hold its number."""
        is_left = self.cycle or self.capacity is None or ordinal <= self.capacity
        return is_left and abs(self.number(ordinal)) < NUMBER_LIMIT


class Setback(Exception):
    """Nothing was committed, or its answer was lost; the batch can be tried again.

    decided: ids found to be decided already or deleted: they need nothing more. conflict: somebody else was quicker.
    """

    def __init__(self, reason: str, *, decided: frozenset[str] = frozenset(), conflict: bool = False) -> None:
        super().__init__(reason)
        self.decided = decided
        self.conflict = conflict


class Unsettled(Exception):
    """Requests of a counter are left over, and `first` is the earliest of them in the stream."""

    def __init__(self, first: Request, cause: Exception) -> None:
        super().__init__(f"request {first.request_id} of counter {first.counter!r} could not be settled: {cause}")
        self.first = first


class Store(Protocol):
    """What numbering asks of the tables. Both calls may raise Setback."""

    def read_counter(self, name: str) -> Counter | None:
        """The counter as it is at this moment; None when there is none."""

    def commit(self, counter: Counter | None, stamps: Sequence[Stamp]) -> None:
        """Advance the counter past the stamps' numbers and write the stamps: all of it or nothing.

        counter: None when there is none, and then no stamp has a number.
        """


@dataclass
class Patience:
    """How long to go on after setbacks: full jitter below a doubling bound, until the deadline.

    deadline: on `clock`, in seconds. The bound starts at `first` seconds and stops growing at `longest`.
    """

    deadline: float
    first: float = 0.01
    longest: float = 1.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: random.Random = field(default_factory=random.Random)
    conflicts: int = 0
    _setbacks: int = 0

    def require_time(self) -> None:
        """Raise TimeoutError when it is too late for another attempt."""
        if self.clock() >= self.deadline:
            raise TimeoutError("the invocation has no time left")

    def wait(self, setback: Setback) -> None:
        """Wait before the next attempt; raises the setback when there is no time for one."""
        self.conflicts += setback.conflict
        pause = self.jitter.uniform(0, min(self.longest, self.first * 2**self._setbacks))
        if self.clock() + pause >= self.deadline:
            raise setback
        self._setbacks += 1
        self.sleep(pause)

    def reset(self) -> None:
        """A success: the next setback starts from the shortest pause."""
        self._setbacks = 0


def settle(
    decisions: Sequence[Decision], default_counter: str, store: Store, patience: Patience
) -> Iterator[list[Stamp]]:
    """Give every accepted request of one counter the next number, in order, and record every refusal.

    decisions: requests of one counter in the stream's order, no id twice. Yields the stamps of each transaction once
    it is committed. Raises Unsettled, naming the first request that is left.
    """
    waiting = list(decisions)
    try:
        while waiting:
            batch = take_batch(waiting)
            patience.require_time()
            try:
                counter = find_counter(waiting[0].request.counter, default_counter, store)
                stamps = assign(counter, batch)
                store.commit(counter, stamps)
            except Setback as setback:
                waiting = [one for one in waiting if one.request.request_id not in setback.decided]
                if waiting:
                    patience.wait(setback)
                continue
            patience.reset()
            waiting = waiting[len(batch) :]
            yield stamps
    except Exception as cause:
        raise Unsettled(waiting[0].request, cause) from cause


def take_batch(waiting: Sequence[Decision]) -> list[Decision]:
    """The longest run from the front that fits one transaction; at least one request."""
    batch: list[Decision] = []
    size = 0
    for decision in waiting[:TRANSACTION_REQUESTS]:
        size += decision.request.size + text_size(decision.verdict)
        if batch and size > TRANSACTION_BYTES:
            break
        batch.append(decision)
    return batch


def text_size(verdict: Verdict) -> int:
    """Bytes of the longest text the verdict writes; what else a stamp adds fits the reserve, which size counts."""
    return len(verdict.result) if isinstance(verdict, Accepted) else MESSAGE_LIMIT


def find_counter(name: str, default_counter: str, store: Store) -> Counter | None:
    """The counter of that name; the default one comes into being with its first request, any other must exist."""
    if not 0 < len(name.encode("utf-8", "surrogatepass")) <= LONGEST_NAME:
        return None
    counter = store.read_counter(name)
    if counter is None and name == default_counter:
        return Counter(name, exists=False)
    return counter


def assign(counter: Counter | None, batch: Sequence[Decision]) -> list[Stamp]:
    """Number the accepted requests in order from the counter's value on; those it cannot number are refused."""
    ordinal = (counter.value or 0) if counter else 0
    stamps = []
    for request, verdict in batch:
        if isinstance(verdict, Accepted):
            verdict = refuse_for_counter(counter, request.counter, ordinal + 1) or verdict
        if isinstance(verdict, Accepted) and counter:
            ordinal += 1
            stamps.append(Stamp(request, verdict, counter.number(ordinal)))
        else:
            stamps.append(Stamp(request, verdict, None))
    return stamps


def refuse_for_counter(counter: Counter | None, name: str, ordinal: int) -> Refused | None:
    """Why the counter cannot number a request with that ordinal; None when it can."""
    if counter is None:
        return Refused("UnknownCounter", f"there is no counter named {name[: MESSAGE_LIMIT // 2]!r}")
    if counter.fault:
        return Refused("UnusableCounter", f"the counter {name!r} cannot number: {counter.fault}")
    if counter.allocation != "stream":
        return Refused("DirectCounter", f"the counter {name!r} hands out its numbers directly, not to requests")
    if not counter.has_room(ordinal):
        return Refused("CounterExhausted", f"the counter {name!r} has handed out its last number")
    return None
