"""gapless reconcile as an operator runs it: tables go back to what they were, and the real processor goes on."""

import json
import subprocess
import sys
import uuid
from typing import Any

import pytest

from gapless.client import Client
from gapless.counters import Counters, Options
from gapless.load import connect, send, wait_until_finished
from gapless.local.background import BackgroundStack
from tests.checker import find_faults, scan

EARLY, LATE, AFTER = 40, 30, 200


@pytest.fixture
def counter(stack: BackgroundStack) -> str:
    """A new counter's name."""
    name = f"c-{uuid.uuid4()}"
    Counters(stack.target).create(name, Options(start=100, increment=5))
    return name


def gapless(stack: BackgroundStack, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run a command: its exit code and its document."""
    options = ("--output", "json", "--endpoint", str(stack.folder / "stack.json"))
    command = [sys.executable, "-m", "gapless", *arguments, *options]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return result.returncode, json.loads(result.stdout or "{}")


def number(stack: BackgroundStack, counter: str, count: int) -> list[str]:
    """Send requests and wait until they are numbered; their ids."""
    ids = list(send(Client(stack.target), [b"{}"] * count, clients=8, counter=counter))
    wait_until_finished(connect(stack.target), stack.target, ids)
    return ids


def read_item(stack: BackgroundStack, counter: str) -> Any:
    """A counter's item."""
    key = {"counterName": {"S": counter}}
    return connect(stack.target).get_item(TableName=stack.target.counters_table, Key=key)["Item"]


def restore_item(stack: BackgroundStack, item: Any) -> None:
    """Have the counter be what it was."""
    connect(stack.target).put_item(TableName=stack.target.counters_table, Item=item)


def is_sound(stack: BackgroundStack, counter: str) -> bool:
    """Whether both the audit and the tests' own checker find nothing wrong."""
    assert gapless(stack, "audit", counter, "--none-expired")[1]["findings"] == []
    return not any(counter in fault for fault in find_faults(stack.target))


def test_a_counter_that_is_older_than_its_requests(stack: BackgroundStack, counter: str) -> None:
    number(stack, counter, EARLY)
    before = read_item(stack, counter)
    number(stack, counter, LATE)
    restore_item(stack, before)
    code, planned = gapless(stack, "reconcile", counter)
    assert code == 1
    highest = 100 + 5 * (EARLY + LATE - 1)
    assert [f"up to {highest}" in text and "older" in text for text in planned["repairs"]] == [True]
    assert read_item(stack, counter) == before
    assert gapless(stack, "reconcile", counter, "--yes")[0] == 0
    assert gapless(stack, "reconcile", counter) == (0, {"done": False, "repairs": [], "wrong": [], "notes": []})
    number(stack, counter, AFTER)
    assert is_sound(stack, counter)
    assert Counters(stack.target).show(counter).count == EARLY + LATE + AFTER


def test_requests_that_are_older_than_their_counter(stack: BackgroundStack, counter: str) -> None:
    number(stack, counter, EARLY)
    late = number(stack, counter, LATE)
    dynamodb, table = connect(stack.target), stack.target.requests_table
    number(stack, counter, 1)  # so that the late ones are in no entry of this lane
    for place, request_id in enumerate(late):
        key = {"requestId": {"S": request_id}}
        item = dynamodb.delete_item(TableName=table, Key=key, ReturnValues="ALL_OLD")["Attributes"]
        if place == 0:  # it waited when the backup was made
            waiting = {one: item[one] for one in ("requestId", "counter", "request", "receivedAt", "result")}
            dynamodb.put_item(TableName=table, Item={**waiting, "status": {"S": "PENDING"}})
    assert gapless(stack, "sweep", "--resend-after", "0")[0] == 0
    wait_until_finished(dynamodb, stack.target, late[:1])
    code, planned = gapless(stack, "reconcile", counter)
    assert code == 1
    assert "no request has them" in planned["repairs"][0]
    assert gapless(stack, "reconcile", counter, "--yes")[0] == 0
    number(stack, counter, AFTER)
    assert is_sound(stack, counter)
    buried = [one for one in scan(dynamodb, table) if one["status"]["S"] == "VOID" and one["counter"]["S"] == counter]
    assert 0 < len(buried) <= LATE


def test_a_counter_that_is_gone(stack: BackgroundStack, counter: str) -> None:
    number(stack, counter, EARLY)
    key = {"counterName": {"S": counter}}
    connect(stack.target).delete_item(TableName=stack.target.counters_table, Key=key)
    code, planned = gapless(stack, "reconcile", counter, "--yes")
    assert code == 1
    assert f"gapless counter create {counter} --start 100 --increment 5" in planned["wrong"][0]
    Counters(stack.target).create(counter, Options(start=100, increment=5))
    assert gapless(stack, "reconcile", counter, "--yes")[0] == 0
    number(stack, counter, AFTER)
    assert is_sound(stack, counter)


def test_twins_are_told_and_stay(stack: BackgroundStack, counter: str) -> None:
    number(stack, counter, EARLY)
    before = read_item(stack, counter)
    number(stack, counter, LATE)
    restore_item(stack, before)
    number(stack, counter, LATE + 1)  # nobody has reconciled
    code, done = gapless(stack, "reconcile", counter, "--yes")
    assert code == 1
    assert "several requests have" in done["wrong"][0]
    assert gapless(stack, "reconcile", counter)[1]["repairs"] == []
