"""What the roles may allow. Each rule yields the breaches it finds, in words."""

import re
from collections.abc import Iterator
from typing import Any

from tests.template.declared import KEY, ROOT, Stack

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/test-"
REQUESTS, COUNTERS, JOURNAL = f"{TABLE}RequestsTable", f"{TABLE}CountersTable", f"{TABLE}JournalTable"
STREAM, STREAMS = f"{REQUESTS}/stream/local", f"{REQUESTS}/stream/*"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:test-FailureQueue"
PROCESSOR = "arn:aws:lambda:us-east-1:000000000000:function:test-Processor"
VERSIONS = f"{PROCESSOR}:*"
LOGS = "arn:aws:logs:us-east-1:000000000000:log-group:test-"
# `:*`, a group's streams, ends its ARN
PROCESSOR_LOGS, SWEEPER_LOGS, TICKET_LOGS = (f"{LOGS}{name}Logs:*" for name in ("Processor", "Sweeper", "Ticket"))


def on(resource: str, *actions: str) -> set[tuple[str, str]]:
    """Each action with the resource."""
    return {(action, resource) for action in actions}


# Who may do what to which. An action that is missing here may not be allowed, and one that is here must be.
ALLOWED = {
    "ApiRole": {
        *on(REQUESTS, "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:GetItem"),
        *on(COUNTERS, "dynamodb:UpdateItem", "dynamodb:GetItem"),
    },
    "ProcessorRole": {
        *on(STREAM, "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
        *on(STREAMS, "dynamodb:ListStreams"),
        *on(QUEUE, "sqs:SendMessage"),
        *on(REQUESTS, "dynamodb:UpdateItem", "dynamodb:PartiQLUpdate", "dynamodb:BatchGetItem"),
        *on(COUNTERS, "dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"),
        *on(JOURNAL, "dynamodb:PutItem", "dynamodb:BatchGetItem"),
        *on(PROCESSOR_LOGS, "logs:CreateLogStream", "logs:PutLogEvents"),
    },
    "SweeperRole": {
        *on(REQUESTS, "dynamodb:Scan", "dynamodb:UpdateItem", "dynamodb:PartiQLUpdate", "dynamodb:BatchGetItem"),
        *on(COUNTERS, "dynamodb:Scan", "dynamodb:GetItem", "dynamodb:UpdateItem"),
        *on(JOURNAL, "dynamodb:BatchGetItem"),
        *on(QUEUE, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
        *on(SWEEPER_LOGS, "logs:CreateLogStream", "logs:PutLogEvents"),
    },
    "TicketRole": {
        *on(COUNTERS, "dynamodb:UpdateItem"),
        *on(TICKET_LOGS, "logs:CreateLogStream", "logs:PutLogEvents"),
    },
    "ApiLoggingRole": set(),
    "DeploymentRole": {
        *on(PROCESSOR, "lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"),
        *on(VERSIONS, "lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"),
        *on("*", "cloudwatch:DescribeAlarms"),
    },
}
# What they may besides when calls and batches are traced.
TRACES = on("*", "xray:PutTraceSegments", "xray:PutTelemetryRecords")
TRACED = ("ProcessorRole", "SweeperRole", "TicketRole")
# What they may besides when the stack has a KMS key, and through which services alone. A table's key is decrypted for
# whoever calls DynamoDB, a queue's data key made for the sender and decrypted for both.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
ALLOWED_WITH_KEY = {
    "ApiRole": {"kms:Decrypt": ["dynamodb"]},
    "ProcessorRole": {"kms:Decrypt": ["dynamodb", "lambda", "sqs"], "kms:GenerateDataKey": ["sqs"]},
    "SweeperRole": {"kms:Decrypt": ["dynamodb", "lambda", "sqs"]},
    "TicketRole": {"kms:Decrypt": ["dynamodb", "lambda"]},
}
ASSUMED_BY = {
    "ApiRole": "apigateway.amazonaws.com",
    "ProcessorRole": "lambda.amazonaws.com",
    "SweeperRole": "lambda.amazonaws.com",
    "TicketRole": "lambda.amazonaws.com",
    "ApiLoggingRole": "apigateway.amazonaws.com",
    "DeploymentRole": "codedeploy.amazonaws.com",
}
# What API Gateway asks of the role that writes its logs, and the policy AWS keeps for that.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
MANAGED = {"ApiLoggingRole": ["arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"]}
# X-Ray knows no resources; which CodeDeploy needs for DescribeAlarms AWS's own policy leaves open:
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html
ENDS_IN_A_WILDCARD = {
    *TRACES,
    *on("*", "cloudwatch:DescribeAlarms"),
    *on(VERSIONS, "lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"),
    *on(STREAMS, "dynamodb:ListStreams"),
    *on(PROCESSOR_LOGS, "logs:CreateLogStream", "logs:PutLogEvents"),
    *on(SWEEPER_LOGS, "logs:CreateLogStream", "logs:PutLogEvents"),
    *on(TICKET_LOGS, "logs:CreateLogStream", "logs:PutLogEvents"),
}
# What IAM asks for each call: for a transaction the actions in it, for PartiQL the statement's own.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html and ql-iam.html
ASKED_FOR = {
    "get_item": {"GetItem"},
    "put_item": {"PutItem"},
    "update_item": {"UpdateItem"},
    "batch_get_item": {"BatchGetItem"},
    "batch_execute_statement": {"PartiQLUpdate"},
    "transact_write_items": {"UpdateItem", "ConditionCheckItem"},
    'get_paginator("scan")': {"Scan"},
}
CALL = re.compile(r'client\.(get_paginator\("\w+"\)|\w+(?=\())')
DELETES = ("Delete", "BatchWriteItem")
ADMINISTERS = ("CreateTable", "UpdateTable", "UpdateTimeToLive", "UpdateContinuousBackups", "Restore")
READS_ALL = ("Scan", "PartiQLSelect", "ExportTable")


def roles_allow_just_what_is_needed(stack: Stack) -> Iterator[str]:
    """The actions and resources of every role are those of ALLOWED."""
    for name, role in stack.of_type("AWS::IAM::Role"):
        allowed, expected = set(permissions(role)), ALLOWED.get(name, set())
        if stack.parameters["KmsKeyArn"]:
            expected = expected | on(KEY, *ALLOWED_WITH_KEY.get(name, ()))
        if stack.parameters["Tracing"] == "on" and name in TRACED:
            expected = expected | TRACES
        for action, resource in sorted(allowed - expected):
            yield f"{name} may {action} on {resource}"
        for action, resource in sorted(expected - allowed):
            yield f"{name} may not {action} on {resource}"
        if role.get("ManagedPolicyArns", []) != MANAGED.get(name, []):
            yield f"{name} has {role.get('ManagedPolicyArns')}"


def keys_are_used_through_services_only(stack: Stack) -> Iterator[str]:
    """Who takes a role may read the table as before, and decrypt nothing by himself."""
    for name, role in stack.of_type("AWS::IAM::Role"):
        for statement in statements(role):
            condition = statement.get("Condition")
            services = ALLOWED_WITH_KEY.get(name, {}).get(str(statement["Action"]), [])
            hosts = [f"{service}.us-east-1.amazonaws.com" for service in services]
            if condition != ({"StringEquals": {"kms:ViaService": hosts}} if hosts else None):
                yield f"{name} may {statement['Action']} on condition of {condition}"


def roles_allow_the_calls_that_are_made(stack: Stack) -> Iterator[str]:
    """No local engine asks who may call, so what the code calls is compared with what its functions' roles allow."""
    roles_of: dict[str, list[str]] = {}
    for name, function in stack.of_type("AWS::Serverless::Function"):
        roles_of.setdefault(function["CodeUri"], []).append(f"{name}Role")
    for code, roles in roles_of.items():
        called = {call for module in (ROOT / code).glob("*.py") for call in CALL.findall(module.read_text("utf-8"))}
        for unknown in sorted(called - ASKED_FOR.keys()):
            yield f"{code} calls {unknown}, which is not among ASKED_FOR"
        needed = {f"dynamodb:{action}" for call in called for action in ASKED_FOR.get(call, ())}
        may = {
            action for role in roles for action, resource in permissions(stack.properties(role)) if is_table(resource)
        }
        if may != needed:
            yield f"{code} calls {sorted(needed)}, and its roles allow {sorted(may)}"


def is_table(resource: str) -> bool:
    """Whether a resource is one of the tables, and not a stream of it."""
    return resource in (REQUESTS, COUNTERS, JOURNAL)


def no_role_has_wildcards(stack: Stack) -> Iterator[str]:
    """No action by a wildcard; resources only where the stream's label or the log stream is not known before."""
    for name, role in stack.of_type("AWS::IAM::Role"):
        for action, resource in permissions(role):
            if "*" in action or ("*" in resource and (action, resource) not in ENDS_IN_A_WILDCARD):
                yield f"{name} may {action} on {resource}"


def only_the_sweeper_reads_all_and_nobody_deletes(stack: Stack) -> Iterator[str]:
    """Nothing else of this stack ever scans a table, and nothing at all deletes from it or administers it."""
    for name, role in stack.of_type("AWS::IAM::Role"):
        never = DELETES + ADMINISTERS + (() if name == "SweeperRole" else READS_ALL)
        for action, resource in permissions(role):
            if action.startswith("dynamodb:") and any(word in action for word in never):
                yield f"{name} may {action} on {resource}"


def roles_are_assumed_by_their_service(stack: Stack) -> Iterator[str]:
    """Nobody else may take them."""
    for name, role in stack.of_type("AWS::IAM::Role"):
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            if statement["Principal"] != {"Service": ASSUMED_BY.get(name)}:
                yield f"{name} may be assumed by {statement['Principal']}"


def every_function_has_its_own_role(stack: Stack) -> Iterator[str]:
    """For a function with a DynamoDB event and without Role, SAM attaches a policy on every table of the account."""
    for name, function in stack.of_type("AWS::Serverless::Function"):
        if not str(function.get("Role", "")).endswith(f":role/test-{name}Role"):
            yield f"{name} has the role {function.get('Role')}"
        if "Policies" in function:
            yield f"{name} has Policies, which SAM ignores beside a Role"


def integrations_use_the_role_of_the_api(stack: Stack) -> Iterator[str]:
    """Each calls DynamoDB by an action that the role allows."""
    used = set()
    for name, integration in stack.integrations():
        if integration["type"] == "mock":
            continue
        used.add("dynamodb:" + integration["uri"].rpartition("/")[2])
        if not str(integration.get("credentials", "")).endswith(":role/test-ApiRole"):
            yield f"{name} calls DynamoDB as {integration.get('credentials')}"
    allowed = {action for action, resource in permissions(stack.properties("ApiRole")) if is_table(resource)}
    if used != allowed:
        yield f"the API uses {sorted(used)}, and its role allows {sorted(allowed)}"


def permissions(role: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every action with every resource that a role's own policies allow it on."""
    for statement in statements(role):
        for action in in_list(statement["Action"]):
            for resource in in_list(statement["Resource"]):
                yield action, resource


def statements(role: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every statement of a role's own policies."""
    for policy in role.get("Policies", ()):
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow", f"unexpected: {statement}"
            assert statement.keys() <= {"Effect", "Action", "Resource", "Sid", "Condition"}, f"unexpected: {statement}"
            yield statement


def in_list(value: str | list[str]) -> list[str]:
    """IAM takes one text for a list of one."""
    return [value] if isinstance(value, str) else value


RULES = (
    roles_allow_just_what_is_needed,
    keys_are_used_through_services_only,
    roles_allow_the_calls_that_are_made,
    no_role_has_wildcards,
    only_the_sweeper_reads_all_and_nobody_deletes,
    roles_are_assumed_by_their_service,
    every_function_has_its_own_role,
    integrations_use_the_role_of_the_api,
)
