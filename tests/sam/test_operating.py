"""The operator's commands on the stack that `sam deploy` made, by its name, as on AWS."""

import json
import subprocess
import sys
import time
import uuid
from typing import Any

import pytest

from tests.sam.deployed import Deployed
from tests.sam.running import ROOT, SECONDS, clean_environment

pytestmark = [pytest.mark.everything, pytest.mark.parametrize("deployed", ["AWS_IAM"], indirect=True)]

FAILED = {"status": {"S": "FAILED"}, "result": {"S": ""}, "completedAt": {"N": "7"}, "receivedAt": {"N": "5"}}
ERROR = {"error": {"M": {"code": {"S": "Rejected"}, "message": {"S": "no"}}}}


def gapless(deployed: Deployed, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command on the stack."""
    command = [sys.executable, "-m", "gapless", *arguments, "--stack", deployed.name, "--output", "json"]
    environment = clean_environment(AWS_ENDPOINT_URL=deployed.endpoint)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=SECONDS)


def lines(result: subprocess.CompletedProcess[bytes]) -> list[Any]:
    """A document a line."""
    assert result.returncode in (0, 1), result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def put(deployed: Deployed, **attributes: Any) -> str:
    """Store a request as it is; its id."""
    request_id = str(uuid.uuid4())
    item = {"requestId": {"S": request_id}, "counter": {"S": "orders"}, "request": {"S": "{}"}, **attributes}
    deployed.client("dynamodb").put_item(TableName=deployed.physical_id("RequestsTable"), Item=item)
    return request_id


def test_status_says_what_is_wrong(deployed: Deployed) -> None:
    result = gapless(deployed, "status")
    (shown,) = lines(result)
    assert (result.returncode, shown["problems"], shown["mapping"]) == (0, [], "Enabled")
    assert (shown["failureQueue"], shown["alarms"], shown["failed"]) == (0, [], None)
    alarm = deployed.physical_id("FailureQueueAlarm")
    cloudwatch = deployed.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a test")
    result = gapless(deployed, "status", "--scan")
    (shown,) = lines(result)
    assert (result.returncode, shown["problems"]) == (1, [f"the alarm {alarm} rings"])
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="a test")


def test_requests_are_listed_and_requeued(deployed: Deployed) -> None:
    failed = put(deployed, **FAILED, **ERROR)
    assert failed in {one["requestId"] for one in lines(gapless(deployed, "failed", "list"))}
    (shown,) = lines(gapless(deployed, "failed", "show", failed))
    assert (shown["request"], shown["error"]["code"]) == ("{}", "Rejected")
    (done,) = lines(gapless(deployed, "requeue", failed, "--yes"))
    (again,) = lines(gapless(deployed, "requeue", failed, "--yes"))
    assert (done["outcome"], again["outcome"]) == ("done", "before")
    assert done["requeuedAs"] == again["requeuedAs"]


def test_what_waits_is_found(deployed: Deployed) -> None:
    waiting = put(deployed, status={"S": "PENDING"})  # damaged, so that no processor finishes it
    (shown,) = lines(gapless(deployed, "pending"))
    assert waiting in {one["requestId"] for one in shown["requests"]}


def test_logs_of_all_groups_are_shown(deployed: Deployed) -> None:
    logs = deployed.client("logs")
    stream = uuid.uuid4().hex
    for name in ("SweeperLogs", "ProcessorLogs"):
        group = deployed.physical_id(name)
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        event = {
            "timestamp": time.time_ns() // 1_000_000,
            "message": json.dumps({"message": name, "requestId": stream}),
        }
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])
    shown = lines(gapless(deployed, "logs", "--request", stream))
    assert sorted(one["message"] for one in shown) == ["ProcessorLogs", "SweeperLogs"]
    (one,) = lines(gapless(deployed, "logs", "sweeper", "--request", stream))
    assert one["message"] == "SweeperLogs"


def test_a_stack_that_is_not_there_is_exit_code_3(deployed: Deployed) -> None:
    nowhere = Deployed("nowhere", "NONE", deployed.endpoint)
    for command in (("status",), ("pending",), ("failed", "list"), ("requeue", "--all"), ("logs",)):
        result = gapless(nowhere, *command)
        assert (result.returncode, b"nowhere" in result.stderr) == (3, True), result.stderr
