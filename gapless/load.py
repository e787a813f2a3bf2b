"""Sends many requests at once, and waits until a counter has numbered them."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from gapless.client import FINISHED, Client
from gapless.target import Target

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class TooSlow(Exception):
    """The requests were not numbered in time."""


def send(client: Client, bodies: Iterable[bytes], *, clients: int, counter: str | None = None) -> Iterator[str]:
    """Submit each body, `clients` at a time; yields the request ids as the answers come in."""
    with ThreadPoolExecutor(clients) as pool:
        for document in pool.map(lambda body: client.submit(body, counter=counter), bodies):
            yield document["requestId"]


def connect(target: Target, *, connections: int = 16) -> "DynamoDBClient":
    """The tables of a target, from outside the API."""
    if target.dynamodb is None:
        return boto3.client("dynamodb", region_name=target.region)
    return boto3.client(
        "dynamodb",
        region_name=target.region,
        endpoint_url=target.dynamodb,
        aws_access_key_id="gapless",
        aws_secret_access_key="gapless",  # noqa: S106 - no local engine asks for one
        config=Config(max_pool_connections=connections),
    )


def count_numbered(dynamodb: "DynamoDBClient", target: Target, counter: str) -> int:
    """How many numbers a counter has handed out."""
    key = {"counterName": {"S": counter}}
    item = dynamodb.get_item(TableName=target.counters_table, Key=key, ConsistentRead=True).get("Item", {})
    return int(item["value"]["N"]) if "value" in item else 0


def wait_until_numbered(
    dynamodb: "DynamoDBClient",
    target: Target,
    counter: str,
    expected: int,
    *,
    seconds: float = 60.0,
    progress: Callable[[int], None] = lambda numbered: None,
) -> None:
    """Wait until the counter has handed out `expected` numbers in all. Raises TooSlow."""
    deadline = time.monotonic() + seconds
    while (numbered := count_numbered(dynamodb, target, counter)) < expected:
        progress(numbered)
        if time.monotonic() > deadline:
            raise TooSlow(f"counter {counter} has handed out {numbered} of {expected} numbers after {seconds:g} s")
        time.sleep(0.02)
    progress(numbered)


def wait_until_finished(
    dynamodb: "DynamoDBClient", target: Target, ids: Sequence[str], *, seconds: float = 60.0
) -> None:
    """Wait until every request is DONE or FAILED: a number is handed out a moment before it is on its request.

    Asks again only for those that were not, 100 at a time. Raises TooSlow.
    """
    deadline = time.monotonic() + seconds
    left = list(ids)
    while left:
        left = [one for place in range(0, len(left), 100) for one in find_waiting(dynamodb, target, left[place:][:100])]
        if left and time.monotonic() > deadline:
            raise TooSlow(f"{len(left)} requests are not finished after {seconds:g} s, the first of them {left[0]}")
        time.sleep(0.005 if left else 0)


def find_waiting(dynamodb: "DynamoDBClient", target: Target, ids: Sequence[str]) -> set[str]:
    """Which of up to 100 requests are not finished."""
    question: Any = {
        target.requests_table: {
            "Keys": [{"requestId": {"S": one}} for one in ids],
            "ConsistentRead": True,
            "ProjectionExpression": "requestId, #status",
            "ExpressionAttributeNames": {"#status": "status"},
        }
    }
    answer = dynamodb.batch_get_item(RequestItems=question)["Responses"][target.requests_table]
    return set(ids) - {item["requestId"]["S"] for item in answer if item["status"]["S"] in FINISHED}
