"""status and pending as an operator uses them on a local stack: what they print, and their exit codes."""

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from gapless.client import Client
from gapless.counters import Counters, Options
from gapless.load import connect
from gapless.local.background import BackgroundStack, running_stack

Result = subprocess.CompletedProcess[bytes]


@pytest.fixture(scope="module")
def stack() -> Iterator[BackgroundStack]:
    """A stack that numbers nothing for five minutes."""
    with running_stack("--parameter", "BatchWindowSeconds=300") as stack:
        Counters(stack.target).create("orders", Options())
        yield stack


@pytest.fixture
def waiting(stack: BackgroundStack) -> Iterator[list[str]]:
    """Two requests that wait, one of them for ten minutes; both are gone after the test."""
    dynamodb, table = connect(stack.target), stack.target.requests_table
    old = f"old-{uuid.uuid4().hex}"
    item = {name: {"S": value} for name, value in (("requestId", old), ("status", "PENDING"), ("counter", "orders"))}
    received = {"N": str(int((time.time() - 600) * 1000))}
    dynamodb.put_item(
        TableName=table, Item=item | {"receivedAt": received, "resends": {"N": "2"}, "request": {"S": "{}"}}
    )
    ids = [old, Client(stack.target).submit(b"{}")["requestId"]]
    yield ids
    for one in ids:
        dynamodb.delete_item(TableName=table, Key={"requestId": {"S": one}})


def gapless(stack: BackgroundStack, *arguments: str) -> Result:
    """Run a command on the stack."""
    command = [sys.executable, "-m", "gapless", *arguments, "--endpoint", str(stack.folder / "stack.json")]
    return subprocess.run(command, capture_output=True, timeout=60, check=False)


def document(result: Result) -> Any:
    """What it prints."""
    assert result.returncode in (0, 1), result.stderr
    return json.loads(result.stdout)


def test_pending_shows_what_waits_the_oldest_first(stack: BackgroundStack, waiting: list[str]) -> None:
    result = gapless(stack, "pending", "--output", "json")
    shown = document(result)
    assert (result.returncode, shown["count"]) == (0, 2)
    assert [one["requestId"] for one in shown["requests"]] == waiting
    old, new = shown["requests"]
    assert (old["counter"], old["resends"], new["counter"], new["resends"]) == ("orders", 2, "requests", 0)
    assert 600 <= old["ageSeconds"] == shown["oldestAgeSeconds"] < 700
    assert 0 <= new["ageSeconds"] < 60
    text = gapless(stack, "pending").stdout.decode()
    assert waiting[0] in text
    assert text.splitlines()[-1].startswith("2 waiting, the oldest for 60")


def test_pending_can_be_narrowed(stack: BackgroundStack, waiting: list[str]) -> None:
    old = gapless(stack, "pending", "--older-than", "300", "--output", "json")
    assert (old.returncode, [one["requestId"] for one in document(old)["requests"]]) == (1, waiting[:1])
    none = gapless(stack, "pending", "--older-than", "3600", "--output", "json")
    assert (none.returncode, document(none)) == (0, {"count": 0, "oldestAgeSeconds": None, "requests": []})
    limited = document(gapless(stack, "pending", "--limit", "1", "--output", "json"))
    assert (limited["count"], [one["requestId"] for one in limited["requests"]]) == (2, waiting[:1])


def test_status_of_a_stack_with_an_old_request(stack: BackgroundStack, waiting: list[str]) -> None:
    result = gapless(stack, "status", "--output", "json")
    shown = document(result)
    assert result.returncode == 1
    assert (shown["pending"], shown["failed"], shown["failureQueue"], shown["alarms"]) == (2, 0, 0, [])
    assert shown["oldestPendingAgeSeconds"] >= 600
    assert 0 < shown["iteratorAgeSeconds"] < 60
    assert (shown["mapping"], shown["lastResult"]) == ("Enabled", "OK")
    assert [one["counter"] for one in shown["counters"]] == ["orders"]
    (problem,) = shown["problems"]
    assert problem.startswith("a request has waited for 6")
    text = gapless(stack, "status").stdout.decode()
    assert f"! {problem[:20]}" in text
    assert "2, the oldest for 6" in text


def test_status_of_a_stack_that_rests(stack: BackgroundStack) -> None:
    result = gapless(stack, "status", "--output", "json")
    assert (result.returncode, document(result)["problems"]) == (0, [])


def test_a_stack_that_is_gone_is_exit_code_3(stack: BackgroundStack) -> None:
    for command in ("status", "pending"):
        result = subprocess.run(
            [sys.executable, "-m", "gapless", command, "--endpoint", "no/such/stack.json"],
            capture_output=True,
            check=False,
        )
        assert (result.returncode, b"gapless up" in result.stderr) == (3, True)
