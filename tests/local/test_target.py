"""Where commands go: what a local stack says of itself, and the outputs of a deployed one."""

import json
import os
from pathlib import Path
from typing import Any

import boto3
import pytest

from gapless.target import NotReachable, find_target

DESCRIBED = {
    "api": "http://127.0.0.1:8080/v1",
    "control": "http://127.0.0.1:8081",
    "dynamodb": "http://127.0.0.1:8082",
    "region": "us-east-1",
    "tables": {"requests": "requests-table", "counters": "counters-table"},
    "functions": {"processor": {"name": "a-Processor", "pid": 1}, "sweeper": {"name": "a-Sweeper", "pid": None}},
    "queues": {"failure": "http://127.0.0.1:8082/000000000000/a-FailureQueue"},
    "logs": "/somewhere/logs",
    "pid": os.getpid(),
}
OUTPUTS = {
    "ApiUrl": "https://abc.execute-api.eu-west-1.amazonaws.com/v1",
    "RequestsTableName": "requests-table",
    "CountersTableName": "counters-table",
    "Authorization": "AWS_IAM",
    "SweeperFunctionName": "a-Sweeper",
    "ProcessorFunctionName": "a-Processor",
    "FailureQueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/a-FailureQueue",
}


def describe(folder: Path, **changes: Any) -> Path:
    """The file of a running stack."""
    path = folder / "stack.json"
    path.write_text(json.dumps(DESCRIBED | changes))
    return path


def deploy(monkeypatch: pytest.MonkeyPatch, outputs: dict[str, str]) -> None:
    """A stack on AWS, as CloudFormation describes it."""

    class CloudFormation:
        class meta:
            region_name = "eu-west-1"

        def describe_stacks(self, StackName: str) -> dict[str, Any]:  # as boto3 names it
            described = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
            return {"Stacks": [{"StackName": StackName, "Outputs": described}]}

    monkeypatch.setattr(boto3, "client", lambda service: {"cloudformation": CloudFormation()}[service])


def test_a_local_stack_has_its_own_lambda_and_names_its_sweeper(tmp_path: Path) -> None:
    target = find_target(describe(tmp_path), None)
    assert target.lambda_endpoint == "http://127.0.0.1:8081"
    assert target.sweeper == "a-Sweeper"
    assert (target.requests_table, target.counters_table) == ("requests-table", "counters-table")
    assert target.authorization == "NONE"
    assert (target.processor, target.logs, target.stack) == ("a-Processor", "/somewhere/logs", "")
    assert target.failure_queue == "http://127.0.0.1:8082/000000000000/a-FailureQueue"


def test_a_local_stack_may_have_no_sweeper(tmp_path: Path) -> None:
    functions = {"processor": {"name": "a-Processor", "pid": 1}}
    assert find_target(describe(tmp_path, functions=functions), None).sweeper == ""


def test_a_deployed_stack_uses_awss_own_endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    deploy(monkeypatch, OUTPUTS)
    target = find_target(None, "a")
    assert (target.dynamodb, target.lambda_endpoint) == (None, None)
    assert (target.sweeper, target.region, target.authorization) == ("a-Sweeper", "eu-west-1", "AWS_IAM")
    assert (target.stack, target.processor, target.logs) == ("a", "a-Processor", "")
    assert target.failure_queue.endswith("/a-FailureQueue")


def test_a_deployed_stack_may_have_no_sweeper(monkeypatch: pytest.MonkeyPatch) -> None:
    optional = ("SweeperFunctionName", "ProcessorFunctionName", "FailureQueueUrl")
    deploy(monkeypatch, {key: value for key, value in OUTPUTS.items() if key not in optional})
    target = find_target(None, "a")
    assert (target.sweeper, target.processor, target.failure_queue) == ("", "", "")


def test_a_deployed_stack_of_another_kind_is_not_reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    deploy(monkeypatch, {"BucketName": "b"})
    with pytest.raises(NotReachable, match="no output 'ApiUrl': is it a Gapless stack"):
        find_target(None, "a")
