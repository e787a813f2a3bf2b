"""The handler as Lambda calls it, in a process that was just started."""

import io
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import app
import judging
from connection import Settings
from memory import Memory
from operations import Operation
from request import Request
from store import Tables
from tests.unit.records import Context, make_event
from tests.unit.worker import REQUESTS
from work import Rejected

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Records = list[dict[str, Any]]
Answer = dict[str, Any]


def example(request: Request) -> Any:
    """Refuses and fails on request."""
    if "reject" in request.body:
        raise Rejected(request.body["reject"])
    if "fail" in request.body:
        raise ConnectionError(request.body["fail"])
    return request.body.get("result")


class Handler:
    """Calls the handler as Lambda does, in a process that was just started."""

    def __init__(self, client: "DynamoDBClient", settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client = client
        self.asked: list[type] = []
        tables = Tables(client, settings)

        def perform(operation: Operation, patience: Any) -> Any:
            self.asked.append(type(operation))
            return tables.perform(operation, patience)

        self._monkeypatch = monkeypatch
        monkeypatch.setattr(app, "settings", settings)
        monkeypatch.setattr(app, "tables", SimpleNamespace(perform=perform))
        monkeypatch.setattr(judging, "work", example)
        self.start_anew()

    def start_anew(self) -> None:
        """Forget what only a process's memory holds."""
        self._monkeypatch.setattr(app, "memory", Memory())

    def store(self, *records: dict[str, Any]) -> Records:
        """Put what the records show into the table."""
        for record in records:
            self.client.put_item(TableName=REQUESTS, Item=record["dynamodb"]["NewImage"])
        return list(records)

    def call(self, event: dict[str, Any], remaining: int = 60_000) -> Answer:
        """Invoke it."""
        context: Any = Context(remaining)
        answer: Answer = app.lambda_handler(event, context)
        return answer

    def deliver(self, records: Records) -> Records:
        """Hand a batch over; the records that it reports to go on from."""
        reported = [one["itemIdentifier"] for one in self.call(make_event(records))["batchItemFailures"]]
        return [record for record in records if record["dynamodb"]["SequenceNumber"] in reported]

    def outcomes(self) -> dict[str, str]:
        """Each request's status with its number or its error's code."""
        return {item["requestId"]["S"]: outcome_of(item) for item in self.client.scan(TableName=REQUESTS)["Items"]}


def outcome_of(item: Any) -> str:
    number, code = item.get("number", {}).get("N"), item.get("error", {}).get("M", {}).get("code", {}).get("S")
    return " ".join(filter(None, (item["status"]["S"], number, code)))


def read_log(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """From now on; the lines so far."""
    log = io.StringIO()
    monkeypatch.setattr(app.logger.registered_handler, "stream", log)
    return lambda: [json.loads(line) for line in log.getvalue().splitlines()]
