"""A counter as it was read: its options, how far it has got, and the last entry of each of its lanes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from entry import Entry
from request import MESSAGE_LIMIT, Refused

NUMBER_LIMIT = 10**38  # DynamoDB keeps 38 digits
LONGEST_NAME = 2048  # bytes of a partition key


@dataclass(frozen=True)
class Counter:
    """A counter: `value` is how many numbers it has handed out, and the options map that ordinal to a number.

    version: moves with every commit and prune; fence: moves when workers that did not look may be wrong.
    Both are None before the first commit. verify_until: requests received up to then (epoch ms) may have been decided
    where their lane's mark does not show it; None before the first commit, and then that goes for all.
    size: bytes of its item; fault: why its item cannot be used; exists: False for one that a commit would create.
    """

    name: str
    value: int = 0
    start: int = 1
    increment: int = 1
    capacity: int | None = None  # ordinals available; None is no bound
    cycle: bool = False
    allocation: str = "stream"
    version: int | None = None
    fence: int | None = None
    verify_until: int | None = None
    lanes: Mapping[str, Entry] = field(default_factory=dict)
    size: int = 0
    fault: str = ""
    exists: bool = True

    def number(self, ordinal: int) -> int:
        """The number of the ordinal-th request, counted from 1. A cycling counter begins again at start."""
        step = ordinal - 1
        if self.cycle and self.capacity is not None:
            step %= self.capacity
        return self.start + step * self.increment

    @property
    def last(self) -> int | None:
        """The last ordinal it can hand out: there are no more, or DynamoDB cannot hold a further number."""
        if self.cycle and self.capacity is not None:
            return None
        room = NUMBER_LIMIT - 1 - (self.start if self.increment > 0 else -self.start)
        steps = room // abs(self.increment) + 1 if room >= 0 else 0
        return steps if self.capacity is None else min(steps, self.capacity)


def refuse_for_counter(counter: Counter) -> Refused | None:
    """Why the counter can number nothing; None when it can."""
    if counter.fault:
        return explain(counter.name, "UnusableCounter", counter.fault)
    if counter.allocation != "stream":
        return explain(counter.name, "DirectCounter")
    return None


def explain(name: str, code: str, fault: str = "") -> Refused:
    """A refusal for reasons of the counter, in words."""
    name = repr(name[: MESSAGE_LIMIT // 2])
    reasons = {
        "UnknownCounter": f"there is no counter named {name}",
        "UnusableCounter": f"the counter {name} cannot number: {fault or 'its item is not sound'}",
        "DirectCounter": f"the counter {name} hands out its numbers directly, not to requests",
        "CounterExhausted": f"the counter {name} has handed out its last number",
    }
    return Refused(code, reasons[code])


def is_possible(name: str) -> bool:
    """Whether there could be a counter of that name: it must do for a partition key."""
    return 0 < len(name.encode("utf-8", "surrogatepass")) <= LONGEST_NAME
