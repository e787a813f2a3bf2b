"""What the simulated tables hold, and how a counter changes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from counter import Counter
from entry import Owners, stored_code
from items import BASE, LANE, from_entry
from operations import Committed, Operation
from request import PENDING, Request, item_size


@dataclass
class StoredRequest:
    """An item of the requests table. number: of DONE and VOID; code and message: the error of FAILED.

    room: bytes that there are for a result or a message by now. resent_at: epoch ms of the last touch. progress: what
    work() has kept; is_marked: that is why the item has changed, and the stream's record of it reaches nobody.
    """

    request: Request | None  # a tombstone has none
    counter: str
    status: str = PENDING
    number: int | None = None
    result: str = ""
    code: str = ""
    message: str = ""
    room: int = 0
    resends: int = 0
    resent_at: int | None = None
    progress: str = ""
    is_marked: bool = False


class Store(Protocol):
    """What a world needs of its tables."""

    @property
    def requests(self) -> Mapping[str, StoredRequest]: ...
    @property
    def counters(self) -> Mapping[str, Counter]: ...
    def perform(self, operation: Operation) -> Any: ...
    def put_request(self, request: Request) -> None: ...
    def delete_request(self, request_id: str) -> int | None: ...
    def put_counter(self, counter: Counter) -> None: ...
    def is_marked(self, request_id: str) -> bool: ...


def moved(counter: Counter, *, fence: int) -> Counter:
    """The counter after a change: the version is one on, and the fence by that much."""
    return replace(counter, version=(counter.version or 0) + 1, fence=(counter.fence or 0) + fence)


def measured(counter: Counter) -> Counter:
    """The counter with the size of its item."""
    return replace(counter, size=item_size(to_item(counter)))


def packed(owners: Owners) -> Owners:
    """The owners as they are read again: of the codes that come from work(), an entry keeps only that there was one."""
    return replace(owners, refused=tuple((request_id, stored_code(code)) for request_id, code in owners.refused))


def to_item(counter: Counter) -> dict[str, Any]:
    """A counter as DynamoDB's item has it; one that has handed out nothing has no value."""
    numbers = {
        "value": counter.value or None,
        "start": counter.start,
        "increment": counter.increment,
        "capacity": counter.capacity,
        "version": counter.version,
        "fence": counter.fence,
        "verifyUntil": counter.verify_until,
    }
    item: dict[str, Any] = {name: {"N": str(value)} for name, value in numbers.items() if value is not None}
    item |= {"counterName": {"S": counter.name}, "allocation": {"S": counter.allocation}}
    item |= {"cycle": {"BOOL": True}} if counter.cycle else {}
    for lane, entry in counter.lanes.items():
        item |= {LANE + lane: from_entry(entry), BASE + lane: {"N": str(entry.base)}}
    return item


def in_order(answer: Any) -> Any:
    """The answer, with a counter's lanes in their order by name: an item has none, and schedules should be alike."""
    if isinstance(answer, Committed) and answer.counter:
        return replace(answer, counter=in_order(answer.counter))
    return replace(answer, lanes=dict(sorted(answer.lanes.items()))) if isinstance(answer, Counter) else answer
