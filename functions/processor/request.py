"""A request as the stream shows it, the states it passes through, and what can be decided about it. Pure.

PENDING ──▶ DONE     number, result, completedAt, ttl; no error
   └──────▶ FAILED   error {code, message}, completedAt; no number
(VOID              the tombstone of a number whose request was deleted before it was written on it)
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, NoReturn

PENDING = "PENDING"
DONE = "DONE"
FAILED = "FAILED"
VOID = "VOID"

# DynamoDB refuses larger items. Developer guide, "Service, account, and table quotas": names and values both count.
ITEM_LIMIT = 400 * 1024
# Bytes the mapping templates keep free in `result`, and how many of them the stamp itself may take: number,
# completedAt and ttl with their names (55), or an error's frame and code (113). The rest is for attributes to come.
RESERVE = 256
STAMP = 128
LINK = 48  # bytes of requeuedAs, by which an operator says that a FAILED request was submitted again
MESSAGE_LIMIT = 1024
CODE_LIMIT = 64
PROGRESS = ("progress", "saved")  # what work() has kept, and the mark of it: both go when there is a result


class InvalidBody(ValueError):
    """The body is not a JSON object by the letter of RFC 8259; the text says why."""


@dataclass(frozen=True)
class Request:
    """One PENDING request, as a record of the stream or its item shows it.

    received_at: epoch ms, by API Gateway's clock. size: its item's in bytes, by DynamoDB's rules, with the reserve and
    without progress.
    sequence: the record's place in its shard. resent: the record was made by a sweeper's touch, not by a client.
    resends: how many touches the request has had.
    """

    request_id: str
    counter: str
    text: str
    received_at: int
    size: int
    sequence: int = 0
    resent: bool = False
    resends: int = 0

    @cached_property
    def body(self) -> dict[str, Any]:
        """The body as Python: integers of any length, decimals as Decimal. Raises InvalidBody."""
        return parse_body(self.text)

    @property
    def room(self) -> int:
        """Bytes that a result or an error message can take without making the item too large for DynamoDB."""
        return max(0, ITEM_LIMIT - (self.size - RESERVE) - STAMP)

    @property
    def room_for_progress(self) -> int:
        """Bytes that work() may keep on the item while it waits; beside them any error finds room, and a touch."""
        return max(0, ITEM_LIMIT - self.size - MESSAGE_LIMIT)


@dataclass(frozen=True)
class Accepted:
    """The request is to have a number. result: JSON text; had_progress: its item is known to hold what work() kept."""

    result: str
    had_progress: bool = False


@dataclass(frozen=True)
class Refused:
    """The request ends FAILED and takes no number."""

    code: str
    message: str


Verdict = Accepted | Refused


def read_request(record: Mapping[str, Any]) -> Request:
    """Read a request from one record of a DynamoDB stream (raw, as Lambda hands it over).

    The image is read by hand: the event data class of Powertools costs 175 ms of a cold start.
    """
    change = record["dynamodb"]
    request = read_item(change["NewImage"])
    return replace(request, sequence=int(change["SequenceNumber"]), resent=record["eventName"] != "INSERT")


def read_item(item: Mapping[str, Any]) -> Request:
    """Read a request from its item, as DynamoDB's API or a stream's image gives it."""
    return Request(
        request_id=item["requestId"]["S"],
        counter=item["counter"]["S"],
        text=item["request"]["S"],
        received_at=int(item["receivedAt"]["N"]),
        size=item_size({name: value for name, value in item.items() if name not in PROGRESS}),
        resends=int(item.get("resends", {}).get("N", 0)),
    )


def is_announced(record: Mapping[str, Any]) -> bool:
    """Whether the record shows a request that waits, and not that work() has kept something of it.

    The mapping's filter passes no other, unless it is changed, or is not yet what this code was deployed with.
    """
    image = record["dynamodb"].get("NewImage", {})
    return image.get("status", {}).get("S") == PENDING and "saved" not in image


def item_size(item: Mapping[str, Any]) -> int:
    """Bytes of an item by DynamoDB's rules: names and values."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: Mapping[str, Any]) -> int:
    """Bytes of an attribute value by DynamoDB's rules.

    Developer guide, "DynamoDB item sizes and formats": text as UTF-8, a number one byte for two digits and one more,
    a list or map 3 bytes and one for each element.
    """
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode("utf-8", "surrogatepass"))
        case "N":
            return min(21, len(content) // 2 + 2)
        case "B":
            return len(content) if isinstance(content, bytes) else len(content) * 3 // 4  # base64 in a stream's record
        case "M":
            return 3 + sum(len(name.encode()) + 1 + value_size(one) for name, one in content.items())
        case "L":
            return 3 + sum(1 + value_size(one) for one in content)
        case "SS" | "NS" | "BS":
            return sum(value_size({kind[0]: one}) for one in content)
        case _:
            return 1  # BOOL, NULL


def to_json(value: Any) -> str:
    """JSON text of what work() gives, a Decimal as text. Raises TypeError and ValueError for what JSON cannot hold."""
    return json.dumps(value, default=_write_decimal, allow_nan=False, separators=(",", ":"))


def _write_decimal(value: object) -> str:
    # Exactly: JSON's numbers would pass through a float somewhere.
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"work() gave a {type(value).__name__}, which JSON cannot hold")


def cut(text: str, limit: int) -> str:
    """The longest beginning of a text that is at most `limit` bytes of UTF-8; nothing for a limit below 0."""
    return text.encode("utf-8", "replace")[: max(0, limit)].decode("utf-8", "ignore")


def parse_body(text: str) -> dict[str, Any]:
    """Parse a body strictly: no NaN, no trailing text, an object at the top. Raises InvalidBody."""
    try:
        body = json.loads(text, parse_constant=_refuse_constant, parse_float=_parse_decimal, parse_int=_parse_integer)
    except RecursionError:
        raise InvalidBody("the body is nested too deeply") from None
    except ValueError as error:
        raise InvalidBody(f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise InvalidBody("the body is JSON, but not an object")
    return body


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _parse_decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:
        raise ValueError(f"the number {digits[:40]} is out of any range") from None


def _parse_integer(digits: str) -> int | Decimal:
    # Python refuses to turn more than 4,300 digits into an int; Decimal takes them, and as exactly.
    return int(digits) if len(digits) <= 4300 else Decimal(digits)
