"""SAM's Globals section, merged into the resources it is about.

Source: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
"""

from collections.abc import Mapping
from typing import Any

from gapless.local.template.errors import Node, TemplateError

SECTIONS = ("Api", "Function", "HttpApi", "SimpleTable", "StateMachine")


def merge_globals(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template with each `AWS::Serverless::X` resource holding what `Globals.X` says too.

    A resource's own value wins; maps are merged key by key; a resource's list is appended to the global one.
    Raises TemplateError for a section that SAM does not have.
    """
    sections = template.get("Globals") or {}
    for name in sections:
        if name not in SECTIONS:
            raise TemplateError(f"Globals.{name}: SAM has no such section; it has: {', '.join(SECTIONS)}")
    resources = {
        logical_id: _with_globals(resource, sections.get(resource["Type"].removeprefix("AWS::Serverless::")))
        for logical_id, resource in template["Resources"].items()
    }
    return {**template, "Resources": resources}


def _with_globals(resource: Mapping[str, Any], shared: Node) -> Mapping[str, Any]:
    if not shared or not resource["Type"].startswith("AWS::Serverless::"):
        return resource
    return {**resource, "Properties": _merge(shared, resource.get("Properties") or {})}


def _merge(shared: Node, own: Node) -> Node:
    if isinstance(shared, list) and isinstance(own, list):
        return [*shared, *own]
    if not isinstance(shared, dict) or not isinstance(own, dict) or _is_function(shared) or _is_function(own):
        return own
    merged = {key: _merge(value, own[key]) if key in own else value for key, value in shared.items()}
    return {**merged, **{key: value for key, value in own.items() if key not in shared}}


def _is_function(node: Mapping[str, Any]) -> bool:
    return any(key == "Ref" or key.startswith("Fn::") for key in node)
