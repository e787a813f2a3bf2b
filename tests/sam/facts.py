"""What the template declares and a service can be asked for, by the name of the thing."""

from collections.abc import Callable
from typing import Any

from tests.sam.deployed import Deployed

Fact = Callable[[Deployed], tuple[object, object]]  # what is there, and what is declared

MAPPING = (
    *("StartingPosition", "BatchSize", "MaximumBatchingWindowInSeconds", "ParallelizationFactor", "FilterCriteria"),
    *("FunctionResponseTypes", "BisectBatchOnFunctionError", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds"),
    *("TumblingWindowInSeconds", "MetricsConfig"),
)
FUNCTION = ("Description", "Handler", "Runtime", "Architectures", "MemorySize", "Timeout")
FUNCTIONS = ("Processor", "Sweeper", "Ticket")
TABLES = ("RequestsTable", "CountersTable", "JournalTable")
EXPIRING = ("RequestsTable", "JournalTable")
ROLES = ("ApiRole", "DeploymentRole", "ProcessorRole", "SweeperRole", "TicketRole", "ApiLoggingRole")
LOGS = ("ApiLogs", "ProcessorLogs", "SweeperLogs", "TicketLogs")
ALARMS = (
    *("IteratorAgeAlarm", "ProcessorErrorsAlarm", "ProcessorThrottlesAlarm", "FailureQueueAlarm", "OldestPendingAlarm"),
    *("ApiServerErrorsAlarm", "ApiClientErrorsAlarm"),
)
ALARM = (
    *("Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods", "Threshold", "ComparisonOperator"),
    *("TreatMissingData", "AlarmDescription"),
)
METHODS = (
    "PUT /requests",
    "PUT /requests/{requestId}",
    "GET /requests/{requestId}",
    "POST /numbers/{counter}",
    "GET /counters/{counter}",
    "GET /health",
)


def of_function(logical_id: str, name: str) -> Fact:
    return lambda stack: (
        stack.function(logical_id).get(name),
        stack.declared.resources[logical_id].properties[name],
    )


def of_mapping(name: str) -> Fact:
    def fact(stack: Deployed) -> tuple[object, object]:
        events = stack.declared.resources["Processor"].properties["Events"]
        return stack.mapping().get(name), events["Requests"]["Properties"][name]

    return fact


def of_table(logical_id: str, name: str) -> Fact:
    return lambda stack: (stack.table(logical_id)[name], stack.declared.resources[logical_id].properties[name])


def billing(logical_id: str) -> Fact:
    return lambda stack: (stack.table(logical_id)["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST")


def time_to_live(logical_id: str) -> Fact:
    return lambda stack: (stack.time_to_live(logical_id), "ENABLED")


def recovery(logical_id: str) -> Fact:
    return lambda stack: (stack.point_in_time_recovery(logical_id), "ENABLED")


def of_method(method: str, there: Callable[[dict[str, Any]], object], expected: object) -> Fact:
    return lambda stack: (there(stack.methods()[method]), expected)


def authorization(method: str) -> Fact:
    def fact(stack: Deployed) -> tuple[object, object]:
        found = stack.methods()[method]
        expected = ("AWS_IAM", False) if stack.authorization == "AWS_IAM" else ("NONE", True)
        return (found["authorizationType"], found["apiKeyRequired"]), expected

    return fact


def uri(method: str) -> Fact:
    def fact(stack: Deployed) -> tuple[object, object]:
        name, path = method.split()
        operation = stack.declared.resources["Api"].properties["DefinitionBody"]["paths"][path][name.lower()]
        return stack.methods()[method]["methodIntegration"]["uri"], operation["x-amazon-apigateway-integration"]["uri"]

    return fact


def role(method: str) -> Fact:
    def fact(stack: Deployed) -> tuple[object, object]:
        credentials = stack.methods()[method]["methodIntegration"].get("credentials", "")
        return credentials.rpartition("/")[2], stack.physical_id("ApiRole")

    return fact


def retention(logical_id: str) -> Fact:
    def fact(stack: Deployed) -> tuple[object, object]:
        return stack.log_retention(logical_id), stack.declared.resources[logical_id].properties["RetentionInDays"]

    return fact


def policies(logical_id: str) -> Fact:
    def fact(stack: Deployed) -> tuple[object, object]:
        declared = stack.declared.resources[logical_id].properties.get("Policies", ())
        return stack.role_policies(logical_id), sorted(policy["PolicyName"] for policy in declared)

    return fact


def throttling(stack: Deployed) -> tuple[object, object]:
    (settings,) = stack.stage()["methodSettings"]
    limits = [float(settings[name]) for name in ("ThrottlingRateLimit", "ThrottlingBurstLimit")]
    return limits, [100.0, 200.0]


def access_log(stack: Deployed) -> tuple[object, object]:
    declared = stack.declared.resources["Api"].properties["AccessLogSetting"]["Format"]
    return stack.stage()["accessLogSettings"].get("format"), declared


def stage_variables(stack: Deployed) -> tuple[object, object]:
    tables = {f"{name}sTable": stack.physical_id(f"{name.title()}sTable") for name in ("request", "counter")}
    return stack.stage()["variables"], tables | {"defaultCounter": "requests"}


def gateway_responses(stack: Deployed) -> tuple[object, object]:
    responses = stack.client("apigateway").get_gateway_responses(restApiId=stack.physical_id("Api"))["items"]
    declared = stack.declared.resources["Api"].properties["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]
    return {one["responseType"] for one in responses if not one["defaultResponse"]}, declared.keys()


def environment(logical_id: str) -> Fact:
    def fact(stack: Deployed) -> tuple[object, object]:
        declared = stack.declared.resources[logical_id].properties["Environment"]["Variables"]
        tables = {f"{name.removesuffix('Table').upper()}_TABLE": stack.physical_id(name) for name in TABLES}
        there = stack.function(logical_id)["Environment"]["Variables"]
        return there, {name: str(value) for name, value in declared.items()} | tables

    return fact


def function_role(logical_id: str) -> Fact:
    def fact(stack: Deployed) -> tuple[object, object]:
        return stack.function(logical_id)["Role"].rpartition("/")[2], stack.physical_id(f"{logical_id}Role")

    return fact


def function_log(logical_id: str) -> Fact:
    def fact(stack: Deployed) -> tuple[object, object]:
        return stack.function(logical_id)["LoggingConfig"]["LogGroup"], stack.physical_id(f"{logical_id}Logs")

    return fact


def destination(stack: Deployed) -> tuple[object, object]:
    return stack.mapping()["DestinationConfig"]["OnFailure"]["Destination"], stack.queue()["QueueArn"]


def source(stack: Deployed) -> tuple[object, object]:
    return stack.mapping()["EventSourceArn"], stack.table("RequestsTable")["LatestStreamArn"]


def stream(stack: Deployed) -> tuple[object, object]:
    return stack.table("RequestsTable")["StreamSpecification"]["StreamViewType"], "NEW_IMAGE"


def failures(stack: Deployed) -> tuple[object, object]:
    mapping = stack.failures()
    there = (mapping["EventSourceArn"], mapping["FunctionArn"], mapping["BatchSize"], mapping.get("ScalingConfig"))
    sweeper = stack.function("Sweeper")["FunctionArn"]
    return there, (stack.queue()["QueueArn"], sweeper, 10, {"MaximumConcurrency": 2})


def schedule(stack: Deployed) -> tuple[object, object]:
    declared = stack.declared.resources["Sweeper"].properties["Events"]["Schedule"]["Properties"]
    rule = stack.schedule()
    called = [target["Arn"] for target in rule["Targets"]]
    expected = (declared["Schedule"], "ENABLED", [stack.function("Sweeper")["FunctionArn"]])
    return (rule["ScheduleExpression"], rule["State"], called), expected


def batches_go_to(stack: Deployed) -> tuple[object, object]:
    return stack.mapping()["FunctionArn"].rpartition(":")[2], "live"


def live_version(stack: Deployed) -> tuple[object, object]:
    return stack.alias()["FunctionVersion"], stack.newest_version()


def watched_version(stack: Deployed) -> tuple[object, object]:
    dimensions = {one["Name"]: one["Value"] for one in stack.alarm("NewVersionErrorsAlarm")["Dimensions"]}
    function = stack.physical_id("Processor")
    version = stack.alias()["FunctionVersion"]
    return dimensions, {"FunctionName": function, "Resource": f"{function}:live", "ExecutedVersion": version}


def alarm(logical_id: str, name: str) -> Fact:
    return lambda stack: (stack.alarm(logical_id)[name], stack.declared.resources[logical_id].properties[name])


def alarm_action(logical_id: str, name: str) -> Fact:
    return lambda stack: (stack.alarm(logical_id)[name], [stack.physical_id("AlarmTopic")])


def alarm_dimensions(logical_id: str) -> Fact:
    """Names of the template's resources stand in it, which are others once it is deployed."""

    def fact(stack: Deployed) -> tuple[object, object]:
        declared = stack.declared.resources[logical_id].properties["Dimensions"]
        names = {f"{stack.name}-{name}": physical for name, (_, physical) in stack.resources.items()}
        names = {name: physical.rpartition("/")[2] for name, physical in names.items()}
        expected = {one["Name"]: names.get(one["Value"], one["Value"]) for one in declared}
        return {one["Name"]: one["Value"] for one in stack.alarm(logical_id)["Dimensions"]}, expected

    return fact


FACTS: dict[str, Fact] = {
    **{f"{name}: {what}": of_table(name, what) for name in TABLES for what in ("KeySchema", "AttributeDefinitions")},
    **{f"{name}: deletion protection": of_table(name, "DeletionProtectionEnabled") for name in TABLES},
    **{f"{name}: on demand": billing(name) for name in TABLES},
    "RequestsTable: stream": stream,
    **{f"{name}: ttl": time_to_live(name) for name in EXPIRING},
    "CountersTable: no ttl": lambda stack: (stack.time_to_live("CountersTable"), "DISABLED"),
    **{f"{name}: point-in-time recovery": recovery(name) for name in TABLES},
    **{f"{function}: {name}": of_function(function, name) for function in FUNCTIONS for name in FUNCTION},
    **{f"{name}: environment": environment(name) for name in FUNCTIONS},
    **{f"{name}: role": function_role(name) for name in FUNCTIONS},
    **{f"{name}: log": function_log(name) for name in FUNCTIONS},
    **{f"mapping: {name}": of_mapping(name) for name in MAPPING},
    "schedule": schedule,
    "failures": failures,
    "mapping: destination": destination,
    "mapping: source": source,
    "routes": lambda stack: (set(stack.methods()), set(METHODS)),
    **{f"{method}: authorization": authorization(method) for method in METHODS},
    **{f"{method}: uri": uri(method) for method in METHODS if method != "GET /health"},
    **{f"{method}: role": role(method) for method in METHODS if method != "GET /health"},
    **{
        f"{method}: passthrough": of_method(
            method, lambda found: found["methodIntegration"]["passthroughBehavior"].upper(), "NEVER"
        )
        for method in METHODS
    },
    **{
        f"{method}: templates": of_method(
            method, lambda found: list(found["methodIntegration"]["requestTemplates"]), ["application/json"]
        )
        for method in METHODS
    },
    **{
        f"{method}: answers": of_method(
            method, lambda found: len(found["methodIntegration"]["integrationResponses"]) > 0, True
        )
        for method in METHODS
    },
    "gateway responses": gateway_responses,
    "stage: variables": stage_variables,
    "stage: throttling": throttling,
    "stage: access log": access_log,
    **{f"{name}: retention": retention(name) for name in LOGS},
    **{f"{name}: policies": policies(name) for name in ROLES},
    **{f"{name}: {what}": alarm(name, what) for name in ALARMS for what in ALARM},
    **{f"{name}: {what}": alarm_action(name, what) for name in ALARMS for what in ("AlarmActions", "OKActions")},
    **{f"{name}: dimensions": alarm_dimensions(name) for name in ALARMS},
    **{
        f"{name}: percentile": alarm(name, "ExtendedStatistic")
        for name in ("ProcessorDurationAlarm", "ApiLatencyAlarm")
    },
    "mapping: alias": batches_go_to,
    "alias: version": live_version,
    "NewVersionErrorsAlarm: dimensions": watched_version,
    "queue: retention": lambda stack: (stack.queue()["MessageRetentionPeriod"], "1209600"),
    "queue: visibility": lambda stack: (stack.queue()["VisibilityTimeout"], "5400"),
    "queue: encryption": lambda stack: (stack.queue().get("SqsManagedSseEnabled"), "true"),
}
