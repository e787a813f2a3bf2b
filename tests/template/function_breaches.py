"""Breaches of what the functions, their settings and what calls them must be."""

from typing import Any

from gapless.local.template import Resource
from tests.template import function_rules
from tests.template.declared import Stack
from tests.template.planting import Planted, breaks

PLANTED: Planted = []


def variables(stack: Stack, function: str) -> dict[str, Any]:
    """The environment of a function."""
    found: dict[str, Any] = stack.properties(function)["Environment"]["Variables"]
    return found


@breaks(function_rules.mapping_gives_up_in_time_and_loses_nothing, PLANTED)
def retries_without_end(stack: Stack) -> None:
    del stack.mapping["MaximumRetryAttempts"]


@breaks(function_rules.mapping_gives_up_in_time_and_loses_nothing, PLANTED)
def start_that_misses_records(stack: Stack) -> None:
    stack.mapping["StartingPosition"] = "LATEST"


@breaks(function_rules.mapping_gives_up_in_time_and_loses_nothing, PLANTED)
def failures_thrown_away(stack: Stack) -> None:
    del stack.mapping["DestinationConfig"]


@breaks(function_rules.lanes_have_a_window, PLANTED)
def lanes_without_window_and_window_without_lanes(stack: Stack) -> None:
    if stack.mapping.pop("TumblingWindowInSeconds", None) is None:
        stack.mapping["TumblingWindowInSeconds"] = 900


@breaks(function_rules.lanes_have_a_window, PLANTED)
def several_batches_of_a_shard_at_once(stack: Stack) -> None:
    stack.mapping["ParallelizationFactor"] = 2


@breaks(function_rules.sweeper_runs_by_the_clock, PLANTED)
def sweeper_without_schedule(stack: Stack) -> None:
    del stack.properties("Sweeper")["Events"]


@breaks(function_rules.sweeper_runs_by_the_clock, PLANTED)
def sweeper_once_a_day(stack: Stack) -> None:
    stack.properties("Sweeper")["Events"]["Schedule"]["Properties"]["Schedule"] = "rate(1 day)"


@breaks(function_rules.sweeper_runs_by_the_clock, PLANTED)
def schedule_switched_off(stack: Stack) -> None:
    stack.properties("Sweeper")["Events"]["Schedule"]["Properties"]["State"] = "DISABLED"


@breaks(function_rules.sweeper_runs_by_the_clock, PLANTED)
def sweeper_that_is_cut_short(stack: Stack) -> None:
    stack.properties("Sweeper")["Timeout"] = 60


@breaks(function_rules.failures_wake_the_sweeper, PLANTED)
def failures_that_wake_nobody(stack: Stack) -> None:
    del stack.properties("Sweeper")["Events"]["Failures"]


@breaks(function_rules.failures_wake_the_sweeper, PLANTED)
def failures_left_alone(stack: Stack) -> None:
    stack.properties("Sweeper")["Events"]["Failures"]["Properties"]["Enabled"] = False


@breaks(function_rules.failures_wake_the_sweeper, PLANTED)
def a_sweep_for_each_failure(stack: Stack) -> None:
    del stack.properties("Sweeper")["Events"]["Failures"]["Properties"]["ScalingConfig"]


@breaks(function_rules.failures_wake_the_sweeper, PLANTED)
def message_that_is_seen_again_too_soon(stack: Stack) -> None:
    stack.properties("FailureQueue")["VisibilityTimeout"] = 900


@breaks(function_rules.mapping_hears_of_waiting_requests_only, PLANTED)
def own_writes_come_back(stack: Stack) -> None:
    del stack.mapping["FilterCriteria"]


@breaks(function_rules.mapping_hears_of_waiting_requests_only, PLANTED)
def resent_requests_unheard(stack: Stack) -> None:
    pattern = '{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"status": {"S": ["PENDING"]}}}}'
    stack.mapping["FilterCriteria"]["Filters"] = [{"Pattern": pattern}]


@breaks(function_rules.mapping_hears_of_waiting_requests_only, PLANTED)
def every_save_comes_back(stack: Stack) -> None:
    pattern = '{"eventName": ["INSERT", "MODIFY"], "dynamodb": {"NewImage": {"status": {"S": ["PENDING"]}}}}'
    stack.mapping["FilterCriteria"]["Filters"] = [{"Pattern": pattern}]


@breaks(function_rules.mapping_hears_of_waiting_requests_only, PLANTED)
def stream_of_keys(stack: Stack) -> None:
    stack.properties("RequestsTable")["StreamSpecification"] = {"StreamViewType": "KEYS_ONLY"}


@breaks(function_rules.functions_can_be_built, PLANTED)
def handler_misspelt(stack: Stack) -> None:
    stack.properties("Processor")["Handler"] = "app.handler"


@breaks(function_rules.functions_share_code_and_settings, PLANTED)
def sweeper_with_code_of_its_own(stack: Stack) -> None:
    stack.properties("Sweeper")["CodeUri"] = "functions/sweeper/"


@breaks(function_rules.functions_share_code_and_settings, PLANTED)
def sweeper_of_another_table(stack: Stack) -> None:
    variables(stack, "Sweeper")["REQUESTS_TABLE"] = "another-RequestsTable"


@breaks(function_rules.functions_share_code_and_settings, PLANTED)
def sweeper_in_the_other_mode(stack: Stack) -> None:
    variables(stack, "Sweeper")["LANES"] = "off" if stack.parameters["Lanes"] == "on" else "on"


@breaks(function_rules.functions_share_code_and_settings, PLANTED)
def function_that_is_not_told_of_the_journal(stack: Stack) -> None:
    del variables(stack, "Processor")["JOURNAL_TABLE"]


@breaks(function_rules.functions_share_code_and_settings, PLANTED)
def function_with_the_tables_confused(stack: Stack) -> None:
    variables(stack, "Processor")["COUNTERS_TABLE"] = "test-JournalTable"


@breaks(function_rules.functions_share_code_and_settings, PLANTED)
def lanes_of_the_other_mode(stack: Stack) -> None:
    variables(stack, "Processor")["LANES"] = "off" if stack.parameters["Lanes"] == "on" else "on"


@breaks(function_rules.functions_share_code_and_settings, PLANTED)
def function_under_the_name_of_another(stack: Stack) -> None:
    variables(stack, "Processor")["POWERTOOLS_SERVICE_NAME"] = "gapless"


@breaks(function_rules.functions_share_code_and_settings, PLANTED)
def metrics_of_all_stacks_together(stack: Stack) -> None:
    variables(stack, "Sweeper")["POWERTOOLS_METRICS_NAMESPACE"] = "Gapless"


@breaks(function_rules.nobody_is_killed_unless_asked, PLANTED)
def fault_switch_left_on(stack: Stack) -> None:
    variables(stack, "Processor")["KILL_ONE_IN"] = "50"


@breaks(function_rules.functions_share_code_and_settings, PLANTED)
def setting_that_nobody_declares(stack: Stack) -> None:
    variables(stack, "Processor")["LANE"] = "on"


@breaks(function_rules.functions_share_code_and_settings, PLANTED)
def function_with_the_code_of_another(stack: Stack) -> None:
    for _, function in stack.of_type("AWS::Serverless::Function"):
        function["CodeUri"] = "functions/ticket/"


@breaks(function_rules.urls_ask_for_what_was_chosen, PLANTED)
def processor_with_a_url(stack: Stack) -> None:
    stack.properties("Processor")["FunctionUrlConfig"] = {"AuthType": "AWS_IAM"}


@breaks(function_rules.urls_ask_for_what_was_chosen, PLANTED)
def tickets_for_others_than_was_chosen(stack: Stack) -> None:
    """NONE is written into the template, or the choice of it does nothing, or that of having none."""
    chosen = stack.parameters["Tickets"]
    config = {"AuthType": "AWS_IAM" if chosen == "NONE" else "NONE"}
    stack.resources["Ticket"] = Resource("Ticket", "AWS::Serverless::Function", {"FunctionUrlConfig": config}, "t")


@breaks(function_rules.urls_ask_for_what_was_chosen, PLANTED)
def tickets_for_every_web_page(stack: Stack) -> None:
    config = {"AuthType": stack.parameters["Tickets"], "Cors": {"AllowOrigins": ["*"]}}
    stack.resources["Ticket"] = Resource("Ticket", "AWS::Serverless::Function", {"FunctionUrlConfig": config}, "t")


@breaks(function_rules.nobody_else_may_invoke, PLANTED)
def one_permission_of_two_or_one_too_many(stack: Stack) -> None:
    """Which lets nobody in, or somebody; nothing but the deployed URL would tell."""
    if stack.resources.pop("TicketInvokePermission", None) is None:
        properties = {
            "FunctionName": "test-Ticket",
            "Principal": "*",
            "Action": "lambda:InvokeFunction",
            "InvokedViaFunctionUrl": True,
        }
        permission = Resource("TicketInvokePermission", "AWS::Lambda::Permission", properties, "p")
        stack.resources["TicketInvokePermission"] = permission


@breaks(function_rules.nobody_else_may_invoke, PLANTED)
def everybody_may_invoke_the_processor(stack: Stack) -> None:
    properties = {"FunctionName": "test-Processor", "Principal": "*", "Action": "lambda:InvokeFunction"}
    stack.resources["Open"] = Resource("Open", "AWS::Lambda::Permission", properties, "p")
