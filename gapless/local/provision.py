"""Creates what the template declares on the engine, or of buckets in a folder; the rest needs nothing here, and why."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gapless.local.engine import EngineClient, EngineError
from gapless.local.stream import bucket_folder
from gapless.local.template import Resource, Template, TemplateError

# Run by the stack itself.
RUN_HERE = {"AWS::Serverless::Api", "AWS::Serverless::Function", "AWS::ApiGateway::ApiKey"}

WITHOUT_LOCAL_EFFECT = {
    "AWS::ApiGateway::Account": "a laptop has no account",
    "AWS::ApiGateway::UsagePlan": "the stage's own throttling is applied",
    "AWS::ApiGateway::UsagePlanKey": "every key of the template opens the API",
    "AWS::CloudWatch::Alarm": "nothing collects metrics here; the template tests read the alarms",
    "AWS::CloudWatch::Dashboard": "`gapless status` shows a local stack",
    "AWS::IAM::Role": "nothing is forbidden to the stack's own parts; the policy tests read the roles",
    "AWS::Lambda::Permission": "nothing is forbidden to the stack's own parts; function URLs look at their AuthType",
    "AWS::Logs::LogGroup": "logs go to the terminal, and to files for `gapless logs`",
    "AWS::Logs::QueryDefinition": "nothing answers queries here; `gapless logs` reads the files",
    "AWS::SNS::Subscription": "there are no alarms to send",
    "AWS::SNS::Topic": "there are no alarms to send",
    "AWS::SNS::TopicPolicy": "there are no alarms to send",
    "AWS::S3::BucketPolicy": "nothing is forbidden to the stack's own parts",
    "AWS::WAFv2::WebACLAssociation": "no firewall stands before 127.0.0.1",
}

TABLE_CREATES = {"BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"}
TABLE_SETS = {"TableName", "StreamSpecification", "TimeToLiveSpecification"}
TABLE_WITHOUT_LOCAL_EFFECT = {
    "DeletionProtectionEnabled": "the tables go with their folder",
    "PointInTimeRecoverySpecification": "local engines keep no history",
    "SSESpecification": "local engines do not encrypt",
    "Tags": "nobody pays",
}
QUEUE_SETS = {"MessageRetentionPeriod", "VisibilityTimeout"}
QUEUE_EXISTS = {"QueueNameExists", "QueueAlreadyExists"}  # with other attributes
QUEUE_WITHOUT_LOCAL_EFFECT = {
    "KmsMasterKeyId": "local engines do not encrypt",
    "SqsManagedSseEnabled": "local engines do not encrypt",
    "Tags": "nobody pays",
}
BUCKET_WITHOUT_LOCAL_EFFECT = {
    "BucketEncryption": "objects are plain files, to be looked at",
    "LifecycleConfiguration": "the objects go with their folder",
    "OwnershipControls": "a laptop has no other account",
    "PublicAccessBlockConfiguration": "nothing serves the files",
    "Tags": "nobody pays",
    "VersioningConfiguration": "no object is written twice",
}


async def provision(template: Template, engine: EngineClient, folder: Path) -> None:
    """Create the template's tables and queues on the engine, and its buckets below `folder`.

    What is there already is kept.
    Raises TemplateError for a resource or a property that is neither created here nor known to need nothing.
    """
    for resource in template.resources.values():
        match resource.type:
            case "AWS::DynamoDB::Table":
                await create_table(resource, engine)
            case "AWS::SQS::Queue":
                await create_queue(resource, engine)
            case "AWS::S3::Bucket":
                create_bucket(resource, folder)
            case known if known in RUN_HERE or known in WITHOUT_LOCAL_EFFECT:
                pass
            case unknown:
                raise TemplateError(f"Resources.{resource.logical_id}: {unknown} is not supported on the local stack")


async def create_table(resource: Resource, engine: EngineClient) -> None:
    """Create a table with its stream and its ttl; a table of that name with the same key is kept as it is."""
    refuse_unknown(resource, TABLE_CREATES | TABLE_SETS | TABLE_WITHOUT_LOCAL_EFFECT.keys())
    request = {name: value for name, value in resource.properties.items() if name in TABLE_CREATES}
    request["TableName"] = resource.physical_id
    if "StreamSpecification" in resource.properties:
        view = resource.properties["StreamSpecification"]["StreamViewType"]
        request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": view}
    try:
        await engine.call("DynamoDB_20120810.CreateTable", request)
    except EngineError as error:
        if error.code != "ResourceInUseException":
            raise
        await require_same_key(resource, engine)
        return
    ttl = resource.properties.get("TimeToLiveSpecification")
    if ttl:
        specification = {"AttributeName": ttl["AttributeName"], "Enabled": ttl["Enabled"]}
        ttl_request = {"TableName": resource.physical_id, "TimeToLiveSpecification": specification}
        await engine.call("DynamoDB_20120810.UpdateTimeToLive", ttl_request)


async def require_same_key(resource: Resource, engine: EngineClient) -> None:
    """Refuse to work on a table of the same name that is somebody else's."""
    table = await describe_table(resource.physical_id, engine)
    if table["KeySchema"] != resource.properties["KeySchema"]:
        raise TemplateError(
            f"Resources.{resource.logical_id}: the engine has a table {resource.physical_id} with another key; "
            "start the stack under another --name, or on another engine"
        )


async def describe_table(name: str, engine: EngineClient) -> dict[str, Any]:
    """DynamoDB's description of a table."""
    answer = await engine.call("DynamoDB_20120810.DescribeTable", {"TableName": name})
    description: dict[str, Any] = answer["Table"]
    return description


async def find_stream(table: str, place: str, engine: EngineClient) -> str:
    """The ARN of a table's stream on the engine; place: who asks for it. Raises TemplateError when it has none."""
    stream = (await describe_table(table, engine)).get("LatestStreamArn")
    if stream is None:
        raise TemplateError(
            f"{place}: the engine's table {table} has no stream; give it a StreamSpecification, or where the table "
            "was there before, start the stack under another --name, or on another engine"
        )
    return str(stream)


async def create_queue(resource: Resource, engine: EngineClient) -> None:
    """Create a queue, or keep the one that is there, with the attributes that it is to have now."""
    refuse_unknown(resource, QUEUE_SETS | {"QueueName", *QUEUE_WITHOUT_LOCAL_EFFECT})
    attributes = {name: str(value) for name, value in resource.properties.items() if name in QUEUE_SETS}
    queue = {"QueueName": resource.physical_id}
    try:
        await engine.call("AmazonSQS.CreateQueue", queue | {"Attributes": attributes})
    except EngineError as error:
        if error.code not in QUEUE_EXISTS:
            raise
        found = await engine.call("AmazonSQS.GetQueueUrl", queue)
        await engine.call("AmazonSQS.SetQueueAttributes", {"QueueUrl": found["QueueUrl"], "Attributes": attributes})


def create_bucket(resource: Resource, folder: Path) -> None:
    """Create a bucket, which is a folder."""
    refuse_unknown(resource, {"BucketName", *BUCKET_WITHOUT_LOCAL_EFFECT})
    bucket_folder(folder, resource.physical_id).mkdir(parents=True, exist_ok=True)


def refuse_unknown(resource: Resource, known: Mapping[str, str] | set[str]) -> None:
    """Raise TemplateError for the first property that is not known."""
    for name in resource.properties:
        if name not in known:
            place = f"Resources.{resource.logical_id}.Properties.{name}"
            raise TemplateError(f"{place}: not supported on the local stack for {resource.type}")
