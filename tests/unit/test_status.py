"""What is wrong with a stack and what is not, and what a deployed one is asked."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

import gapless.deployed
import gapless.status
from gapless.counters import Counters, Options
from gapless.status import Flow, Requests, Status, read_status
from tests.unit.deployed_stack import DeployedStack

FINE = Status(Flow("Enabled", "OK", 0.5, []), Requests(3, 4.0, 2), 0, [])


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeployedStack]:
    with mock_aws():
        stack = DeployedStack()
        for module in (gapless.deployed, gapless.status):
            monkeypatch.setattr(module, "make_client", stack.client)
        yield stack


def put(stack: DeployedStack, request_id: str, **attributes: Any) -> None:
    boto3.client("dynamodb", region_name="us-east-1").put_item(
        TableName=stack.target.requests_table, Item={"requestId": {"S": request_id}, **attributes}
    )


# ── what is wrong ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stack_that_numbers_has_no_problem() -> None:
    assert FINE.problems == []
    assert Status(Flow("Enabled", "", None, []), Requests(None, None, None), None, []).problems == []


@pytest.mark.parametrize(
    ("flow", "problem"),
    [
        (Flow("Disabled", "OK", None, []), "the event source mapping is Disabled"),
        (Flow("missing", "", None, []), "the event source mapping is missing"),
        (Flow("Enabled", "PROBLEM: Function call failed", 0.5, []), "the processor's last batch failed"),
        (Flow("Enabled", "OK", 60.5, []), "the stream is 60 s behind"),
        (Flow("Enabled", "OK", 0.5, ["shop-IteratorAgeAlarm"]), "the alarm shop-IteratorAgeAlarm rings"),
    ],
)
def test_what_is_wrong_with_the_flow_is_said(flow: Flow, problem: str) -> None:
    (said,) = Status(flow, FINE.requests, 0, []).problems
    assert said.startswith(problem)


def test_what_lies_about_is_said() -> None:
    old, full = Status(FINE.flow, Requests(1, 301.0, 0), 0, []), Status(FINE.flow, FINE.requests, 2, [])
    assert [one.split(":")[0] for one in old.problems] == ["a request has waited for 301 s"]
    assert [one.split(":")[0] for one in full.problems] == ["2 messages in the failure queue"]


def test_failures_and_results_of_the_past_are_no_problem() -> None:
    assert Status(FINE.flow, Requests(0, None, 1000), 0, []).problems == []
    assert Status(Flow("Enabled", "PROBLEM: Function call failed", None, []), FINE.requests, 0, []).problems == []


# ── a deployed stack ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_latest_figures_count(stack: DeployedStack) -> None:
    for name, value in (("IteratorAge", 1500), ("PendingCount", 7), ("OldestPendingAge", 42)):
        stack.publish(name, 900_000, timedelta(minutes=6))
        stack.publish(name, value)
    Counters(stack.target).create("orders", Options())
    status = read_status(stack.target, scan=False)
    assert status.flow == Flow("Enabled", "OK", 1.5, [])
    assert status.requests == Requests(7, 42.0, None)
    assert (status.failure_queue, [one["counter"] for one in status.counters]) == (0, ["orders"])
    assert status.problems == []


def test_figures_that_are_too_old_are_none(stack: DeployedStack) -> None:
    stack.publish("IteratorAge", 900_000, timedelta(minutes=30))
    stack.publish("PendingCount", 7, timedelta(hours=4))
    status = read_status(stack.target, scan=False)
    assert (status.flow.iterator_age, status.requests.pending) == (None, None)
    assert dict(status.lines())["pending"] == "the sweeper has not counted of late: see --scan"


def test_the_table_is_read_only_when_asked_to(stack: DeployedStack) -> None:
    long_ago = {"N": str(int((time.time() - 1000) * 1000))}
    for number in range(5):
        status = "PENDING" if number < 2 else "FAILED" if number < 4 else "DONE"
        put(stack, f"r{number}", status={"S": status}, receivedAt=long_ago)
    assert read_status(stack.target, scan=False).requests == Requests(None, None, None)
    counted = read_status(stack.target, scan=True).requests
    assert (counted.pending, counted.failed) == (2, 2)
    assert counted.oldest == pytest.approx(1000, abs=60)


def test_alarms_that_ring_are_named(stack: DeployedStack) -> None:
    for name, state in (("IteratorAgeAlarm", "ALARM"), ("FailureQueueAlarm", "OK")):
        stack.cloudwatch.set_alarm_state(AlarmName=f"shop-{name}", StateValue=state, StateReason="a test")
    assert read_status(stack.target, scan=False).flow.alarms == ["shop-IteratorAgeAlarm"]


def test_alarms_of_other_stacks_are_theirs(stack: DeployedStack) -> None:
    stack.cloudwatch.set_alarm_state(AlarmName="shop-IteratorAgeAlarm", StateValue="ALARM", StateReason="a test")
    stack.without = {"IteratorAgeAlarm"}
    assert read_status(stack.target, scan=False).flow.alarms == []
    stack.without = {"IteratorAgeAlarm", "FailureQueueAlarm"}
    assert read_status(stack.target, scan=False).flow.alarms == []


def test_the_failure_queue_is_counted(stack: DeployedStack) -> None:
    queue = boto3.client("sqs", region_name="us-east-1")
    for text in ("one", "two"):
        queue.send_message(QueueUrl=stack.target.failure_queue, MessageBody=text)
    queue.receive_message(QueueUrl=stack.target.failure_queue)
    assert read_status(stack.target, scan=False).failure_queue == 2


def test_the_streams_mapping_is_looked_at_and_not_the_queues(stack: DeployedStack) -> None:
    stack.mapping |= {"State": "Disabled", "LastProcessingResult": "PROBLEM: Function call failed"}
    assert read_status(stack.target, scan=False).flow.mapping == "Disabled"
    stack.without = {"ProcessorRequests"}
    assert read_status(stack.target, scan=False).flow.mapping == "missing"


def test_a_damaged_counter_is_said_and_hides_no_other(stack: DeployedStack) -> None:
    Counters(stack.target).create("orders", Options())
    broken = {"counterName": {"S": "broken"}, "value": {"S": "seven"}}
    boto3.client("dynamodb", region_name="us-east-1").put_item(TableName=stack.target.counters_table, Item=broken)
    status = read_status(stack.target, scan=False)
    assert [one["counter"] for one in status.counters] == ["orders"]
    assert status.problems == ["the counter broken is damaged: its value is not a whole number"]
