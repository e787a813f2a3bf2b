"""Breaches of what the tables, the stream, the functions, the roles and the texts must be."""

from typing import Any

from tests.template import data_rules, role_rules, text_rules
from tests.template.declared import Stack
from tests.template.planting import Planted, breaks

PLANTED: Planted = []


def mapping(stack: Stack) -> dict[str, Any]:
    """The event source mapping."""
    properties: dict[str, Any] = stack.properties("Processor")["Events"]["Requests"]["Properties"]
    return properties


def allow(stack: Stack, role: str, action: str, resource: str) -> None:
    """One statement more in a role."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    stack.properties(role)["Policies"][0]["PolicyDocument"]["Statement"].append(statement)


@breaks(data_rules.tables_are_safe, PLANTED)
def table_that_cannot_be_restored(stack: Stack) -> None:
    del stack.properties("CountersTable")["PointInTimeRecoverySpecification"]


@breaks(data_rules.tables_are_safe, PLANTED)
def table_with_fixed_capacity(stack: Stack) -> None:
    stack.properties("RequestsTable")["BillingMode"] = "PROVISIONED"


@breaks(data_rules.tables_are_safe, PLANTED)
def table_that_can_be_deleted(stack: Stack) -> None:
    stack.properties("CountersTable")["DeletionProtectionEnabled"] = False


@breaks(data_rules.tables_are_safe, PLANTED)
def counters_that_expire(stack: Stack) -> None:
    stack.properties("CountersTable")["TimeToLiveSpecification"] = {"AttributeName": "ttl", "Enabled": True}


@breaks(data_rules.tables_outlive_the_stack, PLANTED)
def table_that_goes_with_the_stack(stack: Stack) -> None:
    del stack.source["Resources"]["RequestsTable"]["DeletionPolicy"]


@breaks(data_rules.mapping_gives_up_in_time_and_loses_nothing, PLANTED)
def retries_without_end(stack: Stack) -> None:
    del mapping(stack)["MaximumRetryAttempts"]


@breaks(data_rules.mapping_gives_up_in_time_and_loses_nothing, PLANTED)
def start_that_misses_records(stack: Stack) -> None:
    mapping(stack)["StartingPosition"] = "LATEST"


@breaks(data_rules.mapping_gives_up_in_time_and_loses_nothing, PLANTED)
def failures_thrown_away(stack: Stack) -> None:
    del mapping(stack)["DestinationConfig"]


@breaks(data_rules.mapping_hears_of_waiting_requests_only, PLANTED)
def own_writes_come_back(stack: Stack) -> None:
    del mapping(stack)["FilterCriteria"]


@breaks(data_rules.mapping_hears_of_waiting_requests_only, PLANTED)
def resent_requests_unheard(stack: Stack) -> None:
    pattern = '{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"status": {"S": ["PENDING"]}}}}'
    mapping(stack)["FilterCriteria"]["Filters"] = [{"Pattern": pattern}]


@breaks(data_rules.mapping_hears_of_waiting_requests_only, PLANTED)
def stream_of_keys(stack: Stack) -> None:
    stack.properties("RequestsTable")["StreamSpecification"] = {"StreamViewType": "KEYS_ONLY"}


@breaks(data_rules.every_log_is_kept_for_a_while, PLANTED)
def log_kept_for_ever(stack: Stack) -> None:
    del stack.properties("ProcessorLogs")["RetentionInDays"]


@breaks(data_rules.every_log_is_kept_for_a_while, PLANTED)
def function_with_a_log_of_its_own_making(stack: Stack) -> None:
    del stack.properties("Processor")["LoggingConfig"]


@breaks(data_rules.functions_can_be_built, PLANTED)
def handler_misspelt(stack: Stack) -> None:
    stack.properties("Processor")["Handler"] = "app.handler"


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def api_that_creates_counters(stack: Stack) -> None:
    allow(stack, "ApiRole", "dynamodb:PutItem", role_rules.COUNTERS)


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def failures_that_cannot_be_sent(stack: Stack) -> None:
    del stack.properties("ProcessorRole")["Policies"][0]["PolicyDocument"]["Statement"][-1]


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def role_with_a_ready_made_policy(stack: Stack) -> None:
    stack.properties("ProcessorRole")["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"]


@breaks(role_rules.no_role_has_wildcards, PLANTED)
def any_action(stack: Stack) -> None:
    allow(stack, "ProcessorRole", "dynamodb:*", role_rules.COUNTERS)


@breaks(role_rules.no_role_has_wildcards, PLANTED)
def any_table(stack: Stack) -> None:
    allow(stack, "ProcessorRole", "dynamodb:GetItem", role_rules.TABLE + "*")


@breaks(role_rules.no_role_reads_all_or_deletes, PLANTED)
def processor_that_scans(stack: Stack) -> None:
    allow(stack, "ProcessorRole", "dynamodb:Scan", role_rules.REQUESTS)


@breaks(role_rules.no_role_reads_all_or_deletes, PLANTED)
def processor_that_deletes(stack: Stack) -> None:
    allow(stack, "ProcessorRole", "dynamodb:DeleteItem", role_rules.REQUESTS)


@breaks(role_rules.roles_are_assumed_by_their_service, PLANTED)
def role_for_the_account(stack: Stack) -> None:
    document = stack.properties("ApiRole")["AssumeRolePolicyDocument"]
    document["Statement"][0]["Principal"] = {"AWS": "arn:aws:iam::000000000000:root"}


@breaks(role_rules.every_function_has_its_own_role, PLANTED)
def function_with_the_role_sam_makes(stack: Stack) -> None:
    del stack.properties("Processor")["Role"]


@breaks(text_rules.every_parameter_is_explained_and_bounded, PLANTED)
def parameter_that_takes_anything(stack: Stack) -> None:
    del stack.source["Parameters"]["LogLevel"]["AllowedValues"]


@breaks(text_rules.every_parameter_is_explained_and_bounded, PLANTED)
def parameter_that_must_be_given(stack: Stack) -> None:
    del stack.source["Parameters"]["Authorization"]["Default"]


@breaks(text_rules.every_output_is_there_and_explained, PLANTED)
def output_gone(stack: Stack) -> None:
    del stack.source["Outputs"]["ApiUrl"]
