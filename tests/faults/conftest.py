"""The handler in this process, on a real engine, with faults put between it and its calls."""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

import app
from gapless.local.background import running_stack
from gapless.target import Target
from store import Settings, Tables, connect
from tests.checker import find_faults
from tests.faults.injection import Faults
from tests.tables import create_tables
from tests.unit.records import Context

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Records = list[dict[str, Any]]


@dataclass
class Processor:
    """The handler, its tables, and the faults on its way to them."""

    target: Target
    client: "DynamoDBClient"
    faults: Faults

    def store(self, records: Records) -> Records:
        """Put what the records show into the table, as the API would have."""
        for record in records:
            self.client.put_item(TableName=self.target.requests_table, Item=record["dynamodb"]["NewImage"])
        return records

    def deliver(self, records: Records) -> Records:
        """Hand a batch over once, and return what the event source mapping would deliver next: [] when done."""
        context: Any = Context()
        try:
            failures = app.lambda_handler({"Records": records}, context)["batchItemFailures"]
        except Exception:
            return records
        if not failures:
            return []
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        return records[numbers.index(failures[0]["itemIdentifier"]) :]

    def deliver_until_done(self, records: Records) -> None:
        """Deliver and redeliver."""
        for _ in range(10):
            if not (records := self.deliver(records)):
                return
        raise AssertionError(f"still not done after ten deliveries: {len(records)} records")

    def numbers(self) -> dict[str, str]:
        """Each request's status and number."""
        items = self.client.scan(TableName=self.target.requests_table, ConsistentRead=True)["Items"]
        return {one["requestId"]["S"]: f"{one['status']['S']} {one.get('number', {}).get('N', '')}" for one in items}

    def find_faults(self) -> list[str]:
        """What the independent checker says."""
        return find_faults(self.target)


@pytest.fixture(scope="session")
def engine() -> Iterator[Target]:
    """A real engine, borrowed from a stack whose own tables are left alone."""
    with running_stack() as stack:
        yield stack.target


@pytest.fixture
def processor(engine: Target, monkeypatch: pytest.MonkeyPatch) -> Processor:
    """The handler on empty tables of its own."""
    assert engine.dynamodb is not None
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", engine.dynamodb)
    plain, faulty = connect(), connect()
    tables = create_tables(plain, f"faults-{uuid.uuid4().hex[:12]}")
    requests, counters = tables["RequestsTable"], tables["CountersTable"]
    settings = replace(Settings.from_environment(os.environ), requests_table=requests, counters_table=counters)
    monkeypatch.setattr(app, "tables", Tables(faulty, settings))
    target = replace(engine, requests_table=requests, counters_table=counters)
    return Processor(target, plain, Faults(faulty))
