"""The script of the restore drill, as docs/operations.md prints it, on an engine."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from gapless.local.background import running_stack
from tests.operations import runbook
from tests.tables import create_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
Copy = Callable[..., str]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An engine, borrowed from a stack whose own tables are left alone."""
    with running_stack() as stack:
        assert stack.target.dynamodb
        yield stack.target.dynamodb


@pytest.fixture(scope="module")
def client(endpoint: str) -> "DynamoDBClient":
    """The template's tables twice: `restored-…` and `live-…`."""
    client = boto3.client("dynamodb", endpoint_url=endpoint)
    for stack in ("restored", "live"):
        create_tables(client, stack)
    return client


@pytest.fixture
def copy(client: "DynamoDBClient", endpoint: str, tmp_path: Path) -> Copy:
    """Runs the script on a pair of tables; what it has printed."""
    (script,) = runbook.blocks("python")
    (tmp_path / "copy_missing.py").write_text(script)

    def run(table: str, *options: str) -> str:
        command = [sys.executable, "copy_missing.py", f"restored-{table}", f"live-{table}", *options]
        environment = os.environ | CREDENTIALS | {"AWS_ENDPOINT_URL_DYNAMODB": endpoint}
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

    printed = copy("RequestsTable")
    assert "would be" in printed
    assert "'copied': 41" in printed
    assert read(client, "live-RequestsTable").keys() == {"changed", "later"}

    printed = copy("RequestsTable", "--yes")
    assert "waits, not copied: waits" in printed
    live = read(client, "live-RequestsTable")
    assert live.keys() == {item["requestId"]["S"] for item in restored} - {"waits"} | {"later"}
    assert live["changed"] == since
    assert all(live[item["requestId"]["S"]] == item for item in restored if item["requestId"]["S"].startswith("lost"))
    assert "'there already': 42" in copy("RequestsTable", "--yes")


def test_counters_come_back_whatever_they_hold(client: "DynamoDBClient", copy: Copy) -> None:
    counter: Any = {"counterName": {"S": "orders"}, "value": {"N": "7"}, "LabcdABCD": {"M": {"m": {"B": b"\0\1"}}}}
    client.put_item(TableName="restored-CountersTable", Item=counter)
    copy("CountersTable", "--yes")
    assert client.scan(TableName="live-CountersTable")["Items"] == [counter]
