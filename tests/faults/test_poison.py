"""Promise 6: a poison request delays its shard by a bounded number of retries and never takes a neighbour with it."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from gapless.client import Client
from gapless.local.background import BackgroundStack, running_stack
from tests.checker import find_faults
from tests.local.stack_files import copy_stack, replace_in
from tests.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH = 8


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundStack]:
    """One shard, batches of eight, two retries, and a work() that a body can make fail.

    The failure queue's messages are left to the test: the sweeper does not read them here.
    """
    template = copy_stack(tmp_path_factory.mktemp("poison"))
    replace_in(template, "MaximumRetryAttempts: 10", "MaximumRetryAttempts: 2")
    queue = "Queue: !GetAtt FailureQueue.Arn\n"
    replace_in(template, queue, f"{queue}            Enabled: false\n")
    work = template.parent / "functions/processor/work.py"
    sound = '    if "lines" not in request.body:'
    replace_in(work, sound, f'    if request.body.get("poison"):\n        raise OSError("a poison request")\n{sound}')
    parameters = ("--parameter", f"BatchSize={BATCH}", "--parameter", "BatchWindowSeconds=1")
    with running_stack("--template", str(template), "--shards", "1", *parameters) as stack:
        yield stack


@pytest.fixture(scope="module")
def failures(stack: BackgroundStack) -> "SQSClient":
    """The failure queue's service."""
    return boto3.client(
        "sqs",
        region_name=stack.target.region,
        endpoint_url=stack.target.dynamodb,
        aws_access_key_id="gapless",
        aws_secret_access_key="gapless",
    )


def receive(failures: "SQSClient") -> list[dict[str, Any]]:
    """Take the messages that are in the failure queue."""
    url = failures.get_queue_url(QueueName="gapless-local-FailureQueue")["QueueUrl"]
    messages = failures.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        failures.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in messages]


@pytest.mark.parametrize("position", range(BATCH))
def test_poison_at_every_position_of_a_batch(stack: BackgroundStack, failures: "SQSClient", position: int) -> None:
    client = Client(stack.target)
    bodies = [b'{"poison": true}' if place == position else b"{}" for place in range(BATCH)]
    ids = [client.submit(body)["requestId"] for body in bodies]
    poison = ids.pop(position)
    numbers = [client.wait(one)["number"] for one in ids]
    assert numbers == list(range(numbers[0], numbers[0] + BATCH - 1)), "neighbours keep their order"
    (given_up,) = wait_until("the poison record given up on", lambda: receive(failures))
    assert given_up["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert given_up["DDBStreamBatchInfo"]["batchSize"] == 1
    assert client.get(poison)["status"] == "PENDING"
    assert all(fault.endswith(" is PENDING") for fault in find_faults(stack.target))
