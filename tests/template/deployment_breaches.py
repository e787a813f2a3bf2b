"""Breaches of how a change of the processor is deployed."""

from tests.template import deployment_rules
from tests.template.declared import Stack
from tests.template.planting import Planted, breaks

PLANTED: Planted = []


@breaks(deployment_rules.every_change_is_published, PLANTED)
def change_that_is_not_published(stack: Stack) -> None:
    del stack.properties("Processor")["AutoPublishAliasAllProperties"]


@breaks(deployment_rules.every_change_is_published, PLANTED)
def parameter_that_changes_nothing(stack: Stack) -> None:
    described = stack.source["Resources"]["Processor"]["Properties"]["VersionDescription"]
    described["Fn::Sub"] = described["Fn::Sub"].replace("${LogLevel} ", "")


@breaks(deployment_rules.every_change_is_published, PLANTED)
def setting_by_a_new_parameter(stack: Stack) -> None:
    stack.source["Resources"]["Processor"]["Properties"]["MemorySize"] = {"Ref": "BatchSize"}


@breaks(deployment_rules.every_change_is_published, PLANTED)
def parameter_behind_a_condition(stack: Stack) -> None:
    stack.source["Globals"]["Function"]["MemorySize"] = {"Fn::If": ["GivesTicketsToAll", 512, 1024]}


@breaks(deployment_rules.new_version_that_fails_is_taken_back, PLANTED)
def deployment_without_an_alarm(stack: Stack) -> None:
    del stack.properties("Processor")["DeploymentPreference"]["Alarms"]


@breaks(deployment_rules.new_version_that_fails_is_taken_back, PLANTED)
def role_that_sam_makes(stack: Stack) -> None:
    del stack.properties("Processor")["DeploymentPreference"]["Role"]


@breaks(deployment_rules.new_version_that_fails_is_taken_back, PLANTED)
def repair_kept_out_by_what_it_repairs(stack: Stack) -> None:
    del stack.properties("NewVersionErrorsAlarm")["Dimensions"][2]


@breaks(deployment_rules.new_version_that_fails_is_taken_back, PLANTED)
def alarm_that_keeps_its_state(stack: Stack) -> None:
    del stack.properties("NewVersionErrorsAlarm")["AlarmName"]


@breaks(deployment_rules.only_the_processor_has_versions, PLANTED)
def sweeper_whose_schedule_calls_another_version(stack: Stack) -> None:
    stack.properties("Sweeper")["AutoPublishAlias"] = "live"


@breaks(deployment_rules.everything_is_traced_or_nothing, PLANTED)
def sweeper_traced_by_itself(stack: Stack) -> None:
    traced = stack.properties("Sweeper")["Tracing"] == "Active"
    stack.properties("Sweeper")["Tracing"] = "PassThrough" if traced else "Active"


@breaks(deployment_rules.everything_is_traced_or_nothing, PLANTED)
def stage_traced_by_itself(stack: Stack) -> None:
    stack.api["TracingEnabled"] = not stack.api["TracingEnabled"]
