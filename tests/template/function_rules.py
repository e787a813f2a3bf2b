"""What the functions, their settings and what calls them must be. Each rule yields the breaches it finds, in words."""

import re
from collections.abc import Iterator
from typing import Any

from gapless.local.stream.filter import compile_filters
from tests.template.declared import ROOT, Stack

TABLES = {"REQUESTS_TABLE": "RequestsTable", "COUNTERS_TABLE": "CountersTable", "JOURNAL_TABLE": "JournalTable"}
OFF = {("Enabled", False), ("State", "DISABLED")}
PARAMETERS = {
    "DEFAULT_COUNTER": "DefaultCounter",
    "RETENTION_DAYS": "RetentionDays",
    "FAILED_RETENTION_DAYS": "FailedRetentionDays",
    "LANES": "Lanes",
    "MOST_RESENDS": "MostResends",
    "SWEEP_AFTER_SECONDS": "SweepAfterSeconds",
    "POWERTOOLS_LOG_LEVEL": "LogLevel",
}
# Settings that one function has alone.
OWN = {"Processor": {"KILL_ONE_IN": "KillOneIn"}}
PROTOCOL = "functions/processor/"
CODE = {"Processor": PROTOCOL, "Sweeper": PROTOCOL, "Ticket": "functions/ticket/"}


def mapping_gives_up_in_time_and_loses_nothing(stack: Stack) -> Iterator[str]:
    """An event source mapping's defaults retry for ever and then drop.

    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-create.html
    """
    expected = {
        "StartingPosition": "TRIM_HORIZON",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 10,
        "MaximumRecordAgeInSeconds": 21_600,
        "MetricsConfig": {"Metrics": ["EventCount"]},
    }
    for name, value in expected.items():
        if stack.mapping.get(name) != value:
            yield f"{name} is {stack.mapping.get(name)}, not {value}"
    destination = stack.mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
    if not destination.endswith(":test-FailureQueue"):
        yield f"what cannot be processed goes to {destination or 'nowhere'}"


def lanes_have_a_window(stack: Stack) -> Iterator[str]:
    """Lambda names the shard of a batch only in a tumbling window, and then fails an answer that has no state.

    In both modes a shard has one batch at a time, or its order would be lost.
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
    """
    expected = 900 if stack.parameters["Lanes"] == "on" else None
    window, factor = (stack.mapping.get(name) for name in ("TumblingWindowInSeconds", "ParallelizationFactor"))
    if window != expected:
        yield f"with Lanes {stack.parameters['Lanes']} the tumbling window is {window}, not {expected}"
    if factor != 1:
        yield f"ParallelizationFactor is {factor}, not 1"


def sweeper_runs_by_the_clock(stack: Stack) -> Iterator[str]:
    """Nothing else ever finds again what the stream lost. Shorter than Lambda's longest, it might never finish."""
    sweeper = stack.properties("Sweeper")
    events = sweeper.get("Events", {}).values()
    clocks = [event["Properties"] for event in events if event["Type"] == "Schedule"]
    if not any(clock["Schedule"] == "rate(5 minutes)" and OFF.isdisjoint(clock.items()) for clock in clocks):
        yield f"the sweeper is called by {list(events)}"
    if sweeper.get("Timeout") != 900:
        yield f"the sweeper has {sweeper.get('Timeout')} seconds"


def failures_wake_the_sweeper(stack: Stack) -> Iterator[str]:
    """A message is seen by one sweep at a time, and by no more than two sweeps are there at once.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    sweeper, queue = stack.properties("Sweeper"), stack.properties("FailureQueue")
    events = [one["Properties"] for one in sweeper.get("Events", {}).values() if one["Type"] == "SQS"]
    if not any(event["Queue"].endswith(":test-FailureQueue") and OFF.isdisjoint(as_pairs(event)) for event in events):
        yield f"nobody reads what was given up; the sweeper reads {events}"
    for event in events:
        if event.get("ScalingConfig") != {"MaximumConcurrency": 2} or event.get("BatchSize") != 10:
            yield f"so many sweeps at once: {event}"
    if queue.get("VisibilityTimeout", 30) < 6 * sweeper.get("Timeout", 3):
        yield f"a message is visible again after {queue.get('VisibilityTimeout')} s"


def as_pairs(event: dict[str, Any]) -> set[tuple[str, Any]]:
    """What is set to a plain value."""
    return {(name, value) for name, value in event.items() if not isinstance(value, dict | list)}


def mapping_hears_of_waiting_requests_only(stack: Stack) -> Iterator[str]:
    """The processor's own writes and the deletes of the ttl must never come back to it: a stamp ends PENDING, and what
    work() keeps of a request is marked `saved`.

    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
    """
    filters = stack.mapping.get("FilterCriteria", {}).get("Filters", ())
    passes = compile_filters([one["Pattern"] for one in filters])
    image = {"status": {"S": "PENDING"}, "requestId": {"S": "r-1"}}
    for event_name in ("INSERT", "MODIFY"):
        for status in ("PENDING", "DONE", "FAILED", "VOID"):
            record = {"eventName": event_name, "dynamodb": {"NewImage": {**image, "status": {"S": status}}}}
            if passes(record) != (status == "PENDING"):
                yield f"{event_name} of a {status} request: the filter says {passes(record)}"
    if passes({"eventName": "MODIFY", "dynamodb": {"NewImage": {**image, "saved": {"BOOL": True}}}}):
        yield "what work() saves of a request has it announced again"
    if passes({"eventName": "REMOVE", "dynamodb": {"Keys": {"requestId": {"S": "r-1"}}}}):
        yield "REMOVE passes the filter"
    if stack.properties("RequestsTable").get("StreamSpecification") != {"StreamViewType": "NEW_IMAGE"}:
        yield "the stream does not carry the new image"


def functions_can_be_built(stack: Stack) -> Iterator[str]:
    """On the runtime that was tested, from code that is there, with packages of a known version."""
    for name, function in stack.of_type("AWS::Serverless::Function"):
        if (function.get("Runtime"), function.get("Architectures")) != ("python3.13", ["arm64"]):
            yield f"{name} runs {function.get('Runtime')} on {function.get('Architectures')}"
        module, _, handler = function["Handler"].rpartition(".")
        code = ROOT / function["CodeUri"]
        if f"def {handler}(" not in (code / f"{module}.py").read_text(encoding="utf-8"):
            yield f"{name} has no handler {function['Handler']}"
        for requirements in code.glob("requirements.txt"):  # without one the runtime's own packages are enough
            yield from unpinned(requirements.read_text(encoding="utf-8"))


def unpinned(requirements: str) -> Iterator[str]:
    """The lines of a requirements.txt that allow more than one version."""
    for line in requirements.splitlines():
        if line.strip() and not re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.!+-]+", line.partition("#")[0].strip()):
            yield f"{line} is not pinned"


def functions_share_code_and_settings(stack: Stack) -> Iterator[str]:
    """Processor and sweeper are handlers of one code asset, and all work on the same tables: what one of them writes,
    the others must find and read."""
    shared = {
        **{variable: stack.resources[table].physical_id for variable, table in TABLES.items()},
        **{variable: stack.parameters[parameter] for variable, parameter in PARAMETERS.items()},
        "POWERTOOLS_METRICS_NAMESPACE": "Gapless/test",
    }
    for name, function in stack.of_type("AWS::Serverless::Function"):
        if function["CodeUri"] != CODE[name]:
            yield f"{name} has the code of {function['CodeUri']}"
        variables = function["Environment"]["Variables"]
        own = {variable: stack.parameters[parameter] for variable, parameter in OWN.get(name, {}).items()}
        if CODE[name] == PROTOCOL:
            own["POWERTOOLS_SERVICE_NAME"] = name.lower()
        expected = shared | own
        for variable in sorted(variables.keys() | expected.keys()):
            if variables.get(variable) != expected.get(variable):
                yield f"{name}: {variable} is {variables.get(variable)}, not {expected.get(variable)}"


def urls_ask_for_what_was_chosen(stack: Stack) -> Iterator[str]:
    """Nothing but tickets has a URL, and that one lets nobody in without a signature unless it was asked to."""
    tickets = stack.parameters["Tickets"]
    expected = {} if tickets == "off" else {"Ticket": {"AuthType": tickets}}
    functions = stack.of_type("AWS::Serverless::Function")
    found = {name: one["FunctionUrlConfig"] for name, one in functions if "FunctionUrlConfig" in one}
    if found != expected:
        yield f"with Tickets {tickets} the URLs are {found}"


def nobody_else_may_invoke(stack: Stack) -> Iterator[str]:
    """Everybody, and only by the URL, when it asks for no signature; besides that there is no permission at all.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """
    everybody = {"FunctionName": "test-Ticket", "Principal": "*"}
    by_url = {
        "lambda:InvokeFunctionUrl": everybody | {"FunctionUrlAuthType": "NONE"},
        "lambda:InvokeFunction": everybody | {"InvokedViaFunctionUrl": True},
    }
    expected = by_url if stack.parameters["Tickets"] == "NONE" else {}
    given = [dict(properties) for _, properties in stack.of_type("AWS::Lambda::Permission")]
    found = {permission.pop("Action"): permission for permission in given}
    if found != expected or len(given) != len(expected):
        yield f"with Tickets {stack.parameters['Tickets']} the permissions are {found}"


def nobody_is_killed_unless_asked(stack: Stack) -> Iterator[str]:
    """The fault switch is off in every stack that does not set it."""
    for name, function in stack.of_type("AWS::Serverless::Function"):
        if str(function["Environment"]["Variables"].get("KILL_ONE_IN", 0)) != "0":
            yield f"{name} dies at one call in {function['Environment']['Variables']['KILL_ONE_IN']}"


RULES = (
    nobody_is_killed_unless_asked,
    mapping_gives_up_in_time_and_loses_nothing,
    lanes_have_a_window,
    mapping_hears_of_waiting_requests_only,
    sweeper_runs_by_the_clock,
    failures_wake_the_sweeper,
    functions_can_be_built,
    functions_share_code_and_settings,
    urls_ask_for_what_was_chosen,
    nobody_else_may_invoke,
)
