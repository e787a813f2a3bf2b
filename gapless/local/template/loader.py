"""template.yaml as the stack that it describes on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gapless.local.template.arguments import NO_VALUE
from gapless.local.template.errors import TemplateError
from gapless.local.template.globals import merge_globals
from gapless.local.template.intrinsics import Resolver
from gapless.local.template.parameters import parameter_values
from gapless.local.template.references import Site
from gapless.local.template.source import read


@dataclass(frozen=True)
class Resource:
    """One resource of the stack, with every function resolved and Globals applied.

    physical_id: its name on this machine: of a queue the name and not the URL, of the API `local`.
    """

    logical_id: str
    type: str
    properties: dict[str, Any]
    physical_id: str


@dataclass(frozen=True)
class Template:
    """The stack a template describes, for one choice of parameters.

    resources: by logical id, those whose condition is true; outputs: name -> value; parameters: name -> value;
    path: the file, whose folder CodeUri and the like are relative to; site: what names and ARNs were made of.
    """

    path: Path
    site: Site
    parameters: dict[str, Any]
    resources: dict[str, Resource]
    outputs: dict[str, Any]

    def of_type(self, *types: str) -> list[Resource]:
        """The resources of these types, in the template's order."""
        return [resource for resource in self.resources.values() if resource.type in types]


def load(
    path: Path,
    parameters: Mapping[str, str],
    *,
    stack_name: str,
    region: str,
    account: str,
    endpoint: str = "http://127.0.0.1",
) -> Template:
    """Load a SAM template and resolve everything in it.

    path: template.yaml; parameters: name -> text, for those that should not have their default;
    endpoint: where the DynamoDB and SQS engine answers, which is what queue URLs start with.
    Raises TemplateError, whose text names the place in the template.
    """
    source = read(path)
    for logical_id, resource in source["Resources"].items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise TemplateError(f"Resources.{logical_id}: a resource needs a Type")
    merged = merge_globals(source)
    values = parameter_values(merged.get("Parameters") or {}, parameters)
    site = Site(stack_name, region, account, endpoint.rstrip("/"))
    resolver = Resolver(merged, values, site)
    for condition in merged.get("Conditions") or {}:
        resolver.holds(condition, f"Conditions.{condition}")
    return Template(path, site, values, _resources(merged["Resources"], resolver), _outputs(merged, resolver))


def _resources(declared: Mapping[str, Any], resolver: Resolver) -> dict[str, Resource]:
    """Resolve the resources whose condition is true."""
    resources = {}
    for logical_id, resource in declared.items():
        place = f"Resources.{logical_id}"
        if "Condition" in resource and not resolver.holds(resource["Condition"], place):
            continue
        resources[logical_id] = Resource(
            logical_id,
            resource["Type"],
            resolver.resolve(resource.get("Properties") or {}, f"{place}.Properties"),
            resolver.physical_id(logical_id, resource["Type"]),
        )
    return resources


def _outputs(template: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """Resolve the outputs whose condition is true."""
    outputs = {}
    for name, output in (template.get("Outputs") or {}).items():
        place = f"Outputs.{name}"
        if not isinstance(output, dict) or "Value" not in output:
            raise TemplateError(f"{place}: an output needs a Value")
        if "Condition" not in output or resolver.holds(output["Condition"], place):
            outputs[name] = resolver.resolve(output["Value"], f"{place}.Value")
    return {name: value for name, value in outputs.items() if value is not NO_VALUE}
