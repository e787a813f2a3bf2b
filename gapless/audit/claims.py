"""The numbers that entries give to requests: written before long, by whoever comes next. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from counter import Counter
from entry import Entry, Owners
from request import DONE, PENDING
from stamping import name_tombstone

Item = Mapping[str, Any]

MOST_OWNERS = 20_000  # of an entry: more ids than a journal item has room for


@dataclass
class Claim:
    """A number that an entry of a lane gives to a request. seen: a scan has found it there, or on its tombstone."""

    counter: str
    lane: str
    entry: Entry
    ordinal: int
    number: int
    request_id: str
    received_at: int | None
    tombstone: str
    seen: bool = False

    def is_written(self, found: Mapping[str, Item]) -> bool:
        """Whether the request has the number, or the tombstone keeps it."""
        return any(self.is_held_by(found[one]) for one in (self.request_id, self.tombstone) if one in found)

    def is_held_by(self, item: Item) -> bool:
        """Whether an item of the table has the number."""
        return item.get("counter") == {"S": self.counter} and item.get("number") == {"N": str(self.number)}

    def can_be_written(self, found: Mapping[str, Item], after: Counter) -> bool:
        """Whether it is still to be written: the entry stands, and the request waits, or will be buried."""
        entry = after.lanes.get(self.lane)
        stands = entry is not None and (entry.mark, entry.base) == (self.entry.mark, self.entry.base)
        return stands and not self.is_decided(found)

    def is_decided(self, found: Mapping[str, Item]) -> bool:
        """Whether the request has come to another end; one under its id that was received at another time is not it."""
        item = found.get(self.request_id, {})
        is_meant = self.received_at is None or item.get("receivedAt") == {"N": str(self.received_at)}
        return bool(item) and is_meant and item.get("status") != {"S": PENDING}

    def explain(self, found: Mapping[str, Item]) -> str:
        """What has become of the request."""
        status = found.get(self.request_id, {}).get("status", {}).get("S", "gone")
        has = "another number" if status == DONE else "none"
        return f"{self.number} belongs to {self.request_id}, which is {status} and has {has}"


class Claims:
    """The claims of some counters. lost: entries whose journal item is gone, with their counter and lane."""

    def __init__(self, counters: Iterable[Counter], journals: Mapping[bytes, Owners]) -> None:
        self._by_id: dict[str, list[Claim]] = {}
        self._all: list[Claim] = []
        self.lost: list[tuple[Counter, str, Entry]] = []
        for counter in counters:
            for lane, entry in counter.lanes.items():
                owners = journals.get(entry.journal) if entry.journal else entry.owners
                if entry.journal and owners is None:
                    self.lost.append((counter, lane, entry))
                for claim in claims_of(counter, lane, entry, owners):
                    self._all.append(claim)
                    for key in (claim.request_id, claim.tombstone):
                        self._by_id.setdefault(key, []).append(claim)

    def see(self, item: Item) -> None:
        """Note that a scan has come across a request or a tombstone."""
        for claim in self._by_id.get(item["requestId"]["S"], ()):
            claim.seen = claim.seen or claim.is_held_by(item)

    def unseen(self, counter: str | None = None) -> list[Claim]:
        """Those that no scan has found, of one counter or of all, in order."""
        mine = (one for one in self._all if not one.seen and counter in (None, one.counter))
        return sorted(mine, key=lambda one: one.ordinal)

    def unknown(self, counter: Counter) -> set[int]:
        """The ordinals that lost entries may have given: up to the next entry, or as many as one can have."""
        bases = sorted(entry.base for entry in counter.lanes.values())
        ordinals: set[int] = set()
        for mine, _, entry in self.lost:
            if mine.name == counter.name:
                end = min((base for base in bases if base > entry.base), default=counter.value)
                ordinals |= set(range(entry.base + 1, min(end, entry.base + MOST_OWNERS) + 1))
        return ordinals


def claims_of(counter: Counter, lane: str, entry: Entry, owners: Owners | None) -> Iterator[Claim]:
    """What one entry gives to whom."""
    if owners is None:
        return
    for place, (request_id, received_at) in enumerate(owners.requests[: len(owners.accepted)]):
        ordinal = entry.base + 1 + place
        number = counter.number(ordinal)
        tombstone = name_tombstone(request_id, received_at, counter.name, number)
        yield Claim(counter.name, lane, entry, ordinal, number, request_id, received_at, tombstone)
