"""Batches of one shard as conversations: the counter they find, who is warm, and the usual lines of a script."""

from collections.abc import Sequence
from typing import Any

from counter import Counter
from entry import Entry, Owners, lane_of
from memory import Known, Memory
from numbering import (
    number_records,
)
from operations import (
    Judge,
    WriteStamps,
)
from request import Accepted, Refused, Request
from stamping import Report
from tests.unit.records import RECEIVED, SHARD
from tests.unit.script import NOW, RULES, Conversation, follow, written

LANE, OTHER = lane_of(SHARD), lane_of("another shard")
OLD = RECEIVED - 1  # a verify_until that is over: requests of now are not looked up
YES: Any = (Judge, Accepted("null"))
NO: Any = (Judge, Refused("Rejected", "no"))
STAMPED: Any = (WriteStamps, written)


def make_counter(value: int = 0, mark: int | None = 1, name: str = "requests", **attributes: Any) -> Counter:
    """A counter that has committed before; with a mark, in this lane, with an entry that nobody owns anything of."""
    lanes = {} if mark is None else {LANE: Entry(mark, value, NOW // 1000, OLD, owners=Owners(()))}
    usual: dict[str, Any] = {"version": 1, "fence": 0, "verify_until": OLD, "lanes": lanes, "size": 100}
    return Counter(name, value, **usual | attributes)


def number(
    requests: Sequence[Request], *script: Any, memory: Memory | None = None, shard: str | None = SHARD
) -> Conversation[Report]:
    return follow(number_records(requests, shard, memory or Memory(), RULES), *script)


def make_warm(counter: Counter) -> Memory:
    """The memory of a worker that has applied the lane as it is on this counter."""
    memory = Memory()
    memory.keep(counter.name, LANE, Known.of(counter, LANE))
    return memory


def numbers(report: Report) -> dict[str, int | None]:
    return {stamp.request.request_id: stamp.number for stamp in report.stamped}
