"""The handler: what it numbers, reports, hands on, logs and counts."""

import io
import json
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import app
import judging
from connection import Settings
from entry import lane_of
from memory import Memory
from operations import Operation, ReadCounter, ReadStates
from request import Request
from store import Tables
from tests.unit.records import SHARD, Context, make_event, make_record
from tests.unit.worker import COUNTERS, FOR_EVER, LATER, MINUTES, REQUESTS
from work import Rejected

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Records = list[dict[str, Any]]
Answer = dict[str, Any]


def example(request: Request) -> Any:
    """Refuses and fails on request."""
    if "reject" in request.body:
        raise Rejected(request.body["reject"])
    if "fail" in request.body:
        raise ConnectionError(request.body["fail"])
    return request.body.get("result")


class Handler:
    """Calls the handler as Lambda does, in a process that was just started."""

    def __init__(self, client: "DynamoDBClient", settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client = client
        self.asked: list[type] = []
        tables = Tables(client, settings)

        def perform(operation: Operation, patience: Any) -> Any:
            self.asked.append(type(operation))
            return tables.perform(operation, patience)

        self._monkeypatch = monkeypatch
        monkeypatch.setattr(app, "settings", settings)
        monkeypatch.setattr(app, "tables", SimpleNamespace(perform=perform))
        monkeypatch.setattr(judging, "work", example)
        self.start_anew()

    def start_anew(self) -> None:
        """Forget what only a process's memory holds."""
        self._monkeypatch.setattr(app, "memory", Memory())

    def store(self, *records: dict[str, Any]) -> Records:
        """Put what the records show into the table."""
        for record in records:
            self.client.put_item(TableName=REQUESTS, Item=record["dynamodb"]["NewImage"])
        return list(records)

    def call(self, event: dict[str, Any], remaining: int = 60_000) -> Answer:
        """Invoke it."""
        context: Any = Context(remaining)
        answer: Answer = app.lambda_handler(event, context)
        return answer

    def deliver(self, records: Records) -> Records:
        """Hand a batch over; the records that it reports to go on from."""
        reported = [one["itemIdentifier"] for one in self.call(make_event(records))["batchItemFailures"]]
        return [record for record in records if record["dynamodb"]["SequenceNumber"] in reported]

    def outcomes(self) -> dict[str, str]:
        """Each request's status with its number or its error's code."""
        return {item["requestId"]["S"]: outcome_of(item) for item in self.client.scan(TableName=REQUESTS)["Items"]}


def outcome_of(item: Any) -> str:
    number, code = item.get("number", {}).get("N"), item.get("error", {}).get("M", {}).get("code", {}).get("S")
    return " ".join(filter(None, (item["status"]["S"], number, code)))


@pytest.fixture
def handler(client: "DynamoDBClient", settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Handler:
    return Handler(client, settings, monkeypatch)


# ── what it numbers ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_batch_is_settled_in_order(handler: Handler) -> None:
    records = handler.store(
        make_record("a"),
        make_record("b", '{"reject": "no stock"}'),
        make_record("c", "{'not': 'json'}"),
        make_record("d", counter="nobody"),
        make_record("e", '{"result": {"x": 1}}'),
    )
    assert handler.deliver(records) == []
    assert handler.outcomes() == {
        "a": "DONE 1",
        "b": "FAILED Rejected",
        "c": "FAILED InvalidBody",
        "d": "FAILED UnknownCounter",
        "e": "DONE 2",
    }


def test_a_batch_that_is_delivered_again_changes_nothing_in_this_process_or_another(handler: Handler) -> None:
    records = handler.store(make_record("a"), make_record("b", '{"reject": "no"}'), make_record("c"))
    handler.deliver(records)
    before = handler.client.scan(TableName=REQUESTS)["Items"]
    for is_another in (False, True):
        if is_another:
            handler.start_anew()
        assert handler.deliver(records) == []
        assert handler.deliver(records[1:]) == []
    assert handler.client.scan(TableName=REQUESTS)["Items"] == before


def test_a_request_announced_twice_in_a_batch_is_numbered_once(handler: Handler) -> None:
    handler.store(make_record("a"), make_record("b"))
    records = [make_record("a"), make_record("b"), make_record("a", event_name="MODIFY", resends=1)]
    assert handler.deliver(records) == []
    assert handler.outcomes() == {"a": "DONE 1", "b": "DONE 2"}


def test_several_counters_are_numbered_in_the_order_of_the_stream(handler: Handler) -> None:
    orders = {"counterName": {"S": "orders"}, "allocation": {"S": "stream"}}
    handler.client.put_item(TableName=COUNTERS, Item=orders)
    records = handler.store(*(make_record(f"r{n}", counter=("requests", "orders")[n % 2]) for n in range(6)))
    assert handler.deliver(records) == []
    assert handler.outcomes() == {f"r{n}": f"DONE {n // 2 + 1}" for n in range(6)}


def test_a_counter_that_cannot_number_fails_its_requests_and_holds_nobody_up(handler: Handler) -> None:
    bad: dict[str, Any] = {"counterName": {"S": "bad"}, "allocation": {"S": "stream"}, "increment": {"N": "0"}}
    handler.client.put_item(TableName=COUNTERS, Item=bad)
    assert handler.deliver(handler.store(make_record("a"), make_record("b", counter="bad"))) == []
    assert handler.outcomes() == {"a": "DONE 1", "b": "FAILED UnusableCounter"}


def test_records_that_do_not_wait_are_passed_over(handler: Handler) -> None:
    assert handler.deliver([make_record("a", status="DONE")]) == []
    assert handler.asked == []


# ── what it reports ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_batch_stops_at_the_first_failure_and_reports_it(handler: Handler) -> None:
    records = handler.store(make_record("a"), make_record("b"), make_record("c", '{"fail": "down"}'), make_record("d"))
    assert handler.deliver(records) == [records[2]]
    assert handler.outcomes() == {"a": "DONE 1", "b": "DONE 2", "c": "PENDING", "d": "PENDING"}


def test_the_first_of_several_is_raised_so_that_the_batch_is_halved(handler: Handler) -> None:
    records = handler.store(make_record("a", '{"fail": "down"}'), make_record("b"))
    with pytest.raises(app.PoisonRecord, match=records[0]["dynamodb"]["SequenceNumber"]):
        handler.deliver(records)
    assert handler.outcomes() == {"a": "PENDING", "b": "PENDING"}


def test_a_single_failure_is_reported(handler: Handler) -> None:
    records = handler.store(make_record("a", '{"fail": "down"}'))
    assert handler.deliver(records) == records


def test_of_two_counters_that_fail_the_earlier_record_is_reported(handler: Handler) -> None:
    records = handler.store(
        make_record("a"),
        make_record("b", '{"fail": "down"}', counter="orders"),
        make_record("c", '{"fail": "down"}'),
    )
    handler.client.put_item(TableName=COUNTERS, Item={"counterName": {"S": "orders"}, "allocation": {"S": "stream"}})
    assert handler.deliver(records) == [records[1]]


def test_a_record_that_cannot_be_read_is_reported_and_those_before_it_are_settled(handler: Handler) -> None:
    records = handler.store(make_record("a"), make_record("b"), make_record("c"))
    del records[1]["dynamodb"]["NewImage"]["receivedAt"]
    assert handler.deliver(records) == [records[1]]
    assert handler.outcomes() == {"a": "DONE 1", "b": "PENDING", "c": "PENDING"}


# ── shards and windows ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.filterwarnings("ignore:No application metrics")  # it is refused before anything is counted
def test_an_event_that_names_no_shard_is_refused_with_the_cure(handler: Handler) -> None:
    records = handler.store(make_record("a"))
    with pytest.raises(app.MissingShard, match=r"TumblingWindowInSeconds.*Lanes=off"):
        handler.call({"Records": records})
    assert handler.outcomes() == {"a": "PENDING"}


def test_without_lanes_no_shard_is_needed_and_no_state_is_given(
    client: "DynamoDBClient", settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = Handler(client, replace(settings, lanes=False), monkeypatch)
    assert handler.call({"Records": handler.store(make_record("a"))}) == {"batchItemFailures": []}
    counter = Tables(client, settings).perform(ReadCounter("requests"), FOR_EVER)
    assert counter.lanes.keys() == {lane_of(None)}


def test_the_windows_state_saves_the_next_process_every_look(handler: Handler) -> None:
    state: dict[str, Any] = {}
    for turn in range(3):
        handler.start_anew()
        handler.asked.clear()
        records = handler.store(make_record(f"r{turn}", received_at=LATER + turn * MINUTES))
        answer = handler.call(json.loads(json.dumps(make_event(records, state))))
        state = answer["state"]
        assert ({ReadCounter, ReadStates} & set(handler.asked) == set()) is (turn > 0)
    assert handler.outcomes() == {"r0": "DONE 1", "r1": "DONE 2", "r2": "DONE 3"}


def test_a_state_of_another_process_that_is_behind_does_no_harm(handler: Handler) -> None:
    states: list[dict[str, Any]] = []
    for turn in range(3):
        records = handler.store(make_record(f"r{turn}", received_at=LATER + turn * MINUTES))
        states.append(handler.call(make_event(records, states[0] if states else None))["state"])
    handler.start_anew()
    late = handler.store(make_record("late", received_at=LATER + 9 * MINUTES))
    assert handler.call(make_event(late, states[0]))["batchItemFailures"] == []
    assert handler.outcomes()["late"] == "DONE 4"


def test_the_last_invocation_of_a_window_has_no_records_and_ends_its_state(handler: Handler) -> None:
    answer = handler.call(make_event(handler.store(make_record("a"))))
    assert answer["state"]
    last = handler.call(make_event([], answer["state"], isFinalInvokeForWindow=True))
    assert last == {"batchItemFailures": [], "state": {}}


def test_a_window_that_was_ended_early_is_told_of(handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    log = read_log(monkeypatch)
    event = make_event(handler.store(make_record("a")), isFinalInvokeForWindow=True, isWindowTerminatedEarly=True)
    assert handler.call(event) == {"batchItemFailures": [], "state": {}}
    assert any("too large" in line["message"] for line in log())


def test_shards_number_in_lanes_of_their_own(handler: Handler) -> None:
    for shard in (SHARD, "shardId-00000001700000000000-ffffffff"):
        assert handler.call(make_event(handler.store(make_record(shard)), shardId=shard))["batchItemFailures"] == []
    counter = Tables(handler.client, app.settings).perform(ReadCounter("requests"), FOR_EVER)
    assert len(counter.lanes) == 2
    assert counter.value == 2


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_slow_work_is_cut_off_in_time_and_what_was_done_is_numbered(
    handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request takes ten seconds of the sixty there are; sixteen are kept to number and to answer."""
    worked: list[Request] = []
    began = time.monotonic()
    clock = SimpleNamespace(monotonic=lambda: began + 10 * len(worked), time_ns=time.time_ns)
    monkeypatch.setattr(app, "time", clock)
    monkeypatch.setattr(judging, "work", worked.append)
    records = handler.store(*(make_record(f"r{number}") for number in range(9)))
    assert handler.deliver(records) == [records[5]]
    assert [one for one, state in sorted(handler.outcomes().items()) if state != "PENDING"] == [
        f"r{n}" for n in range(5)
    ]


def test_without_time_for_a_call_none_is_made_and_all_is_reported(handler: Handler) -> None:
    records = handler.store(make_record("a"))
    answer = handler.call(make_event(records), remaining=8_000)
    assert answer["batchItemFailures"] == [{"itemIdentifier": records[0]["dynamodb"]["SequenceNumber"]}]
    assert handler.outcomes() == {"a": "PENDING"}


# ── logs and metrics ─────────────────────────────────────────────────────────────────────────────────────────────────


def read_log(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """From now on; the lines so far."""
    log = io.StringIO()
    monkeypatch.setattr(app.logger.registered_handler, "stream", log)
    return lambda: [json.loads(line) for line in log.getvalue().splitlines()]


def test_every_line_names_its_request_and_the_metrics_count(
    handler: Handler, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = read_log(monkeypatch)
    records = [make_record("a"), make_record("b", '{"reject": "no"}'), make_record("c", '{"fail": "down"}')]
    handler.deliver(handler.store(*records))
    assert sorted(line["requestId"] for line in log()) == ["a", "b", "c"]
    metrics = json.loads(capsys.readouterr().out)
    counted = {name: metrics[name] for name in ("BatchSize", "Numbered", "Rejected", "Conflicts")}
    assert counted == {"BatchSize": [3.0], "Numbered": [1.0], "Rejected": [1.0], "Conflicts": [0.0]}
    assert metrics["OldestRecordAge"][0] > 0


def test_what_nobody_has_any_more_is_told_of(handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    handler.deliver(handler.store(make_record("first", received_at=LATER)))
    log = read_log(monkeypatch)
    handler.deliver([make_record("gone", received_at=LATER + MINUTES)])
    (line,) = log()
    assert (line["requestId"], line["number"], line["level"]) == ("gone", 2, "WARNING")
    assert sorted(handler.outcomes().values()) == ["DONE 1", "VOID 2"]
