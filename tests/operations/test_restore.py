"""The restore drill, with the script that docs/operations.md prints, on a local stack."""

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from gapless.client import Client
from gapless.local.background import BackgroundStack, running_stack
from tests.operations import runbook
from tests.tables import create_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
Copy = Callable[..., str]


@pytest.fixture(scope="module")
def stack() -> Iterator[BackgroundStack]:
    """One stack for the module."""
    with running_stack() as stack:
        yield stack


@pytest.fixture(scope="module")
def client(stack: BackgroundStack) -> "DynamoDBClient":
    """Its engine, with the template's tables three times more: `restored-…`, `live-…` and `drill-…`."""
    client = boto3.client("dynamodb", endpoint_url=stack.target.dynamodb)
    for name in ("restored", "live", "drill"):
        create_tables(client, name)
    return client


@pytest.fixture
def copy(client: "DynamoDBClient", stack: BackgroundStack, tmp_path: Path) -> Copy:
    """Runs the script on a pair of tables; what it has printed."""
    (script,) = runbook.blocks("python")
    (tmp_path / "copy_missing.py").write_text(script)

    def run(*arguments: str) -> str:
        command = [sys.executable, "copy_missing.py", *arguments]
        environment = os.environ | CREDENTIALS | {"AWS_ENDPOINT_URL_DYNAMODB": str(stack.target.dynamodb)}
        result = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    return run


def request(request_id: str, status: str, **attributes: Any) -> dict[str, Any]:
    """A request's item."""
    return {"requestId": {"S": request_id}, "status": {"S": status}, **attributes}


def read(client: "DynamoDBClient", table: str) -> dict[str, Any]:
    """The items of a table by id."""
    return {item["requestId"]["S"]: item for item in client.scan(TableName=table, ConsistentRead=True)["Items"]}


def test_what_is_missing_comes_back_and_nothing_else_changes(client: "DynamoDBClient", copy: Copy) -> None:
    restored = [request(f"lost-{number}", "DONE", number={"N": str(number)}) for number in range(40)]
    restored += [request("changed", "DONE", number={"N": "41"}), request("waits", "PENDING"), request("no", "FAILED")]
    for item in restored:
        client.put_item(TableName="restored-RequestsTable", Item=item)
    since = request("changed", "DONE", number={"N": "41"}, result={"S": "newer"})
    for item in (since, request("later", "DONE", number={"N": "42"})):
        client.put_item(TableName="live-RequestsTable", Item=item)

    printed = copy("restored-RequestsTable", "live-RequestsTable")
    assert "would be" in printed
    assert "'copied': 41" in printed
    assert read(client, "live-RequestsTable").keys() == {"changed", "later"}

    printed = copy("restored-RequestsTable", "live-RequestsTable", "--yes")
    assert "waits, not copied: waits" in printed
    live = read(client, "live-RequestsTable")
    assert live.keys() == {item["requestId"]["S"] for item in restored} - {"waits"} | {"later"}
    assert live["changed"] == since
    assert all(live[item["requestId"]["S"]] == item for item in restored if item["requestId"]["S"].startswith("lost"))
    assert "'there already': 42" in copy("restored-RequestsTable", "live-RequestsTable", "--yes")


def test_counters_come_back_whatever_they_hold(client: "DynamoDBClient", copy: Copy) -> None:
    counter: Any = {"counterName": {"S": "orders"}, "value": {"N": "7"}, "LabcdABCD": {"M": {"m": {"B": b"\0\1"}}}}
    client.put_item(TableName="restored-CountersTable", Item=counter)
    copy("restored-CountersTable", "live-CountersTable", "--yes")
    assert client.scan(TableName="live-CountersTable")["Items"] == [counter]


def audit(stack: BackgroundStack) -> "subprocess.CompletedProcess[str]":
    """`gapless audit --all`, of a stack that has not lost anything to its retention yet."""
    command = [sys.executable, "-m", "gapless", "audit", "--all", "--none-expired"]
    command += ["--endpoint", str(stack.folder / "stack.json")]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_requests_that_were_deleted_come_back_with_their_numbers(
    stack: BackgroundStack, client: "DynamoDBClient", copy: Copy, seeded: random.Random
) -> None:
    table, caller = stack.target.requests_table, Client(stack.target)
    before = [caller.submit(b'{"n": 1}')["requestId"] for _ in range(30)]
    numbers = {request_id: caller.wait(request_id)["number"] for request_id in before}
    for item in client.scan(TableName=table, ConsistentRead=True)["Items"]:
        client.put_item(TableName="drill-RequestsTable", Item=item)
    for _ in range(5):
        caller.wait(caller.submit(b'{"n": 2}')["requestId"])
    for request_id in seeded.sample(before, 12):
        client.delete_item(TableName=table, Key={"requestId": {"S": request_id}})
    assert audit(stack).returncode == 1

    copy("drill-RequestsTable", table, "--yes")
    assert {request_id: caller.get(request_id)["number"] for request_id in before} == numbers
    verdict = audit(stack)
    assert verdict.returncode == 0, verdict.stdout
