"""The sweeper's handler: what it counts, what it leaves alone, and that it says when its time was too short."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import sweeper
from connection import Patience, Settings
from counter import Counter
from entry import Entry, Owners, lane_of
from items import BASE, LANE, from_entry
from operations import Operation, ReadCounter
from store import Tables
from tests.unit.records import Context, make_record
from tests.unit.worker import COUNTERS, FOR_EVER, REQUESTS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HOUR = 3600
LANES = [lane_of(f"shard {number}") for number in range(3)]


class Stack:
    """Tables with something left to do, and the sweeper's handler."""

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self.client = client
        self.tables = Tables(client, settings)

    def put_request(self, request_id: str, age: float, **record: Any) -> None:
        """A request that was received so many seconds ago."""
        received_at = int((time.time() - age) * 1000)
        image = make_record(request_id, received_at=received_at, **record)["dynamodb"]["NewImage"]
        self.client.put_item(TableName=REQUESTS, Item=image)

    def put_counter(self, name: str, *lanes: tuple[float, str]) -> None:
        """A counter whose lanes have committed one number each: so many seconds ago, for that request."""
        item: dict[str, Any] = {"counterName": {"S": name}, "allocation": {"S": "stream"}}
        item |= {"version": {"N": "1"}, "fence": {"N": "0"}, "value": {"N": str(len(lanes))}}
        for place, (lane, (age, request_id)) in enumerate(zip(LANES, lanes, strict=False)):
            now = int(time.time())
            entry = Entry(7, place, int(now - age), newest=now * 1000, owners=Owners((request_id,)))
            item |= {LANE + lane: from_entry(entry), BASE + lane: {"N": str(place)}}
        self.client.put_item(TableName=COUNTERS, Item=item)

    def sweep(self, remaining: int = 900_000, **event: int) -> dict[str, Any]:
        context: Any = Context(remaining)
        return sweeper.lambda_handler(event, context)

    def read_request(self, request_id: str) -> dict[str, Any]:
        return dict(self.client.get_item(TableName=REQUESTS, Key={"requestId": {"S": request_id}})["Item"])

    def read_counter(self, name: str) -> Counter:
        counter: Counter = self.tables.perform(ReadCounter(name), FOR_EVER)
        return counter


@pytest.fixture
def stack(client: "DynamoDBClient", settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Stack:
    stack = Stack(client, settings)
    monkeypatch.setattr(sweeper, "tables", stack.tables)
    return stack


WORK = ("counters", "pruned", "stamped", "buried", "forgotten", "resent", "failed")
NOTHING = dict.fromkeys(WORK, 0) | {"complete": True}


def test_where_there_is_nothing_nothing_is_done(stack: Stack) -> None:
    assert stack.sweep() == NOTHING


def test_everything_that_was_done_is_counted(stack: Stack) -> None:
    stack.put_counter("requests", (300, "stampless"), (300, "deleted"), (2 * HOUR, "at rest"))
    stack.put_counter("orders")
    stack.put_request("stampless", 300)
    stack.put_request("at rest", 2 * HOUR, status="DONE")
    stack.put_request("lost", 2 * HOUR)
    stack.put_request("young", 60)
    done = stack.sweep()
    assert done == NOTHING | {"counters": 2, "pruned": 1, "stamped": 1, "buried": 1, "resent": 1}
    assert stack.read_request("stampless")["number"] == {"N": "1"}
    assert stack.read_counter("requests").lanes.keys() == set(LANES[:2])
    assert stack.read_request("lost")["resends"] == {"N": "1"}
    assert "resends" not in stack.read_request("young")


def test_it_numbers_nothing_itself(stack: Stack) -> None:
    stack.put_counter("requests", (2 * HOUR, "a"))
    stack.put_request("a", 2 * HOUR, status="DONE")
    stack.put_request("lost", 2 * HOUR)
    stack.sweep()
    assert stack.read_counter("requests").value == 1
    assert stack.read_request("lost")["status"] == {"S": "PENDING"}


def test_a_second_sweep_leaves_alone_what_the_first_has_done(stack: Stack) -> None:
    stack.put_counter("requests", (300, "stampless"), (2 * HOUR, "deleted"))
    stack.put_request("stampless", 300)
    stack.put_request("lost", 2 * HOUR)
    stack.sweep()
    assert stack.sweep() == NOTHING | {"counters": 1}


def test_the_event_may_be_in_more_of_a_hurry(stack: Stack) -> None:
    stack.put_request("young", 60)
    assert stack.sweep()["resent"] == 0
    assert stack.sweep(resendAfterSeconds=30)["resent"] == 1


def test_the_setting_says_when_a_lane_is_at_rest_and_a_request_lost(
    stack: Stack, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "settings", replace(settings, sweep_after_seconds=200))
    stack.put_counter("requests", (300, "a"))
    stack.put_request("a", 300, status="DONE")
    stack.put_request("lost", 300)
    assert stack.sweep() == NOTHING | {"counters": 1, "pruned": 1, "resent": 1}


def test_a_counter_that_fails_does_not_keep_the_others_from_it(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "bad", "z"):
        stack.put_counter(name, (300, f"of {name}"))
        stack.put_request(f"of {name}", 300, counter=name)
    perform = stack.tables.perform

    def forbid(operation: Operation, patience: Any) -> Any:
        if operation == ReadCounter("bad"):
            raise PermissionError("not this one")
        return perform(operation, patience)

    monkeypatch.setattr(stack.tables, "perform", forbid)
    assert stack.sweep() == NOTHING | {"counters": 3, "stamped": 2, "failed": 1}
    assert "number" not in stack.read_request("of bad")


def test_without_time_for_everything_it_says_so(stack: Stack) -> None:
    stack.put_counter("requests", (300, "a"))
    stack.put_request("a", 300)
    assert stack.sweep(remaining=30_000) == NOTHING | {"complete": False}


def test_what_was_done_before_the_time_was_up_is_counted(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second request that is sent again takes all the time there is."""
    for place in range(5):
        stack.put_request(f"lost {place}", 2 * HOUR)
    sent: list[Operation] = []
    perform = stack.tables.perform

    def count(operation: Operation, patience: Patience) -> Any:
        sent.append(operation)
        return perform(operation, FOR_EVER)

    monkeypatch.setattr(stack.tables, "perform", count)
    monkeypatch.setattr(
        sweeper,
        "Patience",
        lambda deadline: Patience(deadline, clock=lambda: time.monotonic() + (1e6 if len(sent) == 2 else 0)),
    )
    assert stack.sweep() == NOTHING | {"resent": 2, "complete": False}
