"""Breaches of what the tables, the logs, the roles and the texts must be."""

from tests.template import data_rules, role_rules, text_rules
from tests.template.declared import Stack
from tests.template.planting import Planted, breaks

PLANTED: Planted = []


def allow(stack: Stack, role: str, action: str, resource: str) -> None:
    """One statement more in a role."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    stack.properties(role)["Policies"][0]["PolicyDocument"]["Statement"].append(statement)


def withdraw(stack: Stack, role: str, action: str) -> None:
    """One action less in every statement of a role that has it among others."""
    for policy in stack.properties(role)["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            if action in statement["Action"]:
                statement["Action"].remove(action)


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


@breaks(data_rules.tables_are_safe, PLANTED)
def journal_that_grows_for_ever(stack: Stack) -> None:
    del stack.properties("JournalTable")["TimeToLiveSpecification"]


@breaks(data_rules.tables_are_safe, PLANTED)
def expiry_switched_off(stack: Stack) -> None:
    stack.properties("RequestsTable")["TimeToLiveSpecification"]["Enabled"] = False


@breaks(data_rules.tables_outlive_the_stack, PLANTED)
def table_that_goes_with_the_stack(stack: Stack) -> None:
    del stack.source["Resources"]["RequestsTable"]["DeletionPolicy"]


@breaks(data_rules.tables_outlive_the_stack, PLANTED)
def journal_that_goes_when_replaced(stack: Stack) -> None:
    stack.source["Resources"]["JournalTable"]["UpdateReplacePolicy"] = "Delete"


@breaks(data_rules.every_log_is_kept_for_a_while, PLANTED)
def log_kept_for_ever(stack: Stack) -> None:
    del stack.properties("ProcessorLogs")["RetentionInDays"]


@breaks(data_rules.every_log_is_kept_for_a_while, PLANTED)
def function_with_a_log_of_its_own_making(stack: Stack) -> None:
    del stack.properties("Processor")["LoggingConfig"]


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def api_that_creates_counters(stack: Stack) -> None:
    allow(stack, "ApiRole", "dynamodb:PutItem", role_rules.COUNTERS)


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def failures_that_cannot_be_consumed(stack: Stack) -> None:
    withdraw(stack, "SweeperRole", "sqs:DeleteMessage")


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def failures_that_cannot_be_sent(stack: Stack) -> None:
    del stack.properties("ProcessorRole")["Policies"][0]["PolicyDocument"]["Statement"][-1]


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def numbers_that_cannot_be_stamped(stack: Stack) -> None:
    withdraw(stack, "ProcessorRole", "dynamodb:PartiQLUpdate")


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def sweeper_that_cannot_stamp(stack: Stack) -> None:
    withdraw(stack, "SweeperRole", "dynamodb:PartiQLUpdate")


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def journal_that_cannot_be_written(stack: Stack) -> None:
    withdraw(stack, "ProcessorRole", "dynamodb:PutItem")


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def sweeper_that_writes_the_journal(stack: Stack) -> None:
    allow(stack, "SweeperRole", "dynamodb:PutItem", role_rules.JOURNAL)


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def sweeper_that_cannot_find_anything(stack: Stack) -> None:
    withdraw(stack, "SweeperRole", "dynamodb:Scan")


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def sweeper_that_scans_the_journal(stack: Stack) -> None:
    allow(stack, "SweeperRole", "dynamodb:Scan", role_rules.JOURNAL)


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def tickets_for_requests(stack: Stack) -> None:
    """Of a stack that gives tickets; of one without, the sweeper's role stands in."""
    role = "TicketRole" if "TicketRole" in stack.resources else "SweeperRole"
    allow(stack, role, "dynamodb:PutItem", role_rules.REQUESTS)


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def role_with_a_ready_made_policy(stack: Stack) -> None:
    stack.properties("ProcessorRole")["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"]


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def traces_that_nobody_asked_for_or_that_cannot_be_sent(stack: Stack) -> None:
    if stack.parameters["Tracing"] == "on":
        stack.properties("ProcessorRole")["Policies"].pop()
    else:
        allow(stack, "ProcessorRole", "xray:PutTraceSegments", "*")


@breaks(role_rules.roles_allow_just_what_is_needed, PLANTED)
def deployment_that_moves_the_alias_of_every_function(stack: Stack) -> None:
    allow(stack, "DeploymentRole", "lambda:UpdateAlias", "*")


@breaks(role_rules.roles_allow_the_calls_that_are_made, PLANTED)
def statements_that_nobody_may_send(stack: Stack) -> None:
    withdraw(stack, "ProcessorRole", "dynamodb:PartiQLUpdate")
    withdraw(stack, "SweeperRole", "dynamodb:PartiQLUpdate")


@breaks(role_rules.roles_allow_the_calls_that_are_made, PLANTED)
def checks_that_nobody_may_make(stack: Stack) -> None:
    withdraw(stack, "ProcessorRole", "dynamodb:ConditionCheckItem")


@breaks(role_rules.roles_allow_the_calls_that_are_made, PLANTED)
def permission_that_nobody_uses(stack: Stack) -> None:
    allow(stack, "ProcessorRole", "dynamodb:Query", role_rules.REQUESTS)


@breaks(role_rules.roles_allow_the_calls_that_are_made, PLANTED)
def ticket_that_reads_or_is_read_for_another(stack: Stack) -> None:
    """What one function's code calls is of no use to the other's role."""
    ticket = "TicketRole" if "TicketRole" in stack.resources else "SweeperRole"
    allow(stack, ticket, "dynamodb:Query" if ticket == "SweeperRole" else "dynamodb:GetItem", role_rules.COUNTERS)


@breaks(role_rules.no_role_has_wildcards, PLANTED)
def any_action(stack: Stack) -> None:
    allow(stack, "ProcessorRole", "dynamodb:*", role_rules.COUNTERS)


@breaks(role_rules.no_role_has_wildcards, PLANTED)
def any_table(stack: Stack) -> None:
    allow(stack, "ProcessorRole", "dynamodb:GetItem", role_rules.TABLE + "*")


@breaks(role_rules.only_the_sweeper_reads_all_and_nobody_deletes, PLANTED)
def processor_that_scans(stack: Stack) -> None:
    allow(stack, "ProcessorRole", "dynamodb:Scan", role_rules.REQUESTS)


@breaks(role_rules.only_the_sweeper_reads_all_and_nobody_deletes, PLANTED)
def processor_that_deletes(stack: Stack) -> None:
    allow(stack, "ProcessorRole", "dynamodb:DeleteItem", role_rules.REQUESTS)


@breaks(role_rules.only_the_sweeper_reads_all_and_nobody_deletes, PLANTED)
def processor_that_selects_without_a_key(stack: Stack) -> None:
    allow(stack, "ProcessorRole", "dynamodb:PartiQLSelect", role_rules.COUNTERS)


@breaks(role_rules.only_the_sweeper_reads_all_and_nobody_deletes, PLANTED)
def sweeper_that_deletes_in_batches(stack: Stack) -> None:
    allow(stack, "SweeperRole", "dynamodb:BatchWriteItem", role_rules.REQUESTS)


@breaks(role_rules.only_the_sweeper_reads_all_and_nobody_deletes, PLANTED)
def sweeper_that_sets_the_expiry(stack: Stack) -> None:
    allow(stack, "SweeperRole", "dynamodb:UpdateTimeToLive", role_rules.JOURNAL)


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
