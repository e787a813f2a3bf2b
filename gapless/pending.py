"""The requests that wait for their number: how many, which, and since when."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

from gapless.attributes import Item, read_number, read_text
from gapless.table_scan import scan_requests
from gapless.target import Target

ATTRIBUTES = ("requestId", "counter", "receivedAt", "resends")


@dataclass(frozen=True)
class Waiting:
    """A PENDING request. age: seconds since it was received; resends: times it was sent through the stream again."""

    request_id: str
    counter: str
    age: float
    resends: int

    def document(self) -> dict[str, Any]:
        """As `gapless pending` prints it."""
        age = round(self.age, 1)
        return {"requestId": self.request_id, "counter": self.counter, "ageSeconds": age, "resends": self.resends}


@dataclass(frozen=True)
class Pending:
    """count: of all that wait; oldest: of them, in seconds, None when there are none; requests: the oldest of them."""

    count: int
    oldest: float | None
    requests: list[Waiting]

    def document(self) -> dict[str, Any]:
        """As `gapless pending` prints it."""
        oldest = None if self.oldest is None else round(self.oldest, 1)
        requests = [one.document() for one in self.requests]
        return {"count": self.count, "oldestAgeSeconds": oldest, "requests": requests}


def find_pending(
    target: Target, older_than: float, limit: int, progress: Callable[[str], None] = lambda text: None
) -> Pending:
    """The requests that have waited for `older_than` seconds or more, and the `limit` oldest of them, oldest first."""
    now = time.time()
    count = 0

    def counted() -> Iterator[Waiting]:
        nonlocal count
        for item in scan_requests(target, ["PENDING"], ATTRIBUTES, progress):
            waiting = read_waiting(item, now)
            if waiting.age >= older_than:
                count += 1
                yield waiting

    requests = nsmallest(limit, counted(), key=lambda one: -one.age)
    return Pending(count, requests[0].age if requests else None, requests)


def read_waiting(item: Item, now: float) -> Waiting:
    """Read an item; one without a time that can be read has waited since 1970, so that it is seen. now: epoch s."""
    age = max(0.0, now - (read_number(item, "receivedAt") or 0) / 1000)
    return Waiting(item["requestId"]["S"], read_text(item, "counter") or "", age, read_number(item, "resends") or 0)
