"""CloudFormation's intrinsic functions and conditions.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from gapless.local.template.arguments import NO_VALUE, a_list, items, same, text
from gapless.local.template.errors import Node, TemplateError
from gapless.local.template.references import References, Site

T = TypeVar("T")
VARIABLE = re.compile(r"\$\{(!?)([^{}]*)\}")
TRUTH_FUNCTIONS = ("Fn::Equals", "Fn::Not", "Fn::And", "Fn::Or", "Condition")


class Resolver:
    """Works out what the functions of one template give."""

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, Any], site: Site) -> None:
        """template: as read, Globals merged; parameters: name -> value; site: what local names are made of."""
        self._parameters = parameters
        self._pseudo = {
            "AWS::AccountId": site.account,
            "AWS::NoValue": NO_VALUE,
            "AWS::NotificationARNs": [],
            "AWS::Partition": "aws",
            "AWS::Region": site.region,
            "AWS::StackId": site.arn("cloudformation", f"stack/{site.stack_name}/local"),
            "AWS::StackName": site.stack_name,
            "AWS::URLSuffix": "amazonaws.com",
        }
        self._mappings: Mapping[str, Any] = template.get("Mappings") or {}
        self._conditions: Mapping[str, Any] = template.get("Conditions") or {}
        self._resources: Mapping[str, Any] = template["Resources"]
        self._references = References(self._resources, site, self._resource_name)
        self._outcomes: dict[str, bool] = {}
        self._open: list[str] = []  # what is being worked out now, to notice a circle

    def resolve(self, node: Node, place: str) -> Node:
        """The node with every function in it replaced by what it gives.

        place: the node's path in the template, such as `Resources.Api.Properties`, for errors.
        Raises TemplateError.
        """
        if isinstance(node, list):
            values = [self.resolve(value, f"{place}[{index}]") for index, value in enumerate(node)]
            return [value for value in values if value is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        name = next((key for key in node if key == "Ref" or key.startswith("Fn::")), None)
        if name is None:
            pairs = {key: self.resolve(value, f"{place}.{key}") for key, value in node.items()}
            return {key: value for key, value in pairs.items() if value is not NO_VALUE}
        if len(node) > 1:
            raise TemplateError(
                f"{place}: {name} must be the only key here, and there are also {sorted({*node} - {name})}"
            )
        return self._call(name, node[name], place)

    def holds(self, condition: str, place: str) -> bool:
        """Whether a named condition is true; raises TemplateError when it is not declared or defines itself."""
        if condition not in self._conditions:
            known = ", ".join(sorted(self._conditions)) or "none"
            raise TemplateError(f"{place}: there is no condition {condition}; the conditions are: {known}")
        if condition not in self._outcomes:
            here = f"Conditions.{condition}"
            self._outcomes[condition] = self._once(here, lambda: self._truth(self._conditions[condition], here))
        return self._outcomes[condition]

    def physical_id(self, logical_id: str, kind: str) -> str:
        """The name of a resource of this type on this machine."""
        return self._references.name(logical_id, kind)

    def _call(self, name: str, argument: Node, place: str) -> Node:
        if name in TRUTH_FUNCTIONS:
            return self._truth({name: argument}, place)
        function = FUNCTIONS.get(name)
        if function is None:
            raise TemplateError(f"{place}: {UNSUPPORTED.get(name, f'{name} is not supported on the local stack')}")
        return function(self, argument, place)

    def _truth(self, node: Node, place: str) -> bool:
        """Whether a condition function is true; its arguments may be condition functions in turn."""
        if not isinstance(node, dict) or len(node) != 1 or next(iter(node)) not in TRUTH_FUNCTIONS:
            raise TemplateError(f"{place}: a condition is one of {', '.join(TRUTH_FUNCTIONS)}, not {node!r}")
        ((name, argument),) = node.items()
        here = f"{place}.{name}"
        if name == "Condition":
            return self.holds(text(argument, here), here)
        if name == "Fn::Equals":
            left, right = (self.resolve(one, here) for one in items(argument, 2, 2, here))
            return same(left, right, here)
        least, most = (1, 1) if name == "Fn::Not" else (2, 10)
        parts = [self._truth(one, here) for one in items(argument, least, most, here)]
        return not parts[0] if name == "Fn::Not" else all(parts) if name == "Fn::And" else any(parts)

    def _ref(self, argument: Node, place: str) -> Node:
        name = text(argument, f"{place}.Ref")
        for values in (self._pseudo, self._parameters):
            if name in values:
                return values[name]
        self._must_exist(name.partition(".")[0], place)
        return self._references.ref(name, place)

    def _get_att(self, argument: Node, place: str) -> str:
        here = f"{place}.Fn::GetAtt"
        logical_id, attribute = (text(one, here) for one in items(argument, 2, 2, here))
        self._must_exist(logical_id, place)
        return self._references.attribute(logical_id, attribute, place)

    def _sub(self, argument: Node, place: str) -> str:
        """Fill in the variables of Fn::Sub, with its own values before the template's."""
        here = f"{place}.Fn::Sub"
        pattern, own = (argument, {}) if isinstance(argument, str) else items(argument, 2, 2, here)
        if not isinstance(own, dict):
            raise TemplateError(f"{here}: the second part of Fn::Sub is a mapping of names to values")

        def value(match: re.Match[str]) -> str:
            literal, name = match[1], match[2].strip()
            if literal:
                return f"${{{name}}}"
            if name in own:
                return text(self.resolve(own[name], f"{here}.{name}"), here)
            if name in self._parameters or name in self._pseudo or "." not in name:
                return text(self._ref(name, here), here)
            return self._get_att(name.split(".", 1), here)

        return VARIABLE.sub(value, text(pattern, here))

    def _if(self, argument: Node, place: str) -> Node:
        here = f"{place}.Fn::If"
        condition, when_true, when_false = items(argument, 3, 3, here)
        chosen = when_true if self.holds(text(condition, here), here) else when_false
        return self.resolve(chosen, place)

    def _join(self, argument: Node, place: str) -> str:
        here = f"{place}.Fn::Join"
        separator, parts = (self.resolve(one, here) for one in items(argument, 2, 2, here))
        return text(separator, here).join(text(part, here) for part in a_list(parts, here))

    def _split(self, argument: Node, place: str) -> list[str]:
        here = f"{place}.Fn::Split"
        separator, whole = (self.resolve(one, here) for one in items(argument, 2, 2, here))
        return text(whole, here).split(text(separator, here))

    def _select(self, argument: Node, place: str) -> Node:
        here = f"{place}.Fn::Select"
        index, values = (self.resolve(one, here) for one in items(argument, 2, 2, here))
        values = a_list(values, here)
        if not str(index).isdigit() or int(index) >= len(values):
            raise TemplateError(f"{here}: there is no item {index} in a list of {len(values)}")
        return values[int(index)]

    def _find_in_map(self, argument: Node, place: str) -> Node:
        """Follow the three names of Fn::FindInMap into the Mappings."""
        here = f"{place}.Fn::FindInMap"
        names = [text(self.resolve(one, here), here) for one in items(argument, 3, 3, here)]
        found: Node = self._mappings
        for depth, name in enumerate(names):
            if not isinstance(found, dict) or name not in found:
                raise TemplateError(f"{here}: the Mappings have no {'.'.join(names[: depth + 1])}")
            found = found[name]
        return found

    def _base64(self, argument: Node, place: str) -> str:
        plain = text(self.resolve(argument, place), f"{place}.Fn::Base64")
        return base64.b64encode(plain.encode()).decode()

    def _get_azs(self, argument: Node, place: str) -> list[str]:
        region = self.resolve(argument, place) or self._pseudo["AWS::Region"]
        return [f"{region}{zone}" for zone in "abc"]

    def _length(self, argument: Node, place: str) -> int:
        return len(a_list(self.resolve(argument, place), f"{place}.Fn::Length"))

    def _to_json(self, argument: Node, place: str) -> str:
        return json.dumps(self.resolve(argument, place), separators=(",", ":"))

    def _must_exist(self, logical_id: str, place: str) -> None:
        resource = self._resources.get(logical_id)
        if resource and "Condition" in resource and not self.holds(resource["Condition"], place):
            raise TemplateError(
                f"{place}: {logical_id} is not in this stack, because its condition {resource['Condition']} is false"
            )

    def _resource_name(self, logical_id: str, property_name: str) -> str | None:
        properties = self._resources.get(logical_id, {}).get("Properties") or {}
        place = f"Resources.{logical_id}.Properties.{property_name}"
        if property_name not in properties:
            return None
        name = self._once(place, lambda: self.resolve(properties[property_name], place))
        return None if name is NO_VALUE else text(name, place)

    def _once(self, place: str, work: Callable[[], T]) -> T:
        if place in self._open:
            raise TemplateError(f"{place}: it is defined by itself, through {' -> '.join(self._open)}")
        self._open.append(place)
        try:
            return work()
        finally:
            self._open.pop()


UNSUPPORTED = {
    "Fn::ImportValue": "Fn::ImportValue is not supported on the local stack; use a parameter instead",
    "Fn::Transform": "macros other than AWS::Include are not supported on the local stack",
    "Fn::Cidr": "Fn::Cidr is not supported on the local stack: it is for networks",
}
FUNCTIONS: dict[str, Callable[[Resolver, Any, str], Any]] = {
    "Ref": Resolver._ref,
    "Fn::Base64": Resolver._base64,
    "Fn::FindInMap": Resolver._find_in_map,
    "Fn::GetAZs": Resolver._get_azs,
    "Fn::GetAtt": Resolver._get_att,
    "Fn::If": Resolver._if,
    "Fn::Join": Resolver._join,
    "Fn::Length": Resolver._length,
    "Fn::Select": Resolver._select,
    "Fn::Split": Resolver._split,
    "Fn::Sub": Resolver._sub,
    "Fn::ToJsonString": Resolver._to_json,
}
