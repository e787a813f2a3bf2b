"""What the tables and the logs must be. Each rule yields the breaches it finds, in words."""

from collections.abc import Iterator

from tests.template.declared import Stack

EXPIRES = {"AttributeName": "ttl", "Enabled": True}
TTL = {"RequestsTable": EXPIRES, "CountersTable": None, "JournalTable": EXPIRES}  # a counter is never forgotten


def tables_are_safe(stack: Stack) -> Iterator[str]:
    """On demand, restorable to any second, and not to be deleted by mistake."""
    for name, table in stack.of_type("AWS::DynamoDB::Table"):
        if table.get("BillingMode") != "PAY_PER_REQUEST":
            yield f"{name} is not on demand"
        if table.get("PointInTimeRecoverySpecification") != {"PointInTimeRecoveryEnabled": True}:
            yield f"{name} has no point-in-time recovery"
        if table.get("DeletionProtectionEnabled") is not True:
            yield f"{name} has no deletion protection"
        if table.get("TimeToLiveSpecification") != TTL[name]:
            yield f"{name} forgets by {table.get('TimeToLiveSpecification')}, not by {TTL[name]}"


def tables_outlive_the_stack(stack: Stack) -> Iterator[str]:
    """Numbers that were given out must not go with the stack, nor with a change that replaces the table."""
    for name, resource in stack.source["Resources"].items():
        if resource["Type"] != "AWS::DynamoDB::Table":
            continue
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if resource.get(policy) != "Retain":
                yield f"{name} has {policy} {resource.get(policy)}"


def every_log_is_kept_for_a_while(stack: Stack) -> Iterator[str]:
    """A log group that Lambda or API Gateway makes for itself is kept for ever."""
    groups = dict(stack.of_type("AWS::Logs::LogGroup"))
    for name, group in groups.items():
        if not group.get("RetentionInDays"):
            yield f"{name} is kept for ever"
    names = {stack.resources[name].physical_id for name in groups}
    for name, function in stack.of_type("AWS::Serverless::Function"):
        if function.get("LoggingConfig", {}).get("LogGroup") not in names:
            yield f"{name} logs to a group that is not of this stack"
    destination = stack.api.get("AccessLogSetting", {}).get("DestinationArn", "")
    if not any(f":log-group:{name}" in destination for name in names):
        yield "the API logs to a group that is not of this stack"


RULES = (
    tables_are_safe,
    tables_outlive_the_stack,
    every_log_is_kept_for_a_while,
)
