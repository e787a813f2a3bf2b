"""Carries out what reconcile.py has planned."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from connection import CONDITION_FAILED
from expressions import n, tombstone_update
from gapless.audit.reading import Progress
from gapless.audit.reconcile import Raise, Repair, list_burials
from gapless.load import connect
from gapless.target import Target

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AT_ONCE = 8
REPORT_EVERY = 1000  # tombstones
# What a commit moves, and what no commit does: together the counter as it was read.
READ = ("value", "version", "fence", "verifyUntil", "start", "increment", "capacity", "cycle", "allocation")


class Overtaken(Exception):
    """Somebody has changed the counter since it was read."""


def repair_all(target: Target, repairs: Sequence[Repair], progress: Progress) -> None:
    """Repair one counter after the other; to begin anew after a failure is safe. Raises Overtaken, ClientError."""
    dynamodb = connect(target)
    for repair in repairs:
        progress(f"repairing {repair.counter.name}")
        raise_counter(dynamodb, target.counters_table, repair.raised)
        bury(dynamodb, target.requests_table, repair, progress)


def raise_counter(dynamodb: "DynamoDBClient", table: str, raised: Raise) -> None:
    """UpdateItem, of the counter as it was read."""
    after = {
        "value": raised.value,
        "fence": raised.fence,
        "version": raised.version,
        "verifyUntil": raised.verify_until,
    }
    is_unchanged = [f"#{one} = :read_{one}" if one in raised.read else f"attribute_not_exists(#{one})" for one in READ]
    try:
        dynamodb.update_item(
            TableName=table,
            Key={"counterName": {"S": raised.counter}},
            UpdateExpression="SET " + ", ".join(f"#{one} = :{one}" for one in after),
            ConditionExpression=" AND ".join(is_unchanged),
            ExpressionAttributeNames={f"#{one}": one for one in READ},
            ExpressionAttributeValues={
                **{f":{one}": n(value) for one, value in after.items()},
                **{f":read_{one}": raised.read[one] for one in READ if one in raised.read},
            },
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != CONDITION_FAILED:
            raise
        raise Overtaken(
            f"the counter {raised.counter} has changed since it was read: stop processor and sweeper, and run it again"
        ) from error


def bury(dynamodb: "DynamoDBClient", table: str, repair: Repair, progress: Progress) -> None:
    """Leave a tombstone for each number that nobody has."""

    def leave(burial: tuple[str, int]) -> None:
        item_id, number = burial
        key: Any = {"requestId": {"S": item_id}}
        expression = tombstone_update(repair.counter.name, number, time.time_ns() // 1_000_000)
        try:
            dynamodb.update_item(TableName=table, Key=key, **expression)
        except ClientError as error:
            if error.response["Error"]["Code"] != CONDITION_FAILED:  # it is there: left by one who was here before
                raise

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done, _ in enumerate(pool.map(leave, list_burials(repair)), start=1):
            if done % REPORT_EVERY == 0:
                progress(f"{repair.counter.name}: {done:,} tombstones")
