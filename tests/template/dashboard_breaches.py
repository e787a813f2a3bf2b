"""Breaches of what the dashboard shows."""

from tests.template import dashboard_rules
from tests.template.declared import Stack
from tests.template.planting import Planted, breaks

PLANTED: Planted = []


def put(stack: Stack, old: str, new: str) -> None:
    """Write something else into the dashboard; fails when there is nothing to replace."""
    properties = stack.properties("Dashboard")
    assert old in properties["DashboardBody"], old
    properties["DashboardBody"] = properties["DashboardBody"].replace(old, new, 1)


@breaks(dashboard_rules.every_widget_shows_what_is_there, PLANTED)
def metric_misspelt(stack: Stack) -> None:
    put(stack, '"IteratorAge"', '"IteratorAges"')


@breaks(dashboard_rules.every_widget_shows_what_is_there, PLANTED)
def function_of_another_stack(stack: Stack) -> None:
    put(stack, '"test-Processor"', '"processor-of-another"')


@breaks(dashboard_rules.every_widget_shows_what_is_there, PLANTED)
def message_that_nobody_logs(stack: Stack) -> None:
    put(stack, '\\"numbered\\"', '\\"counted\\"')


@breaks(dashboard_rules.everything_that_matters_is_shown, PLANTED)
def alarm_left_out(stack: Stack) -> None:
    put(stack, '"arn:aws:cloudwatch:us-east-1:000000000000:alarm:test-ProcessorErrorsAlarm", ', "")


@breaks(dashboard_rules.everything_that_matters_is_shown, PLANTED)
def metric_left_out(stack: Stack) -> None:
    put(stack, '"OldestPendingAge"', '"PendingCount"')


@breaks(dashboard_rules.widgets_do_not_overlap, PLANTED)
def widget_over_another(stack: Stack) -> None:
    put(stack, '"x": 8, "y": 4', '"x": 4, "y": 4')


@breaks(dashboard_rules.costs_are_estimated_by_the_prices_of_the_runbook, PLANTED)
def price_of_another_day(stack: Stack) -> None:
    put(stack, "calls * 3.5 /", "calls * 3.7 /")


@breaks(dashboard_rules.costs_are_estimated_by_the_prices_of_the_runbook, PLANTED)
def price_left_out(stack: Stack) -> None:
    put(stack, "reads * 0.125 / 1000000, ", "")


@breaks(dashboard_rules.costs_are_estimated_by_the_prices_of_the_runbook, PLANTED)
def term_that_is_not_there(stack: Stack) -> None:
    put(stack, "SUM([w1, w2, w3])", "SUM([w1, w2, w4])")
