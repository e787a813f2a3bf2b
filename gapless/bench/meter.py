"""Counts the calls of a client, and what DynamoDB would charge for them, by its rules and the sizes of the items.

Developer guide, "DynamoDB read and write operations": a write costs a unit for each KB that the item has, a consistent
read one for each 4 KB, a write in a transaction twice as much, and one whose condition fails as much as any. A part of
a KB counts as one, and a statement of a batch as a write of its own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from request import item_size

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Document = Mapping[str, Any]

WRITE_UNIT = 1024  # bytes
READ_UNIT = 4096
TABLE_OF_STATEMENT = re.compile(r'UPDATE "([^"]+)"')


@dataclass(frozen=True)
class Bill:
    """What some calls come to. failed: answers and statements that were errors."""

    requests: int
    failed: int
    write_units: int
    read_units: int


@dataclass(frozen=True)
class Call:
    """One request, and its answer or its error."""

    operation: str
    parameters: Document
    answer: Document


class Meter:
    """Keeps the calls of a client from now on; the counting is left until nobody is timed any more."""

    def __init__(self, client: "DynamoDBClient") -> None:
        self.calls: list[Call] = []
        client.meta.events.register("before-parameter-build.dynamodb", self._begin)
        client.meta.events.register("after-call.dynamodb", self._end)

    def _begin(self, params: Document, context: dict[str, Any], **_: object) -> None:
        context["metered"] = params

    def _end(self, model: Any, parsed: Document, context: dict[str, Any], **_: object) -> None:
        self.calls.append(Call(model.name, context["metered"], parsed))

    def bill(self, largest: Mapping[str, int]) -> Bill:
        """Add the calls up. largest: bytes of the largest item of each table, for calls that do not show the item."""
        writes = [units(size, WRITE_UNIT) * factor for call in self.calls for size, factor in written(call, largest)]
        reads = [units(size, READ_UNIT) for call in self.calls for size in read(call, largest)]
        return Bill(len(self.calls), sum(map(count_errors, self.calls)), sum(writes), sum(reads))


def units(size: int, unit: int) -> int:
    """How many units of so many bytes; at least one."""
    return max(1, -(-size // unit))


def written(call: Call, largest: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    """The size of each item that a call writes, or tries to, and how many times it is charged."""
    parameters, answer = call.parameters, call.answer
    match call.operation:
        case "PutItem":
            yield item_size(parameters["Item"]), 1
        case "UpdateItem":
            yield size_of_updated(parameters, answer, largest), 1
        case "BatchExecuteStatement":
            for one in parameters["Statements"]:
                yield largest[table_of(one["Statement"])], 1
        case "TransactWriteItems":
            for action in parameters["TransactItems"]:
                ((_, action_parameters),) = action.items()
                yield largest[action_parameters["TableName"]], 2


def size_of_updated(parameters: Document, answer: Document, largest: Mapping[str, int]) -> int:
    """The size of an item after its update, or as it stood in its way, if the answer shows it whole."""
    if "Item" in answer:
        return item_size(answer["Item"])
    if parameters.get("ReturnValues") == "ALL_NEW" and "Attributes" in answer:
        return item_size(answer["Attributes"])
    return largest[parameters["TableName"]]


def table_of(statement: str) -> str:
    """The table that a PartiQL statement updates."""
    found = TABLE_OF_STATEMENT.match(statement)
    if found is None:
        raise ValueError(f"no meter for the statement {statement!r}")
    return found[1]


def read(call: Call, largest: Mapping[str, int]) -> Iterator[int]:
    """The size of each item that a call reads: the whole item is charged, whatever part of it is asked for."""
    match call.operation:
        case "GetItem":
            yield item_size(call.answer.get("Item", {}))
        case "BatchGetItem":
            for table, wanted in call.parameters["RequestItems"].items():
                for _ in wanted["Keys"]:
                    yield largest[table]


def count_errors(call: Call) -> int:
    """How many attempts of a call have failed: the call itself, or statements in it."""
    return ("Error" in call.answer) + sum("Error" in one for one in call.answer.get("Responses", []))
