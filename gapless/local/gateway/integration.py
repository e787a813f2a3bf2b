"""Integrations: the request template, the call to DynamoDB or the mock's answer, and what answers what."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from gapless.local import velocity
from gapless.local.gateway.definition import STATUS, DefinitionError, mapping, refuse_unknown
from gapless.local.gateway.exchange import Exchange
from gapless.local.gateway.expression import Source, read_expression
from gapless.local.gateway.refusal import Refusal
from gapless.local.template import Node

SERVED = (
    *("type", "uri", "httpMethod", "credentials", "requestTemplates", "requestParameters"),
    *("passthroughBehavior", "responses", "timeoutInMillis"),
)
WITHOUT_LOCAL_EFFECT = {
    "cacheKeyParameters": "no cache is switched on",
    "cacheNamespace": "no cache is switched on",
    "connectionType": "the engine is reached directly",
}
URI = re.compile(r"arn:[\w-]+:apigateway:[\w-]+:dynamodb:action/(\w+)")
PASSTHROUGH = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
MAX_TIMEOUT_MILLIS = 29_000
# The engine is always sent this content type, so a mapping of it changes nothing. Other headers cannot be sent.
INERT_PARAMETERS = {"integration.request.header.Content-Type": "'application/x-amz-json-1.0'"}
HEADER = "method.response.header."


@dataclass(frozen=True)
class IntegrationResponse:
    """One of the answers that an integration may give.

    pattern: which statuses of the backend it is for, None for the default; status: the method response's;
    headers: name -> where its value comes from; templates: content type -> template.
    """

    pattern: re.Pattern[str] | None
    status: int
    headers: dict[str, Source]
    templates: dict[str, velocity.Template]

    def template_for(self, accept: str | None) -> tuple[str, velocity.Template] | None:
        """The content type and template for a caller that accepts this: exactly that, else JSON, else the first."""
        for content_type in (accept or "", "application/json"):
            if content_type in self.templates:
                return content_type, self.templates[content_type]
        return next(iter(self.templates.items()), None)


@dataclass(frozen=True)
class Integration:
    """What stands behind a method. action: the DynamoDB action, None for a mock; timeout: in seconds."""

    action: str | None
    templates: dict[str, velocity.Template]
    passthrough: str
    responses: tuple[IntegrationResponse, ...]
    timeout: float

    def request_text(self, exchange: Exchange, content_type: str) -> str:
        """What the backend is sent; raises Refusal for a content type that does not pass.

        Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html
        """
        template = self.templates.get(content_type)
        if template is not None:
            return template.render(exchange.call(exchange.body))
        if self.passthrough == "NEVER" or (self.templates and self.passthrough == "WHEN_NO_TEMPLATES"):
            raise Refusal("UNSUPPORTED_MEDIA_TYPE")
        return exchange.body or ""

    def response_for(self, status: int) -> IntegrationResponse:
        """The integration response for a status of the backend: the first whose pattern matches it whole, else the
        default; raises Refusal when there is neither."""
        text = str(status)
        for response in self.responses:
            if response.pattern is not None and response.pattern.fullmatch(text):
                return response
        default = next((one for one in self.responses if one.pattern is None), None)
        if default is None:
            raise Refusal("API_CONFIGURATION_ERROR")
        return default


def read_integration(integration: Node, method_responses: Node, place: str) -> Integration:
    """The integration of an operation; method_responses: its `responses`. Raises DefinitionError."""
    integration = refuse_unknown(integration, SERVED, WITHOUT_LOCAL_EFFECT, place)
    passthrough = str(integration.get("passthroughBehavior") or PASSTHROUGH[0]).upper()
    if passthrough not in PASSTHROUGH:
        raise DefinitionError(f"{place}.passthroughBehavior: one of {', '.join(PASSTHROUGH)}, not {passthrough}")
    action = _action(integration, place)
    for target, value in mapping(integration.get("requestParameters"), f"{place}.requestParameters").items():
        if INERT_PARAMETERS.get(target) != value:
            raise DefinitionError(f"{place}.requestParameters.{target}: DynamoDB is sent a document and no parameters")
    responses = mapping(integration.get("responses"), f"{place}.responses")
    return Integration(
        action,
        _templates(integration.get("requestTemplates"), f"{place}.requestTemplates"),
        passthrough,
        tuple(_response(key, one, method_responses, f"{place}.responses.{key}") for key, one in responses.items()),
        _timeout(integration, place),
    )


def _action(integration: Node, place: str) -> str | None:
    """The DynamoDB action of an integration, or None for a mock."""
    kind = str(integration.get("type")).upper()
    if kind == "MOCK":
        return None
    if kind == "AWS_PROXY":
        raise DefinitionError(
            f"{place}: Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream "
            "invocations, which are not supported on the local stack; supported: aws (to DynamoDB), mock"
        )
    if kind != "AWS":
        raise DefinitionError(
            f"{place}.type: {kind} is not supported on the local stack; supported: aws (to DynamoDB), mock"
        )
    uri = URI.fullmatch(str(integration.get("uri")))
    if uri is None:
        raise DefinitionError(
            f"{place}.uri: it must be arn:aws:apigateway:REGION:dynamodb:action/ACTION, not {integration.get('uri')}"
        )
    if str(integration.get("httpMethod")).upper() != "POST":
        raise DefinitionError(f"{place}.httpMethod: DynamoDB takes POST, not {integration.get('httpMethod')}")
    if not integration.get("credentials"):
        raise DefinitionError(f"{place}.credentials: API Gateway needs the ARN of a role that may call DynamoDB")
    return uri[1]


def _timeout(integration: Node, place: str) -> float:
    millis = str(integration.get("timeoutInMillis", MAX_TIMEOUT_MILLIS))
    if not millis.isdigit() or not 50 <= int(millis) <= MAX_TIMEOUT_MILLIS:
        raise DefinitionError(f"{place}.timeoutInMillis: from 50 to {MAX_TIMEOUT_MILLIS}, not {millis}")
    return int(millis) / 1000


def _response(key: str, response: Node, method_responses: Node, place: str) -> IntegrationResponse:
    """One integration response; key: the pattern of the statuses it is for, or `default`."""
    response = refuse_unknown(response, ("statusCode", "responseParameters", "responseTemplates"), {}, place)
    status = str(response.get("statusCode"))
    declared = mapping(method_responses, place)
    if not STATUS.fullmatch(status):
        raise DefinitionError(f"{place}.statusCode: {status} is not an HTTP status")
    if status not in declared:
        raise DefinitionError(f"{place}.statusCode: the operation's responses have no {status}")
    try:
        pattern = None if key == "default" else re.compile(key)
    except re.error as error:
        raise DefinitionError(f"{place}: {key!r} is not a regular expression: {error}") from error
    known = {name.lower() for name in mapping(mapping(declared[status], place).get("headers"), place)}
    headers = {
        _header(target, known, f"{place}.responseParameters"): read_expression(
            expression, f"{place}.responseParameters.{target}", sources=("context", "integration", "stageVariables")
        )
        for target, expression in mapping(response.get("responseParameters"), place).items()
    }
    return IntegrationResponse(pattern, int(status), headers, _templates(response.get("responseTemplates"), place))


def _header(target: str, known: Collection[str], place: str) -> str:
    name = target.removeprefix(HEADER)
    if name == target or name.lower() not in known:
        raise DefinitionError(f"{place}: {target} must be {HEADER}NAME, with NAME among the method response's headers")
    return name


def _templates(templates: Node, place: str) -> dict[str, velocity.Template]:
    parsed = {}
    for content_type, text in mapping(templates, place).items():
        try:
            parsed[content_type.lower()] = velocity.Template.parse(str(text), f"{place} {content_type}")
        except velocity.VelocityError as error:
            raise DefinitionError(str(error)) from error
    return parsed
