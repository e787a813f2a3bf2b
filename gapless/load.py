"""Sends many requests at once, and waits until a counter has numbered them."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from gapless.client import Client
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
