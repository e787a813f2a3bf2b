"""How far a stack scales, by arithmetic: a table of docs/operations.md (`python -m tests.operations.scale`)."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from entry import Entry, entry_size, lane_of
from tests.operations.cost import (
    ACCESS_LINE,
    GB,
    KB,
    REQUEST_LINE,
    SCAN_SECONDS_A_GB,
    Workload,
    batch_seconds,
)

PARTITION_UNITS = 1000  # write units a second: DynamoDB's developer guide, "Partitions and data distribution"
# Lambda reads a shard four times a second: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
READS_A_SECOND = 4
BATCH = 99
SWEEP_SECONDS = 900
TTL_DAYS = 2  # "within a few days": https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
COUNTER_BYTES = 150  # of a counter's item, its lanes apart
LANE_BYTES = entry_size(Entry(10**22, 0, 0, 0, journal=bytes(16)), lane_of("shard"))


@dataclass(frozen=True)
class Load:
    """rate: requests a second, on one counter, spread evenly; each is polled once."""

    rate: int
    body_bytes: int

    @property
    def table_units(self) -> int:
        """Write units a second of the requests table: PUT and stamp."""
        return 2 * self.rate * Workload(body_bytes=self.body_bytes).item_units

    @property
    def shards(self) -> int:
        """Partitions that take so much and, taken to be as many, the stream's open shards. A new table has four."""
        return max(4, ceil(self.table_units / PARTITION_UNITS))

    @property
    def batch(self) -> int:
        """Requests that a read of one shard finds."""
        return min(BATCH, ceil(self.rate / self.shards / READS_A_SECOND))

    @property
    def commits(self) -> int:
        """Commits a second on the counter."""
        return ceil(self.rate / self.batch)

    @property
    def counter_units(self) -> int:
        """Write units a second of the counter's item: all its lanes are written each time."""
        return self.commits * ceil((COUNTER_BYTES + self.shards * LANE_BYTES) / KB)


def shard_numbers() -> float:
    """Numbers a second that one shard gives, work() apart."""
    return BATCH / batch_seconds(BATCH)


def swept_requests() -> int:
    """Requests of 1 KB that a table may hold so that a sweep ends before its function's time does."""
    return int(SWEEP_SECONDS / SCAN_SECONDS_A_GB * GB / Workload().item_bytes)


def sustained_rate(days: int) -> float:
    """Requests a second, day and night, that a sweep keeps up with. days: RetentionDays; TTL takes its time."""
    return swept_requests() / 86_400 / (days + TTL_DAYS)


def rows() -> Iterator[str]:
    """Loads side by side."""
    loads = [Load(rate, size) for rate in (1_000, 10_000) for size in (KB // 2, KB)]
    lines = {
        "API calls a second, PUT and one poll": [2 * load.rate for load in loads],
        "write units a second, requests table": [load.table_units for load in loads],
        "partitions = shards = processors at once, at least": [load.shards for load in loads],
        "requests a second and shard": [load.rate // load.shards for load in loads],
        "requests a batch": [load.batch for load in loads],
        "commits a second, one counter": [load.commits for load in loads],
        "write units a second, the counter's item": [load.counter_units for load in loads],
        "GB of logs a day": [load.rate * 86_400 * (REQUEST_LINE + 2 * ACCESS_LINE) // GB for load in loads],
        "GB of table a day": [
            load.rate * 86_400 * Workload(body_bytes=load.body_bytes).item_bytes // GB for load in loads
        ],
    }
    yield f"| | {' | '.join(f'{load.rate:,}/s, {load.body_bytes / KB:g} KB' for load in loads)} |"
    yield f"|---|{'--:|' * len(loads)}"
    for name, values in lines.items():
        yield f"| {name} | {' | '.join(f'{value:,}' for value in values)} |"


if __name__ == "__main__":
    print("\n".join(rows()))  # noqa: T201
    print(f"{shard_numbers():.0f} numbers a second and shard; {swept_requests():,} requests swept in time")  # noqa: T201
