"""Requests as an audit reads them, each by itself. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import gcd

from gapless.attributes import Item
from gapless.audit.findings import MOST

# All that an audit reads of a request.
ATTRIBUTES = (
    "requestId",
    "counter",
    "status",
    "number",
    "error",
    "receivedAt",
    "completedAt",
    "ttl",
    "requeuedAs",
    "requeueOf",
)


@dataclass
class Crowd:
    """Requests with numbers that they ought not to have. lowest, highest: of the numbers; step: what they are apart;
    ids: the first of them."""

    count: int = 0
    lowest: int | None = None
    highest: int | None = None
    step: int = 0
    ids: list[str] = field(default_factory=list)

    def add(self, request_id: str, number: int | None) -> None:
        """One more; None for a number that is none."""
        self.count += 1
        if number is not None:
            self.step = gcd(self.step, number - (number if self.lowest is None else self.lowest))
            self.lowest = number if self.lowest is None else min(number, self.lowest)
            self.highest = number if self.highest is None else max(number, self.highest)
        if len(self.ids) < MOST:
            self.ids.append(request_id)


def faults_of(item: Item) -> Iterator[str]:
    """What is wrong with a request by itself."""
    match item.get("status", {}).get("S"):
        case "DONE":
            if "number" not in item:
                yield "done-without-number"
            if "error" in item:
                yield "done-with-error"
        case "FAILED":
            if "number" in item:
                yield "failed-with-number"
            if "error" not in item:
                yield "failed-without-error"
        case "PENDING":
            if "number" in item:
                yield "pending-with-number"
            if "ttl" in item:
                yield "unfinished-with-ttl"
        case "VOID":
            return
        case _:
            yield "unknown-status"
