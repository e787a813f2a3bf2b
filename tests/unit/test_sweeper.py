"""The sweeper's handler: what it counts, what it leaves alone, and that it says when its time was too short."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

import sweeper
from connection import Patience, Setback, Settings
from counter import Counter
from entry import Entry, Owners, lane_of
from items import BASE, LANE, from_entry
from operations import Operation, ReadCounter, Resend
from store import Tables
from tests.unit.records import Context, make_record
from tests.unit.worker import COUNTERS, FOR_EVER, REQUESTS
from waiting import Waiting

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HOUR = 3600
LANES = [lane_of(f"shard {number}") for number in range(3)]


class Stack:
    """Tables with something left to do, and the sweeper's handler."""

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self.client = client
        self.tables = Tables(client, settings)
        self.oldest_age: int | None = None

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

    def sweep(self, remaining: int = 900_000, **event: Any) -> dict[str, Any]:
        """Sweep; the answer, but for the age, which is never quite the same."""
        context: Any = Context(remaining)
        done: dict[str, Any] = sweeper.lambda_handler(event, context)
        self.oldest_age = done.pop("oldestPendingAgeSeconds")
        return done

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
NOTHING = dict.fromkeys(WORK, 0) | {"pending": 0, "complete": True}


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
    assert done == NOTHING | {"counters": 2, "pruned": 1, "stamped": 1, "buried": 1, "resent": 1, "pending": 2}
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
    assert stack.sweep() == NOTHING | {"counters": 1, "pending": 1}


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
    assert stack.sweep() == NOTHING | {"counters": 1, "pruned": 1, "resent": 1, "pending": 1}


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
    assert stack.sweep() == NOTHING | {"counters": 3, "stamped": 2, "failed": 1, "pending": 1}
    with pytest.raises(sweeper.SweepFailed, match="1 counters could not be swept"):
        stack.sweep(source="aws.events")
    assert "number" not in stack.read_request("of bad")


# ── what waits ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_waits_is_counted_and_how_long_the_first_has(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """By metrics as well, which an alarm is put on."""
    for age in (70, 5000, 60):
        stack.put_request(f"waiting {age}", age)
    stack.put_request("done", 9000, status="DONE")
    assert stack.sweep() == NOTHING | {"pending": 3, "resent": 1}
    assert stack.oldest_age in range(5000, 5060)
    assert read_metrics(capsys) == {"PendingCount": [3.0], "OldestPendingAge": [stack.oldest_age], "Resent": [1.0]}


def test_where_nothing_waits_that_is_a_figure_too(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.sweep()
    assert read_metrics(capsys) == {"PendingCount": [0.0], "OldestPendingAge": [0.0], "Resent": [0.0]}


def test_a_clock_that_is_ahead_makes_nobody_younger_than_nothing(stack: Stack) -> None:
    stack.put_request("from the future", -50)
    stack.sweep()
    assert stack.oldest_age == 0


def read_metrics(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The metrics that were published, as CloudWatch reads them, by name."""
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    (metrics,) = printed
    (directive,) = metrics["_aws"]["CloudWatchMetrics"]
    assert {"Name": "OldestPendingAge", "Unit": "Seconds"} in directive["Metrics"] or "OldestPendingAge" not in metrics
    return {one["Name"]: metrics[one["Name"]] for one in directive["Metrics"]}


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_time_for_everything_it_says_so_and_nothing_that_it_does_not_know(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.put_counter("requests", (300, "a"))
    stack.put_request("a", 300)
    assert stack.sweep(remaining=30_000) == NOTHING | {"pending": None, "complete": False}
    assert stack.oldest_age is None
    assert read_metrics(capsys) == {"Resent": [0.0]}


def test_what_was_sent_before_the_time_was_up_is_counted(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second request that is sent again takes all the time there is for that; what is left is for counting."""
    for place in range(5):
        stack.put_request(f"lost {place}", 2 * HOUR)
    monkeypatch.setattr(sweeper, "senders", ThreadPoolExecutor(1))
    sent: list[Operation] = []
    perform = stack.tables.perform

    def count(operation: Operation, patience: Patience) -> Any:
        patience.require_time()
        sent.append(operation)
        return perform(operation, FOR_EVER)

    monkeypatch.setattr(stack.tables, "perform", count)
    hour_later = time.monotonic() + 900 - sweeper.ANSWER_SECONDS - sweeper.COUNTING_SECONDS
    monkeypatch.setattr(
        sweeper,
        "Patience",
        lambda deadline: Patience(deadline, clock=lambda: hour_later + 1 if len(sent) == 2 else time.monotonic()),
    )
    assert stack.sweep() == NOTHING | {"resent": 2, "pending": 5, "complete": False}


def test_a_request_that_cannot_be_sent_now_keeps_nobody_from_being_counted(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(5):
        stack.put_request(f"lost {place}", 2 * HOUR)
    perform = stack.tables.perform

    def throttle(operation: Operation, patience: Patience) -> Any:
        if operation == Resend("lost 3", before=cast("Any", operation).before):
            raise Setback("DynamoDB answered ThrottlingException, to the end")
        return perform(operation, patience)

    monkeypatch.setattr(stack.tables, "perform", throttle)
    assert stack.sweep() == NOTHING | {"resent": 4, "pending": 5, "complete": False}


# ── others at the same table ─────────────────────────────────────────────────────────────────────────────────────────


def test_two_sweepers_at_once_send_a_request_once(stack: Stack) -> None:
    for place in range(20):
        stack.put_request(f"lost {place}", 2 * HOUR)
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: stack.sweep(), range(2)))
    assert sum(one["resent"] for one in done) == 20
    assert {stack.read_request(f"lost {place}")["resends"]["N"] for place in range(20)} == {"1"}


@pytest.mark.parametrize("fate", ["deleted", "numbered"])
def test_a_request_that_ends_between_the_look_and_the_touch_is_left_alone(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    """By the ttl, an operator, or the processor: no item is made, none is changed, and nothing is announced."""
    stack.put_request("lost", 2 * HOUR)
    key: Any = {"requestId": {"S": "lost"}}
    item = stack.read_request("lost") | {"status": {"S": "DONE"}, "number": {"N": "7"}}
    list_waiting = stack.tables.requests.list_waiting

    def look_and_be_late() -> Iterator[list[Waiting]]:
        pages = list(list_waiting())
        if fate == "deleted":
            stack.client.delete_item(TableName=REQUESTS, Key=key)
        else:
            stack.client.put_item(TableName=REQUESTS, Item=item)
        return iter(pages)

    monkeypatch.setattr(stack.tables.requests, "list_waiting", look_and_be_late)
    assert stack.sweep() == NOTHING | {"pending": 1}
    found = stack.client.get_item(TableName=REQUESTS, Key=key).get("Item")
    assert found == (None if fate == "deleted" else item)
