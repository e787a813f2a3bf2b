"""A small stack of two functions and what they say of themselves: one reads a stream, the other has a schedule and the
queue of what the first gave up on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapless.load import connect
from gapless.local.background import BackgroundStack, start_stack
from tests.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Lanes: {Type: String, Default: "on", AllowedValues: ["on", "off"]}
Conditions:
  UsesLanes: !Equals [!Ref Lanes, "on"]
Globals:
  Function:
    Runtime: python3.13
    CodeUri: code/
    Timeout: 30
    Environment:
      Variables: {LANES: !Ref Lanes}
Resources:
  Api: {Type: AWS::Serverless::Api, Properties: {StageName: v1, DefinitionBody: {openapi: 3.0.1, paths: {}}}}
  RequestsTable:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: requestId, AttributeType: S}]
      KeySchema: [{AttributeName: requestId, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  CountersTable:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: counterName, AttributeType: S}]
      KeySchema: [{AttributeName: counterName, KeyType: HASH}]
  JournalTable:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: entryId, AttributeType: B}]
      KeySchema: [{AttributeName: entryId, KeyType: HASH}]
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
  FailureQueue: {Type: AWS::SQS::Queue}
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.read
      Events:
        Requests:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt RequestsTable.StreamArn
            StartingPosition: TRIM_HORIZON
            TumblingWindowInSeconds: !If [UsesLanes, 900, !Ref AWS::NoValue]
            FunctionResponseTypes: [ReportBatchItemFailures]
            MaximumRetryAttempts: 1
            DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt FailureQueue.Arn}}
  Sweeper:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.sweep
      Environment:
        Variables: {SWEEPS: 1}
      Events:
        Schedule: {Type: Schedule, Properties: {Schedule: rate(5 minutes), Description: What the stream has lost}}
        Failures: {Type: SQS, Properties: {Queue: !GetAtt FailureQueue.Arn}}
"""

CODE = """
import json, os, time

def read(event, context):
    keys = [record["dynamodb"]["Keys"]["requestId"]["S"] for record in event.get("Records", [])]
    if "poison" in keys:
        raise ValueError("poison")
    seen = {"pid": os.getpid(), "keys": keys} | {name: value for name, value in event.items() if name != "Records"}
    print("read", json.dumps(seen))
    return {"state": {"count": event.get("state", {}).get("count", 0) + len(keys)}, "batchItemFailures": []}

def sweep(event, context):
    print("sweep", json.dumps(event))
    time.sleep(event.get("sleep", 0))
    if "raise" in event:
        raise ValueError(event["raise"])
    return {"event": event, "name": context.function_name, "sweeps": os.environ["SWEEPS"]}
"""


def write_stack(folder: Path) -> Path:
    """Write the stack's files into a folder; returns the template."""
    (folder / "code").mkdir(parents=True)
    (folder / "code/app.py").write_text(CODE)
    (folder / "template.yaml").write_text(TEMPLATE)
    return folder / "template.yaml"


@contextmanager
def streaming_stack(folder: Path, *options: str) -> Iterator[BackgroundStack]:
    """The stack, running, with its --data in `folder`, which is used again when it is there."""
    template = folder / "stack/template.yaml"
    if not template.exists():
        write_stack(folder / "stack")
    stack = start_stack(folder / "data", "--template", str(template), *options)
    try:
        yield stack
    finally:
        stack.stop()


def put(stack: BackgroundStack, *keys: str) -> None:
    """Write an item for each key."""
    client: DynamoDBClient = connect(stack.target)
    for key in keys:
        client.put_item(TableName=stack.target.requests_table, Item={"requestId": {"S": key}})


def events_read(stack: BackgroundStack) -> list[dict[str, Any]]:
    """What the reader has been given so far: keys, pid, and with a window its fields."""
    lines = [line.partition("read ")[2] for line in stack.log.splitlines() if "read {" in line]
    return [json.loads(line) for line in lines if line.endswith("}")]


def events_swept(stack: BackgroundStack) -> list[dict[str, Any]]:
    """What the sweeper has been given so far."""
    lines = [line.partition("sweep ")[2] for line in stack.log.splitlines() if "sweep {" in line]
    return [json.loads(line) for line in lines if line.endswith("}")]


def wait_for_events(stack: BackgroundStack, count: int) -> list[dict[str, Any]]:
    """The same, once there are so many."""
    wait_until(f"{count} events to be read", lambda: len(events_read(stack)) >= count)
    return events_read(stack)
