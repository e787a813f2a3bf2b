"""The ticket function: what it answers to every call, and to every way in which DynamoDB may fail."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from botocore.stub import Stubber

from functions.ticket import app
from tests.template.declared import read_stack
from tests.unit.records import Context
from tests.unit.worker import COUNTERS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def call(path: str, method: str = "POST", **headers: str) -> dict[str, Any]:
    """The answer to one call of the URL, its body read."""
    event = {
        "rawPath": path,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {"http": {"method": method, "path": path}, "requestId": "r-1"},
    }
    context: Any = Context(10_000)
    answer: dict[str, Any] = json.loads(json.dumps(app.lambda_handler(event, context)))
    return answer | {"body": json.loads(answer["body"])}


def take(name: str) -> int:
    answer = call(f"/numbers/{name}")
    assert answer["statusCode"] == 200, answer
    assert answer["headers"] == {"Content-Type": "application/json"}
    assert answer["body"].keys() == {"counter", "number"}
    assert answer["body"]["counter"] == name
    return int(answer["body"]["number"])


def require_problem(answer: dict[str, Any], status: int, title: str, **headers: str) -> str:
    """The detail of a problem document that is whole."""
    assert answer["statusCode"] == status
    expected = {name.replace("_", "-"): value for name, value in headers.items()}
    assert answer["headers"] == {"Content-Type": "application/problem+json"} | expected
    detail = answer["body"].pop("detail")
    assert answer["body"] == {"type": "about:blank", "title": title, "status": status, "requestId": "r-1"}
    return str(detail)


class TestTickets:
    """On a real engine's tables."""

    @pytest.fixture(autouse=True)
    def _tables(self, client: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(app, "client", client)

    def put(self, client: "DynamoDBClient", **attributes: Any) -> None:
        client.put_item(TableName=COUNTERS, Item={"counterName": {"S": "c"}} | attributes)

    def read(self, client: "DynamoDBClient", name: str = "c") -> dict[str, Any] | None:
        item = client.get_item(TableName=COUNTERS, Key={"counterName": {"S": name}}).get("Item")
        return cast("dict[str, Any] | None", item)

    def test_the_first_call_makes_the_counter(self, client: "DynamoDBClient") -> None:
        assert [take("c"), take("c"), take("c")] == [1, 2, 3]
        made = {"counterName": {"S": "c"}, "value": {"N": "3"}, "allocation": {"S": "direct"}}
        assert self.read(client) == made

    @pytest.mark.parametrize(
        ("options", "numbers"),
        [
            ({}, [1, 2, 3, 4]),
            ({"start": 1000, "increment": 5}, [1000, 1005, 1010, 1015]),
            ({"start": 2, "increment": -2}, [2, 0, -2, -4]),
            ({"start": -1, "increment": -1, "capacity": 2, "cycle": True}, [-1, -2, -1, -2]),
            ({"value": 41}, [42, 43, 44, 45]),
            ({"start": 10**38 - 4}, [10**38 - 4, 10**38 - 3, 10**38 - 2, 10**38 - 1]),
            ({"cycle": True}, [1, 2, 3, 4]),
        ],
    )
    def test_options_are_those_of_the_counter(
        self, client: "DynamoDBClient", options: dict[str, int | bool], numbers: list[int]
    ) -> None:
        self.put(
            client,
            **{
                name: {"BOOL": value} if isinstance(value, bool) else {"N": str(value)}
                for name, value in options.items()
            },
        )
        assert [take("c") for _ in numbers] == numbers

    def test_an_exhausted_counter_is_a_conflict_and_stays_where_it_is(self, client: "DynamoDBClient") -> None:
        self.put(client, capacity={"N": "1"}, allocation={"S": "direct"})
        assert take("c") == 1
        before = self.read(client)
        assert "last number" in require_problem(call("/numbers/c"), 409, "Conflict")
        assert self.read(client) == before

    def test_a_counter_of_the_stream_is_left_alone(self, client: "DynamoDBClient") -> None:
        self.put(client, value={"N": "7"}, allocation={"S": "stream"})
        before = self.read(client)
        assert "numbers requests" in require_problem(call("/numbers/c"), 409, "Conflict")
        assert self.read(client) == before

    def test_the_default_counter_is_not_made(self, client: "DynamoDBClient") -> None:
        """Its first request makes it; made here it would number no request ever."""
        assert "numbers requests" in require_problem(call("/numbers/requests"), 409, "Conflict")
        assert self.read(client, "requests") is None

    def test_a_default_counter_that_was_made_direct_gives_tickets(self, client: "DynamoDBClient") -> None:
        item: dict[str, Any] = {"counterName": {"S": "requests"}, "allocation": {"S": "direct"}}
        client.put_item(TableName=COUNTERS, Item=item)
        assert take("requests") == 1

    @pytest.mark.parametrize("name", ["a", "a.b_c~d-E9", ".", "x" * 128])
    def test_names_are_those_that_pass_through_a_url(self, name: str) -> None:
        assert take(name) == 1

    def test_a_percent_encoded_name_is_the_same(self) -> None:
        assert take("a-b") == 1
        assert call("/numbers/a%2Db")["body"] == {"counter": "a-b", "number": 2}


class TestCalls:
    """What never gets as far as DynamoDB."""

    @pytest.fixture(autouse=True)
    def _nothing_is_called(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        with stubbed(monkeypatch):
            yield

    @pytest.mark.parametrize("path", ["/", "", "/numbers", "/number/c", "/v1/numbers/c"])
    def test_other_paths_are_not_found(self, path: str) -> None:
        assert "/numbers/{counter}" in require_problem(call(path), 404, "Not Found")

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
    def test_other_methods_are_not_allowed(self, method: str) -> None:
        require_problem(call("/numbers/c", method), 405, "Method Not Allowed", Allow="POST")

    @pytest.mark.parametrize("name", ["", "a/b", "a b", "a%20b", "%C3%A9", "é", "c\n", "%00", "x" * 129, "a%2Fb", "c/"])
    def test_other_names_are_refused(self, name: str) -> None:
        assert "1 to 128" in require_problem(call(f"/numbers/{name}"), 400, "Bad Request")

    def test_an_idempotency_key_is_not_ignored(self) -> None:
        detail = require_problem(call("/numbers/c", idempotency_key="k"), 400, "Bad Request")
        assert "the API's POST" in detail


def stubbed(monkeypatch: pytest.MonkeyPatch) -> Stubber:
    """A client of the function's own kind, that answers what it is told to and nothing else."""
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"})
    client = botocore.session.get_session().create_client("dynamodb", region_name="us-east-1", config=config)
    monkeypatch.setattr(app, "client", client)
    return Stubber(client)


class TestFailures:
    """DynamoDB's."""

    @pytest.mark.parametrize(
        "code", ["ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"]
    )
    def test_throttled(self, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
        with stubbed(monkeypatch) as dynamodb:
            dynamodb.add_client_error("update_item", code, "slow down", 400)
            detail = require_problem(call("/numbers/c"), 429, "Too Many Requests", Retry_After="1")
        assert "slow down" not in detail

    @pytest.mark.parametrize(("code", "status"), [("InternalServerError", 500), ("ServiceUnavailable", 503)])
    def test_not_well(self, monkeypatch: pytest.MonkeyPatch, code: str, status: int) -> None:
        with stubbed(monkeypatch) as dynamodb:
            dynamodb.add_client_error("update_item", code, "oh", status)
            require_problem(call("/numbers/c"), 503, "Service Unavailable", Retry_After="1")

    @pytest.mark.parametrize(
        "code",
        ["AccessDeniedException", "ResourceNotFoundException", "ValidationException", "UnrecognizedClientException"],
    )
    def test_for_reasons_of_ours(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, code: str
    ) -> None:
        caplog.set_level(logging.ERROR)
        with stubbed(monkeypatch) as dynamodb:
            dynamodb.add_client_error("update_item", code, "arn:aws:secret", 400)
            detail = require_problem(call("/numbers/c"), 502, "Bad Gateway")
        assert "secret" not in detail
        assert "secret" in caplog.text

    @pytest.mark.parametrize(
        "failure",
        [
            lambda: EndpointConnectionError(endpoint_url="https://dynamodb"),
            lambda: ConnectTimeoutError(endpoint_url="https://dynamodb"),
            lambda: ReadTimeoutError(endpoint_url="https://dynamodb"),
        ],
    )
    def test_not_there(self, monkeypatch: pytest.MonkeyPatch, failure: Callable[[], Exception]) -> None:
        with stubbed(monkeypatch) as dynamodb:
            del dynamodb

            def fail(**_: Any) -> None:
                raise failure()

            monkeypatch.setattr(app.client, "update_item", fail)
            require_problem(call("/numbers/c"), 503, "Service Unavailable", Retry_After="1")

    def test_what_nobody_foresaw_is_left_to_lambda(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Which answers 502 and logs it."""
        monkeypatch.delenv("COUNTERS_TABLE")
        with pytest.raises(KeyError):
            call("/numbers/c")


def test_the_functions_own_client_gives_up_in_time() -> None:
    """Before the function's timeout, so that the caller gets an answer that says why."""
    config: Any = app.client.meta.config
    attempts = config.retries["total_max_attempts"]
    pauses = sum(2**place for place in range(attempts - 1))  # in the standard mode up to 1 s, 2 s, 4 s ...
    timeout = read_stack({}).properties("Ticket")["Timeout"]
    assert attempts * (config.connect_timeout + config.read_timeout) + pauses < timeout
