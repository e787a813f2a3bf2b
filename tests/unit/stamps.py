"""Stamps to be written, and the items they are written on."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from operations import Stamp
from request import DONE, Accepted, Refused, Request
from tests.unit.worker import REQUESTS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
Perform = Callable[[Any], Any]
Put = Callable[..., Request]
DAY = 86_400
NUMBERED = {"status": {"S": DONE}, "number": {"N": "3"}}


def read(client: "DynamoDBClient", request_id: str) -> Item:
    return dict(client.get_item(TableName=REQUESTS, Key={"requestId": {"S": request_id}}).get("Item", {}))


def accept(request: Request, number: int = 1, result: str = "null") -> Stamp:
    return Stamp(request, Accepted(result), number)


def refuse(request: Request, code: str = "Rejected", message: str = "no") -> Stamp:
    return Stamp(request, Refused(code, message), None)
