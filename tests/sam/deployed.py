"""A deployed stack, asked for what is there."""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import botocore.session
import urllib3

from gapless.local.template import Template, load
from tests.sam.running import ROOT


@cache
def connect(service: str, endpoint: str) -> Any:
    """A client of a service, made once."""
    session = botocore.session.get_session()
    session.set_credentials("test", "test")
    return session.create_client(service, region_name="us-east-1", endpoint_url=endpoint)


@dataclass(frozen=True)
class Deployed:
    """One stack. name: its CloudFormation name; authorization: what its parameter says."""

    name: str
    authorization: str
    endpoint: str

    def client(self, service: str) -> Any:
        """A client of a service of the endpoint."""
        return connect(service, self.endpoint)

    @cached_property
    def declared(self) -> Template:
        """The template that was deployed, as the local stack reads it."""
        parameters = {"Authorization": self.authorization}
        path = ROOT / "template.yaml"
        return load(path, parameters, stack_name=self.name, region="us-east-1", account="000000000000")

    @cached_property
    def resources(self) -> dict[str, tuple[str, str]]:
        """Logical id -> type and physical id."""
        answer = self.client("cloudformation").describe_stack_resources(StackName=self.name)
        return {
            one["LogicalResourceId"]: (one["ResourceType"], one["PhysicalResourceId"])
            for one in answer["StackResources"]
        }

    def physical_id(self, logical_id: str) -> str:
        """The name, id or URL of a resource."""
        return self.resources[logical_id][1]

    def table(self, logical_id: str) -> dict[str, Any]:
        """DynamoDB's description of a table."""
        table: dict[str, Any] = self.client("dynamodb").describe_table(TableName=self.physical_id(logical_id))["Table"]
        return table

    def time_to_live(self, logical_id: str) -> str:
        """Whether a table forgets."""
        answer = self.client("dynamodb").describe_time_to_live(TableName=self.physical_id(logical_id))
        return str(answer["TimeToLiveDescription"]["TimeToLiveStatus"])

    def point_in_time_recovery(self, logical_id: str) -> str:
        """Whether a table can be restored."""
        answer = self.client("dynamodb").describe_continuous_backups(TableName=self.physical_id(logical_id))
        description = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        return str(description["PointInTimeRecoveryStatus"])

    def function(self, logical_id: str) -> dict[str, Any]:
        """Lambda's description of a function."""
        name = self.physical_id(logical_id)
        configuration: dict[str, Any] = self.client("lambda").get_function_configuration(FunctionName=name)
        return configuration

    def mapping(self) -> dict[str, Any]:
        """The processor's event source mapping."""
        uuid = self.physical_id("ProcessorRequests")
        mapping: dict[str, Any] = self.client("lambda").get_event_source_mapping(UUID=uuid)
        return mapping

    def failures(self) -> dict[str, Any]:
        """The sweeper's event source mapping."""
        uuid = self.physical_id("SweeperFailures")
        mapping: dict[str, Any] = self.client("lambda").get_event_source_mapping(UUID=uuid)
        return mapping

    def alias(self) -> dict[str, Any]:
        """The alias that batches go to."""
        name = self.physical_id("Processor")
        alias: dict[str, Any] = self.client("lambda").get_alias(FunctionName=name, Name="live")
        return alias

    def newest_version(self) -> str:
        """The number of the processor's last published version."""
        name = self.physical_id("Processor")
        versions = self.client("lambda").list_versions_by_function(FunctionName=name)["Versions"]
        return str(max(int(one["Version"]) for one in versions if one["Version"].isdigit()))

    def schedule(self) -> dict[str, Any]:
        """The rule that calls the sweeper, with its Targets."""
        name = self.physical_id("SweeperSchedule")
        events = self.client("events")
        targets = events.list_targets_by_rule(Rule=name)["Targets"]
        return {**events.describe_rule(Name=name), "Targets": targets}

    def methods(self) -> dict[str, dict[str, Any]]:
        """`PUT /requests` and the like -> what API Gateway has of it."""
        resources = self.client("apigateway").get_resources(restApiId=self.physical_id("Api"), limit=500)["items"]
        return {
            f"{method} {resource['path']}": found
            for resource in resources
            for method, found in resource.get("resourceMethods", {}).items()
        }

    def stage(self) -> dict[str, Any]:
        """The stage as the service answers, word for word: ministack's is not what botocore can read."""
        path = f"/restapis/{self.physical_id('Api')}/stages/{self.physical_id('Apiv1Stage')}"
        stage: dict[str, Any] = urllib3.request("GET", self.endpoint + path).json()
        return stage

    def role_policies(self, logical_id: str) -> list[str]:
        """The names of a role's own policies."""
        answer = self.client("iam").list_role_policies(RoleName=self.physical_id(logical_id))
        return sorted(answer["PolicyNames"])

    def log_retention(self, logical_id: str) -> int | None:
        """Days that a log group is kept."""
        prefix = self.physical_id(logical_id)
        groups = self.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
        retention: int | None = groups[0].get("retentionInDays")
        return retention

    def alarm(self, logical_id: str) -> dict[str, Any]:
        """CloudWatch's description of an alarm."""
        answer = self.client("cloudwatch").describe_alarms(AlarmNames=[self.physical_id(logical_id)])
        (alarm,) = answer["MetricAlarms"]
        described: dict[str, Any] = alarm
        return described

    def queue(self) -> dict[str, str]:
        """The failure queue's attributes."""
        url = self.endpoint + "/000000000000/" + self.physical_id("FailureQueue").rpartition("/")[2]
        attributes: dict[str, str] = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
            "Attributes"
        ]
        return attributes
