"""A request that is deleted takes its number with it, once: whatever is put under its id, and whoever looks again."""

from typing import TYPE_CHECKING

import pytest

from store import Tables
from tests.unit.worker import COUNTERS, LATER, MINUTES, Worker

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def worker(client: "DynamoDBClient", tables: Tables) -> Worker:
    """One that has numbered before: it looks nothing up that the stream shows it for the first time."""
    orders = {"counterName": {"S": "orders"}, "allocation": {"S": "stream"}}
    client.put_item(TableName=COUNTERS, Item=orders)
    worker = Worker(client, tables)
    for counter in ("requests", "orders"):
        worker.number(worker.put(f"first of {counter}", counter=counter, received_at=LATER - MINUTES))
    return worker


def has_every_number_once(worker: Worker, counter: str = "requests") -> bool:
    return worker.numbers(counter) == list(range(1, worker.value(counter) + 1))


def test_a_deleted_request_keeps_its_number_in_a_tombstone(worker: Worker) -> None:
    deleted, other = worker.put("x"), worker.put("y")
    worker.delete("x")
    worker.number(deleted, other)
    worker.sweep("requests")
    assert worker.outcome("y") == "DONE 3"
    assert has_every_number_once(worker)


def test_an_id_can_be_used_again_once_its_request_is_deleted(worker: Worker) -> None:
    """put x ──▶ put y ──▶ delete x ──▶ batch x, y: x's number is buried ──▶ put x ──▶ batch x ──▶ sweep"""
    deleted, other = worker.put("x", received_at=LATER), worker.put("y", received_at=LATER + 1)
    worker.delete("x")
    worker.number(deleted, other)
    worker.number(worker.put("x", received_at=LATER + 2))
    worker.sweep("requests")
    assert (worker.outcome("y"), worker.outcome("x")) == ("DONE 3", "DONE 4")
    assert has_every_number_once(worker)


def test_an_id_can_be_used_again_before_its_batch_is_numbered(worker: Worker) -> None:
    """put x ──▶ delete x ──▶ put x ──▶ put y ──▶ batch x, x, y ──▶ sweep: is x's number buried, or to be written?"""
    deleted = worker.put("x", received_at=LATER)
    worker.delete("x")
    again, other = worker.put("x", received_at=LATER + 1), worker.put("y", received_at=LATER + 2)
    worker.number(deleted, again, other)
    worker.sweep("requests")
    assert has_every_number_once(worker)


def test_an_id_can_be_used_again_while_its_shard_lags_behind_in_the_one_lane(worker: Worker) -> None:
    """shard A: put x ──▶ delete x ──▶ put x ┄┄┄┄┄┄┄┄▶ batch x: buried ──▶ sweep: x waits, and is older than y
    shard B:                                 batch y
    """
    deleted = worker.put("x", received_at=LATER)
    worker.number(worker.put("y", received_at=LATER + 1000), shard_id=None)
    worker.delete("x")
    again = worker.put("x", received_at=LATER + 1)
    worker.number(deleted, shard_id=None)
    worker.sweep("requests")
    worker.number(again, shard_id=None)
    assert has_every_number_once(worker)


def test_an_id_can_be_used_again_by_a_request_that_was_overtaken(worker: Worker) -> None:
    """batch x, y ──▶ x has 2, is seen, deleted, put again, by API Gateway's clock before y: a slow upload ──▶ sweep"""
    worker.number(worker.put("x", received_at=LATER), worker.put("y", received_at=LATER + 1000))
    assert worker.outcome("x") == "DONE 2"
    worker.delete("x")
    again = worker.put("x", received_at=LATER + 1)
    worker.sweep("requests")
    worker.number(again)
    assert worker.outcome("x") == "DONE 4"


def test_the_same_id_and_number_of_two_counters_are_two_tombstones(worker: Worker) -> None:
    for counter in ("requests", "orders"):
        deleted = worker.put("x", counter=counter)
        worker.delete("x")
        worker.number(deleted)
    assert worker.numbers("requests") == worker.numbers("orders") == [1, 2]


def test_the_same_id_and_number_of_a_counter_that_cycles_are_two_tombstones(
    client: "DynamoDBClient", worker: Worker
) -> None:
    """wheel gives 1 and 2 in turn: put w: 1 ──▶ put x: 2, buried ──▶ put y: 1 ──▶ put x: 2, buried"""
    client.put_item(
        TableName=COUNTERS,
        Item={
            "counterName": {"S": "wheel"},
            "allocation": {"S": "stream"},
            "capacity": {"N": "2"},
            "cycle": {"BOOL": True},
        },
    )
    for kept in "wy":
        worker.number(worker.put(kept, counter="wheel"))
        deleted = worker.put("x", counter="wheel")
        worker.delete("x")
        worker.number(deleted)
    assert worker.numbers("wheel") == [1, 1, 2, 2]


def test_an_id_as_long_as_a_key_can_be_has_a_tombstone(worker: Worker) -> None:
    deleted = worker.put("x" * 2048)
    worker.delete("x" * 2048)
    worker.number(deleted)
    assert has_every_number_once(worker)
