"""Stamps on a real engine: what they write, when they are refused, and what an answer is taken for."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from connection import Settings
from operations import (
    Outcome,
    WriteStamps,
)
from request import FAILED, ITEM_LIMIT, LINK, PENDING, RESERVE, STAMP, VOID
from requests_table import read_statement_error
from store import Tables
from tests.unit.records import RECEIVED, make_record, make_request
from tests.unit.stamps import DAY, NUMBERED, Item, Perform, Put, accept, read, refuse
from tests.unit.worker import FOR_EVER, REQUESTS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def test_done_has_a_number_a_result_and_a_ttl_and_no_error(
    client: "DynamoDBClient", perform: Perform, put: Put
) -> None:
    before = time.time_ns() // 1_000_000
    stamp = accept(put("a", '{"x": 1}'), 10**38 - 1, '{"total":"é"}')
    assert perform(WriteStamps((stamp,))) == [Outcome.WRITTEN]
    item = read(client, "a")
    assert before <= int(item["completedAt"]["N"]) <= time.time_ns() // 1_000_000
    assert item == make_record("a", '{"x": 1}')["dynamodb"]["NewImage"] | {
        "status": {"S": "DONE"},
        "number": {"N": "9" * 38},
        "result": {"S": '{"total":"é"}'},
        "completedAt": item["completedAt"],
        "ttl": {"N": str(int(item["completedAt"]["N"]) // 1000 + 30 * DAY)},
    }


def test_failed_has_an_error_and_no_number_and_no_result(client: "DynamoDBClient", perform: Perform, put: Put) -> None:
    assert perform(WriteStamps((refuse(put("a")),))) == [Outcome.WRITTEN]
    item = read(client, "a")
    assert item["status"] == {"S": "FAILED"}
    assert item["error"] == {"M": {"code": {"S": "Rejected"}, "message": {"S": "no"}}}
    assert item["result"] == {"S": ""}
    assert not {"number", "ttl"} & item.keys()


@pytest.mark.parametrize(("days", "failed_days"), [(0, 3), (5, 0)])
def test_how_long_each_is_kept_can_be_chosen(
    client: "DynamoDBClient", settings: Settings, put: Put, days: int, failed_days: int
) -> None:
    tables = Tables(client, replace(settings, retention_days=days, failed_retention_days=failed_days))
    tables.perform(WriteStamps((accept(put("done")), refuse(put("failed")))), FOR_EVER)
    for request_id, kept in (("done", days), ("failed", failed_days)):
        item = read(client, request_id)
        seconds = int(item["ttl"]["N"]) - int(item["completedAt"]["N"]) // 1000 if "ttl" in item else 0
        assert seconds == kept * DAY


def test_an_error_fits_the_room_that_is_left(client: "DynamoDBClient", perform: Perform, put: Put) -> None:
    full = replace(put("a"), size=ITEM_LIMIT)
    perform(WriteStamps((refuse(full, "C" * 99, "é" * 5000),)))
    error = read(client, "a")["error"]["M"]
    assert error["code"] == {"S": "C" * 64}
    assert len(error["message"]["S"].encode()) == RESERVE - STAMP - LINK


def test_half_a_surrogate_pair_in_a_reason_hurts_nobody(client: "DynamoDBClient", perform: Perform, put: Put) -> None:
    assert perform(WriteStamps((refuse(put("a"), message="sku \ud800"),))) == [Outcome.WRITTEN]
    assert read(client, "a")["error"]["M"]["message"] == {"S": "sku ?"}


@pytest.mark.parametrize(
    "attributes",
    [
        NUMBERED,
        {"status": {"S": FAILED}, "error": {"M": {}}},
        {"status": {"S": VOID}, "number": {"N": "3"}},
        {"status": {"S": "HELD"}},  # by an operator
    ],
)
def test_a_status_other_than_pending_is_never_written_over(
    client: "DynamoDBClient", perform: Perform, put: Put, attributes: Item
) -> None:
    """Stamps write status and number, or status and error, at once: what has either is not PENDING any more."""
    request = put("a", **attributes)
    before = read(client, "a")
    for stamp in (accept(request, 8), refuse(request)):
        assert perform(WriteStamps((stamp,))) == [Outcome.DECIDED]
        assert read(client, "a") == before


@pytest.mark.parametrize("attributes", [{}, NUMBERED], ids=["waiting", "numbered"])
@pytest.mark.parametrize("later", [1, -1])
def test_another_request_under_the_id_is_never_written_over(
    client: "DynamoDBClient", perform: Perform, put: Put, attributes: Item, later: int
) -> None:
    """put a ──▶ delete a ──▶ put a, received `later` ms after the first ──▶ the stamps of the first"""
    request = put("a", receivedAt={"N": str(RECEIVED + later)}, **attributes)
    before = read(client, "a")
    for stamp in (accept(request, 8), refuse(request)):
        assert perform(WriteStamps((stamp,))) == [Outcome.MISSING]
        assert read(client, "a") == before


def test_a_deleted_request_does_not_come_back(client: "DynamoDBClient", perform: Perform) -> None:
    assert perform(WriteStamps((accept(make_request("a")),))) == [Outcome.MISSING]
    assert read(client, "a") == {}


def test_the_same_stamp_again_finds_itself(perform: Perform, put: Put) -> None:
    stamp = accept(put("a"))
    assert perform(WriteStamps((stamp,))) == [Outcome.WRITTEN]
    assert perform(WriteStamps((stamp,))) == [Outcome.DECIDED]


def test_more_stamps_than_a_call_takes_are_answered_in_their_order(
    client: "DynamoDBClient", perform: Perform, put: Put
) -> None:
    stamps = []
    for place in range(120):
        request = make_request(f"r{place}") if place % 7 == 0 else put(f"r{place}")
        stamps.append(accept(request, place))
    outcomes = perform(WriteStamps(tuple(stamps)))
    assert outcomes == [Outcome.WRITTEN if place % 7 else Outcome.MISSING for place in range(120)]
    items = client.scan(TableName=REQUESTS)["Items"]
    assert {item["requestId"]["S"]: item["number"]["N"] for item in items} == {
        f"r{place}": str(place) for place in range(120) if place % 7
    }


# ── answers that no engine here gives ────────────────────────────────────────────────────────────────────────────────


class Answering:
    """A client whose calls answer as they are told to."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**_: Any) -> Any:
            self.calls.append(name)
            answer = self._answers[name]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def client_error(code: str) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "said"},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    return ClientError(response, "Call")


@pytest.mark.parametrize(
    ("code", "message", "outcome"),
    [
        ("ThrottlingError", "", Outcome.THROTTLED),
        ("ProvisionedThroughputExceeded", "", Outcome.THROTTLED),
        ("TransactionConflict", "", Outcome.THROTTLED),
        ("InternalServerError", "", Outcome.THROTTLED),
        ("RequestLimitExceeded", "", Outcome.THROTTLED),
        ("ValidationError", "Item size to update has exceeded the maximum allowed size", Outcome.TOO_LARGE),
    ],
)
def test_what_a_statements_error_means(settings: Settings, code: str, message: str, outcome: Outcome) -> None:
    responses = [{}, {"Error": {"Code": code, "Message": message}}]
    client: Any = Answering(batch_execute_statement={"Responses": responses})
    stamps = tuple(accept(make_request(one)) for one in "ab")
    assert Tables(client, settings).perform(WriteStamps(stamps), FOR_EVER) == [Outcome.WRITTEN, outcome]


@pytest.mark.parametrize("code", ["AccessDenied", "ResourceNotFound", "ValidationError"])
def test_an_error_that_will_not_pass_is_raised_in_words(code: str) -> None:
    with pytest.raises(RuntimeError, match=f"{code}: because"):
        read_statement_error({"Code": code, "Message": "because"})


@pytest.mark.parametrize("failure", [client_error("ThrottlingException"), ReadTimeoutError(endpoint_url="http://x")])
def test_stamps_whose_answer_is_lost_are_to_be_written_again(settings: Settings, failure: Exception) -> None:
    client: Any = Answering(batch_execute_statement=failure)
    stamps = tuple(accept(make_request(str(place))) for place in range(30))
    outcomes = Tables(client, settings).perform(WriteStamps(stamps), FOR_EVER)
    assert outcomes == [Outcome.THROTTLED] * 30
    assert client.calls == ["batch_execute_statement"] * 2


def test_a_stamp_refused_though_its_request_waits_is_tried_again(settings: Settings) -> None:
    """The statement lost against another write of the item, as AWS may say with this very code."""
    refused = {"Responses": [{"Error": {"Code": "ConditionalCheckFailed"}}]}
    item = {"requestId": {"S": "a"}, "status": {"S": PENDING}, "receivedAt": {"N": str(RECEIVED)}}
    client: Any = Answering(batch_execute_statement=refused, batch_get_item={"Responses": {REQUESTS: [item]}})
    stamps = (accept(make_request("a")),)
    assert Tables(client, settings).perform(WriteStamps(stamps), FOR_EVER) == [Outcome.THROTTLED]
