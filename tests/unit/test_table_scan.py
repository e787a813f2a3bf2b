"""Reading the whole requests table, however large it is and whatever is in its items."""

from typing import TYPE_CHECKING, Any

import pytest

import gapless.table_scan
from gapless.failures import list_failures, show_failure
from gapless.pending import find_pending
from gapless.table_scan import scan_requests
from gapless.target import Target
from tests.unit.stamps import Put
from tests.unit.worker import COUNTERS, REQUESTS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LARGE = "x" * 300_000  # four of them fill a page of DynamoDB's
ERROR = {"error": {"M": {"code": {"S": "Rejected"}, "message": {"S": "no"}}}}


@pytest.fixture
def target(client: "DynamoDBClient") -> Target:
    """The tables, as an operator reaches them."""
    return Target("", "us-east-1", REQUESTS, COUNTERS, "NONE", dynamodb=client.meta.endpoint_url)


@pytest.mark.parametrize("segments", [1, 3])
def test_every_page_of_every_segment_is_read(
    target: Target, put: Put, monkeypatch: pytest.MonkeyPatch, segments: int
) -> None:
    monkeypatch.setattr(gapless.table_scan, "count_segments", lambda target: segments)
    monkeypatch.setattr(gapless.table_scan, "PAGE", 5)
    statuses = ("PENDING", "FAILED", "DONE")
    for number in range(36):
        put(f"r{number}", LARGE, status={"S": statuses[number % 3]})
    told: list[str] = []
    found = list(scan_requests(target, ["PENDING", "FAILED"], ["requestId"], told.append))
    assert sorted(one["requestId"]["S"] for one in found) == sorted(f"r{n}" for n in range(36) if n % 3 < 2)
    assert {one.keys() == {"requestId"} for one in found} == {True}
    assert len(told) > 1
    assert told[-1] == "36 requests read"


def test_an_empty_table_has_nothing(target: Target, client: "DynamoDBClient") -> None:
    assert list(scan_requests(target, ["PENDING"], ["requestId"])) == []
    assert find_pending(target, 0, 10).document() == {"count": 0, "oldestAgeSeconds": None, "requests": []}


@pytest.mark.parametrize(
    "damage",
    [
        {"error": {"S": "no map"}},
        {"error": {"M": {"code": {"N": "1"}}}},
        {"error": {"NULL": True}},
        {"counter": {"N": "1"}, "completedAt": {"S": "today"}, "requeuedAs": {"BOOL": True}},
        {"ttl": {"S": "never"}, "completedAt": {"N": "1.5"}},
    ],
)
def test_a_damaged_failure_is_listed_and_shown(target: Target, put: Put, damage: dict[str, Any]) -> None:
    put("old", **{"status": {"S": "FAILED"}, **ERROR, **damage})
    (failure,) = list_failures(target)
    assert failure.request_id == "old"
    assert show_failure(target, "old").keys() >= damage.keys()


def test_a_failure_that_has_expired_is_gone(target: Target, put: Put) -> None:
    put("old", status={"S": "FAILED"}, ttl={"N": "1"})
    put("new", status={"S": "FAILED"}, ttl={"N": str(2**33)})
    assert [one.request_id for one in list_failures(target)] == ["new"]


def test_any_attribute_can_be_shown(target: Target, put: Put) -> None:
    every: dict[str, Any] = {
        "binary": {"B": b"abc"}, "truth": {"BOOL": True}, "nothing": {"NULL": True}, "half": {"N": "1.5"},
        "list": {"L": [{"N": "1E+3"}, {"M": {"a": {"S": "é"}}}]}, "set": {"SS": ["a"]},
    }  # fmt: skip
    put("old", status={"S": "FAILED"}, **every)
    shown = show_failure(target, "old")
    assert {name: shown[name] for name in every} == {
        "binary": "3 bytes", "truth": True, "nothing": None, "half": "1.5", "list": [1000, {"a": "é"}], "set": ["a"],
    }  # fmt: skip


def test_a_waiting_request_without_a_time_is_seen(target: Target, put: Put) -> None:
    put("damaged", receivedAt={"S": "today"}, counter={"NULL": True}, resends={"S": "often"})
    (waiting,) = find_pending(target, 3600, 10).requests
    assert (waiting.request_id, waiting.counter, waiting.resends) == ("damaged", "", 0)
