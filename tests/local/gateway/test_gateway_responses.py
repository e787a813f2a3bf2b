"""How the gateway's own refusals look."""

import json
from pathlib import Path

import pytest

from gapless.local.gateway.refusal import KINDS
from tests.local.gateway.serving import Json, Served, dynamodb, header, mock, serving


def looking(directory: Path, looks: Json, **more: Json) -> Served:
    """An API with `PUT /a`, whose refusals look like this."""
    document = {"x-amazon-apigateway-gateway-responses": looks}
    return serving(directory, {"/a": {"put": dynamodb(passthroughBehavior="never")}}, document=document, **more)


def test_the_default_look(tmp_path: Path) -> None:
    response = looking(tmp_path, {}).ask(target="/v1/none")
    assert json.loads(response.body) == {"message": "Missing Authentication Token"}
    assert header(response, "content-type") == "application/json"


def test_a_customised_type(tmp_path: Path) -> None:
    template = (
        '{"detail": $context.error.messageString, "plain": "$context.error.message", "type":'
        ' "$context.error.responseType", "id": "$context.requestId", "v": "$stageVariables.v", "none": "$context.no.x",'
        ' "q": "$method.request.querystring.q", "price": "$5 $contextual $context."}'
    )
    look = {
        "statusCode": "404",
        "responseTemplates": {"application/json": template},
        "responseParameters": {
            "gatewayresponse.header.Content-Type": "'application/problem+json'",
            "gatewayresponse.header.X-Q": "method.request.querystring.q",
            "gatewayresponse.header.X-Agent": "method.request.header.User-Agent",
            "gatewayresponse.header.X-Type": "context.error.responseType",
        },
    }
    served = looking(tmp_path, {"MISSING_AUTHENTICATION_TOKEN": look}, api={"Variables": {"v": "blue"}})
    headers = {"X-Amzn-RequestId": "mine", "user-agent": "tests"}
    response = served.ask(target="/v1/none?q=1", headers=headers)
    assert response.status == 404
    assert json.loads(response.body) == {
        "detail": "Missing Authentication Token",
        "plain": "Missing Authentication Token",
        "type": "MISSING_AUTHENTICATION_TOKEN",
        "id": "mine",
        "v": "blue",
        "none": "",
        "q": "1",
        "price": "$5 $contextual $context.",
    }
    assert header(response, "content-type") == "application/problem+json"
    assert (header(response, "x-q"), header(response, "x-agent")) == ("1", "tests")
    assert header(response, "x-type") == "MISSING_AUTHENTICATION_TOKEN"
    assert header(response, "x-amzn-ErrorType") == "MissingAuthenticationTokenException"


@pytest.mark.parametrize(
    ("looks", "status", "body"),
    [
        (["DEFAULT_4XX"], 415, b"DEFAULT_4XX"),
        (["DEFAULT_5XX"], 415, b'{"message": "Unsupported Media Type"}'),
        (["DEFAULT_4XX", "UNSUPPORTED_MEDIA_TYPE"], 415, b"UNSUPPORTED_MEDIA_TYPE"),
    ],
)
def test_the_default_of_its_class_is_the_fallback(tmp_path: Path, looks: list[str], status: int, body: bytes) -> None:
    served = looking(tmp_path, {name: {"responseTemplates": {"application/json": name}} for name in looks})
    response = served.ask("PUT", headers={"Content-Type": "text/plain"})
    assert (response.status, response.body) == (status, body)


def test_the_fallbacks_status_replaces_the_types_own(tmp_path: Path) -> None:
    served = looking(tmp_path, {"DEFAULT_4XX": {"statusCode": 499}})
    response = served.ask("PUT", headers={"Content-Type": "text/plain"})
    assert (response.status, json.loads(response.body)) == (499, {"message": "Unsupported Media Type"})


def test_a_server_error_falls_back_to_its_own_default(tmp_path: Path) -> None:
    looks = {"DEFAULT_5XX": {"responseTemplates": {"application/json": "five"}}}
    served = looking(tmp_path, looks)
    served.engine.answers = [TimeoutError()]
    assert served.ask("PUT", body={}).body == b"five"


def test_the_accept_header_chooses_the_template(tmp_path: Path) -> None:
    templates = {"text/html": "html", "application/json": "json"}
    served = looking(tmp_path, {"DEFAULT_4XX": {"responseTemplates": templates}})
    answers = [served.ask(headers={"Accept": accept}) for accept in ("text/html", "text/plain")]
    assert [(one.body, header(one, "content-type")) for one in answers] == [
        (b"html", "text/html"),
        (b"json", "application/json"),
    ]


def test_validation_errors_can_be_shown(tmp_path: Path) -> None:
    operation = {
        **mock(),
        "requestBody": {"content": {"application/json": {"schema": {"type": "object", "required": ["a"]}}}},
        "x-amazon-apigateway-request-validator": "body",
    }
    template = "$context.error.validationErrorString"
    document = {
        "x-amazon-apigateway-request-validators": {"body": {"validateRequestBody": True}},
        "x-amazon-apigateway-gateway-responses": {
            "BAD_REQUEST_BODY": {"responseTemplates": {"application/json": template}}
        },
    }
    served = serving(tmp_path, {"/a": {"put": operation}}, document=document)
    assert served.ask("PUT", body={}).body == b"[$: required ['a']]"


def test_a_header_that_http_cannot_carry_is_left_out(tmp_path: Path) -> None:
    look = {"responseParameters": {"gatewayresponse.header.X-Q": "method.request.querystring.q"}}
    response = looking(tmp_path, {"DEFAULT_4XX": look}).ask(target="/v1/none?q=a%0d%0aSet-Cookie:%20b")
    assert (response.status, header(response, "x-q")) == (403, None)


def test_sams_property(tmp_path: Path) -> None:
    look = {
        "StatusCode": 404,
        "ResponseTemplates": {"application/json": "mine"},
        "ResponseParameters": {"Headers": {"X-A": "'1'"}},
    }
    served = serving(tmp_path, {"/a": {"get": mock()}}, api={"GatewayResponses": {"DEFAULT_4XX": look}})
    response = served.ask(target="/v1/none")
    assert (response.status, response.body, header(response, "x-a")) == (404, b"mine", "1")


def test_every_documented_type_can_be_customised(tmp_path: Path) -> None:
    assert len(KINDS) == 21
    looking(tmp_path, {name: {"statusCode": kind.status} for name, kind in KINDS.items()})
