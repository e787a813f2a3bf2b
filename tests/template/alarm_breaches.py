"""Breaches of what the alarms must be."""

from typing import Any

from gapless.local.template import Resource
from tests.template import alarm_rules
from tests.template.declared import Stack
from tests.template.planting import Planted, breaks

PLANTED: Planted = []


def metrics(stack: Stack, alarm: str) -> list[dict[str, Any]]:
    """The terms of an alarm's expression, and the expression."""
    found: list[dict[str, Any]] = stack.properties(alarm)["Metrics"]
    return found


@breaks(alarm_rules.every_alarm_is_sent, PLANTED)
def alarm_that_nobody_hears(stack: Stack) -> None:
    del stack.properties("IteratorAgeAlarm")["AlarmActions"]


@breaks(alarm_rules.every_alarm_is_sent, PLANTED)
def end_that_nobody_hears(stack: Stack) -> None:
    stack.properties("ApiLatencyAlarm")["OKActions"] = []


@breaks(alarm_rules.every_alarm_is_sent, PLANTED)
def alarm_switched_off(stack: Stack) -> None:
    stack.properties("FailureQueueAlarm")["ActionsEnabled"] = False


@breaks(alarm_rules.every_alarm_has_its_section_in_the_runbook, PLANTED)
def alarm_without_a_word(stack: Stack) -> None:
    del stack.properties("IteratorAgeAlarm")["AlarmDescription"]


@breaks(alarm_rules.every_alarm_has_its_section_in_the_runbook, PLANTED)
def link_to_the_section_of_another(stack: Stack) -> None:
    described = stack.properties("IteratorAgeAlarm")["AlarmDescription"]
    stack.properties("ApiLatencyAlarm")["AlarmDescription"] = described


@breaks(alarm_rules.every_alarm_watches_what_is_there, PLANTED)
def metric_misspelt(stack: Stack) -> None:
    stack.properties("IteratorAgeAlarm")["MetricName"] = "IteratorAgeMilliseconds"


@breaks(alarm_rules.every_alarm_watches_what_is_there, PLANTED)
def metric_that_nobody_publishes(stack: Stack) -> None:
    metrics(stack, "FailedRequestsAlarm")[1]["MetricStat"]["Metric"]["MetricName"] = "Refused"


@breaks(alarm_rules.every_alarm_watches_what_is_there, PLANTED)
def metric_of_the_other_function(stack: Stack) -> None:
    stack.properties("OldestPendingAlarm")["Dimensions"] = [{"Name": "service", "Value": "processor"}]


@breaks(alarm_rules.every_alarm_watches_what_is_there, PLANTED)
def metrics_of_all_stacks_together(stack: Stack) -> None:
    stack.properties("OldestPendingAlarm")["Namespace"] = "Gapless"


@breaks(alarm_rules.every_alarm_watches_what_is_there, PLANTED)
def table_without_its_operation(stack: Stack) -> None:
    del metrics(stack, "DynamoDbErrorsAlarm")[1]["MetricStat"]["Metric"]["Dimensions"][1]


@breaks(alarm_rules.every_alarm_watches_what_is_there, PLANTED)
def api_of_another_name(stack: Stack) -> None:
    stack.properties("ApiLatencyAlarm")["Dimensions"][0]["Value"] = "Gapless"


@breaks(alarm_rules.alarms_ring_when_they_should, PLANTED)
def alarm_gone(stack: Stack) -> None:
    del stack.resources["DynamoDbThrottlesAlarm"]


@breaks(alarm_rules.alarms_ring_when_they_should, PLANTED)
def alarm_that_is_not_explained(stack: Stack) -> None:
    properties = stack.properties("IteratorAgeAlarm")
    stack.resources["AgeAlarm"] = Resource("AgeAlarm", "AWS::CloudWatch::Alarm", properties, "test-AgeAlarm")


@breaks(alarm_rules.alarms_ring_when_they_should, PLANTED)
def seconds_for_milliseconds(stack: Stack) -> None:
    stack.properties("IteratorAgeAlarm")["Threshold"] = 60


@breaks(alarm_rules.alarms_ring_when_they_should, PLANTED)
def errors_of_the_other_function(stack: Stack) -> None:
    stack.properties("ProcessorErrorsAlarm")["Dimensions"][0]["Value"] = "test-Sweeper"


@breaks(alarm_rules.alarms_ring_when_they_should, PLANTED)
def count_for_share(stack: Stack) -> None:
    stack.properties("ApiServerErrorsAlarm")["Statistic"] = "Sum"


@breaks(alarm_rules.alarms_ring_when_they_should, PLANTED)
def other_side_of_the_threshold(stack: Stack) -> None:
    stack.properties("SweeperErrorsAlarm")["ComparisonOperator"] = alarm_rules.ABOVE


@breaks(alarm_rules.alarms_ring_when_they_should, PLANTED)
def silence_of_the_sweeper_taken_for_peace(stack: Stack) -> None:
    stack.properties("OldestPendingAlarm")["TreatMissingData"] = "notBreaching"


@breaks(alarm_rules.alarms_ring_when_they_should, PLANTED)
def silence_left_to_chance(stack: Stack) -> None:
    del stack.properties("ApiLatencyAlarm")["TreatMissingData"]


@breaks(alarm_rules.expressions_can_be_evaluated, PLANTED)
def eleventh_metric(stack: Stack) -> None:
    terms = metrics(stack, "DynamoDbErrorsAlarm")
    terms.append({**terms[1], "Id": "another"})


@breaks(alarm_rules.expressions_can_be_evaluated, PLANTED)
def metric_that_is_not_counted_in(stack: Stack) -> None:
    metrics(stack, "SweeperErrorsAlarm")[0]["Expression"] = "invocations"


@breaks(alarm_rules.expressions_can_be_evaluated, PLANTED)
def search_in_an_alarm(stack: Stack) -> None:
    search = "SUM(SEARCH('{AWS/DynamoDB,TableName,Operation} SystemErrors', 'Sum', 60))"
    metrics(stack, "DynamoDbErrorsAlarm")[0]["Expression"] = search


@breaks(alarm_rules.expressions_can_be_evaluated, PLANTED)
def two_results(stack: Stack) -> None:
    del metrics(stack, "FailedRequestsAlarm")[1]["ReturnData"]


@breaks(alarm_rules.expressions_can_be_evaluated, PLANTED)
def periods_that_do_not_meet(stack: Stack) -> None:
    metrics(stack, "FailedRequestsAlarm")[1]["MetricStat"]["Period"] = 60


@breaks(alarm_rules.duration_is_held_against_the_timeout, PLANTED)
def timeout_changed_alone(stack: Stack) -> None:
    stack.properties("Processor")["Timeout"] = 120


@breaks(alarm_rules.errors_of_all_calls_are_watched, PLANTED)
def call_whose_errors_go_unnoticed(stack: Stack) -> None:
    del metrics(stack, "DynamoDbErrorsAlarm")[-1]


@breaks(alarm_rules.alarms_ring_when_they_should, PLANTED)
def table_whose_throttles_go_unnoticed(stack: Stack) -> None:
    del metrics(stack, "DynamoDbThrottlesAlarm")[-2:]


@breaks(alarm_rules.only_alarms_are_published, PLANTED)
def topic_for_every_account(stack: Stack) -> None:
    del stack.properties("AlarmTopicPolicy")["PolicyDocument"]["Statement"][0]["Condition"]


@breaks(alarm_rules.only_alarms_are_published, PLANTED)
def topic_for_everybody(stack: Stack) -> None:
    stack.properties("AlarmTopicPolicy")["PolicyDocument"]["Statement"][0]["Principal"] = "*"


@breaks(alarm_rules.alarms_go_to_the_address, PLANTED)
def address_written_into_the_template(stack: Stack) -> None:
    properties = {"TopicArn": alarm_rules.TOPIC, "Protocol": "email", "Endpoint": "somebody@example.com"}
    stack.resources["AlarmSubscription"] = Resource("AlarmSubscription", "AWS::SNS::Subscription", properties, "s")
