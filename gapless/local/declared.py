"""What template.yaml declares of its functions: their settings, and the events and URLs that invoke them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gapless.local.function import FunctionSettings
from gapless.local.function_url import FunctionUrlSettings
from gapless.local.provision import refuse_unknown
from gapless.local.template import Resource, Template, TemplateError

LONGEST_TIMEOUT = 900  # seconds of a Lambda function

RUNS = {"CodeUri", "Handler", "Environment", "Timeout", "MemorySize", "Events", "FunctionName", "FunctionUrlConfig"}
WITHOUT_LOCAL_EFFECT = {
    **dict.fromkeys(
        ("AutoPublishAlias", "AutoPublishAliasAllProperties", "DeploymentPreference", "VersionDescription"),
        "one version of the code runs here: the one on disk",
    ),
    "Architectures": "the handler runs on this machine's processor",
    "Description": "a text",
    "KmsKeyArn": "nothing is encrypted here",
    "LoggingConfig": "logs go to the terminal, and to files for `gapless logs`",
    "Role": "nothing is forbidden to the stack's own parts; the policy tests read the roles",
    "Runtime": "the handler runs on the interpreter that runs the stack",
    "Tags": "nobody pays",
    "Tracing": "nothing collects traces here",
}
EVENT_TYPES = ("DynamoDB", "Schedule", "SQS")


@dataclass(frozen=True)
class Event:
    """What invokes a function. place: where in the template its properties are."""

    name: str
    type: str
    properties: dict[str, Any]
    place: str


def read_function(resource: Resource, template: Template, dynamodb: str) -> FunctionSettings:
    """A function's settings; dynamodb: the endpoint that its code shall use. Raises TemplateError."""
    place = f"Resources.{resource.logical_id}.Properties"
    refuse_unknown(resource, RUNS | WITHOUT_LOCAL_EFFECT.keys())
    properties = resource.properties
    for name in ("CodeUri", "Handler"):
        if not isinstance(properties.get(name), str):
            raise TemplateError(f"{place}.{name}: a function needs it on the local stack, as text")
    if not str(properties.get("Runtime")).startswith("python"):
        raise TemplateError(f"{place}.Runtime: only Python's runtimes are supported on the local stack")
    if not 1 <= (timeout := properties.get("Timeout", 3)) <= LONGEST_TIMEOUT:
        raise TemplateError(f"{place}.Timeout: it has 1 to {LONGEST_TIMEOUT} seconds, not {timeout}")
    code = template.path.parent / properties["CodeUri"]
    if not code.is_dir():
        raise TemplateError(f"{place}.CodeUri: there is no folder {code}")
    variables = properties.get("Environment", {}).get("Variables", {})
    return FunctionSettings(
        name=resource.physical_id,
        handler=properties["Handler"],
        code=code,
        arn=template.site.arn("lambda", f"function:{resource.physical_id}"),
        environment={
            **{name: str(value) for name, value in variables.items()},
            "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
        },
        timeout_seconds=timeout,
        memory_mb=properties.get("MemorySize", 128),
    )


def read_events(resource: Resource) -> Iterator[Event]:
    """A function's events; raises TemplateError for one of a kind that is not supported."""
    for name, event in resource.properties.get("Events", {}).items():
        place = f"Resources.{resource.logical_id}.Properties.Events.{name}"
        if event["Type"] not in EVENT_TYPES:
            raise TemplateError(f"{place}: events of type {event['Type']} are not supported on the local stack")
        yield Event(name, event["Type"], event.get("Properties", {}), f"{place}.Properties")


def read_url(resource: Resource) -> FunctionUrlSettings | None:
    """A function's URL, if it has one; raises TemplateError for settings that are not supported."""
    config = resource.properties.get("FunctionUrlConfig")
    place = f"Resources.{resource.logical_id}.Properties.FunctionUrlConfig"
    return None if config is None else FunctionUrlSettings.from_template(config, place)
