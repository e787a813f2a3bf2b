"""What is written on requests, when it is not, and what that is taken for; on a real engine, and from its answers."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from connection import Settings
from operations import (
    Outcome,
    ReadRequests,
    ReadStates,
    RefuseUncounted,
    Resend,
    Stamp,
    WriteStamps,
    WriteTombstone,
)
from request import DONE, ITEM_LIMIT, PENDING, RESERVE, VOID, Accepted, Refused, Request
from requests_table import TRANSACTION_STAMPS, in_transactions, read_statement_error
from store import Tables
from tests.unit.records import RECEIVED, make_record, make_request
from tests.unit.worker import COUNTERS, FOR_EVER, REQUESTS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
Perform = Callable[[Any], Any]
DAY = 86_400


@pytest.fixture
def perform(tables: Tables) -> Perform:
    return lambda operation: tables.perform(operation, FOR_EVER)


@pytest.fixture
def put(client: "DynamoDBClient") -> Callable[..., Request]:
    """Stores a waiting request, with the attributes that are given in addition or instead."""

    def store(request_id: str, body: str = "{}", **attributes: Any) -> Request:
        image = make_record(request_id, body)["dynamodb"]["NewImage"]
        client.put_item(TableName=REQUESTS, Item=image | attributes)
        return make_request(request_id, body)

    return store


def read(client: "DynamoDBClient", request_id: str) -> Item:
    return dict(client.get_item(TableName=REQUESTS, Key={"requestId": {"S": request_id}}).get("Item", {}))


def accept(request: Request, number: int = 1, result: str = "null") -> Stamp:
    return Stamp(request, Accepted(result), number)


def refuse(request: Request, code: str = "Rejected", message: str = "no") -> Stamp:
    return Stamp(request, Refused(code, message), None)


# ── stamps ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_done_has_a_number_a_result_and_a_ttl_and_no_error(
    client: "DynamoDBClient", perform: Perform, put: Callable[..., Request]
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


def test_failed_has_an_error_and_no_number_and_no_result(
    client: "DynamoDBClient", perform: Perform, put: Callable[..., Request]
) -> None:
    assert perform(WriteStamps((refuse(put("a")),))) == [Outcome.WRITTEN]
    item = read(client, "a")
    assert item["status"] == {"S": "FAILED"}
    assert item["error"] == {"M": {"code": {"S": "Rejected"}, "message": {"S": "no"}}}
    assert item["result"] == {"S": ""}
    assert not {"number", "ttl"} & item.keys()


@pytest.mark.parametrize(("days", "failed_days"), [(0, 3), (5, 0)])
def test_how_long_each_is_kept_can_be_chosen(
    client: "DynamoDBClient", settings: Settings, put: Callable[..., Request], days: int, failed_days: int
) -> None:
    tables = Tables(client, replace(settings, retention_days=days, failed_retention_days=failed_days))
    tables.perform(WriteStamps((accept(put("done")), refuse(put("failed")))), FOR_EVER)
    for request_id, kept in (("done", days), ("failed", failed_days)):
        item = read(client, request_id)
        seconds = int(item["ttl"]["N"]) - int(item["completedAt"]["N"]) // 1000 if "ttl" in item else 0
        assert seconds == kept * DAY


def test_an_error_fits_the_room_that_is_left(
    client: "DynamoDBClient", perform: Perform, put: Callable[..., Request]
) -> None:
    full = replace(put("a"), size=ITEM_LIMIT)
    perform(WriteStamps((refuse(full, "C" * 99, "é" * 5000),)))
    error = read(client, "a")["error"]["M"]
    assert error["code"] == {"S": "C" * 64}
    assert len(error["message"]["S"].encode()) == RESERVE - 128


def test_half_a_surrogate_pair_in_a_reason_hurts_nobody(
    client: "DynamoDBClient", perform: Perform, put: Callable[..., Request]
) -> None:
    assert perform(WriteStamps((refuse(put("a"), message="sku \ud800"),))) == [Outcome.WRITTEN]
    assert read(client, "a")["error"]["M"]["message"] == {"S": "sku ?"}


NUMBERED = {"status": {"S": DONE}, "number": {"N": "3"}}


@pytest.mark.parametrize("stamp", [accept, refuse], ids=["number", "error"])
@pytest.mark.parametrize(
    ("attributes", "outcome"),
    [
        (NUMBERED, Outcome.DECIDED),
        ({"status": {"S": "FAILED"}, "error": {"M": {}}}, Outcome.DECIDED),
        ({"receivedAt": {"N": str(RECEIVED + 1)}}, Outcome.MISSING),  # another one, under an id that was used before
        (NUMBERED | {"receivedAt": {"N": str(RECEIVED + 1)}}, Outcome.MISSING),
    ],
)
def test_a_request_is_stamped_once_and_it_must_be_the_one_that_is_meant(
    client: "DynamoDBClient",
    perform: Perform,
    put: Callable[..., Request],
    stamp: Callable[[Request], Stamp],
    attributes: Item,
    outcome: Outcome,
) -> None:
    request = put("a", **attributes)
    before = read(client, "a")
    assert perform(WriteStamps((stamp(request),))) == [outcome]
    assert read(client, "a") == before


@pytest.mark.parametrize("attributes", [{"number": {"N": "3"}}, {"error": {"M": {}}}])
def test_whatever_its_status_a_number_or_an_error_is_never_written_over(
    client: "DynamoDBClient", perform: Perform, put: Callable[..., Request], attributes: Item
) -> None:
    request = put("a", **attributes)
    assert perform(WriteStamps((accept(request, 8),))) != [Outcome.WRITTEN]
    assert read(client, "a").get("number") == attributes.get("number")


def test_a_deleted_request_does_not_come_back(client: "DynamoDBClient", perform: Perform) -> None:
    assert perform(WriteStamps((accept(make_request("a")),))) == [Outcome.MISSING]
    assert read(client, "a") == {}


def test_the_same_stamp_again_finds_itself(perform: Perform, put: Callable[..., Request]) -> None:
    stamp = accept(put("a"))
    assert perform(WriteStamps((stamp,))) == [Outcome.WRITTEN]
    assert perform(WriteStamps((stamp,))) == [Outcome.DECIDED]


def test_more_stamps_than_a_call_takes_are_answered_in_their_order(
    client: "DynamoDBClient", perform: Perform, put: Callable[..., Request]
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


# ── reads ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_states_are_read_however_many_there_are(perform: Perform, put: Callable[..., Request]) -> None:
    for place in range(130):
        put(f"r{place}", **(NUMBERED if place % 2 else {}))
    ids = tuple(f"r{place}" for place in range(150))
    expected = {f"r{place}": DONE if place % 2 else PENDING for place in range(130)}
    assert perform(ReadStates(ids)) == expected


def test_what_was_received_later_is_another_request(perform: Perform, put: Callable[..., Request]) -> None:
    request = put("a")
    for until, is_meant in ((RECEIVED, True), (RECEIVED - 1, False), (None, True)):
        assert perform(ReadStates(("a",), until)) == ({"a": PENDING} if is_meant else {})
        found = perform(ReadRequests(("a",), until))
        assert list(found) == (["a"] if is_meant else [])
    assert found["a"] == replace(request, sequence=0)


def test_whole_requests_are_read_of_those_that_wait(perform: Perform, put: Callable[..., Request]) -> None:
    put("a", '{"é": 1}', resends={"N": "4"})
    put("b", **NUMBERED)
    found = perform(ReadRequests(("a", "b", "c")))
    assert list(found) == ["a"]
    assert (found["a"].text, found["a"].resends) == ('{"é": 1}', 4)


# ── tombstones and re-sends ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_tombstone_keeps_a_number_and_is_written_once(client: "DynamoDBClient", perform: Perform) -> None:
    perform(WriteTombstone("t", "orders", 7))
    item = read(client, "t")
    assert (item["status"], item["counter"], item["number"]) == ({"S": VOID}, {"S": "orders"}, {"N": "7"})
    assert item.keys() == {"requestId", "status", "counter", "number", "completedAt"}
    perform(WriteTombstone("t", "orders", 8))
    assert read(client, "t") == item


@pytest.mark.parametrize(
    ("attributes", "before", "sent"),
    [
        ({}, 0, True),
        ({"resends": {"N": "4"}, "resentAt": {"N": "1000"}}, 1000, True),
        ({"resends": {"N": "4"}, "resentAt": {"N": "1001"}}, 1000, False),
        (NUMBERED, 0, False),
    ],
)
def test_a_waiting_request_is_touched_unless_it_was_of_late(
    client: "DynamoDBClient", perform: Perform, put: Callable[..., Request], attributes: Item, before: int, sent: bool
) -> None:
    put("a", **attributes)
    stored = read(client, "a")
    assert perform(Resend("a", before)) is sent
    item = read(client, "a")
    if sent:
        assert int(item["resends"]["N"]) == int(stored.get("resends", {"N": "0"})["N"]) + 1
        assert int(item["resentAt"]["N"]) > RECEIVED
    assert {**item, "resends": 0, "resentAt": 0} == {**stored, "resends": 0, "resentAt": 0}


def test_a_request_that_is_gone_is_not_made_by_a_touch(client: "DynamoDBClient", perform: Perform) -> None:
    assert perform(Resend("a", 0)) is False
    assert read(client, "a") == {}


def test_those_that_wait_too_long_are_listed(tables: Tables, put: Callable[..., Request]) -> None:
    put("early", receivedAt={"N": "1000"})
    put("late", receivedAt={"N": "1001"})
    put("done", receivedAt={"N": "1000"}, **NUMBERED)
    assert list(tables.requests.list_waiting(1000)) == ["early"]


# ── refusals without a counter ───────────────────────────────────────────────────────────────────────────────────────


def test_requests_of_no_counter_are_refused_however_many_there_are(
    client: "DynamoDBClient", perform: Perform, put: Callable[..., Request]
) -> None:
    stamps = tuple(refuse(put(f"r{place}")) for place in range(TRANSACTION_STAMPS + 1))
    assert perform(RefuseUncounted("orders", stamps)) is True
    assert {item["status"]["S"] for item in client.scan(TableName=REQUESTS)["Items"]} == {"FAILED"}


@pytest.mark.parametrize("obstacle", ["counter", "decided", "deleted", "another"])
def test_all_are_refused_or_none(
    client: "DynamoDBClient", perform: Perform, put: Callable[..., Request], obstacle: str
) -> None:
    first = put("a")
    match obstacle:
        case "counter":
            client.put_item(TableName=COUNTERS, Item={"counterName": {"S": "orders"}})
            second = put("b")
        case "decided":
            second = put("b", **NUMBERED)
        case "deleted":
            second = make_request("b")
        case _:
            second = put("b", receivedAt={"N": str(RECEIVED + 1)})
    assert perform(RefuseUncounted("orders", (refuse(first), refuse(second)))) is False
    assert read(client, "a")["status"] == {"S": PENDING}


def test_a_transaction_takes_99_and_4_mb() -> None:
    small = [refuse(make_request(str(place))) for place in range(150)]
    assert [len(run) for run in in_transactions(small)] == [99, 51]
    large = [refuse(make_request(str(place), "x" * 350 * 1024)) for place in range(20)]
    runs = list(in_transactions(large))
    assert [stamp for run in runs for stamp in run] == large
    assert max(sum(stamp.request.size for stamp in run) for run in runs) < 4 * 1024 * 1024
    assert list(in_transactions([])) == []


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


def client_error(code: str, reasons: Sequence[str] = ()) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "said"},
        "ResponseMetadata": {"HTTPStatusCode": 400},
        "CancellationReasons": [{"Code": one} for one in reasons],
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
