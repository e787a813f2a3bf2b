"""Where commands go: the local stack that runs, or a deployed one, by its name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

STACK_FILE = Path(".gapless/stack.json")


class NotReachable(Exception):
    """There is no stack to talk to; the text says how to get one."""


@dataclass(frozen=True)
class Target:
    """A stack's address.

    authorization: as in template.yaml; dynamodb, lambda_endpoint: None for AWS's own, and on a local stack the second
    answers for its shards as well; sweeper: the function's name, "" for a stack without one; kill_one_in: the processor
    dies at one call in so many, 0 but for a stack deployed to be tested; stack: a deployed one's name; processor: the
    function's name; failure_queue: its URL, journal_table: "" for a stack without one; ..._days: how long finished
    requests are kept, 0 for ever, None when the stack does not say. Of a local stack besides, logs: the folder of its
    log files; api_key: one that opens the API; outage: the seconds of the one that it simulates.
    """

    api: str
    region: str
    requests_table: str
    counters_table: str
    authorization: str
    dynamodb: str | None = None
    lambda_endpoint: str | None = None
    sweeper: str = ""
    kill_one_in: int = 0
    stack: str = ""
    processor: str = ""
    failure_queue: str = ""
    logs: str = ""
    api_key: str = field(default="", repr=False)
    outage: int = 0
    journal_table: str = ""
    retention_days: int | None = None
    failed_retention_days: int | None = None


def find_target(endpoint_file: Path | None, stack_name: str | None) -> Target:
    """The deployed stack of that name, or the local one that the file (by default .gapless/stack.json) describes.

    Raises NotReachable.
    """
    if stack_name:
        return read_outputs(stack_name)
    path = endpoint_file or STACK_FILE
    try:
        stack = json.loads(path.read_text())
    except FileNotFoundError:
        raise NotReachable(f"no local stack runs here: there is no {path}. Start one with `gapless up`.") from None
    except ValueError:
        raise NotReachable(f"{path} is not what `gapless up` writes. Start the stack again.") from None
    if not psutil.pid_exists(stack["pid"]):
        raise NotReachable(f"{path} is left over from a stack that is gone. Start one with `gapless up`.")
    return to_target(stack)


def to_target(stack: Mapping[str, Any]) -> Target:
    """Read the line that `gapless up --output json` prints."""
    return Target(
        api=stack["api"],
        region=stack["region"],
        requests_table=stack["tables"]["requests"],
        counters_table=stack["tables"]["counters"],
        authorization=stack.get("authorization", "NONE"),
        dynamodb=stack["dynamodb"],
        lambda_endpoint=stack["control"],
        sweeper=stack["functions"].get("sweeper", {}).get("name", ""),
        kill_one_in=int(stack.get("killOneIn", 0)),
        processor=stack["functions"].get("processor", {}).get("name", ""),
        failure_queue=stack.get("queues", {}).get("failure", ""),
        logs=stack.get("logs", ""),
        api_key=stack.get("apiKey", ""),
        outage=int(stack.get("outageSeconds", 0)),
        journal_table=stack["tables"].get("journal", ""),
        retention_days=to_days(stack.get("retentionDays")),
        failed_retention_days=to_days(stack.get("failedRetentionDays")),
    )


def to_days(text: str | None) -> int | None:
    """Days as an output says them."""
    return int(text) if text else None


def read_outputs(stack_name: str) -> Target:
    """Read a deployed stack's outputs. Raises NotReachable."""
    import boto3  # half a second that commands on the local stack do without
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        cloudformation = boto3.client("cloudformation")
        (stack,) = cloudformation.describe_stacks(StackName=stack_name)["Stacks"]
    except (BotoCoreError, ClientError) as error:
        raise NotReachable(f"the stack {stack_name} could not be read: {error}") from error
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
    try:
        return Target(
            api=outputs["ApiUrl"],
            region=cloudformation.meta.region_name,
            requests_table=outputs["RequestsTableName"],
            counters_table=outputs["CountersTableName"],
            authorization=outputs["Authorization"],
            sweeper=outputs.get("SweeperFunctionName", ""),
            kill_one_in=int(outputs.get("KillOneIn", 0)),
            stack=stack_name,
            processor=outputs.get("ProcessorFunctionName", ""),
            failure_queue=outputs.get("FailureQueueUrl", ""),
            journal_table=outputs.get("JournalTableName", ""),
            retention_days=to_days(outputs.get("RetentionDays")),
            failed_retention_days=to_days(outputs.get("FailedRetentionDays")),
        )
    except KeyError as missing:
        raise NotReachable(f"the stack {stack_name} has no output {missing}: is it a Gapless stack?") from None
