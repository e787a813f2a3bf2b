"""The metrics there are: those that AWS documents, and those that the functions publish."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.template.declared import ROOT

PROCESSOR = ROOT / "functions" / "processor"
# POWERTOOLS_SERVICE_NAME, which Powertools makes the dimension `service` -> the module of the handler.
HANDLERS = {"processor": "app", "sweeper": "sweeper"}
PUBLISHES = re.compile(r'add_metric\(\s*(?:name=)?"(\w+)"')
NAMESPACE = "Gapless/test"  # of the stack that the rules read


@dataclass(frozen=True)
class Documented:
    """What AWS says of a namespace: names of metrics, and the sets of dimensions by which each can be asked for."""

    names: frozenset[str]
    dimensions: frozenset[frozenset[str]]


def documented(names: str, *dimensions: str) -> Documented:
    """names and each of the dimensions: words, set apart by spaces."""
    return Documented(frozenset(names.split()), frozenset(frozenset(one.split()) for one in dimensions))


# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
DOCUMENTED: Mapping[str, tuple[Documented, ...]] = {
    "AWS/ApiGateway": (
        documented(
            "4XXError 5XXError Count IntegrationLatency Latency",
            *("ApiName", "ApiName Stage", "ApiName Method Resource Stage"),
        ),
    ),
    "AWS/DynamoDB": (
        documented("SystemErrors ThrottledRequests SuccessfulRequestLatency", "TableName Operation"),
        documented(
            "ReadThrottleEvents WriteThrottleEvents ConsumedReadCapacityUnits ConsumedWriteCapacityUnits", "TableName"
        ),
    ),
    "AWS/Lambda": (
        documented(
            "Invocations Errors Throttles Duration IteratorAge",
            *("FunctionName", "FunctionName Resource", "FunctionName Resource ExecutedVersion"),
        ),
    ),
    "AWS/Logs": (documented("IncomingBytes", "LogGroupName"),),
    "AWS/SQS": (
        documented(
            "NumberOfMessagesSent NumberOfMessagesDeleted ApproximateNumberOfMessagesVisible "
            "ApproximateAgeOfOldestMessage",
            "QueueName",
        ),
    ),
}


def why_not_there(namespace: str, name: str, dimensions: Mapping[str, str]) -> Iterator[str]:
    """What keeps a metric from ever having a value; nothing when it can."""
    if namespace == NAMESPACE:
        service = dimensions.get("service", "")
        if dimensions.keys() != {"service"} or name not in published().get(service, ()):
            yield f"no function publishes {name} with {dict(dimensions)}"
    elif not any(
        name in one.names and frozenset(dimensions) in one.dimensions for one in DOCUMENTED.get(namespace, ())
    ):
        yield f"{namespace} has no {name} by {sorted(dimensions)}"


@cache
def published() -> Mapping[str, frozenset[str]]:
    """Service -> the names of the metrics that its handler, or a module that the handler imports, publishes."""
    return {
        service: frozenset(
            name for module in imported_by(handler) for name in PUBLISHES.findall(module.read_text("utf-8"))
        )
        for service, handler in HANDLERS.items()
    }


def imported_by(name: str) -> set[Path]:
    """A module of the processor's folder with all it imports of that folder."""
    found: set[Path] = set()
    names = [name]
    while names:
        path = PROCESSOR / f"{names.pop()}.py"
        if path in found or not path.is_file():
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                names.append(node.module)
            elif isinstance(node, ast.Import):
                names.extend(one.name for one in node.names)
    return found
