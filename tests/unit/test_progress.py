"""How far work() is: kept on the item, found again, announced to nobody, and gone with the result."""

import re
import time
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

import judging
from expressions import DAY
from gapless.local.stream.filter import compile_filters
from operations import Outcome, ReadProgress, Resend, SaveProgress, Stamp, WriteStamps
from progress import Progress, ProgressTooLarge
from request import ITEM_LIMIT, MESSAGE_LIMIT, Accepted, Request
from tests.template.declared import ROOT, read_stack
from tests.unit.handler import Handler
from tests.unit.records import RECEIVED, make_record
from tests.unit.stamps import NUMBERED, Item, Perform, Put, read, refuse
from tests.unit.worker import REQUESTS
from work import Rejected

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT = {"progress", "saved"}


@pytest.fixture
def progress(put: Put, perform: Perform) -> Progress:
    """Of a request that waits."""
    return Progress(put("a"), perform, time.monotonic() + 60)


def use(monkeypatch: pytest.MonkeyPatch, work: Any) -> None:
    """Have this for work(), which takes progress."""
    monkeypatch.setattr(judging, "work", work)
    monkeypatch.setattr(judging, "TAKES_PROGRESS", True)


# ── from one invocation to the next ──────────────────────────────────────────────────────────────────────────────────


def test_work_goes_on_where_it_has_stopped(handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    """In another process, with the record it was first given, which shows nothing of what was kept since."""
    found: list[dict[str, Any]] = []

    def work(request: Request, progress: Progress) -> Any:
        found.append(progress.load())
        steps = found[-1].get("steps", 0) + 1
        if steps < 3:
            assert progress.save({"steps": steps, "total": Decimal("0.10")})
            raise TimeoutError("more another time")
        return {"steps": steps}

    use(monkeypatch, work)
    records = handler.store(make_record("a"))
    for _ in range(2):
        assert handler.deliver(records) == records
        handler.start_anew()
    assert handler.deliver(records) == []
    assert found == [{}, {"steps": 1, "total": "0.10"}, {"steps": 2, "total": "0.10"}]
    assert handler.outcomes() == {"a": "DONE 1"}
    assert read(handler.client, "a")["result"] == {"S": '{"steps":3}'}
    assert not KEPT & read(handler.client, "a").keys()


def test_a_refusal_leaves_what_was_kept_for_whoever_looks_into_it(
    handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(request: Request, progress: Progress) -> Any:
        progress.save({"charged": True})
        raise Rejected("none left to ship")

    use(monkeypatch, work)
    assert handler.deliver(handler.store(make_record("a"))) == []
    assert handler.outcomes() == {"a": "FAILED Rejected"}
    assert read(handler.client, "a")["progress"] == {"S": '{"charged":true}'}


def test_work_that_keeps_nothing_costs_nothing(handler: Handler) -> None:
    handler.deliver(handler.store(make_record("a")))
    assert not {ReadProgress, SaveProgress} & set(handler.asked)


def test_the_example_is_a_work_py(handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/architecture.md").read_text(), re.DOTALL)
    called: list[str] = []

    def call(step: str, body: Any) -> str:
        called.append(step)
        if called == ["reserve", "charge"]:
            raise ConnectionError("charge is down")
        return f"{step} {body['order']}"

    names: dict[str, Any] = {"call": call, "Progress": Progress, "Request": Request, "Any": Any}
    exec(example, names)  # noqa: S102 - the README's own code
    use(monkeypatch, names["work"])
    records = handler.store(make_record("a", '{"order": 7}'))
    assert handler.deliver(records) == records
    assert handler.deliver(records) == []
    assert called == ["reserve", "charge", "charge", "ship"]
    assert read(handler.client, "a")["result"] == {"S": '{"reserve":"reserve 7","charge":"charge 7","ship":"ship 7"}'}


# ── what the stream says of it ───────────────────────────────────────────────────────────────────────────────────────


def passes(event_name: str, image: Item) -> bool:
    """Whether the template's mapping hands the function a record of this."""
    filters = read_stack({}).mapping["FilterCriteria"]["Filters"]
    return compile_filters([one["Pattern"] for one in filters])(
        {"eventName": event_name, "dynamodb": {"NewImage": image}}
    )


def test_a_save_is_announced_to_nobody_and_a_touch_after_it_is(
    client: "DynamoDBClient", progress: Progress, perform: Perform
) -> None:
    """Else each save would have the request worked on once more, and that would save."""
    assert passes("INSERT", read(client, "a"))
    assert progress.save({"step": 1})
    assert not passes("MODIFY", read(client, "a"))
    assert perform(Resend("a", 0))
    assert passes("MODIFY", read(client, "a"))
    assert progress.load() == {"step": 1}
    assert progress.save({"step": 2})
    assert not passes("MODIFY", read(client, "a"))
    assert progress.load() == {"step": 2}


# ── saves that come too late ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fate", ["numbered", "deleted", "another"])
def test_a_save_for_a_request_that_waits_no_more_changes_nothing(
    client: "DynamoDBClient", progress: Progress, put: Put, fate: str
) -> None:
    """It has its end; it is gone, and no item comes of it; or its id is another request's by now."""
    key: Any = {"requestId": {"S": "a"}}
    client.delete_item(TableName=REQUESTS, Key=key)
    if fate != "deleted":
        put("a", **(NUMBERED if fate == "numbered" else {"receivedAt": {"N": str(RECEIVED + 1)}}))
    before = read(client, "a")
    assert progress.save({"step": 1}) is False
    assert read(client, "a") == before
    assert progress.load() == {}
    assert not progress.is_kept


def test_what_another_request_has_kept_is_not_found(
    client: "DynamoDBClient", put: Put, progress: Progress, perform: Perform
) -> None:
    """Under the same id, which is used again."""
    client.delete_item(TableName=REQUESTS, Key={"requestId": {"S": "a"}})
    later = replace(put("a", receivedAt={"N": str(RECEIVED + 1)}), received_at=RECEIVED + 1)
    assert Progress(later, perform, 0).save({"step": 1})
    assert progress.load() == {}


# ── what can be kept ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_numbers_come_back_as_those_of_a_body_do(progress: Progress) -> None:
    assert progress.save({"n": 10**30, "x": 0.5, "d": Decimal("1.10"), "t": "é\ud800", "l": [None, True]})
    assert progress.load() == {"n": 10**30, "x": Decimal("0.5"), "d": "1.10", "t": "é\ud800", "l": [None, True]}


@pytest.mark.parametrize("state", [{"x": object()}, {"x": float("nan")}, [1], "text", 7])
def test_what_json_cannot_hold_is_not_kept(client: "DynamoDBClient", progress: Progress, state: Any) -> None:
    before = read(client, "a")
    with pytest.raises((TypeError, ValueError)):
        progress.save(state)
    assert read(client, "a") == before


def test_the_most_that_can_be_kept_leaves_room_for_a_touch_and_any_error(
    client: "DynamoDBClient", put: Put, perform: Perform
) -> None:
    request = put("a", '{"a": "' + "x" * 300_000 + '"}')
    progress = Progress(request, perform, 0)
    room = ITEM_LIMIT - request.size - MESSAGE_LIMIT
    with pytest.raises(ProgressTooLarge, match=f"^{room + 1} bytes .* request a there is room for {room}:"):
        progress.save({"x": "x" * (room + 1 - 8)})
    assert progress.save({"x": "x" * (room - 8)})
    assert perform(Resend("a", 0))
    assert perform(WriteStamps((refuse(request, "C" * 64, "m" * MESSAGE_LIMIT),))) == [Outcome.WRITTEN]
    assert read(client, "a")["error"]["M"]["message"] == {"S": "m" * MESSAGE_LIMIT}


def test_the_largest_result_fits_because_what_was_kept_goes(
    client: "DynamoDBClient", put: Put, perform: Perform
) -> None:
    request = put("a", '{"a": "' + "x" * 300_000 + '"}')
    Progress(request, perform, 0).save({"x": "x" * 50_000})
    result = "r" * request.room
    stamp = Stamp(request, Accepted(result, had_progress=True), 1)
    assert perform(WriteStamps((stamp,))) == [Outcome.WRITTEN]
    assert read(client, "a")["result"] == {"S": result}


def test_stamps_with_and_without_it_are_written_in_one_go(client: "DynamoDBClient", put: Put, perform: Perform) -> None:
    """In their order, each as it needs; those that are gone or have their end are told of as ever."""
    stamps = []
    for place in range(40):
        request = put(f"r{place}", **(NUMBERED if place == 30 else {}))
        if place % 10 == 0:
            Progress(request, perform, 0).save({"place": place})
        stamps.append(Stamp(request, Accepted("1", had_progress=place % 10 == 0), place))
    client.delete_item(TableName=REQUESTS, Key={"requestId": {"S": "r20"}})
    outcomes = perform(WriteStamps(tuple(stamps)))
    expected = {20: Outcome.MISSING, 30: Outcome.DECIDED}
    assert outcomes == [expected.get(place, Outcome.WRITTEN) for place in range(40)]
    for place in set(range(40)) - {20, 30}:
        item = read(client, f"r{place}")
        assert (item["number"], KEPT & item.keys()) == ({"N": str(place)}, set())
        assert int(item["ttl"]["N"]) == int(item["completedAt"]["N"]) // 1000 + 30 * DAY


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_work_is_told_how_long_it_may_take(put: Put, perform: Perform) -> None:
    request = put("a")
    assert 50 < Progress(request, perform, time.monotonic() + 60).seconds_left <= 60
    assert Progress(request, perform, time.monotonic() - 60).seconds_left == 0


def test_the_time_is_what_the_invocation_has_left_to_work(handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the minute, less what is kept back to number and to answer."""
    left: list[float] = []
    use(monkeypatch, lambda request, progress: left.append(progress.seconds_left))
    handler.deliver(handler.store(make_record("a")))
    assert 40 < left[0] <= 44
