"""Reads the tables for an audit, in the order that audit.py depends on, while everybody else goes on."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connection import Setback, read_batches
from entry import Owners
from gapless.attributes import Item, read_number
from gapless.audit.audit import Audit
from gapless.audit.findings import Report
from gapless.audit.requests import ATTRIBUTES
from gapless.audit.retention import Retention
from gapless.counters import Counters
from gapless.load import connect
from gapless.table_scan import scan
from gapless.target import Target
from items import LANE, to_owners

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NAMES = {f"#{one}": one for one in ATTRIBUTES}
PROJECTION: dict[str, Any] = {"ProjectionExpression": ", ".join(NAMES), "ExpressionAttributeNames": NAMES}

__all__ = ["Audited", "Reader", "Setback", "UnknownCounter", "audit"]

Progress = Callable[[str], None]


class UnknownCounter(Exception):
    """There is no counter of that name, and no request of it."""


class Reader:
    """The tables of a stack. Its calls raise ClientError, BotoCoreError or connection.Setback."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._dynamodb: DynamoDBClient = connect(target)

    def read_counters(self) -> dict[str, Item]:
        """Every counter, by name."""
        return {item["counterName"]["S"]: item for item in Counters(self._target).read_items()}

    def read_journals(self, counters: Iterable[Item]) -> Mapping[bytes, Owners]:
        """The owners that the counters' entries have in the journal, by key."""
        lanes = (value.get("M", {}) for item in counters for name, value in item.items() if name.startswith(LANE))
        keys = [{"entryId": lane["j"]} for lane in lanes if "j" in lane]
        items = read_batches(self._dynamodb, self._target.journal_table, keys, {})
        return {bytes(item["entryId"]["B"]): to_owners(item) for item in items}

    def scan_requests(self, only: str | None, progress: Progress) -> Iterator[Item]:
        """Every request, or those of one counter, in segments side by side; each as it was at some moment.

        The whole table is paid for, bodies included: a read unit for each 4 KB.
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html
        """
        query: dict[str, Any] = {"ConsistentRead": True, **PROJECTION}
        if only is not None:
            query |= {"FilterExpression": "#counter = :counter", "ExpressionAttributeValues": {":counter": {"S": only}}}
        return scan(self._dynamodb, self._target, query, progress)

    def read_requests(self, ids: Iterable[str]) -> dict[str, Item]:
        """Requests by id; those that are gone are missing."""
        keys = [{"requestId": {"S": one}} for one in sorted(ids)]
        items = read_batches(self._dynamodb, self._target.requests_table, keys, PROJECTION)
        return {item["requestId"]["S"]: item for item in items}


@dataclass(frozen=True)
class Audited:
    """An audit that is through. counters: their items, as they were read last."""

    audit: Audit
    report: Report
    counters: dict[str, Item]


def audit(target: Target, only: str | None, kept: Retention, progress: Progress) -> Audited:
    """Audit a stack's counters, or one of them, while it goes on. Raises UnknownCounter, and what Reader does."""
    began = time.monotonic()
    reader = Reader(target)
    counters = reader.read_counters()
    audit = Audit(counters, reader.read_journals(counters.values()), only)
    for item in reader.scan_requests(only, progress):
        audit.add(item)
    after = reader.read_counters()
    found = reader.read_requests(audit.doubts())
    report = audit.conclude(after, found, time.time_ns() // 1_000_000, kept)
    if wanted := audit.wanted():
        progress("looking who has the numbers in doubt")
        owners = [one["requestId"]["S"] for one in reader.scan_requests(only, progress) if is_wanted(one, wanted)]
        report.findings = audit.name_owners(reader.read_requests(owners).values())
    if only is not None and only not in counters and only not in after and not report.items:
        raise UnknownCounter(f"there is no counter {only}, and no request of it")
    report.seconds = time.monotonic() - began
    return Audited(audit, report, after)


def is_wanted(item: Item, wanted: Mapping[str, set[int]]) -> bool:
    """Whether a request has one of the numbers, by counter."""
    numbers = wanted.get(item.get("counter", {}).get("S", ""), ())
    return read_number(item, "number") in numbers
