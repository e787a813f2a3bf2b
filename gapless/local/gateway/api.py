"""The REST API of a template: its AWS::Serverless::Api, read whole before the first request."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gapless.local.gateway.credentials import Security, read_security
from gapless.local.gateway.definition import DefinitionError, is_true, mapping, refuse_unknown
from gapless.local.gateway.gateway_responses import GatewayResponses
from gapless.local.gateway.integration import Integration, read_integration
from gapless.local.gateway.route import ANY, METHODS
from gapless.local.gateway.throttle import Throttle, read_throttles, throttle_of
from gapless.local.gateway.validate import Validator, read_validator
from gapless.local.template import Node, Resource, Template

INTEGRATION = "x-amazon-apigateway-integration"
ANY_METHOD = "x-amazon-apigateway-any-method"
API_SERVED = ("Auth", "DefinitionBody", "GatewayResponses", "MethodSettings", "StageName", "Variables")
API_WITHOUT_LOCAL_EFFECT = {
    "AccessLogSetting": "nobody reads an access log here",
    "AlwaysDeploy": "there is one deployment: the file on disk",
    "Description": "a text",
    "DisableExecuteApiEndpoint": "the API is reached at 127.0.0.1",
    "Domain": "the API is reached at 127.0.0.1",
    "EndpointConfiguration": "the API is reached at 127.0.0.1",
    "FailOnWarnings": "whatever is not supported is refused",
    "Name": "a text",
    "OpenApiVersion": "it tells SAM how to write its own documents",
    "Policy": "everybody calls from 127.0.0.1, and nobody is known by a signature",
    "PropagateTags": "nobody pays",
    "Tags": "nobody pays",
    "TracingEnabled": "nothing collects traces here",
}
AUTH_SERVED = ("ApiKeyRequired", "DefaultAuthorizer")
AUTH_WITHOUT_LOCAL_EFFECT = {
    "AddApiKeyRequiredToCorsPreflight": "an OPTIONS method has the security that its operation says",
    "AddDefaultAuthorizerToCorsPreflight": "an OPTIONS method has the security that its operation says",
    "InvokeRole": "it is for Lambda integrations",
    "UsagePlan": "its key is valid, and its quota is not counted",
}
DOCUMENT_SERVED = (
    *("components", "openapi", "paths", "security", "x-amazon-apigateway-gateway-responses"),
    *("x-amazon-apigateway-request-validator", "x-amazon-apigateway-request-validators"),
)
DOCUMENT_WITHOUT_LOCAL_EFFECT = {
    "externalDocs": "a text",
    "info": "a text",
    "servers": "the stage is the base path",
    "tags": "a text",
    "x-amazon-apigateway-documentation": "a text",
    "x-amazon-apigateway-endpoint-configuration": "the API is reached at 127.0.0.1",
    "x-amazon-apigateway-importexport-version": "it tells API Gateway how to read the document",
}
OPERATION_SERVED = (
    *("parameters", "requestBody", "responses", "security"),
    *(INTEGRATION, "x-amazon-apigateway-request-validator"),
)
TEXTS = dict.fromkeys(("deprecated", "description", "externalDocs", "operationId", "summary", "tags"), "a text")


@dataclass(frozen=True)
class Method:
    """One method of one resource. http_method: or ANY; throttle: None when nothing limits it."""

    http_method: str
    resource_path: str
    security: Security
    throttle: Throttle | None
    validator: Validator
    integration: Integration


@dataclass(frozen=True)
class RestApi:
    """A deployed API: one stage of it. variables: the stage's; api_keys: those that are valid."""

    api_id: str
    account: str
    stage: str
    variables: dict[str, str]
    methods: tuple[Method, ...]
    gateway_responses: GatewayResponses
    api_keys: frozenset[str]


def read_api(template: Template) -> RestApi:
    """The API of a template; raises DefinitionError for whatever in it is not supported here.

    Only what the template says is served: an API that differs from the deployed one would be worse than none.
    """
    apis = template.of_type("AWS::Serverless::Api")
    if len(apis) != 1:
        raise DefinitionError(f"the template has {len(apis)} resources of type AWS::Serverless::Api; it must have one")
    api = apis[0]
    place = f"Resources.{api.logical_id}.Properties"
    properties = refuse_unknown(api.properties, API_SERVED, API_WITHOUT_LOCAL_EFFECT, place)
    document = _document(properties.get("DefinitionBody"), f"{place}.DefinitionBody")
    default = _default_security(properties.get("Auth"), f"{place}.Auth")
    throttles = read_throttles(properties.get("MethodSettings"), f"{place}.MethodSettings")
    return RestApi(
        api_id=api.physical_id,
        account=template.site.account,
        stage=str(properties.get("StageName") or "Prod"),
        variables={name: str(value) for name, value in mapping(properties.get("Variables"), place).items()},
        methods=tuple(_Paths(document, default, throttles, f"{place}.DefinitionBody.paths").methods()),
        gateway_responses=GatewayResponses(*_gateway_responses(template, api, document, place)),
        api_keys=frozenset(_api_keys(template, api)),
    )


def _document(document: Node, place: str) -> dict[str, Node]:
    if not isinstance(document, dict):
        raise DefinitionError(f"{place}: an API without its OpenAPI document here is not supported on the local stack")
    version = str(document.get("openapi"))
    if not version.startswith("3.0."):
        raise DefinitionError(f"{place}: API Gateway imports OpenAPI 3.0, and this document says openapi: {version}")
    return refuse_unknown(document, DOCUMENT_SERVED, DOCUMENT_WITHOUT_LOCAL_EFFECT, place)


@dataclass(frozen=True)
class _Paths:
    """The paths of a document, with what the API gives its methods by default."""

    document: dict[str, Node]
    security: Security
    throttles: dict[tuple[str, str], Throttle]
    place: str

    def methods(self) -> Iterator[Method]:
        """Every method of every path."""
        names = {name.lower(): name for name in METHODS} | {ANY_METHOD: ANY}
        for path, item in mapping(self.document.get("paths"), self.place).items():
            place = f"{self.place}.{path}"
            item = refuse_unknown(item, (*names, "parameters"), TEXTS, place)
            shared = item.get("parameters") or []
            for key in (key for key in item if key in names):
                yield self._method(names[key], path, item[key], shared, f"{place}.{key}")

    def _method(self, http_method: str, path: str, operation: Node, shared: list[Node], place: str) -> Method:
        """One method of a path; shared: the parameters of all its methods."""
        operation = refuse_unknown(operation, OPERATION_SERVED, TEXTS, place)
        if INTEGRATION not in operation:
            raise DefinitionError(f"{place}: it has no {INTEGRATION}, so nothing would answer it")
        return Method(
            http_method,
            path,
            self._security(operation, f"{place}.security"),
            throttle_of(self.throttles, http_method, path),
            read_validator(self.document, operation, shared, place),
            read_integration(operation[INTEGRATION], operation.get("responses"), f"{place}.{INTEGRATION}"),
        )

    def _security(self, operation: Node, place: str) -> Security:
        requirements = operation.get("security", self.document.get("security"))
        if requirements is None:
            return self.security
        components = mapping(self.document.get("components"), place)
        return read_security(requirements, components.get("securitySchemes"), place)


def _default_security(auth: Node, place: str) -> Security:
    auth = refuse_unknown(auth, AUTH_SERVED, AUTH_WITHOUT_LOCAL_EFFECT, place)
    authorizer = auth.get("DefaultAuthorizer", "NONE")
    if authorizer not in ("AWS_IAM", "NONE"):
        raise DefinitionError(
            f"{place}.DefaultAuthorizer: {authorizer} is not supported on the local stack; supported: AWS_IAM, NONE"
        )
    return Security(authorizer == "AWS_IAM", is_true(auth.get("ApiKeyRequired")))


def _gateway_responses(template: Template, api: Resource, document: Node, place: str) -> tuple[Node, str]:
    """The customised types, in the form of the OpenAPI extension, from the document or SAM's property."""
    extension = "x-amazon-apigateway-gateway-responses"
    own = template.of_type("AWS::ApiGateway::GatewayResponse")
    if own:
        raise DefinitionError(f"Resources.{own[0].logical_id}: write it under {place}.DefinitionBody.{extension}")
    if "GatewayResponses" not in api.properties:
        return document.get(extension), f"{place}.DefinitionBody.{extension}"
    if extension in document:
        raise DefinitionError(f"{place}: GatewayResponses and DefinitionBody.{extension} exclude each other here")
    place = f"{place}.GatewayResponses"
    responses = mapping(api.properties["GatewayResponses"], place)
    return {name: _from_sam(mapping(response, place)) for name, response in responses.items()}, place


def _from_sam(response: dict[str, Node]) -> Node:
    names = {"StatusCode": "statusCode", "ResponseTemplates": "responseTemplates"}
    renamed = {names.get(key, key): value for key, value in response.items() if key != "ResponseParameters"}
    parameters: Mapping[str, Node] = response.get("ResponseParameters") or {}
    headers = {f"gatewayresponse.header.{name}": value for name, value in (parameters.get("Headers") or {}).items()}
    others = {key: value for key, value in parameters.items() if key != "Headers"}
    return {**renamed, "responseParameters": {**headers, **others}}


def _api_keys(template: Template, api: Resource) -> Iterator[str]:
    """The value of each enabled key. AWS invents the value of a key without one; here it is the key's own id."""
    for key in template.of_type("AWS::ApiGateway::ApiKey"):
        if is_true(key.properties.get("Enabled")):
            yield str(key.properties.get("Value") or key.physical_id)
    usage_plan = mapping(mapping(api.properties.get("Auth"), api.logical_id).get("UsagePlan"), api.logical_id)
    if usage_plan.get("CreateUsagePlan", "NONE") != "NONE":
        yield f"{template.site.stack_name}-{api.logical_id}ApiKey"
