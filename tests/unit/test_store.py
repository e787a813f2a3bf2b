"""What is written on the tables, and how DynamoDB's answers are read."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from numbering import Counter, Setback, Stamp
from request import ITEM_LIMIT, RESERVE, Accepted, Refused, Request, cut
from store import Settings, Tables, read_cancellation
from tests.unit.records import make_record, make_request

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def put(client: "DynamoDBClient", request: Request) -> Request:
    image = make_record(request.request_id, request.text, counter=request.counter)["dynamodb"]["NewImage"]
    client.put_item(TableName="test-RequestsTable", Item=image)
    return request


def item(client: "DynamoDBClient", request_id: str) -> dict[str, Any]:
    return dict(client.get_item(TableName="test-RequestsTable", Key={"requestId": {"S": request_id}})["Item"])


def counter_item(client: "DynamoDBClient", name: str) -> dict[str, Any]:
    return dict(client.get_item(TableName="test-CountersTable", Key={"counterName": {"S": name}}).get("Item", {}))


def accepted(request: Request, number: int, result: str = "null") -> Stamp:
    return Stamp(request, Accepted(result), number)


def refused(request: Request, code: str = "Rejected", message: str = "no") -> Stamp:
    return Stamp(request, Refused(code, message), None)


def test_done_has_a_number_a_result_and_a_ttl_and_no_error(client: "DynamoDBClient", settings: Settings) -> None:
    request = put(client, make_request("a"))
    Tables(client, settings).commit(Counter("requests", exists=False), [accepted(request, 1, '{"total":"1"}')])
    stamped = item(client, "a")
    assert (stamped["status"], stamped["number"], stamped["result"]) == (
        {"S": "DONE"},
        {"N": "1"},
        {"S": '{"total":"1"}'},
    )
    assert int(stamped["ttl"]["N"]) == int(stamped["completedAt"]["N"]) // 1000 + 30 * 86_400
    assert "error" not in stamped


@pytest.mark.parametrize(("days", "has_ttl"), [(0, False), (3, True)])
def test_failed_has_an_error_and_no_number(
    client: "DynamoDBClient", settings: Settings, days: int, has_ttl: bool
) -> None:
    request = put(client, make_request("a"))
    Tables(client, replace(settings, failed_retention_days=days)).commit(Counter("requests"), [refused(request)])
    stamped = item(client, "a")
    assert stamped["status"] == {"S": "FAILED"}
    assert stamped["error"] == {"M": {"code": {"S": "Rejected"}, "message": {"S": "no"}}}
    assert "number" not in stamped
    assert ("ttl" in stamped) is has_ttl
    assert counter_item(client, "requests") == {}


def test_done_is_kept_for_ever_when_retention_is_0(client: "DynamoDBClient", settings: Settings) -> None:
    request = put(client, make_request("a"))
    Tables(client, replace(settings, retention_days=0)).commit(
        Counter("requests", exists=False), [accepted(request, 1)]
    )
    assert "ttl" not in item(client, "a")


def test_the_default_counter_is_created_with_its_options(client: "DynamoDBClient", settings: Settings) -> None:
    request = put(client, make_request("a"))
    tables = Tables(client, settings)
    tables.commit(Counter("requests", exists=False), [accepted(request, 1)])
    assert tables.read_counter("requests") == Counter("requests", value=1, start=1, increment=1, allocation="stream")
    assert tables.read_counter("unknown") is None


@pytest.mark.parametrize(
    ("stored", "seen"),
    [
        (None, Counter("requests", value=0)),
        ({"value": {"N": "5"}}, Counter("requests", value=4)),
        ({"value": {"N": "5"}}, Counter("requests", value=None)),
        ({"value": {"N": "5"}}, Counter("requests", exists=False)),
    ],
)
def test_a_counter_that_moved_stops_the_whole_transaction(
    client: "DynamoDBClient", settings: Settings, stored: dict[str, Any] | None, seen: Counter
) -> None:
    if stored:
        client.put_item(TableName="test-CountersTable", Item={"counterName": {"S": "requests"}, **stored})
    request = put(client, make_request("a"))
    with pytest.raises(Setback) as setback:
        Tables(client, settings).commit(seen, [accepted(request, 5)])
    assert setback.value.conflict
    assert setback.value.decided == frozenset()
    assert item(client, "a")["status"] == {"S": "PENDING"}


@pytest.mark.parametrize("value", [None, "7"])
def test_a_counter_is_advanced_from_where_it_was(
    client: "DynamoDBClient", settings: Settings, value: str | None
) -> None:
    stored: dict[str, Any] = {"counterName": {"S": "orders"}, "allocation": {"S": "stream"}}
    client.put_item(TableName="test-CountersTable", Item=stored | ({"value": {"N": value}} if value else {}))
    requests = [put(client, make_request(one, counter="orders")) for one in "ab"]
    tables = Tables(client, settings)
    counter = tables.read_counter("orders")
    assert counter is not None
    tables.commit(counter, [accepted(requests[0], 1), accepted(requests[1], 2)])
    assert counter_item(client, "orders")["value"] == {"N": str(int(value or 0) + 2)}


def test_decided_and_deleted_requests_are_named_and_nothing_is_written(
    client: "DynamoDBClient", settings: Settings
) -> None:
    waiting, done, deleted = put(client, make_request("a")), put(client, make_request("b")), make_request("c")
    tables = Tables(client, settings)
    tables.commit(Counter("requests", exists=False), [accepted(done, 1)])
    with pytest.raises(Setback) as setback:
        tables.commit(Counter("requests", value=1), [accepted(waiting, 2), accepted(done, 3), accepted(deleted, 4)])
    assert setback.value.decided == {"b", "c"}
    assert item(client, "a")["status"] == {"S": "PENDING"}
    assert item(client, "b")["number"] == {"N": "1"}
    assert counter_item(client, "requests")["value"] == {"N": "1"}


def test_options_of_a_counter_are_read(client: "DynamoDBClient", settings: Settings) -> None:
    options = {"value": 3, "start": -5, "increment": -10, "capacity": 4}
    stored: dict[str, Any] = {name: {"N": str(value)} for name, value in options.items()}
    client.put_item(TableName="test-CountersTable", Item={"counterName": {"S": "c"}, "cycle": {"BOOL": True}, **stored})
    counter = Tables(client, settings).read_counter("c")
    assert counter == Counter("c", value=3, start=-5, increment=-10, capacity=4, cycle=True, allocation="direct")


@pytest.mark.parametrize(
    ("attributes", "fault"),
    [
        ({"increment": {"N": "0"}}, "increment is 0"),
        ({"start": {"S": "x"}}, "not a whole number"),
        ({"start": {"N": "1.5"}}, "not a whole number"),
        ({"value": {"NULL": True}}, "not a whole number"),
        ({"cycle": {"BOOL": True}, "capacity": {"N": "0"}}, "no numbers to give"),
    ],
)
def test_a_counter_that_cannot_number_is_read_with_its_fault(
    client: "DynamoDBClient", settings: Settings, attributes: dict[str, Any], fault: str
) -> None:
    client.put_item(TableName="test-CountersTable", Item={"counterName": {"S": "c"}} | attributes)
    counter = Tables(client, settings).read_counter("c")
    assert counter is not None
    assert fault in counter.fault


def test_an_error_fits_the_room_that_is_left(client: "DynamoDBClient", settings: Settings) -> None:
    full = replace(put(client, make_request("a")), size=ITEM_LIMIT)
    Tables(client, replace(settings, failed_retention_days=1)).commit(
        Counter("requests"), [refused(full, "C" * 99, "é" * 5000)]
    )
    error = item(client, "a")["error"]["M"]
    assert error["code"] == {"S": "C" * 64}
    assert len(error["message"]["S"].encode()) == RESERVE - 128


class Failing:
    """A client whose calls fail."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def get_item(self, **_: object) -> None:
        raise self._error


def client_error(code: str, status: int = 400, reasons: Sequence[str] = ()) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "said"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        "CancellationReasons": [{"Code": one} for one in reasons],
    }
    return ClientError(response, "TransactWriteItems")


@pytest.mark.parametrize(
    "error",
    [
        client_error("ThrottlingException"),
        client_error("ProvisionedThroughputExceededException"),
        client_error("TransactionInProgressException"),
        client_error("InternalServerError", 500),
        client_error("SomethingNew", 503),
        EndpointConnectionError(endpoint_url="http://x"),
        ReadTimeoutError(endpoint_url="http://x"),
    ],
    ids=lambda error: type(error).__name__ + str(error)[:50],
)
def test_what_may_pass_is_a_setback(settings: Settings, error: Exception) -> None:
    client: Any = Failing(error)
    with pytest.raises(Setback):
        Tables(client, settings).read_counter("requests")


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"])
def test_what_will_not_pass_goes_through(settings: Settings, code: str) -> None:
    client: Any = Failing(client_error(code))
    with pytest.raises(ClientError, match=code):
        Tables(client, settings).read_counter("requests")


def test_reasons_of_a_cancelled_transaction() -> None:
    stamps = [accepted(make_request(one), 1) for one in "abc"]

    def read(*reasons: str) -> Exception:
        return read_cancellation(client_error("TransactionCanceledException", 400, reasons), stamps)

    conditions = read("None", "ConditionalCheckFailed", "None", "ConditionalCheckFailed")
    assert isinstance(conditions, Setback)
    assert conditions.decided == {"b"}
    throttled = read("None", "ThrottlingError", "None", "TransactionConflict")
    assert isinstance(throttled, Setback)
    assert throttled.decided == frozenset()
    assert isinstance(read("None", "ValidationError", "None", "None"), ClientError)


def test_text_is_cut_between_characters() -> None:
    assert cut("aéb", 2) == "a"
    assert cut("aéb", 3) == "aé"
    assert cut("ok", 1024) == "ok"
