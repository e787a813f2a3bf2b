"""What Ref and GetAtt of a resource give on this machine: deterministic names, of the shape they have on AWS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gapless.local.template.errors import TemplateError

# The property that names a resource of a type; any other resource is named after the stack and its logical id.
NAME_PROPERTIES = {
    "AWS::ApiGateway::ApiKey": "Name",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Serverless::Function": "FunctionName",
}
API = "AWS::Serverless::Api"
FUNCTION = "AWS::Serverless::Function"


@dataclass(frozen=True)
class Site:
    """Where the stack stands: what its names and ARNs are made of.

    endpoint: where the DynamoDB and SQS engine answers; queue URLs start with it.
    """

    stack_name: str
    region: str
    account: str
    endpoint: str

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of a service that has regions."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


class References:
    """Answers Ref and GetAtt of the stack's resources, and of those that SAM makes from them."""

    def __init__(self, resources: Mapping[str, Any], site: Site, name_of: Callable[[str, str], str | None]) -> None:
        """resources: the Resources section; name_of: resolves the property that names a resource, None without one."""
        self._types = {logical_id: resource["Type"] for logical_id, resource in resources.items()}
        self._site = site
        self._name_of = name_of

    def ref(self, logical_id: str, place: str) -> str:
        """The value of Ref; raises TemplateError when nothing has that logical id."""
        owner, _, part = logical_id.partition(".")
        if part:
            return self._part(owner, part, place)
        kind = self._type(logical_id, place)
        name = self.name(logical_id, kind)
        if kind == "AWS::SQS::Queue":
            return f"{self._site.endpoint}/{self._site.account}/{name}"
        if kind == "AWS::SNS::Topic":
            return self._site.arn("sns", name)
        return name

    def attribute(self, logical_id: str, attribute: str, place: str) -> str:
        """The value of GetAtt; raises TemplateError for an attribute this stack has no value for."""
        kind = self._type(logical_id, place)
        attributes = self._attributes(kind, self.name(logical_id, kind))
        if attribute not in attributes:
            known = ", ".join(sorted(attributes)) or "none"
            raise TemplateError(
                f"{place}: attribute {attribute} of {logical_id} ({kind}) is not supported on the local stack; "
                f"supported: {known}"
            )
        return attributes[attribute]

    def name(self, logical_id: str, kind: str) -> str:
        """The physical name: the one the template gives, or the stack's and the logical id; an API's id is `local`."""
        if kind == API:
            return "local"
        given = self._name_of(logical_id, NAME_PROPERTIES[kind]) if kind in NAME_PROPERTIES else None
        return given or f"{self._site.stack_name}-{logical_id}"

    def _attributes(self, kind: str, name: str) -> dict[str, str]:
        """Attribute -> value of a resource; none for a type without attributes here."""
        site = self._site
        table_arn = site.arn("dynamodb", f"table/{name}")
        attributes = {
            "AWS::DynamoDB::Table": {"Arn": table_arn, "StreamArn": f"{table_arn}/stream/local"},
            "AWS::SQS::Queue": {
                "Arn": site.arn("sqs", name),
                "QueueName": name,
                "QueueUrl": f"{site.endpoint}/{site.account}/{name}",
            },
            "AWS::IAM::Role": {"Arn": f"arn:aws:iam::{site.account}:role/{name}", "RoleId": name},
            "AWS::ApiGateway::ApiKey": {"APIKeyId": name},
            "AWS::CloudWatch::Alarm": {"Arn": site.arn("cloudwatch", f"alarm:{name}")},
            "AWS::Lambda::Url": {"FunctionUrl": f"https://{name.lower()}.lambda-url.{site.region}.on.aws/"},
            "AWS::Logs::LogGroup": {"Arn": site.arn("logs", f"log-group:{name}:*")},
            "AWS::S3::Bucket": {"Arn": f"arn:aws:s3:::{name}"},
            # One version of the code runs here: the one on disk.
            FUNCTION: {"Arn": site.arn("lambda", f"function:{name}"), "Version.Version": "$LATEST"},
        }
        return attributes.get(kind, {})

    def _part(self, owner: str, part: str, place: str) -> str:
        # SAM lets a template name what it generates by the resource it comes from: `!Ref Api.Stage`.
        kind = self._type(owner, place)
        if part == "Stage" and kind == API:
            return self._name_of(owner, "StageName") or ""
        if part in ("Alias", "Version") and kind == FUNCTION:
            return self.attribute(owner, "Arn", place)  # one version of the code runs here: the one on disk
        raise TemplateError(f"{place}: part {part} of {owner} ({kind}) is not supported on the local stack")

    def _type(self, logical_id: str, place: str) -> str:
        kind = self._types.get(logical_id) or self._generated_type(logical_id)
        if kind is None:
            known = ", ".join(sorted(self._types))
            raise TemplateError(f"{place}: there is no parameter or resource {logical_id}; the resources are: {known}")
        return str(kind)

    def _generated_type(self, logical_id: str) -> str | None:
        # SAM names what it makes from a resource after it: ProcessorRole, TicketUrl, ApiStage.
        # Source: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
        for suffix, kind in (("Role", "AWS::IAM::Role"), ("Url", "AWS::Lambda::Url")):
            if self._types.get(logical_id.removesuffix(suffix)) == FUNCTION:
                return kind
        is_api_key = self._types.get(logical_id.removesuffix("ApiKey")) == API
        return "AWS::ApiGateway::ApiKey" if is_api_key else None
