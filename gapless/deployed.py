"""What AWS knows of a deployed stack: its resources, alarms, metrics, and the event source mapping."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from gapless.target import Target

PROCESSOR_WINDOW = timedelta(minutes=10)
SWEEPER_WINDOW = timedelta(hours=3)  # its schedule may be slower than every five minutes


@dataclass(frozen=True)
class Resource:
    """One of a stack: its name in template.yaml, on AWS, and its type."""

    logical_id: str
    physical_id: str
    type: str


def make_client(target: Target, service: str) -> Any:
    """boto3's client, in the stack's region."""
    return boto3.client(service, region_name=target.region)  # type: ignore[call-overload]


def find_resources(target: Target) -> list[Resource]:
    """Every resource of the stack (cloudformation:ListStackResources)."""
    pages = make_client(target, "cloudformation").get_paginator("list_stack_resources").paginate(StackName=target.stack)
    return [
        Resource(one["LogicalResourceId"], one.get("PhysicalResourceId", ""), one["ResourceType"])
        for page in pages
        for one in page["StackResourceSummaries"]
    ]


def names_of(resources: Sequence[Resource], kind: str) -> list[str]:
    """The physical ids of the resources of a type."""
    return [one.physical_id for one in resources if one.type == kind and one.physical_id]


def read_mapping(target: Target, resources: Sequence[Resource]) -> tuple[str, str]:
    """State and last result of the mapping that reads the requests' stream (lambda:GetEventSourceMapping).

    By its UUID: a list by the function's name leaves out mappings to an alias.
    Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetEventSourceMapping.html
    """
    functions = make_client(target, "lambda")
    for uuid in names_of(resources, "AWS::Lambda::EventSourceMapping"):
        mapping = functions.get_event_source_mapping(UUID=uuid)
        if ":dynamodb:" in mapping["EventSourceArn"]:
            return mapping["State"], mapping.get("LastProcessingResult", "")
    return "missing", ""


def find_alarms(target: Target, resources: Sequence[Resource]) -> list[str]:
    """The names of the stack's alarms that are in ALARM (cloudwatch:DescribeAlarms)."""
    names = names_of(resources, "AWS::CloudWatch::Alarm")
    if not names:
        return []
    cloudwatch = make_client(target, "cloudwatch")
    # One call takes 100 names: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    found = cloudwatch.describe_alarms(AlarmNames=names[:100])["MetricAlarms"]
    return sorted(one["AlarmName"] for one in found if one["StateValue"] == "ALARM")


def read_metrics(target: Target) -> dict[str, float]:
    """The latest IteratorAge (ms), PendingCount and OldestPendingAge (s), of those that there are.

    One call (cloudwatch:GetMetricData). IteratorAge by the function's name covers its versions and aliases:
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    """
    sweeper = (f"Gapless/{target.stack}", "service", "sweeper")
    now = datetime.now(UTC)
    asked = {
        "IteratorAge": (("AWS/Lambda", "FunctionName", target.processor), PROCESSOR_WINDOW),
        "PendingCount": (sweeper, SWEEPER_WINDOW),
        "OldestPendingAge": (sweeper, SWEEPER_WINDOW),
    }
    answer = make_client(target, "cloudwatch").get_metric_data(
        MetricDataQueries=[query(name, *where) for name, (where, _) in asked.items()],
        StartTime=now - SWEEPER_WINDOW,
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    latest = {}
    for result in answer["MetricDataResults"]:
        name = result["Label"]
        recent = [
            value
            for at, value in zip(result["Timestamps"], result["Values"], strict=True)
            if at >= now - asked[name][1]
        ]
        if recent:
            latest[name] = recent[0]
    return latest


def query(name: str, namespace: str, dimension: str, value: str) -> dict[str, Any]:
    """A metric's highest value each minute."""
    dimensions = [{"Name": dimension, "Value": value}]
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
    stat = {"Metric": metric, "Period": 60, "Stat": "Maximum"}
    return {"Id": name[0].lower() + name[1:], "Label": name, "MetricStat": stat}
