"""What a run has left in the tables, read without any of the designs: is there a gap, or a number twice?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connection import Settings, read_batches
from request import item_size

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class Readback:
    """numbers: of the requests, in their order, None for one without; value: how many the counter has handed out;
    largest: bytes of the largest item in each table."""

    numbers: list[int | None]
    value: int
    largest: dict[str, int]


def read_back(client: "DynamoDBClient", settings: Settings, counter: str, ids: Sequence[str]) -> Readback:
    """Read a counter and the requests of these ids."""
    keys = [{"requestId": {"S": one}} for one in ids]
    items = {item["requestId"]["S"]: item for item in read_batches(client, settings.requests_table, keys, {})}
    of_counter = client.get_item(
        TableName=settings.counters_table, Key={"counterName": {"S": counter}}, ConsistentRead=True
    )["Item"]
    return Readback(
        numbers=[int(items[one]["number"]["N"]) if "number" in items[one] else None for one in ids],
        value=int(of_counter["value"]["N"]) if "value" in of_counter else 0,
        largest={
            settings.requests_table: max(map(item_size, items.values())),
            settings.counters_table: item_size(of_counter),
        },
    )


def is_gapless(numbers: Sequence[int | None], value: int) -> bool:
    """Whether the requests have the numbers 1 to value, each once, and none is without."""
    given = [number for number in numbers if number is not None]
    return len(given) == len(numbers) and sorted(given) == list(range(1, value + 1))


def count_gaps(numbers: Sequence[int | None], value: int) -> int:
    """How many of the numbers 1 to value no request has."""
    return len(set(range(1, value + 1)) - set(numbers))


def count_twins(numbers: Sequence[int | None]) -> int:
    """How many numbers several requests have."""
    owners = Counter(number for number in numbers if number is not None)
    return sum(count > 1 for count in owners.values())
