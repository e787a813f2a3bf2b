"""template.yaml as the rules see it."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gapless.local.template import Resource, load
from gapless.local.template.source import read

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"
# The choices that change what is deployed, and not only a value in it. Each is one stack for the rules to read.
KEY = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"
CIDRS, ENDPOINTS = "192.0.2.0/24,2001:db8::/32", "vpce-0123456789abcdef0,vpce-0123456789abcdef1"
WEB_ACL = "arn:aws:wafv2:us-east-1:000000000000:regional/webacl/limits/1234abcd-12ab-34cd-56ef-1234567890ab"
ORIGIN = "https://app.example.com:8443"
CHOICES = (
    {"Authorization": "AWS_IAM"},
    {"Authorization": "API_KEY"},
    {"Authorization": "NONE"},
    {"Lanes": "off", "AlarmEmail": "on-call@example.com"},
    {"Tickets": "NONE", "Tracing": "on"},
    {"Tickets": "off"},
    {"KmsKeyArn": KEY, "AllowedCidrs": CIDRS},
    {"Authorization": "NONE", "AllowedCidrs": CIDRS, "CorsOrigin": ORIGIN},
    {"Authorization": "API_KEY", "AllowedVpcEndpoints": ENDPOINTS, "WebAclArn": WEB_ACL},
    {"AllowedVpcEndpoints": ENDPOINTS, "AllowedCidrs": CIDRS, "CorsOrigin": ORIGIN},
)


@dataclass(frozen=True)
class Stack:
    """The template for one choice of parameters.

    source: as it is written, with every include in its place; resources: with every function resolved and Globals
    applied; parameters: name -> value, those with their default too.
    """

    source: dict[str, Any]
    resources: dict[str, Resource]
    parameters: dict[str, Any]

    @property
    def api(self) -> dict[str, Any]:
        """The properties of the API."""
        return self.resources["Api"].properties

    @property
    def definition(self) -> dict[str, Any]:
        """The API's OpenAPI document."""
        definition: dict[str, Any] = self.api["DefinitionBody"]
        return definition

    @property
    def mapping(self) -> dict[str, Any]:
        """The properties of the event source mapping."""
        mapping: dict[str, Any] = self.properties("Processor")["Events"]["Requests"]["Properties"]
        return mapping

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


def read_stack(choice: Mapping[str, str]) -> Stack:
    """The shipped template for one choice of parameters."""
    template = load(TEMPLATE, choice, stack_name="test", region="us-east-1", account="000000000000")
    return Stack(read(TEMPLATE), template.resources, template.parameters)
