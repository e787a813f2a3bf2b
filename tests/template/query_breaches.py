"""Breaches of what is asked of the logs."""

from tests.template import query_rules
from tests.template.declared import Stack
from tests.template.planting import Planted, breaks

PLANTED: Planted = []


@breaks(query_rules.saved_queries_find_what_is_logged, PLANTED)
def message_that_nobody_logs(stack: Stack) -> None:
    query = stack.properties("FailuresQuery")
    query["QueryString"] = query["QueryString"].replace("refused", "rejected")


@breaks(query_rules.saved_queries_find_what_is_logged, PLANTED)
def field_misspelt(stack: Stack) -> None:
    query = stack.properties("ResentQuery")
    query["QueryString"] = query["QueryString"].replace("requestId", "request_id")


@breaks(query_rules.saved_queries_find_what_is_logged, PLANTED)
def lines_of_another_log(stack: Stack) -> None:
    stack.properties("OverruledQuery")["LogGroupNames"] = ["test-ApiLogs"]


@breaks(query_rules.saved_queries_find_what_is_logged, PLANTED)
def log_of_another_stack(stack: Stack) -> None:
    stack.properties("RequestQuery")["LogGroupNames"] = ["/aws/lambda/processor"]


@breaks(query_rules.saved_queries_find_what_is_logged, PLANTED)
def query_that_two_stacks_would_share(stack: Stack) -> None:
    stack.properties("RequestQuery")["Name"] = "Everything about a request"


@breaks(query_rules.what_is_asked_most_is_saved, PLANTED)
def query_gone(stack: Stack) -> None:
    del stack.resources["ApiErrorsQuery"]
