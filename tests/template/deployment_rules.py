"""How a change of the processor is deployed. Each rule yields the breaches it finds, in words."""

import re
from collections.abc import Iterator
from typing import Any

from tests.template.declared import Stack

VARIABLE = re.compile(r"\$\{(\w+)\}")
ROLE = "arn:aws:iam::000000000000:role/test-DeploymentRole"
# What of a function is not part of a version of it.
NOT_OF_A_VERSION = ("Events", "DeploymentPreference", "VersionDescription")
MOST_CHARACTERS = 256  # of a version's description


def every_change_is_published(stack: Stack) -> Iterator[str]:
    """Batches go to the alias, and so to a published version: what is not published does nothing.

    SAM publishes when its template or the code changes, and does not look at the values of parameters. A version's
    description cannot be updated, so CloudFormation publishes when that changes.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-version.html
    """
    processor = stack.properties("Processor")
    if (processor.get("AutoPublishAlias"), processor.get("AutoPublishAliasAllProperties")) != ("live", True):
        yield "the processor is not published at every change"
    source = stack.source["Resources"]["Processor"]["Properties"]
    own = {name: value for name, value in source.items() if name not in NOT_OF_A_VERSION}
    needed = parameters_in([own, stack.source["Globals"]["Function"]], stack.source)
    named = parameters_in(source.get("VersionDescription"), stack.source)
    if needed != named:
        yield f"a version depends on {sorted(needed)}, and its description is of {sorted(named)}"
    if len(processor.get("VersionDescription", "")) > MOST_CHARACTERS:
        yield "the description of a version is too long"


def parameters_in(node: Any, template: dict[str, Any]) -> set[str]:
    """The parameters that a piece of the template depends on, by name or through a condition."""
    if isinstance(node, list):
        return set().union(*(parameters_in(one, template) for one in node))
    if not isinstance(node, dict):
        return set()
    found: set[str] = set().union(*(parameters_in(one, template) for one in node.values()))
    if "Ref" in node:
        found |= {node["Ref"]}
    if isinstance(node.get("Fn::Sub"), str):
        found |= set(VARIABLE.findall(node["Fn::Sub"]))
    if "Fn::If" in node:
        found |= parameters_in(template["Conditions"][node["Fn::If"][0]], template)
    if "Condition" in node:
        found |= parameters_in(template["Conditions"][node["Condition"]], template)
    return found & set(template["Parameters"])


def new_version_that_fails_is_taken_back(stack: Stack) -> Iterator[str]:
    """By an alarm of that version alone, which is made anew with it; as it was chosen, by a role of this stack."""
    alarm = stack.properties("NewVersionErrorsAlarm")
    name = "test-NewVersionErrors-$LATEST"
    expected = {"Type": stack.parameters["Deployment"], "Role": ROLE, "Alarms": [name]}
    if stack.properties("Processor").get("DeploymentPreference") != expected:
        yield f"the processor is deployed by {stack.properties('Processor').get('DeploymentPreference')}"
    if alarm.get("AlarmName") != name:
        yield f"the alarm is {alarm.get('AlarmName')} for every version"
    watched = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    if watched != {"FunctionName": "test-Processor", "Resource": "test-Processor:live", "ExecutedVersion": "$LATEST"}:
        yield f"the alarm watches {watched}"


def only_the_processor_has_versions(stack: Stack) -> Iterator[str]:
    """A schedule and a URL call a function itself: an alias beside them would go out of date unnoticed."""
    for name, function in stack.of_type("AWS::Serverless::Function"):
        if name != "Processor" and "AutoPublishAlias" in function:
            yield f"{name} has the alias {function['AutoPublishAlias']}"


def everything_is_traced_or_nothing(stack: Stack) -> Iterator[str]:
    """As it was chosen: the stage and every function."""
    on = stack.parameters["Tracing"] == "on"
    if stack.api.get("TracingEnabled") is not on:
        yield f"with Tracing {stack.parameters['Tracing']} the stage has {stack.api.get('TracingEnabled')}"
    for name, function in stack.of_type("AWS::Serverless::Function"):
        if function.get("Tracing") != ("Active" if on else "PassThrough"):
            yield f"with Tracing {stack.parameters['Tracing']} {name} has {function.get('Tracing')}"


RULES = (
    every_change_is_published,
    new_version_that_fails_is_taken_back,
    only_the_processor_has_versions,
    everything_is_traced_or_nothing,
)
