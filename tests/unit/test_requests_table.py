"""Reads, tombstones, re-sends and refusals on a real engine: what they find, what they write, and when they do not."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from connection import Settings
from operations import (
    ReadRequests,
    ReadStates,
    RefuseUncounted,
    Resend,
    WriteTombstone,
)
from request import DONE, PENDING, VOID
from requests_table import TRANSACTION_STAMPS, in_transactions
from store import Tables
from tests.unit.records import RECEIVED, make_request
from tests.unit.stamps import NUMBERED, Item, Perform, Put, read, refuse
from tests.unit.worker import COUNTERS, FOR_EVER, REQUESTS
from waiting import SEGMENTS, Waiting

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


# ── reads ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_states_are_read_however_many_there_are(perform: Perform, put: Put) -> None:
    for place in range(130):
        put(f"r{place}", **(NUMBERED if place % 2 else {}))
    ids = tuple(f"r{place}" for place in range(150))
    expected = {f"r{place}": DONE if place % 2 else PENDING for place in range(130)}
    assert perform(ReadStates(ids)) == expected


def test_what_was_received_at_another_time_is_another_request(perform: Perform, put: Put) -> None:
    request = put("a")
    put("earlier", receivedAt={"N": str(RECEIVED - 1)})
    put("later", receivedAt={"N": str(RECEIVED + 1)})
    perform(WriteTombstone("void", "orders", 7))
    ids = ("earlier", "a", "later", "void")
    assert perform(ReadStates(ids, (RECEIVED,) * 4)) == {"a": PENDING}
    assert perform(ReadRequests(ids, (RECEIVED,) * 4)) == {"a": replace(request, sequence=0)}
    each = (RECEIVED - 1, RECEIVED, RECEIVED + 1, RECEIVED)
    assert perform(ReadStates(ids, each)) == dict.fromkeys(ids[:3], PENDING)
    assert perform(ReadRequests(ids, each)).keys() == set(ids[:3])


def test_where_no_times_are_given_any_will_do(perform: Perform, put: Put) -> None:
    put("a")
    put("later", receivedAt={"N": str(RECEIVED + 1)})
    assert perform(ReadStates(("a", "later"))) == {"a": PENDING, "later": PENDING}
    assert perform(ReadRequests(("a", "later"))).keys() == {"a", "later"}


def test_whole_requests_are_read_of_those_that_wait(perform: Perform, put: Put) -> None:
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
    client: "DynamoDBClient", perform: Perform, put: Put, attributes: Item, before: int, sent: bool
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


def test_those_that_wait_are_listed_wherever_they_are(tables: Tables, put: Put) -> None:
    """In every segment, and on every page of it: an engine that has pages of 1 MB gives some segment two of them."""
    for place in range(20):
        put(f"waits {place}", "x" * 300_000, receivedAt={"N": str(place)})
    put("touched", receivedAt={"N": "1000"}, resentAt={"N": "2000"})
    put("done", **NUMBERED)
    pages = list(tables.requests.list_waiting())
    assert len(pages) >= SEGMENTS
    expected = [Waiting(f"waits {place}", "requests", place, None) for place in range(20)]
    expected.append(Waiting("touched", "requests", 1000, 2000))
    assert sorted((one for page in pages for one in page), key=lambda one: one.received_at) == expected


# ── refusals without a counter ───────────────────────────────────────────────────────────────────────────────────────


def test_requests_of_no_counter_are_refused_however_many_there_are(
    client: "DynamoDBClient", perform: Perform, put: Put
) -> None:
    stamps = tuple(refuse(put(f"r{place}")) for place in range(TRANSACTION_STAMPS + 1))
    assert perform(RefuseUncounted("orders", stamps)) is True
    assert {item["status"]["S"] for item in client.scan(TableName=REQUESTS)["Items"]} == {"FAILED"}


@pytest.mark.parametrize("obstacle", ["counter", "decided", "deleted", "another"])
def test_all_are_refused_or_none(client: "DynamoDBClient", perform: Perform, put: Put, obstacle: str) -> None:
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


class Cancelling:
    """A client whose first transaction is cancelled for the reasons that are given."""

    def __init__(self, *reasons: str) -> None:
        self._reasons = [{"Code": reason} for reason in reasons]
        self.calls = 0

    def transact_write_items(self, **_: object) -> None:
        self.calls += 1
        if self.calls == 1:
            response: Any = {
                "Error": {"Code": "TransactionCanceledException", "Message": "said"},
                "ResponseMetadata": {"HTTPStatusCode": 400},
                "CancellationReasons": self._reasons,
            }
            raise ClientError(response, "TransactWriteItems")


@pytest.mark.parametrize(
    ("reasons", "done", "calls"),
    [
        (["None", "TransactionConflict"], True, 2),
        (["ThrottlingError", "None"], True, 2),
        (["None", "ConditionalCheckFailed"], False, 1),
        (["TransactionConflict", "ConditionalCheckFailed"], False, 1),
    ],
)
def test_a_transaction_in_anothers_way_is_made_again(
    settings: Settings, reasons: list[str], done: bool, calls: int
) -> None:
    client: Any = Cancelling(*reasons)
    assert Tables(client, settings).perform(RefuseUncounted("c", (refuse(make_request()),)), FOR_EVER) is done
    assert client.calls == calls
