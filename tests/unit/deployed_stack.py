"""A stack on AWS as far as moto imitates it, and beside it what moto lacks: CloudFormation and the mapping."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from gapless.target import Target
from tests.tables import create_tables

REGION = "us-east-1"
ALARMS = ("IteratorAgeAlarm", "FailureQueueAlarm")
LOG_GROUPS = ("ProcessorLogs", "SweeperLogs", "TicketLogs", "ApiLogs")


@dataclass
class DeployedStack:
    """The stack `shop`. mapping: what Lambda says of the event source mapping; without: resources that it lacks."""

    mapping: dict[str, Any] = field(default_factory=dict)
    without: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Make what moto keeps."""
        tables = create_tables(boto3.client("dynamodb", region_name=REGION), "shop")
        url = boto3.client("sqs", region_name=REGION).create_queue(QueueName="shop-FailureQueue")["QueueUrl"]
        for name in ALARMS:
            self.cloudwatch.put_metric_alarm(
                AlarmName=f"shop-{name}", ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1,
                MetricName="m", Namespace="n", Period=60, Statistic="Maximum", Threshold=1,
            )  # fmt: skip
        for name in LOG_GROUPS:
            self.logs.create_log_group(logGroupName=f"shop-{name}")
        self.mapping = {
            "EventSourceArn": "arn:aws:dynamodb:us-east-1:123456789012:table/shop-RequestsTable/stream/1",
            "State": "Enabled",
            "LastProcessingResult": "OK",
        }
        self.target = Target(
            "https://abc.execute-api.us-east-1.amazonaws.com/v1",
            REGION,
            tables["RequestsTable"],
            tables["CountersTable"],
            "AWS_IAM",
            stack="shop",
            processor="shop-Processor",
            sweeper="shop-Sweeper",
            failure_queue=url,
        )

    @property
    def cloudwatch(self) -> Any:
        """moto's."""
        return boto3.client("cloudwatch", region_name=REGION)

    @property
    def logs(self) -> Any:
        """moto's."""
        return boto3.client("logs", region_name=REGION)

    def client(self, target: Target, service: str) -> Any:
        """In place of deployed.make_client."""
        assert target.stack == "shop"
        if service in ("cloudformation", "lambda"):
            return self
        return boto3.client(service, region_name=target.region)  # type: ignore[call-overload]

    def get_paginator(self, name: str) -> Any:
        """CloudFormation's, of list_stack_resources: this object is its own."""
        assert name == "list_stack_resources"
        return self

    def paginate(self, StackName: str) -> Any:  # as boto3 names it
        """Two pages of resources."""
        assert StackName == "shop"
        kinds = {"SweeperFailures": "Lambda::EventSourceMapping", "ProcessorRequests": "Lambda::EventSourceMapping"}
        kinds |= dict.fromkeys(ALARMS, "CloudWatch::Alarm") | dict.fromkeys(LOG_GROUPS, "Logs::LogGroup")
        found = [
            {"LogicalResourceId": name, "PhysicalResourceId": f"shop-{name}", "ResourceType": f"AWS::{kind}"}
            for name, kind in kinds.items()
            if name not in self.without
        ]
        return [{"StackResourceSummaries": found[:3]}, {"StackResourceSummaries": found[3:]}]

    def get_event_source_mapping(self, UUID: str) -> dict[str, Any]:  # as boto3 names it
        """Lambda's: of the queue's mapping, or of the stream's."""
        if UUID == "shop-SweeperFailures":
            queue = "arn:aws:sqs:us-east-1:123456789012:shop-FailureQueue"
            return {"EventSourceArn": queue, "State": "Disabled"}
        assert UUID == "shop-ProcessorRequests"
        return self.mapping

    def publish(self, name: str, value: float, ago: timedelta = timedelta(minutes=1)) -> None:
        """Have a metric."""
        namespace, dimension, whose = (
            ("AWS/Lambda", "FunctionName", "shop-Processor")
            if name == "IteratorAge"
            else ("Gapless/shop", "service", "sweeper")
        )
        dimensions = [{"Name": dimension, "Value": whose}]
        data = {"MetricName": name, "Dimensions": dimensions, "Value": value, "Timestamp": datetime.now(UTC) - ago}
        self.cloudwatch.put_metric_data(Namespace=namespace, MetricData=[data])
