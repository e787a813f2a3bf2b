"""What the tables, the stream and the functions must be. Each rule yields the breaches it finds, in words."""

import re
from collections.abc import Iterator

from gapless.local.stream.filter import compile_filters
from tests.template.declared import ROOT, Stack

TTL = {"RequestsTable": "ttl", "CountersTable": None}  # a counter is never forgotten


def tables_are_safe(stack: Stack) -> Iterator[str]:
    """On demand, restorable to any second, and not to be deleted by mistake."""
    for name, table in stack.of_type("AWS::DynamoDB::Table"):
        if table.get("BillingMode") != "PAY_PER_REQUEST":
            yield f"{name} is not on demand"
        if table.get("PointInTimeRecoverySpecification") != {"PointInTimeRecoveryEnabled": True}:
            yield f"{name} has no point-in-time recovery"
        if table.get("DeletionProtectionEnabled") is not True:
            yield f"{name} has no deletion protection"
        if table.get("TimeToLiveSpecification", {}).get("AttributeName") != TTL[name]:
            yield f"{name} forgets by {table.get('TimeToLiveSpecification')}, not by {TTL[name]}"


def tables_outlive_the_stack(stack: Stack) -> Iterator[str]:
    """Numbers that were given out must not go with the stack, nor with a change that replaces the table."""
    for name, resource in stack.source["Resources"].items():
        if resource["Type"] != "AWS::DynamoDB::Table":
            continue
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if resource.get(policy) != "Retain":
                yield f"{name} has {policy} {resource.get(policy)}"


def mapping_gives_up_in_time_and_loses_nothing(stack: Stack) -> Iterator[str]:
    """An event source mapping's defaults retry for ever and then drop.

    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-create.html
    """
    mapping = stack.properties("Processor")["Events"]["Requests"]["Properties"]
    expected = {
        "StartingPosition": "TRIM_HORIZON",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 10,
        "MaximumRecordAgeInSeconds": 21_600,
        "ParallelizationFactor": 1,
        "MetricsConfig": {"Metrics": ["EventCount"]},
    }
    for name, value in expected.items():
        if mapping.get(name) != value:
            yield f"{name} is {mapping.get(name)}, not {value}"
    destination = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
    if not destination.endswith(":test-FailureQueue"):
        yield f"what cannot be processed goes to {destination or 'nowhere'}"


def mapping_hears_of_waiting_requests_only(stack: Stack) -> Iterator[str]:
    """The processor's own writes and the deletes of the ttl must never come back to it."""
    mapping = stack.properties("Processor")["Events"]["Requests"]["Properties"]
    filters = mapping.get("FilterCriteria", {}).get("Filters", ())
    passes = compile_filters([one["Pattern"] for one in filters])
    image = {"status": {"S": "PENDING"}, "requestId": {"S": "r-1"}}
    for event_name in ("INSERT", "MODIFY"):
        for status in ("PENDING", "DONE", "FAILED", "VOID"):
            record = {"eventName": event_name, "dynamodb": {"NewImage": {**image, "status": {"S": status}}}}
            if passes(record) != (status == "PENDING"):
                yield f"{event_name} of a {status} request: the filter says {passes(record)}"
    if passes({"eventName": "REMOVE", "dynamodb": {"Keys": {"requestId": {"S": "r-1"}}}}):
        yield "REMOVE passes the filter"
    if stack.properties("RequestsTable").get("StreamSpecification") != {"StreamViewType": "NEW_IMAGE"}:
        yield "the stream does not carry the new image"


def every_log_is_kept_for_a_while(stack: Stack) -> Iterator[str]:
    """A log group that Lambda or API Gateway makes for itself is kept for ever."""
    groups = dict(stack.of_type("AWS::Logs::LogGroup"))
    for name, group in groups.items():
        if not group.get("RetentionInDays"):
            yield f"{name} is kept for ever"
    names = {stack.resources[name].physical_id for name in groups}
    for name, function in stack.of_type("AWS::Serverless::Function"):
        if function.get("LoggingConfig", {}).get("LogGroup") not in names:
            yield f"{name} logs to a group that is not of this stack"
    destination = stack.api.get("AccessLogSetting", {}).get("DestinationArn", "")
    if not any(f":log-group:{name}" in destination for name in names):
        yield "the API logs to a group that is not of this stack"


def functions_can_be_built(stack: Stack) -> Iterator[str]:
    """On the runtime that was tested, from code that is there, with packages of a known version."""
    for name, function in stack.of_type("AWS::Serverless::Function"):
        if (function.get("Runtime"), function.get("Architectures")) != ("python3.13", ["arm64"]):
            yield f"{name} runs {function.get('Runtime')} on {function.get('Architectures')}"
        module, _, handler = function["Handler"].rpartition(".")
        code = ROOT / function["CodeUri"]
        if f"def {handler}(" not in (code / f"{module}.py").read_text(encoding="utf-8"):
            yield f"{name} has no handler {function['Handler']}"
        yield from unpinned((code / "requirements.txt").read_text(encoding="utf-8"))


def unpinned(requirements: str) -> Iterator[str]:
    """The lines of a requirements.txt that allow more than one version."""
    for line in requirements.splitlines():
        if line.strip() and not re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.!+-]+", line.partition("#")[0].strip()):
            yield f"{line} is not pinned"


RULES = (
    tables_are_safe,
    tables_outlive_the_stack,
    mapping_gives_up_in_time_and_loses_nothing,
    mapping_hears_of_waiting_requests_only,
    every_log_is_kept_for_a_while,
    functions_can_be_built,
)
