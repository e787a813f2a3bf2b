"""What is asked of the logs. Each rule yields the breaches it finds, in words."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache

from tests.template.declared import Stack
from tests.template.metrics import PROCESSOR

# What Logs Insights finds by itself, of Lambda's REPORT lines too.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
OF_LAMBDA = {"@type", "@requestId", "@duration", "@initDuration", "@maxMemoryUsed"}
OF_EVERY_LOG = {"@timestamp", "@message", "@log"}
OF_POWERTOOLS = {"message", "level", "service"}
WORDS = {
    *("fields", "filter", "stats", "sort", "limit", "by", "as", "asc", "desc", "and", "or", "in", "like"),
    *("count", "latest", "earliest", "bin"),
}
TEXT = re.compile(r'"[^"]*"')
NAME = re.compile(r"(?<!\w)@?[A-Za-z]\w*")
NAMED = re.compile(r"\bas (\w+)")
MESSAGE = re.compile(r'message = "([^"]*)"')
LINES = {"test-ProcessorLogs", "test-SweeperLogs"}


@cache
def logged() -> tuple[frozenset[str], frozenset[str]]:
    """The messages that the processor's and the sweeper's code logs, and the fields beside them."""
    calls = [
        node
        for module in PROCESSOR.glob("*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("logger.")
    ]
    texts = (call.args[0].value for call in calls if call.args and isinstance(call.args[0], ast.Constant))
    return (
        frozenset(str(text) for text in texts),
        frozenset(keyword.arg for call in calls for keyword in call.keywords if keyword.arg),
    )


def fields_of(stack: Stack, group: str) -> set[str]:
    """What the lines of a log group may hold."""
    if group in LINES:
        return OF_EVERY_LOG | OF_LAMBDA | OF_POWERTOOLS | logged()[1]
    return OF_EVERY_LOG | set(json.loads(stack.api["AccessLogSetting"]["Format"]))


def problems(stack: Stack, query: str, groups: list[str]) -> Iterator[str]:
    """What a query asks for that none of the groups has."""
    known = set().union(*(fields_of(stack, group) for group in groups)) | WORDS | set(NAMED.findall(query))
    for name in sorted(set(NAME.findall(TEXT.sub("", query))) - known):
        yield f"no line has {name}"
    for message in MESSAGE.findall(query):
        if message not in logged()[0]:
            yield f"nothing logs {message!r}"
    own = {resource.physical_id for resource in stack.resources.values() if resource.type == "AWS::Logs::LogGroup"}
    for group in groups:
        if group not in own:
            yield f"{group} is no log group of this stack"


def saved_queries_find_what_is_logged(stack: Stack) -> Iterator[str]:
    """Every field and every message that a query asks for is one that is logged, where it asks."""
    for name, query in stack.of_type("AWS::Logs::QueryDefinition"):
        for problem in problems(stack, query["QueryString"], query["LogGroupNames"]):
            yield f"{name}: {problem}"
        if not query["Name"].startswith("test/"):
            yield f"{name} is {query['Name']}, which is not under the stack's name"


def what_is_asked_most_is_saved(stack: Stack) -> Iterator[str]:
    """None of the queries that the runbook counts on is gone."""
    names = {name for name, _ in stack.of_type("AWS::Logs::QueryDefinition")}
    expected = {"Request", "Failures", "SlowBatches", "Overruled", "Resent", "ApiErrors"}
    for name in sorted(names ^ {f"{one}Query" for one in expected}):
        yield f"{name} is missing, or not expected"


RULES = (
    saved_queries_find_what_is_logged,
    what_is_asked_most_is_saved,
)
