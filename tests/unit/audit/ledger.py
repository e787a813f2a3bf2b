"""Sound tables, drawn at random, as years of numbering would leave them: the items in DynamoDB's JSON."""

import random
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from counter import Counter
from entry import Entry, Owners
from gapless.attributes import read_number
from gapless.audit.audit import Audit
from gapless.audit.findings import Finding, Report
from gapless.audit.requests import ATTRIBUTES
from gapless.audit.retention import DAY, Retention
from request import DONE, FAILED, PENDING, VOID
from stamping import name_tombstone
from tests.faults.simulation.stored import to_item

NOW = 1_900_000_000_000  # epoch ms
MINUTE = 60_000
KEPT = Retention(days=30, failed_days=0)

Item = dict[str, Any]


@dataclass
class Ledger:
    """The tables. owners: the id of the request that has a number, by counter and ordinal."""

    requests: dict[str, Item] = field(default_factory=dict)
    counters: dict[str, Item] = field(default_factory=dict)
    journals: dict[bytes, Owners] = field(default_factory=dict)
    owners: dict[tuple[str, int], str] = field(default_factory=dict)

    def put(self, status: str, counter: str, **attributes: Any) -> str:
        """Put a request; its id."""
        request_id = attributes.pop("request_id", None) or str(uuid.uuid4())
        item: Item = {"requestId": {"S": request_id}, "counter": {"S": counter}, "status": {"S": status}}
        self.requests[request_id] = item | {name: n(value) for name, value in attributes.items()}
        return request_id

    def put_done(self, counter: Counter, ordinal: int, received: int, completed: int) -> str:
        """Put a request that has its number."""
        times = {"receivedAt": received, "completedAt": completed, "ttl": completed // 1000 + 30 * DAY // 1000}
        request_id = self.put(DONE, counter.name, number=counter.number(ordinal), **times)
        self.owners[counter.name, ordinal] = request_id
        return request_id

    def put_failed(self, counter: str, completed: int) -> str:
        """Put a request that was refused."""
        request_id = self.put(FAILED, counter, receivedAt=completed - MINUTE, completedAt=completed)
        self.requests[request_id]["error"] = {"M": {"code": {"S": "Rejected"}, "message": {"S": "no"}}}
        return request_id


def n(value: int) -> Item:
    """A number for DynamoDB."""
    return {"N": str(value)}


def draw_ledger(draw: random.Random, counters: Iterable[Counter], days: int = 90) -> Ledger:
    """What the counters' values leave after so many days, of which the last 30 are still there, more or less."""
    ledger = Ledger()
    for counter in counters:
        entries = {}
        if counter.allocation == "stream":
            for ordinal in range(1, counter.value + 1):
                put_numbered(ledger, draw, counter, ordinal, days)
            entries = dict(draw_entries(ledger, draw, counter))
        taken = sum(len(owners_of(ledger, one).accepted) for one in entries.values())
        put_counter(ledger, counter, counter.value + taken, entries)
        put_others(ledger, draw, counter)
    return ledger


def put_numbered(ledger: Ledger, draw: random.Random, counter: Counter, ordinal: int, days: int) -> None:
    """One number of the past: on its request, on a tombstone, or gone with its request when its time was up."""
    committed = NOW - days * DAY + (days * DAY - 10 * MINUTE) * ordinal // (counter.value + 1)
    late = draw.random() < 0.02  # sent again after an outage, or stamped by a sweeper
    received = committed - draw.randint(0, DAY if late else MINUTE)
    completed = committed + draw.randint(0, DAY if late else MINUTE)
    if draw.random() < 0.005:
        number = counter.number(ordinal)
        item_id = name_tombstone(str(uuid.uuid4()), received, counter.name, number)
        ledger.put(VOID, counter.name, request_id=item_id, number=number, completedAt=completed)
    elif completed + 30 * DAY > NOW or draw.random() < 0.03:  # DynamoDB deletes in its own time
        ledger.put_done(counter, ordinal, received, min(completed, NOW))


def draw_entries(ledger: Ledger, draw: random.Random, counter: Counter) -> Iterator[tuple[str, Entry]]:
    """Entries of several lanes behind the value: some written, some in part, some not at all."""
    base = counter.value
    for lane in ("quietone", "busyone_", "deadone_", "journal_"):
        accepted, received = [], []
        for place in range(draw.randint(0, 9)):
            ordinal = base + 1 + place
            at = NOW - draw.randint(0, 5 * MINUTE)
            fate = draw.random()
            if fate < 0.5:
                accepted.append(ledger.put_done(counter, ordinal, at, NOW))
            elif fate < 0.8:
                accepted.append(ledger.put(PENDING, counter.name, receivedAt=at))
            elif fate < 0.9:  # deleted, and its tombstone is there
                accepted.append(str(uuid.uuid4()))
                number = counter.number(ordinal)
                item_id = name_tombstone(accepted[-1], at, counter.name, number)
                ledger.put(VOID, counter.name, request_id=item_id, number=number, completedAt=NOW)
            elif fate < 0.95:  # deleted, and its id is used again
                accepted.append(ledger.put(PENDING, counter.name, receivedAt=at + 1))
            else:  # deleted, and its tombstone is still to be written
                accepted.append(str(uuid.uuid4()))
            received.append(at)
        owners = Owners(tuple(accepted), (), tuple(received))
        key = draw.randbytes(16) if lane.startswith("journal") else None
        if key:
            ledger.journals[key] = owners
        yield lane, Entry(17, base, NOW // 1000, NOW, None if key else owners, key)
        base += len(accepted)


def owners_of(ledger: Ledger, entry: Entry) -> Owners:
    """Who owns the numbers of an entry."""
    return entry.owners or ledger.journals[entry.journal or b""]


def put_counter(ledger: Ledger, counter: Counter, value: int, entries: Mapping[str, Entry] | None = None) -> None:
    """Put a counter's item at a value."""
    moved = Counter(**{**vars(counter), "value": value, "version": 7, "fence": 1, "lanes": entries or {}})
    ledger.counters[counter.name] = to_item(moved)


def put_others(ledger: Ledger, draw: random.Random, counter: Counter) -> None:
    """Requests without a number: some wait, some were refused, some of those were sent again, and some expired."""
    for _ in range(draw.randint(1, 9)):
        ledger.put(PENDING, counter.name, receivedAt=NOW - draw.randint(0, DAY))
        first = ledger.put_failed(counter.name, NOW - draw.randint(0, 40 * DAY))
        again = ledger.put_failed(counter.name, NOW)
        link(ledger, first, again)
        expired = ledger.put_failed(counter.name, NOW - 50 * DAY)
        ledger.requests[expired]["requeuedAs"] = {"S": str(uuid.uuid4())}


def link(ledger: Ledger, first: str, again: str) -> None:
    """Link a request and the one it was sent again as."""
    ledger.requests[first]["requeuedAs"] = {"S": again}
    ledger.requests[again]["requeueOf"] = {"S": first}


def run_audit(ledger: Ledger, kept: Retention = KEPT, only: str | None = None) -> tuple[Audit, Report]:
    """An audit of tables that nobody changes."""
    audit = Audit(ledger.counters, ledger.journals, only)
    for item in ledger.requests.values():
        audit.add({name: value for name, value in item.items() if name in ATTRIBUTES})
    found = {one: ledger.requests[one] for one in audit.doubts() if one in ledger.requests}
    report = audit.conclude(ledger.counters, found, NOW, kept)
    report.findings = audit.name_owners(list(owners(ledger, audit.wanted())))
    return audit, report


def owners(ledger: Ledger, wanted: Mapping[str, set[int]]) -> Iterator[Item]:
    """The requests that have the numbers."""
    for item in ledger.requests.values():
        if read_number(item, "number") in wanted.get(item["counter"]["S"], ()):
            yield item


def find(ledger: Ledger, **options: Any) -> list[Finding]:
    """What an audit finds."""
    return run_audit(ledger, **options)[1].findings
