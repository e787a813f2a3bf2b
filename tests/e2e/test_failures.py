"""What the processor has given up on reaches the sweeper, which tells of it; then the failure queue is empty again."""

import json
from pathlib import Path

import boto3

from gapless.local.background import BackgroundStack
from tests.unit.swept import FAILURE
from tests.waiting import wait_until

ENOUGH = 10  # messages wake the sweeper at once; fewer are gathered for a while


def test_failure_messages_are_told_of_and_consumed(local_stack: BackgroundStack) -> None:
    url = local_stack.description["queues"]["failure"]
    queue = boto3.client(
        "sqs",
        endpoint_url=url.rsplit("/", 2)[0],
        region_name="us-east-1",
        aws_access_key_id="gapless",
        aws_secret_access_key="gapless",
    )
    for _ in range(ENOUGH):
        queue.send_message(QueueUrl=url, MessageBody=json.dumps(FAILURE))

    def is_empty() -> bool:
        attributes = queue.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        counts = attributes["ApproximateNumberOfMessages"], attributes["ApproximateNumberOfMessagesNotVisible"]
        return counts == ("0", "0")

    wait_until("the failure queue is empty", is_empty)
    log = Path(local_stack.description["logs"], "sweeper.log").read_text()
    assert log.count("shardId-00000001573689847184-864758bb") == ENOUGH
