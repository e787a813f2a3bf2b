"""The handler: what it reports, what it settles, what it logs and counts."""

import io
import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import app
from request import Request
from store import Settings, Tables
from tests.unit.records import Context, make_record
from work import Rejected

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Records = list[dict[str, Any]]


def example(request: Request) -> Any:
    """Refuses and fails on request."""
    if "reject" in request.body:
        raise Rejected(request.body["reject"])
    if "fail" in request.body:
        raise ConnectionError(request.body["fail"])
    return request.body.get("result")


@pytest.fixture
def handle(
    client: "DynamoDBClient", settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Records], dict[str, Any]]:
    """Stores what the records show, unless it is there, and calls the handler with them."""
    monkeypatch.setattr(app, "tables", Tables(client, settings))
    monkeypatch.setattr(app, "work", example)

    def call(records: Records) -> dict[str, Any]:
        for record in records:
            image = record["dynamodb"]["NewImage"]
            if "Item" not in client.get_item(TableName="test-RequestsTable", Key={"requestId": image["requestId"]}):
                client.put_item(TableName="test-RequestsTable", Item=image)
        context: Any = Context()
        answer: dict[str, Any] = app.lambda_handler({"Records": records}, context)
        return answer

    return call


def states(client: "DynamoDBClient") -> dict[str, str]:
    """Each request's status with its number or its error's code."""
    return {
        one["requestId"]["S"]: " ".join(
            part
            for part in (
                one["status"]["S"],
                one.get("number", {}).get("N", ""),
                one.get("error", {}).get("M", {}).get("code", {}).get("S", ""),
            )
            if part
        )
        for one in client.scan(TableName="test-RequestsTable")["Items"]
    }


def test_a_batch_is_settled_in_order(client: "DynamoDBClient", handle: Callable[[Records], dict[str, Any]]) -> None:
    records = [
        make_record("a"),
        make_record("b", '{"reject": "no stock"}'),
        make_record("c", "{'not': 'json'}"),
        make_record("d", counter="nobody"),
        make_record("e", '{"result": {"x": 1}}'),
    ]
    assert handle(records) == {"batchItemFailures": []}
    assert states(client) == {
        "a": "DONE 1",
        "b": "FAILED Rejected",
        "c": "FAILED InvalidBody",
        "d": "FAILED UnknownCounter",
        "e": "DONE 2",
    }


def test_a_batch_stops_at_the_first_failure_and_reports_it(
    client: "DynamoDBClient", handle: Callable[[Records], dict[str, Any]]
) -> None:
    records = [make_record("a"), make_record("b"), make_record("c", '{"fail": "down"}'), make_record("d")]
    answer = handle(records)
    assert answer == {"batchItemFailures": [{"itemIdentifier": records[2]["dynamodb"]["SequenceNumber"]}]}
    assert states(client) == {"a": "DONE 1", "b": "DONE 2", "c": "PENDING", "d": "PENDING"}


def test_the_first_of_several_is_raised_so_that_the_batch_is_halved(
    client: "DynamoDBClient", handle: Callable[[Records], dict[str, Any]]
) -> None:
    records = [make_record("a", '{"fail": "down"}'), make_record("b")]
    with pytest.raises(app.PoisonRecord, match=records[0]["dynamodb"]["SequenceNumber"]):
        handle(records)
    assert states(client) == {"a": "PENDING", "b": "PENDING"}


def test_a_single_failure_is_reported(handle: Callable[[Records], dict[str, Any]]) -> None:
    record = make_record("a", '{"fail": "down"}')
    assert handle([record]) == {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}


def test_a_redelivered_batch_gives_the_same_numbers(
    client: "DynamoDBClient", handle: Callable[[Records], dict[str, Any]]
) -> None:
    records = [make_record("a"), make_record("b", '{"reject": "no"}'), make_record("c")]
    handle(records)
    before = states(client)
    assert handle(records) == {"batchItemFailures": []}
    assert handle([*records[1:], make_record("d")]) == {"batchItemFailures": []}
    assert states(client) == before | {"d": "DONE 3"}


def test_a_request_announced_twice_in_a_batch_is_numbered_once(
    client: "DynamoDBClient", handle: Callable[[Records], dict[str, Any]]
) -> None:
    assert handle([make_record("a"), make_record("b"), make_record("a", event_name="MODIFY")]) == {
        "batchItemFailures": []
    }
    assert states(client) == {"a": "DONE 1", "b": "DONE 2"}


def test_several_counters_are_numbered_in_the_order_of_the_stream(
    client: "DynamoDBClient", handle: Callable[[Records], dict[str, Any]]
) -> None:
    client.put_item(
        TableName="test-CountersTable", Item={"counterName": {"S": "orders"}, "allocation": {"S": "stream"}}
    )
    records = [make_record(f"r{n}", counter=("requests", "orders")[n % 2]) for n in range(6)]
    assert handle(records) == {"batchItemFailures": []}
    assert states(client) == {f"r{n}": f"DONE {n // 2 + 1}" for n in range(6)}


def test_a_counter_that_cannot_be_settled_does_not_hold_up_the_other(
    client: "DynamoDBClient", handle: Callable[[Records], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_or_fail(tables: Tables, name: str, read: Any = Tables.read_counter) -> Any:
        if name == "bad":
            raise PermissionError("not this one")
        return read(tables, name)

    monkeypatch.setattr(Tables, "read_counter", read_or_fail)
    records = [make_record("a"), make_record("b", counter="bad"), make_record("c")]
    assert handle(records) == {"batchItemFailures": [{"itemIdentifier": records[1]["dynamodb"]["SequenceNumber"]}]}
    assert states(client) == {"a": "DONE 1", "b": "PENDING", "c": "DONE 2"}


def test_a_counter_that_cannot_number_fails_its_requests_and_holds_nobody_up(
    client: "DynamoDBClient", handle: Callable[[Records], dict[str, Any]]
) -> None:
    bad: dict[str, Any] = {"counterName": {"S": "bad"}, "allocation": {"S": "stream"}, "increment": {"N": "0"}}
    client.put_item(TableName="test-CountersTable", Item=bad)
    assert handle([make_record("a"), make_record("b", counter="bad")]) == {"batchItemFailures": []}
    assert states(client) == {"a": "DONE 1", "b": "FAILED UnusableCounter"}


def test_a_record_that_cannot_be_read_is_reported_and_those_before_it_are_settled(
    client: "DynamoDBClient", handle: Callable[[Records], dict[str, Any]]
) -> None:
    records = [make_record("a"), make_record("b"), make_record("c")]
    del records[1]["dynamodb"]["NewImage"]["receivedAt"]
    assert handle(records) == {"batchItemFailures": [{"itemIdentifier": records[1]["dynamodb"]["SequenceNumber"]}]}
    assert states(client) == {"a": "DONE 1", "b": "PENDING", "c": "PENDING"}


def test_a_result_that_does_not_fit_fails_the_request(
    client: "DynamoDBClient", handle: Callable[[Records], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "work", lambda request: "x" * 500_000)
    handle([make_record("a")])
    assert states(client) == {"a": "FAILED ResultTooLarge"}


@pytest.mark.parametrize("result", [float("nan"), {1, 2}, object()])
def test_a_result_json_cannot_hold_is_the_codes_fault(
    handle: Callable[[Records], dict[str, Any]], monkeypatch: pytest.MonkeyPatch, result: object
) -> None:
    monkeypatch.setattr(app, "work", lambda request: result)
    assert handle([make_record("a")])["batchItemFailures"] != []


def test_records_that_do_not_wait_are_passed_over(handle: Callable[[Records], dict[str, Any]]) -> None:
    assert handle([make_record("a", status="DONE")]) == {"batchItemFailures": []}


def test_every_line_names_its_request_and_the_metrics_count(
    handle: Callable[[Records], dict[str, Any]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = io.StringIO()
    monkeypatch.setattr(app.logger.registered_handler, "stream", log)
    handle([make_record("a"), make_record("b", '{"reject": "no"}'), make_record("c", '{"fail": "down"}')])
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert sorted(line["requestId"] for line in lines) == ["a", "b", "c"]
    metrics = json.loads(capsys.readouterr().out)
    counted = {name: metrics[name] for name in ("BatchSize", "Numbered", "Rejected", "Conflicts")}
    assert counted == {"BatchSize": [3.0], "Numbered": [1.0], "Rejected": [1.0], "Conflicts": [0.0]}
    assert metrics["OldestRecordAge"][0] > 0


def test_half_a_surrogate_pair_in_a_reason_hurts_nobody(
    client: "DynamoDBClient", handle: Callable[[Records], dict[str, Any]]
) -> None:
    records = [make_record("a"), make_record("b", '{"reject": "unknown sku \\ud800"}'), make_record("c")]
    assert handle(records) == {"batchItemFailures": []}
    assert states(client) == {"a": "DONE 1", "b": "FAILED Rejected", "c": "DONE 2"}


def test_slow_work_is_cut_off_in_time_and_what_was_done_is_numbered(
    client: "DynamoDBClient", handle: Callable[[Records], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request takes ten seconds of the sixty there are; sixteen are kept to number and to answer."""
    worked: list[Request] = []
    began = time.monotonic()
    clock = SimpleNamespace(monotonic=lambda: began + 10 * len(worked), time_ns=time.time_ns)
    monkeypatch.setattr(app, "time", clock)
    monkeypatch.setattr(app, "work", worked.append)
    records = [make_record(f"r{number}") for number in range(9)]
    assert handle(records) == {"batchItemFailures": [{"itemIdentifier": records[5]["dynamodb"]["SequenceNumber"]}]}
    assert [one for one, state in sorted(states(client).items()) if state != "PENDING"] == [f"r{n}" for n in range(5)]
