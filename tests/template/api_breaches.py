"""Breaches of what the API and its mapping templates must be."""

from typing import Any

from tests.template import api_rules, role_rules, text_rules
from tests.template.declared import Stack
from tests.template.planting import Planted, breaks

PLANTED: Planted = []


def submit(stack: Stack) -> dict[str, Any]:
    """PUT /requests, to be broken."""
    operation: dict[str, Any] = stack.definition["paths"]["/requests"]["put"]
    return operation


def integration(stack: Stack) -> dict[str, Any]:
    """Its integration."""
    found: dict[str, Any] = submit(stack)["x-amazon-apigateway-integration"]
    return found


@breaks(api_rules.every_method_is_secured, PLANTED)
def method_without_security(stack: Stack) -> None:
    del submit(stack)["security"]


@breaks(api_rules.every_method_is_secured, PLANTED)
def method_with_the_security_of_another_mode(stack: Stack) -> None:
    submit(stack)["security"] = [{"sigv4": []}, {}]


@breaks(api_rules.every_method_is_secured, PLANTED)
def signature_that_is_a_mere_header(stack: Stack) -> None:
    del stack.definition["components"]["securitySchemes"]["sigv4"]["x-amazon-apigateway-authtype"]


@breaks(api_rules.answers_are_mapped_apart, PLANTED)
def success_by_default(stack: Stack) -> None:
    responses = integration(stack)["responses"]
    responses["default"] = responses.pop(r"2\d{2}")


@breaks(api_rules.answers_are_mapped_apart, PLANTED)
def refusal_shown_as_success(stack: Stack) -> None:
    integration(stack)["responses"][r"4\d{2}"]["statusCode"] = "200"


@breaks(api_rules.answers_are_mapped_apart, PLANTED)
def failures_forgotten(stack: Stack) -> None:
    del integration(stack)["responses"][r"5\d{2}"]


@breaks(api_rules.answers_are_mapped_apart, PLANTED)
def pattern_too_wide(stack: Stack) -> None:
    responses = integration(stack)["responses"]
    responses[r"[24]\d{2}"] = responses.pop(r"2\d{2}")


@breaks(api_rules.refusals_are_problem_documents, PLANTED)
def words_of_the_database_passed_on(stack: Stack) -> None:
    del integration(stack)["responses"][r"4\d{2}"]["responseTemplates"]


@breaks(api_rules.refusals_are_problem_documents, PLANTED)
def refusal_as_plain_json(stack: Stack) -> None:
    del integration(stack)["responses"][r"5\d{2}"]["responseParameters"]


@breaks(api_rules.nothing_passes_through, PLANTED)
def other_types_passed_through(stack: Stack) -> None:
    integration(stack)["passthroughBehavior"] = "when_no_match"


@breaks(api_rules.nothing_passes_through, PLANTED)
def template_for_another_type(stack: Stack) -> None:
    integration(stack)["requestTemplates"]["text/plain"] = "$input.body"


@breaks(api_rules.requests_are_validated, PLANTED)
def validator_off(stack: Stack) -> None:
    del stack.definition["x-amazon-apigateway-request-validator"]


@breaks(api_rules.requests_are_validated, PLANTED)
def bodies_unread(stack: Stack) -> None:
    stack.definition["x-amazon-apigateway-request-validators"]["everything"]["validateRequestBody"] = False


@breaks(api_rules.requests_are_validated, PLANTED)
def body_of_any_kind(stack: Stack) -> None:
    submit(stack)["requestBody"]["content"]["application/json"]["schema"] = {}


@breaks(api_rules.document_can_be_imported, PLANTED)
def newer_document(stack: Stack) -> None:
    stack.definition["openapi"] = "3.1.0"


@breaks(api_rules.every_gateway_response_is_a_problem_document, PLANTED)
def refusal_of_the_gateway_forgotten(stack: Stack) -> None:
    del stack.definition["x-amazon-apigateway-gateway-responses"]["THROTTLED"]


@breaks(api_rules.every_gateway_response_is_a_problem_document, PLANTED)
def refusal_of_the_gateway_as_success(stack: Stack) -> None:
    stack.definition["x-amazon-apigateway-gateway-responses"]["INVALID_API_KEY"]["statusCode"] = 200


@breaks(api_rules.every_mapping_template_parses, PLANTED)
def directive_without_end(stack: Stack) -> None:
    integration(stack)["requestTemplates"]["application/json"] = "#if($context.requestId) {}"


@breaks(api_rules.stage_variables_are_those_declared, PLANTED)
def stage_variable_misspelt(stack: Stack) -> None:
    stack.api["Variables"]["requestTable"] = stack.api["Variables"].pop("requestsTable")


@breaks(api_rules.every_stage_is_throttled, PLANTED)
def stage_without_burst_limit(stack: Stack) -> None:
    del stack.api["MethodSettings"][0]["ThrottlingBurstLimit"]


@breaks(api_rules.every_call_is_logged, PLANTED)
def log_in_common_format(stack: Stack) -> None:
    stack.api["AccessLogSetting"]["Format"] = "$context.identity.sourceIp $context.requestId"


@breaks(role_rules.integrations_use_the_role_of_the_api, PLANTED)
def action_the_role_does_not_allow(stack: Stack) -> None:
    integration(stack)["uri"] = "arn:aws:apigateway:us-east-1:dynamodb:action/DeleteItem"


@breaks(role_rules.integrations_use_the_role_of_the_api, PLANTED)
def call_as_the_caller(stack: Stack) -> None:
    integration(stack)["credentials"] = "arn:aws:iam::*:user/*"


@breaks(text_rules.callers_text_is_escaped, PLANTED)
def body_as_it_came(stack: Stack) -> None:
    integration(stack)["requestTemplates"]["application/json"] = '{"Item": {"request": {"S": "$input.body"}}}'


@breaks(text_rules.callers_text_is_escaped, PLANTED)
def apostrophe_left_escaped(stack: Stack) -> None:
    templates = integration(stack)["requestTemplates"]
    templates["application/json"] = templates["application/json"].replace(r""".replaceAll("\\'", "'")""", "", 1)


@breaks(text_rules.callers_text_is_escaped, PLANTED)
def path_of_the_database_in_quotes(stack: Stack) -> None:
    templates = integration(stack)["responses"][r"4\d{2}"]["responseTemplates"]
    templates["application/json"] += '{"detail": "$input.path(\'$.message\')"}'


@breaks(text_rules.headers_hold_known_text, PLANTED)
def counter_in_a_header(stack: Stack) -> None:
    templates = integration(stack)["responses"][r"2\d{2}"]["responseTemplates"]
    header = "#set($context.responseOverride.header.X-Counter = $input.params('counter'))\n"
    templates["application/json"] = header + templates["application/json"]


@breaks(text_rules.nothing_raw_is_forgotten, PLANTED)
def exception_without_use(stack: Stack) -> None:
    for _, found in stack.integrations():
        templates = found["requestTemplates"]
        templates["application/json"] = templates["application/json"].replace("$context.requestTimeEpoch", "0")
