"""Idempotency keys: which have had their time, and that the sweeper takes those off the counter and no others."""

import time
from typing import TYPE_CHECKING, Any

import pytest

import sweeper
from connection import Settings
from keys import MOST, NUMBER_BYTES, PERIOD, find_expired
from store import Tables
from tests.unit.records import Context
from tests.unit.worker import COUNTERS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PERIODS = range(17_951, 17_956)
NOW = 17_953 * PERIOD


@pytest.mark.parametrize("now", [NOW, NOW + PERIOD - 1])
def test_a_key_is_kept_for_its_period_and_the_next(now: int) -> None:
    assert find_expired([f"{period}:k" for period in PERIODS], now) == [["17951:k"]]


def test_a_key_is_kept_for_a_day_at_least() -> None:
    latest_use = (NOW + PERIOD) + 24 * 3_600_000  # of a key that came at the very end of its period
    assert find_expired(["17953:k"], latest_use) == []


def test_nothing_else_of_a_counter_expires() -> None:
    assert find_expired(["counterName", "value", "keyBytes", "Labcdefgh", "Babcdefgh", ":", "1:k"], NOW) == [["1:k"]]


@pytest.fixture
def clock(client: "DynamoDBClient", settings: Settings, monkeypatch: pytest.MonkeyPatch) -> int:
    """The period that it is, for a sweeper on the engine's tables."""
    monkeypatch.setattr(sweeper, "tables", Tables(client, settings))
    return int(time.time() * 1000) // PERIOD


def put_counter(client: "DynamoDBClient", *keys: str, more_bytes: int = 0) -> None:
    cost = sum(len(key) + NUMBER_BYTES for key in keys) + more_bytes
    item: dict[str, Any] = {"counterName": {"S": "tickets"}, "value": {"N": "9"}, "keyBytes": {"N": str(cost)}}
    client.put_item(TableName=COUNTERS, Item=item | {key: {"N": "9"} for key in keys})


def read_counter(client: "DynamoDBClient") -> dict[str, Any]:
    return dict(client.get_item(TableName=COUNTERS, Key={"counterName": {"S": "tickets"}})["Item"])


def sweep() -> dict[str, Any]:
    context: Any = Context(900_000)
    done: dict[str, Any] = sweeper.lambda_handler({}, context)
    return done


def test_the_sweeper_forgets_what_is_old_and_gives_its_room_back(client: "DynamoDBClient", clock: int) -> None:
    old = [f"{clock - 2}:{place}-%C3%A9" for place in range(2 * MOST + 50)]
    kept = [f"{clock + distance}:k" for distance in (-1, 0, 1)]
    put_counter(client, *old, *kept)
    assert sweep()["forgotten"] == len(old)
    cost = sum(len(key) + NUMBER_BYTES for key in kept)
    plain = {"counterName": {"S": "tickets"}, "value": {"N": "9"}, "keyBytes": {"N": str(cost)}}
    assert read_counter(client) == plain | {key: {"N": "9"} for key in kept}
    assert sweep()["forgotten"] == 0


def test_two_sweepers_give_no_room_back_twice(
    client: "DynamoDBClient", clock: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one has forgotten some of the same keys since this one has looked."""
    shared, rest = f"{clock - 2}:a", f"{clock - 2}:b"
    put_counter(client, shared, rest)
    stale = read_counter(client)
    put_counter(client, rest)
    monkeypatch.setattr(sweeper.tables.counters, "list_with_keys", lambda: iter([stale]))
    assert sweep()["forgotten"] == 0
    monkeypatch.undo()
    assert int(read_counter(client)["keyBytes"]["N"]) == len(rest) + NUMBER_BYTES


def test_a_counter_that_fails_does_not_keep_the_others_from_it(
    client: "DynamoDBClient", clock: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_counter(client, f"{clock - 2}:a")
    odd: dict[str, Any] = {"counterName": {"S": "gone"}, f"{clock - 2}:a": {"N": "1"}}
    items = [{**odd, "counterName": {"S": ""}}, read_counter(client)]
    monkeypatch.setattr(sweeper.tables.counters, "list_with_keys", lambda: iter(items))
    done = sweep()
    assert (done["failed"], done["forgotten"], done["complete"]) == (1, 1, True)
