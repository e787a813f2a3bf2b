"""template.yaml as the rules see it."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gapless.local.template import Resource, load
from gapless.local.template.source import read

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"
AUTHORIZATIONS = ("AWS_IAM", "API_KEY", "NONE")


@dataclass(frozen=True)
class Stack:
    """The template for one choice of Authorization.

    source: as it is written, with every include in its place; resources: with every function resolved.
    """

    authorization: str
    source: dict[str, Any]
    resources: dict[str, Resource]

    @property
    def api(self) -> dict[str, Any]:
        """The properties of the API."""
        return self.resources["Api"].properties

    @property
    def definition(self) -> dict[str, Any]:
        """The API's OpenAPI document."""
        definition: dict[str, Any] = self.api["DefinitionBody"]
        return definition

    def operations(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """`PUT /requests` and the like, with what OpenAPI says of it."""
        for path, methods in self.definition["paths"].items():
            for method, operation in methods.items():
                yield f"{method.upper()} {path}", operation

    def integrations(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every operation's integration."""
        for name, operation in self.operations():
            yield name, operation["x-amazon-apigateway-integration"]

    def of_type(self, *types: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Logical id and properties of the resources of these types."""
        for logical_id, resource in self.resources.items():
            if resource.type in types:
                yield logical_id, resource.properties

    def properties(self, logical_id: str) -> dict[str, Any]:
        """The properties of one resource."""
        return self.resources[logical_id].properties

    def copy(self) -> "Stack":
        """One to break."""
        return copy.deepcopy(self)


def read_stack(authorization: str) -> Stack:
    """The shipped template for one way of authorization."""
    parameters = {"Authorization": authorization}
    template = load(TEMPLATE, parameters, stack_name="test", region="us-east-1", account="000000000000")
    return Stack(authorization, read(TEMPLATE), template.resources)
