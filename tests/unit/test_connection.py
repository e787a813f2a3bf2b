"""What may pass and what will not, how long to go on, and reads that DynamoDB answers in parts."""

import os
import random
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from connection import Patience, Setback, Settings, read_batches, translating_failures


def client_error(code: str, status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "said"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Call")


@pytest.mark.parametrize(
    "error",
    [
        client_error("ThrottlingException"),
        client_error("ProvisionedThroughputExceededException"),
        client_error("TransactionInProgressException"),
        client_error("RequestLimitExceeded"),
        client_error("InternalServerError", 500),
        client_error("SomethingNew", 503),
        EndpointConnectionError(endpoint_url="http://x"),
        ReadTimeoutError(endpoint_url="http://x"),
    ],
    ids=lambda error: type(error).__name__ + str(error)[:50],
)
def test_what_may_pass_is_a_setback(error: Exception) -> None:
    with pytest.raises(Setback) as setback, translating_failures():
        raise error
    assert setback.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        client_error("AccessDeniedException"),
        client_error("ResourceNotFoundException"),
        client_error("ValidationException"),
        client_error("ConditionalCheckFailedException"),
        KeyError("our own"),
    ],
    ids=str,
)
def test_what_will_not_pass_goes_through(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, translating_failures():
        raise error
    assert raised.value is error


# ── patience ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_patience_ends_before_its_deadline_with_the_cause_and_pauses_are_bounded(seeded: random.Random) -> None:
    pauses: list[float] = []
    patience = Patience(100.0, clock=lambda: sum(pauses), sleep=pauses.append, jitter=seeded)
    cause = Setback("again")
    with pytest.raises(Setback) as raised:  # noqa: PT012 - the loop is what is tested
        for attempt in range(1, 10_000):
            patience.wait(attempt, cause)
    assert raised.value is cause
    assert 98 < sum(pauses) < 100
    assert max(pauses) <= 1.0
    assert all(pause <= 0.01 * 2**attempt for attempt, pause in enumerate(pauses, start=1))


def test_without_a_cause_it_is_the_time_that_is_up() -> None:
    patience = Patience(5.0, clock=lambda: 5.0)
    with pytest.raises(TimeoutError, match="no time left"):
        patience.wait(1)
    with pytest.raises(TimeoutError, match="no time left"):
        patience.require_time()


def test_there_is_time_until_there_is_none() -> None:
    Patience(5.0, clock=lambda: 4.999).require_time()


# ── reads in parts ───────────────────────────────────────────────────────────────────────────────────────────────────


class Sparing:
    """BatchGetItem that reads no more than so many items a call; 0 from some call on, if that is wanted."""

    def __init__(self, most: int, dry_after: int | None = None) -> None:
        self._most = most
        self._dry_after = dry_after
        self.asked: list[int] = []

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        ((table, wanted),) = RequestItems.items()
        assert wanted["ConsistentRead"]
        assert wanted["ProjectionExpression"] == "k"
        self.asked.append(len(wanted["Keys"]))
        is_dry = self._dry_after is not None and len(self.asked) > self._dry_after
        most = 0 if is_dry else self._most
        read, left = wanted["Keys"][:most], wanted["Keys"][most:]
        return {
            "Responses": {table: read} if read else {},
            "UnprocessedKeys": {table: {**wanted, "Keys": left}} if left else {},
        }


def read(client: Any, count: int) -> list[Any]:
    keys = [{"k": {"N": str(place)}} for place in range(count)]
    found = list(read_batches(client, "t", keys, {"ProjectionExpression": "k"}))
    assert found == keys
    return found


def test_a_hundred_keys_go_into_a_call() -> None:
    client = Sparing(100)
    read(client, 250)
    assert client.asked == [100, 100, 50]
    read(client, 0)


def test_what_dynamodb_has_left_out_is_asked_for_again() -> None:
    client = Sparing(40)
    read(client, 150)
    assert client.asked == [100, 60, 20, 50, 10]


def test_it_does_not_go_round_when_nothing_is_read() -> None:
    client = Sparing(40, dry_after=1)
    with pytest.raises(Setback, match="reads nothing"):
        read(client, 100)
    assert client.asked == [100, 60]


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_setting_that_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="REQUESTS_TABLE"):
        Settings.from_environment({})


@pytest.mark.parametrize(("text", "lanes"), [("on", True), ("off", False)])
def test_lanes_are_on_or_off(text: str, lanes: bool) -> None:
    assert Settings.from_environment(os.environ | {"LANES": text}).lanes is lanes
