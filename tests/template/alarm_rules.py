"""What the alarms must be. Each rule yields the breaches it finds, in words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.template.declared import ROOT, Stack
from tests.template.metrics import HANDLERS, why_not_there

TOPIC = "arn:aws:sns:us-east-1:000000000000:test-AlarmTopic"
RUNBOOK = ROOT / "docs" / "operations.md"
ACCOUNT = "000000000000"
MOST_METRICS = 10  # of an alarm: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html
ABOVE, FROM, BELOW = "GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold"
OWNERS = ("FunctionName", "QueueName", "TableName", "Stage", "service")  # the dimensions that say whose a metric is
FUNCTIONS = re.compile(r"[A-Z]+(?=\()")
MATH = {"IF", "SUM", "METRICS"}


@dataclass(frozen=True)
class Rings:
    """When an alarm rings: the statistic of its metrics is on that side of the threshold in so many of the periods,
    in seconds. metrics: each with whose it is; silence: what is made of a period without data."""

    metrics: frozenset[str]
    statistic: str
    comparison: str
    threshold: float
    datapoints: int
    periods: int
    period: int
    silence: str = "notBreaching"


def rings(metrics: str, statistic: str, comparison: str, threshold: float, of: str, silence: str = "") -> Rings:
    """metrics: `Sweeper: Invocations Errors`, several such with a semicolon; of: `3 of 5 x 60`."""
    datapoints, periods, period = map(int, re.findall(r"\d+", of))
    owned = (one.split(":") for one in metrics.split(";"))
    names = frozenset(f"{owner.strip()} {name}" for owner, names in owned for name in names.split())
    return Rings(names, statistic, comparison, threshold, datapoints, periods, period, silence or "notBreaching")


TABLES = "RequestsTable: {0}; CountersTable: {0}; JournalTable: {0}"
WHEN = {
    "IteratorAgeAlarm": rings("Processor: IteratorAge", "Maximum", ABOVE, 60_000, "3 of 5 x 60"),
    "ProcessorErrorsAlarm": rings("Processor: Errors", "Sum", FROM, 1, "3 of 5 x 60"),
    "NewVersionErrorsAlarm": rings("Processor: Errors", "Sum", FROM, 1, "1 of 1 x 60"),
    "ProcessorThrottlesAlarm": rings("Processor: Throttles", "Sum", FROM, 1, "1 of 1 x 60"),
    "ProcessorDurationAlarm": rings("Processor: Duration", "p99", ABOVE, 48_000, "3 of 5 x 60"),
    "FailureQueueAlarm": rings("FailureQueue: NumberOfMessagesSent", "Sum", FROM, 1, "1 of 1 x 300"),
    "OldestPendingAlarm": rings("sweeper: OldestPendingAge", "Maximum", ABOVE, 300, "1 of 1 x 900", "breaching"),
    "FailedRequestsAlarm": rings("processor: Rejected Numbered", "Sum", ABOVE, 5, "1 of 1 x 300"),
    "SweeperErrorsAlarm": rings("Sweeper: Invocations Errors", "Sum", BELOW, 1, "1 of 1 x 900", "breaching"),
    "DynamoDbErrorsAlarm": rings(TABLES.format("SystemErrors"), "Sum", FROM, 1, "1 of 1 x 60"),
    "DynamoDbThrottlesAlarm": rings(
        TABLES.format("ReadThrottleEvents WriteThrottleEvents"), "Sum", FROM, 1, "1 of 1 x 60"
    ),
    "ApiServerErrorsAlarm": rings("v1: 5XXError", "Average", ABOVE, 0.01, "3 of 5 x 60"),
    "ApiClientErrorsAlarm": rings("v1: 4XXError", "Average", ABOVE, 0.05, "3 of 5 x 60"),
    "ApiLatencyAlarm": rings("v1: Latency", "p99", ABOVE, 1_000, "3 of 5 x 60"),
}


@dataclass(frozen=True)
class Watched:
    """One metric that an alarm watches."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    statistic: str
    period: int

    @property
    def owner(self) -> str:
        """What the metric is of: a logical id, a stage or a service."""
        of = next(self.dimensions[one] for one in OWNERS if one in self.dimensions)
        return of.removeprefix("test-")


def alarms(stack: Stack) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every alarm."""
    return stack.of_type("AWS::CloudWatch::Alarm")


def watched(alarm: dict[str, Any]) -> list[Watched]:
    """The metrics of an alarm, one or several of an expression."""
    several = [one["MetricStat"] for one in alarm.get("Metrics", ()) if "MetricStat" in one]
    found = several or [{"Metric": alarm, "Stat": alarm.get("ExtendedStatistic") or alarm["Statistic"], **alarm}]
    return [
        Watched(
            one["Metric"]["Namespace"],
            one["Metric"]["MetricName"],
            {dimension["Name"]: dimension["Value"] for dimension in one["Metric"]["Dimensions"]},
            one["Stat"],
            one["Period"],
        )
        for one in found
    ]


def every_alarm_is_sent(stack: Stack) -> Iterator[str]:
    """To the topic, when it begins and when it is over."""
    for name, alarm in alarms(stack):
        for event in ("AlarmActions", "OKActions"):
            if alarm.get(event) != [TOPIC]:
                yield f"{name}: {event} are {alarm.get(event)}"
        if alarm.get("ActionsEnabled", True) is not True:
            yield f"{name} is silent"


def every_alarm_has_its_section_in_the_runbook(stack: Stack) -> Iterator[str]:
    """Who is woken finds what to do under the link; https://github.github.com/gfm makes a heading's anchor of it."""
    headings = re.findall(r"(?m)^#+ `?(\w+)`?$", RUNBOOK.read_text("utf-8")) if RUNBOOK.exists() else None
    for name, alarm in alarms(stack):
        if not re.fullmatch(rf"[A-Z].+\. docs/operations\.md#{name.lower()}", alarm.get("AlarmDescription", "")):
            yield f"{name} says {alarm.get('AlarmDescription')}"
        if headings is not None and name not in headings:
            yield f"docs/operations.md has no section {name}"


def every_alarm_watches_what_is_there(stack: Stack) -> Iterator[str]:
    """CloudWatch takes a metric that does not exist for one that is silent."""
    own = {resource.physical_id for resource in stack.resources.values()}
    own |= {"test", "v1", *HANDLERS, "test-Processor:live", "$LATEST"}
    for name, alarm in alarms(stack):
        for one in watched(alarm):
            for problem in why_not_there(one.namespace, one.name, one.dimensions):
                yield f"{name}: {problem}"
            for dimension, value in one.dimensions.items():
                if dimension != "Operation" and value not in own:
                    yield f"{name} watches {dimension} {value}, which is not of this stack"


def alarms_ring_when_they_should(stack: Stack) -> Iterator[str]:
    """Every alarm is there, and as WHEN says."""
    found = dict(alarms(stack))
    for name in sorted(WHEN.keys() ^ found.keys()):
        yield f"{name} is missing" if name in WHEN else f"{name} is not in WHEN"
    for name in WHEN.keys() & found.keys():
        alarm, ones = found[name], watched(found[name])
        is_ = Rings(
            frozenset(f"{one.owner} {one.name}" for one in ones),
            "/".join({one.statistic for one in ones}),
            alarm["ComparisonOperator"],
            alarm["Threshold"],
            alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]),
            alarm["EvaluationPeriods"],
            max({one.period for one in ones}),
            alarm.get("TreatMissingData", "nobody has said"),
        )
        if is_ != WHEN[name]:
            yield f"{name} is {is_}, not {WHEN[name]}"


def expressions_can_be_evaluated(stack: Stack) -> Iterator[str]:
    """Of ten metrics at most, of one period, and none of them forgotten. No SEARCH, which alarms do not have."""
    for name, alarm in alarms(stack):
        if "Metrics" not in alarm:
            continue
        results = [one for one in alarm["Metrics"] if one.get("ReturnData", True)]
        terms = [one for one in alarm["Metrics"] if "MetricStat" in one]
        if len(results) != 1 or "Expression" not in results[0]:
            yield f"{name} watches {[one['Id'] for one in results]}"
            continue
        expression = results[0]["Expression"]
        used, ids = set(re.findall(r"\b[a-z]\w*", expression)), {one["Id"] for one in terms}
        if not set(FUNCTIONS.findall(expression)) <= MATH:
            yield f"{name}: {expression} has a function that is not known here"
        if used != ids and not ("METRICS()" in expression and not used):
            yield f"{name}: {expression} uses {sorted(used)} of {sorted(ids)}"
        if len(terms) > MOST_METRICS or len(ids) < len(terms):
            yield f"{name} has {len(terms)} metrics with {len(ids)} ids"
        if len({one["MetricStat"]["Period"] for one in terms}) != 1:
            yield f"{name} has metrics of several periods"


def duration_is_held_against_the_timeout(stack: Stack) -> Iterator[str]:
    """80 % of what the processor has, in milliseconds."""
    timeout = stack.properties("Processor")["Timeout"]
    threshold = stack.properties("ProcessorDurationAlarm")["Threshold"]
    if threshold != timeout * 1000 * 80 / 100:
        yield f"the alarm rings at {threshold} ms of a timeout of {timeout} s"


def errors_of_all_calls_are_watched(stack: Stack) -> Iterator[str]:
    """Every call that the API and the processor make on a table; a Scan is the sweeper's, and shows in its errors."""
    calls = {
        "RequestsTable": "PutItem UpdateItem GetItem BatchGetItem BatchExecuteStatement TransactWriteItems",
        "CountersTable": "GetItem UpdateItem",
        "JournalTable": "PutItem BatchGetItem",
    }
    expected = {(table, operation) for table, operations in calls.items() for operation in operations.split()}
    ones = watched(stack.properties("DynamoDbErrorsAlarm"))
    found = {(one.owner, one.dimensions["Operation"]) for one in ones}
    if found != expected:
        yield f"DynamoDbErrorsAlarm: {sorted(found ^ expected)}"


def only_alarms_are_published(stack: Stack) -> Iterator[str]:
    """On the topic, by CloudWatch for this account; SNS's default lets every principal of the account do more."""
    (policy,) = (one for _, one in stack.of_type("AWS::SNS::TopicPolicy"))
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": TOPIC,
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
    if policy["Topics"] != [TOPIC] or policy["PolicyDocument"]["Statement"] != [statement]:
        yield f"the topic lets {policy['PolicyDocument']['Statement']}"


def alarms_go_to_the_address(stack: Stack) -> Iterator[str]:
    """That was given, and to none otherwise."""
    address = stack.parameters["AlarmEmail"]
    expected = [{"TopicArn": TOPIC, "Protocol": "email", "Endpoint": address}] if address else []
    found = [one for _, one in stack.of_type("AWS::SNS::Subscription")]
    if found != expected:
        yield f"with AlarmEmail {address!r} the subscriptions are {found}"


RULES = (
    every_alarm_is_sent,
    every_alarm_has_its_section_in_the_runbook,
    every_alarm_watches_what_is_there,
    alarms_ring_when_they_should,
    expressions_can_be_evaluated,
    duration_is_held_against_the_timeout,
    errors_of_all_calls_are_watched,
    only_alarms_are_published,
    alarms_go_to_the_address,
)
