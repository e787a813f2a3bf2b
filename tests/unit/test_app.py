"""The handler: what it numbers, reports, logs and counts, and what it does in too little time."""

import json
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import app
import judging
from request import Request
from tests.unit.handler import Handler, read_log
from tests.unit.records import make_event, make_record
from tests.unit.worker import COUNTERS, LATER, MINUTES, REQUESTS

if TYPE_CHECKING:
    pass


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
