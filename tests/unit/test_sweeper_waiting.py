"""What the sweeper makes of the requests that wait: how many, since when, and which it sends again in what time."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

import sweeper
from connection import Patience, Setback
from operations import Operation, Resend
from tests.unit.swept import HOUR, NOTHING, Stack
from tests.unit.worker import FOR_EVER, REQUESTS
from waiting import Waiting

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
