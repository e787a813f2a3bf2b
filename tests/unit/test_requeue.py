"""What requeueing writes, by whomever and however often, and what each of its conditions keeps out."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import gapless.requeue
from gapless.requeue import Requeued, new_item, requeue, requeue_all
from gapless.target import Target
from request import FAILED, ITEM_LIMIT, LINK, RESERVE, item_size
from store import Tables
from tests.mapping_templates.snippets import parse, render
from tests.unit.stamps import Item, Put, read, refuse
from tests.unit.worker import COUNTERS, REQUESTS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OPERATORS = 16
ERROR = {"error": {"M": {"code": {"S": "Rejected"}, "message": {"S": "no"}}}}
ENDED: Item = {"status": {"S": FAILED}, **ERROR, "result": {"S": ""}, "completedAt": {"N": "7"}}


@pytest.fixture
def target(client: "DynamoDBClient") -> Target:
    """The tables, as an operator reaches them."""
    return Target("", "us-east-1", REQUESTS, COUNTERS, "NONE", dynamodb=client.meta.endpoint_url)


def new_requests(client: "DynamoDBClient") -> list[Item]:
    """Every request that came of `old`, or of one like it."""
    items = client.scan(TableName=REQUESTS, ConsistentRead=True)["Items"]
    return [dict(item) for item in items if item.get("requeueOf", {}).get("S", "").startswith("old")]


class Between:
    """A client between whose look and whose transaction something happens, once."""

    def __init__(self, client: "DynamoDBClient", happen: Callable[[], object], *, after: bool = False) -> None:
        self._client = client
        self._happen = happen
        self._after = after
        self.attempts = 0

    def get_item(self, **request: Any) -> Any:
        return self._client.get_item(**request)

    def transact_write_items(self, **request: Any) -> Any:
        self.attempts += 1
        first = self.attempts == 1
        if first and not self._after:
            self._happen()
        answer = self._client.transact_write_items(**request)
        if first and self._after:
            self._happen()
        return answer


# ── the new request ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("body", ["{}", '{"it\'s": "\\"née\\" 🧾 \\\\ $x"}'])
def test_a_new_request_is_what_the_mapping_template_makes_of_it(body: str) -> None:
    event = {
        "body": body,
        "query": {"counter": "orders"},
        "stageVariables": {"requestsTable": "requests-table", "defaultCounter": "requests"},
        "context": {"requestId": "new", "requestTimeEpoch": 1_700_000_000_123},
    }
    submitted = render(parse("submit_request"), event).document["Item"]
    old = {"requestId": {"S": "old"}, "counter": {"S": "orders"}, "request": {"S": body}, **ENDED}
    assert new_item(old, "new", 1_700_000_000_123) == submitted | {"requeueOf": {"S": "old"}}


def test_both_are_linked_and_the_old_one_stays_as_it_was(client: "DynamoDBClient", target: Target, put: Put) -> None:
    before = time.time_ns() // 1_000_000
    put("old", '{"a": 1}', **ENDED, counter={"S": "orders"})
    old = read(client, "old")
    done = requeue(client, target, "old")
    assert done.outcome == "done"
    assert read(client, "old") == old | {"requeuedAs": {"S": done.requeued_as}}
    (new,) = new_requests(client)
    assert before <= int(new.pop("receivedAt")["N"]) <= time.time_ns() // 1_000_000
    assert new == {
        "requestId": {"S": done.requeued_as},
        "counter": {"S": "orders"},
        "request": {"S": '{"a": 1}'},
        "status": {"S": "PENDING"},
        "result": {"S": "." * RESERVE},
        "requeueOf": {"S": "old"},
    }


def test_nothing_of_its_past_goes_with_it(client: "DynamoDBClient", target: Target, put: Put) -> None:
    past = {"resends": {"N": "24"}, "resentAt": {"N": "7"}, "progress": {"S": "{}"}, "ttl": {"N": str(2**33)}}
    put("old", **ENDED, **past, requeueOf={"S": "first"})
    requeue(client, target, "old")
    (new,) = new_requests(client)
    assert new.keys() == {"requestId", "counter", "request", "status", "receivedAt", "result", "requeueOf"}
    assert new["requeueOf"] == {"S": "old"}


# ── twice is once ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_twice_is_once(client: "DynamoDBClient", target: Target, put: Put) -> None:
    put("old", **ENDED)
    first, second = requeue(client, target, "old"), requeue(client, target, "old")
    assert second == Requeued("old", "before", first.requeued_as)
    assert len(new_requests(client)) == 1


def test_sixteen_operators_at_once_are_one(client: "DynamoDBClient", target: Target, put: Put) -> None:
    ids = [f"old-{number}" for number in range(20)]
    for one in ids:
        put(one, **ENDED)
    with ThreadPoolExecutor(OPERATORS) as pool:
        results = list(pool.map(lambda _: list(requeue_all(target, ids, dry_run=False)), range(OPERATORS)))
    for place, request_id in enumerate(ids):
        found = [result[place] for result in results]
        assert sorted(one.outcome for one in found) == ["before"] * (OPERATORS - 1) + ["done"]
        assert {one.requeued_as for one in found} == {read(client, request_id)["requeuedAs"]["S"]}
    assert sorted(item["requeueOf"]["S"] for item in new_requests(client)) == sorted(ids)


def test_an_answer_that_is_lost_is_found_again(client: "DynamoDBClient", target: Target, put: Put) -> None:
    from botocore.exceptions import ClientError

    def lose() -> None:
        cancelled: Any = {"Error": {"Code": "TransactionCanceledException"}}
        raise ClientError(cancelled | {"CancellationReasons": [{"Code": "TransactionConflict"}]}, "TransactWriteItems")

    put("old", **ENDED)
    lossy: Any = Between(client, lose, after=True)
    done = requeue(lossy, target, "old")
    assert (done.outcome, [one["requestId"]["S"] for one in new_requests(client)]) == ("done", [done.requeued_as])


def requeue_elsewhere(client: "DynamoDBClient") -> None:
    """Another operator is faster."""
    requeue(client, Target("", "us-east-1", REQUESTS, COUNTERS, "NONE"), "old")


def put_again(client: "DynamoDBClient") -> None:
    """The request expires, its id is used for another, and that one fails as well."""
    item = read(client, "old")
    client.put_item(TableName=REQUESTS, Item=item | {"receivedAt": {"N": "9"}, "request": {"S": '{"other": 1}'}})


def decide_by_hand(client: "DynamoDBClient") -> None:
    """Somebody repairs the item in the console."""
    client.put_item(TableName=REQUESTS, Item=read(client, "old") | {"status": {"S": "DONE"}})


def take_the_id(client: "DynamoDBClient") -> None:
    """The fresh id is somebody's already."""
    client.put_item(TableName=REQUESTS, Item={"requestId": {"S": "fresh"}, "status": {"S": "DONE"}})


def is_once(client: "DynamoDBClient") -> bool:
    return len(new_requests(client)) == 1


def is_of_the_same_body(client: "DynamoDBClient") -> bool:
    return [one["request"]["S"] for one in new_requests(client)] == [read(client, "old")["request"]["S"]]


def is_not_there(client: "DynamoDBClient") -> bool:
    return not new_requests(client)


def is_still_somebodys(client: "DynamoDBClient") -> bool:
    return "requeueOf" not in read(client, "fresh")


INTERLEAVINGS = [
    pytest.param("WAS_NOT_REQUEUED", requeue_elsewhere, is_once, id="another-operator"),
    pytest.param("IS_MEANT", put_again, is_of_the_same_body, id="id-used-again"),
    pytest.param("HAS_FAILED", decide_by_hand, is_not_there, id="repaired-by-hand"),
    pytest.param("IS_FREE", take_the_id, is_still_somebodys, id="id-that-is-taken"),
]


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize(("guard", "happen", "is_right"), INTERLEAVINGS)
def test_what_happens_in_between_is_seen(
    client: "DynamoDBClient",
    target: Target,
    put: Put,
    monkeypatch: pytest.MonkeyPatch,
    guard: str,
    happen: Callable[["DynamoDBClient"], None],
    is_right: Callable[["DynamoDBClient"], bool],
    guarded: bool,
) -> None:
    """Without the guard the same must go wrong: a test that cannot fail shows nothing."""
    put("old", **ENDED)
    if guard == "IS_FREE":
        monkeypatch.setattr("gapless.requeue.uuid.uuid4", lambda: "fresh")
    between: Any = Between(client, lambda: happen(client))
    if not guarded:
        always = {"IS_MEANT": ":receivedAt = :receivedAt", "HAS_FAILED": ":failed = :failed AND #status <> :receivedAt"}
        monkeypatch.setattr(gapless.requeue, guard, always.get(guard, "requestId <> requeuedAs"))
    requeue(between, target, "old")
    assert is_right(client) == guarded


# ── what cannot be requeued ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": {"S": "PENDING"}}, "it is PENDING, not FAILED"),
        ({"status": {"S": "DONE"}, "number": {"N": "3"}}, "it is DONE, not FAILED"),
        ({"status": {"S": "VOID"}}, "it is VOID, not FAILED"),
        ({"status": {"N": "1"}}, "it is None, not FAILED"),
        ({"ttl": {"N": "1"}}, "there is no such request, or it has expired"),
        ({"request": {"B": b"{}"}}, "the item is damaged: no request"),
        ({"request": {"NULL": True}, "counter": {"N": "1"}}, "the item is damaged: no counter and no request"),
        ({"receivedAt": {"S": "today"}}, "the item is damaged: no receivedAt"),
    ],
)
@pytest.mark.parametrize("dry_run", [True, False])
def test_what_cannot_be_requeued_says_why(
    client: "DynamoDBClient", target: Target, put: Put, changes: Item, reason: str, dry_run: bool
) -> None:
    put("old", **(ENDED | changes))
    before = read(client, "old")
    assert list(requeue_all(target, ["old"], dry_run=dry_run)) == [Requeued("old", "refused", reason=reason)]
    assert read(client, "old") == before
    assert not new_requests(client)


def test_an_unknown_request_is_refused(target: Target) -> None:
    (refused,) = requeue_all(target, ["nobody"], dry_run=False)
    assert refused.document() == {
        "requestId": "nobody",
        "outcome": "refused",
        "reason": "there is no such request, or it has expired",
    }


def test_a_dry_run_changes_nothing(client: "DynamoDBClient", target: Target, put: Put) -> None:
    put("old", **ENDED)
    before = read(client, "old")
    assert list(requeue_all(target, ["old"], dry_run=True)) == [Requeued("old", "possible")]
    assert (read(client, "old"), new_requests(client)) == (before, [])


# ── large ones ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_largest_body_that_is_always_taken_can_be_requeued(
    client: "DynamoDBClient", target: Target, put: Put
) -> None:
    body = json.dumps({"a": "x" * (350 * 1024 - 9)})
    assert len(body) == 350 * 1024
    put("old", body, **ENDED)
    done = requeue(client, target, "old")
    assert done.requeued_as
    assert read(client, done.requeued_as)["request"]["S"] == body


def body_for(size: int) -> str:
    """A body that makes the item of request `old` so large, with its reserve."""
    from tests.unit.records import make_record

    return "x" * (size - item_size(make_record("old", "")["dynamodb"]["NewImage"]))


def test_the_reason_of_a_refusal_leaves_room_for_the_link(
    client: "DynamoDBClient", target: Target, tables: Tables, put: Put, perform: Callable[[Any], Any]
) -> None:
    """An item just small enough that the new one has room for its link; its refusal was as long as it may be."""
    from operations import WriteStamps

    request = put("old", body_for(ITEM_LIMIT - LINK))
    perform(WriteStamps((refuse(request, "X" * 64, "m" * 2000),)))
    assert requeue(client, target, "old").outcome == "done"


def test_a_body_too_large_for_the_link_is_refused_and_nothing_is_changed(
    client: "DynamoDBClient", target: Target, put: Put
) -> None:
    put("old", body_for(ITEM_LIMIT), **ENDED | {"error": {"M": {}}})
    before = read(client, "old")
    refused = requeue(client, target, "old")
    assert (refused.outcome, refused.reason) == ("refused", "its body is too large to be stored with a link")
    assert (read(client, "old"), new_requests(client)) == (before, [])
