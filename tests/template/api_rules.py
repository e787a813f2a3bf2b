"""What the API must be. Each rule yields the breaches it finds, in words."""

import json
import re
from collections.abc import Iterator

from gapless.local.velocity import Template
from tests.mapping_templates.documented import GATEWAY_RESPONSES
from tests.template.declared import Stack

SECURITY: dict[str, list[dict[str, list[str]]]] = {"AWS_IAM": [{"sigv4": []}], "API_KEY": [{"api_key": []}], "NONE": []}
PROBLEM = {"method.response.header.Content-Type": "'application/problem+json'"}
STAGE_VARIABLE = re.compile(r"\$!?\{?stageVariables\.(\w+)")
LOGGED = {"requestId", "status", "integrationStatus", "integrationError", "responseLatency"}


def every_method_is_secured(stack: Stack) -> Iterator[str]:
    """Nothing else notices an open method: neither cfn-lint nor the security scanners do. A preflight has no
    credentials, and says nothing but what the template says."""
    authorization = stack.parameters["Authorization"]
    for name, operation in stack.operations():
        if name.startswith("OPTIONS") and operation["x-amazon-apigateway-integration"]["type"] == "mock":
            continue
        if operation.get("security") != SECURITY[authorization]:
            yield f"{name} has security {operation.get('security')} when Authorization is {authorization}"
    schemes = stack.definition["components"]["securitySchemes"]
    if schemes["sigv4"].get("x-amazon-apigateway-authtype") != "awsSigv4":
        yield "the scheme sigv4 does not ask for a signature"
    if (schemes["api_key"]["in"], schemes["api_key"]["name"]) != ("header", "x-api-key"):
        yield "the scheme api_key does not ask for an x-api-key header"


def answers_are_mapped_apart(stack: Stack) -> Iterator[str]:
    """A refusal of DynamoDB must never look like success: every status has one response, of its own class."""
    for name, integration in stack.integrations():
        if integration["type"] == "mock":
            continue
        responses = integration["responses"]
        if "default" in responses:
            yield f"{name} has a default response, for refusals too"
        for status in [*range(200, 300), *range(400, 600)]:
            chosen = [key for key in responses if re.fullmatch(key, str(status))]
            if len(chosen) != 1:
                yield f"{name}: {len(chosen)} responses are for a {status} of DynamoDB"
            elif responses[chosen[0]]["statusCode"][0] != str(status)[0]:
                yield f"{name}: a {status} of DynamoDB is shown as {responses[chosen[0]]['statusCode']}"


def refusals_are_problem_documents(stack: Stack) -> Iterator[str]:
    """A 4xx or 5xx of DynamoDB is read by error_response, which alone knows what it means."""
    for name, integration in stack.integrations():
        for key, response in integration["responses"].items():
            if key[0] not in "45":
                continue
            if response.get("responseParameters") != PROBLEM:
                yield f"{name}: {key} is not labelled application/problem+json"
            if "about:blank" not in response.get("responseTemplates", {}).get("application/json", ""):
                yield f"{name}: {key} passes on what DynamoDB said"


def nothing_passes_through(stack: Stack) -> Iterator[str]:
    """With any other setting a body of another Content-Type reaches DynamoDB as it is, table name included.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html
    """
    for name, integration in stack.integrations():
        if integration.get("passthroughBehavior") != "never":
            yield f"{name} has passthroughBehavior {integration.get('passthroughBehavior')}"
        if set(integration.get("requestTemplates", ())) != {"application/json"}:
            yield f"{name} takes other types than application/json"


def requests_are_validated(stack: Stack) -> Iterator[str]:
    """The validator is on for everything, and every body has a model."""
    chosen = stack.definition.get("x-amazon-apigateway-request-validator")
    validator = stack.definition.get("x-amazon-apigateway-request-validators", {}).get(chosen, {})
    for flag in ("validateRequestBody", "validateRequestParameters"):
        if validator.get(flag) is not True:
            yield f"the API's validator does not {flag}"
    for name, operation in stack.operations():
        if operation.get("x-amazon-apigateway-request-validator", chosen) != chosen:
            yield f"{name} has a validator of its own"
        if not name.startswith("PUT"):
            continue
        body = operation.get("requestBody", {})
        model = body.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
        schema = stack.definition["components"]["schemas"].get(model.rpartition("/")[2], {})
        if not body.get("required") or schema.get("type") != "object":
            yield f"{name} takes a body that is no JSON object"


def document_can_be_imported(stack: Stack) -> Iterator[str]:
    """API Gateway imports no OpenAPI 3.1.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
    """
    for place, version in (("OpenApiVersion", stack.api), ("openapi", stack.definition)):
        if version.get(place) != "3.0.1":
            yield f"{place} is {version.get(place)}"


def every_gateway_response_is_a_problem_document(stack: Stack) -> Iterator[str]:
    """One entry for each documented type: what is missing answers {"message": ...}."""
    looks = stack.definition["x-amazon-apigateway-gateway-responses"]
    for missing in sorted(GATEWAY_RESPONSES.keys() - looks.keys()):
        yield f"{missing} is not customised"
    for kind, look in looks.items():
        headers = look.get("responseParameters", {})
        if headers.get("gatewayresponse.header.Content-Type") != "'application/problem+json'":
            yield f"{kind} is not labelled application/problem+json"
        if str(look.get("statusCode")) != str(GATEWAY_RESPONSES.get(kind)):
            yield f"{kind} has status {look.get('statusCode')}"


def every_mapping_template_parses(stack: Stack) -> Iterator[str]:
    """`sam validate` stays green over Velocity that does not parse, and over an include that is missing."""
    for name, text in mapping_templates(stack):
        try:
            Template.parse(text, name)
        except Exception as error:  # whatever it is, the message names it
            yield str(error)


def stage_variables_are_those_declared(stack: Stack) -> Iterator[str]:
    """A variable that no one declares prints as nothing; one that no one reads is a leftover."""
    read = {found[1] for _, text in mapping_templates(stack) for found in STAGE_VARIABLE.finditer(text)}
    if not stack.parameters["CorsOrigin"]:
        read.discard("corsOrigin")  # a stage variable cannot be empty; the templates ask whether there is one
    declared = set(stack.api["Variables"])
    if read != declared:
        yield f"the stage declares {sorted(declared)}, and the mapping templates read {sorted(read)}"


def every_stage_is_throttled(stack: Stack) -> Iterator[str]:
    """Without a limit of its own the API may use up the account's."""
    settings = {(one.get("ResourcePath"), one.get("HttpMethod")): one for one in stack.api.get("MethodSettings", ())}
    for name in ("ThrottlingRateLimit", "ThrottlingBurstLimit"):
        if not settings.get(("/*", "*"), {}).get(name):
            yield f"the stage has no {name} for every method"


def every_call_is_logged(stack: Stack) -> Iterator[str]:
    """One JSON document a line, and in it what tells an integration's failure from the API's own."""
    access_log = stack.api.get("AccessLogSetting", {})
    try:
        fields = json.loads(access_log.get("Format", ""))
    except ValueError:
        fields = {}
    if missing := sorted(LOGGED - fields.keys()):
        yield f"the access log is no JSON document with {missing}"
    if "\n" in access_log.get("Format", ""):
        yield "an entry of the access log has several lines"


def mapping_templates(stack: Stack) -> Iterator[tuple[str, str]]:
    """Every Velocity text of the API, with the name of its place."""
    for name, integration in stack.integrations():
        for content_type, text in integration["requestTemplates"].items():
            yield f"{name}, request, {content_type}", text
        for key, response in integration["responses"].items():
            for content_type, text in response.get("responseTemplates", {}).items():
                yield f"{name}, response {key}, {content_type}", text


RULES = (
    every_method_is_secured,
    answers_are_mapped_apart,
    refusals_are_problem_documents,
    nothing_passes_through,
    requests_are_validated,
    document_can_be_imported,
    every_gateway_response_is_a_problem_document,
    every_mapping_template_parses,
    stage_variables_are_those_declared,
    every_stage_is_throttled,
    every_call_is_logged,
)
