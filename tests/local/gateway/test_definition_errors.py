"""What the local gateway does not support is refused at the start, and the error names the place."""

import copy
import re
from pathlib import Path

import pytest

from gapless.local.gateway import DefinitionError
from tests.local.gateway.serving import Json, dynamodb, mock, read, serving, template_of

INTEGRATION = "x-amazon-apigateway-integration"
HERE = f"Resources.Api.Properties.DefinitionBody.paths./a.get.{INTEGRATION}"
VALIDATORS = {"x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True}}}
LOOKS = "x-amazon-apigateway-gateway-responses"


def answer(**more: Json) -> Json:
    return {"responses": {"default": {"statusCode": 200, **more}}}


def model(schema: Json) -> Json:
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def throttled(look: Json) -> Json:
    return {"document": {LOOKS: {"THROTTLED": look}}}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"type": "http"}, ".type: HTTP is not supported on the local stack; supported: aws (to DynamoDB), mock"),
        ({"type": "AWS_PROXY"}, ": Integrations of type 'AWS_PROXY' currently only supports Lambda function"),
        (
            {"uri": "arn:aws:apigateway:eu-west-1:sqs:path/1/q"},
            ".uri: it must be arn:aws:apigateway:REGION:dynamodb:action/ACTION",
        ),
        ({"uri": None}, ".uri: it must be"),
        ({"httpMethod": "GET"}, ".httpMethod: DynamoDB takes POST, not GET"),
        ({"credentials": ""}, ".credentials: API Gateway needs the ARN of a role"),
        ({"contentHandling": "CONVERT_TO_BINARY"}, ": contentHandling is not supported on the local stack"),
        ({"tlsConfig": {}}, ": tlsConfig is not supported"),
        (
            {"passthroughBehavior": "sometimes"},
            ".passthroughBehavior: one of WHEN_NO_MATCH, WHEN_NO_TEMPLATES, NEVER, not SOMETIMES",
        ),
        ({"timeoutInMillis": 30_000}, ".timeoutInMillis: from 50 to 29000, not 30000"),
        ({"timeoutInMillis": "soon"}, ".timeoutInMillis: from 50 to 29000, not soon"),
        (
            {"requestParameters": {"integration.request.header.X": "'1'"}},
            ".requestParameters.integration.request.header.X: DynamoDB is sent a document",
        ),
        ({"requestTemplates": ["a"]}, ".requestTemplates: a mapping is needed here, not ['a']"),
        ({"requestTemplates": {"application/json": "#if($a)"}}, ".requestTemplates application/json"),
        (answer(contentHandling="CONVERT_TO_TEXT"), ".responses.default: contentHandling is not supported"),
        (answer(responseParameters={"header.X": "'1'"}), "header.X must be method.response.header.NAME"),
        (
            answer(responseParameters={"method.response.header.X-A": "stageVariables"}),
            ".responseParameters.method.response.header.X-A: the mapping expression 'stageVariables' is not supported",
        ),
        (
            answer(responseParameters={"method.response.header.X-A": "integration.response.header.X"}),
            "the mapping expression 'integration.response.header.X' is not supported",
        ),
        (
            answer(responseParameters={"method.response.header.X-A": "method.request.header.X"}),
            "is not supported on the local stack; supported: 'text in single quotes', context, integration",
        ),
        (answer(responseParameters={"method.response.header.X-A": "plain"}), "the mapping expression 'plain'"),
        (
            answer(responseParameters={"method.response.header.X-A": 'integration.response.body.a["b"]'}),
            "write the JSONPath",
        ),
        (
            {"responses": {"4\\d{2": {"statusCode": 200}, "(": {"statusCode": 200}}},
            ".responses.(: '(' is not a regular expression",
        ),
    ],
)
def test_integrations(tmp_path: Path, change: Json, problem: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(problem)) as raised:
        serving(tmp_path, {"/a": {"get": dynamodb(**change)}})
    assert HERE in str(raised.value)


def test_content_type_of_the_call_may_be_mapped_to_what_it_is(tmp_path: Path) -> None:
    mapped = {"integration.request.header.Content-Type": "'application/x-amz-json-1.0'"}
    assert serving(tmp_path, {"/a": {"get": dynamodb(requestParameters=mapped)}}).ask().status == 200


def test_a_status_that_is_none(tmp_path: Path) -> None:
    operation = copy.deepcopy(mock())
    operation["responses"] = {"default": {}}
    operation[INTEGRATION]["responses"] = {"default": {"statusCode": "default"}}
    with pytest.raises(DefinitionError, match=r"responses\.default\.statusCode: default is not an HTTP status"):
        serving(tmp_path, {"/a": {"get": operation}})


@pytest.mark.parametrize("paths", [{"/a": {"get": None}}, {"/a": {"get": {INTEGRATION: None}}}])
def test_nothing_where_something_is_needed(tmp_path: Path, paths: Json) -> None:
    with pytest.raises(DefinitionError, match=r"paths\./a\.get"):
        serving(tmp_path, paths)


def test_a_path_without_methods_is_no_path(tmp_path: Path) -> None:
    assert serving(tmp_path, {"/a": None}).ask().status == 403


def test_an_integration_response_needs_its_method_response(tmp_path: Path) -> None:
    operation = copy.deepcopy(mock())
    operation["responses"] = {"201": {}}
    with pytest.raises(DefinitionError, match=re.escape("statusCode: the operation's responses have no 200")):
        serving(tmp_path, {"/a": {"get": operation}})


def test_a_mapped_header_needs_its_declaration(tmp_path: Path) -> None:
    operation = copy.deepcopy(mock(**answer(responseParameters={"method.response.header.X-A": "'1'"})))
    operation["responses"] = {"200": {"headers": {"X-B": {}}}}
    with pytest.raises(DefinitionError, match="with NAME among the method response's headers"):
        serving(tmp_path, {"/a": {"get": operation}})


@pytest.mark.parametrize(
    ("operation", "problem"),
    [
        (
            {"callbacks": {}},
            "./a.get: callbacks is not supported on the local stack; supported: parameters, requestBody",
        ),
        ({"security": "none"}, "./a.get.security: security is a list, not 'none'"),
        ({"security": [{"oauth": []}]}, "security: components.securitySchemes has no oauth"),
        ({"security": [{"jwt": []}]}, "security: jwt is not supported on the local stack; supported: awsSigv4"),
        ({"x-amazon-apigateway-request-validator": "most"}, "x-amazon-apigateway-request-validators has no most"),
        (
            {"parameters": [{"in": "cookie", "name": "a"}]},
            "parameters[0]: a parameter needs a name, and an `in` of header, path, query",
        ),
        (
            {"parameters": [{"$ref": "#/components/parameters/None"}]},
            "$ref #/components/parameters/None points to nothing",
        ),
        (model({"type": "objekt"}), "requestBody.content.application/json.schema: it is not a JSON Schema of draft 4"),
        (model({"$ref": "#/components/schemas/No"}), "schema: $ref #/components/schemas/No points to nothing"),
        (model({"items": [{"$ref": "http://a/b"}]}), "$ref http://a/b points to nothing"),
        (model({"$ref": "#/paths"}), "a model is referred to as #/components/schemas/NAME"),
        ({"requestBody": {"contents": {}}}, "requestBody: contents is not supported"),
    ],
)
def test_operations(tmp_path: Path, operation: Json, problem: str) -> None:
    jwt = {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "custom"}
    document = {
        **VALIDATORS,
        "components": {"securitySchemes": {"jwt": jwt}},
        "x-amazon-apigateway-request-validator": "all",
    }
    with pytest.raises(DefinitionError, match=re.escape(problem)):
        serving(tmp_path, {"/a": {"get": {**mock(), **operation}}}, document=document)


@pytest.mark.parametrize(
    ("paths", "problem"),
    [
        ({"/a": {"get": {}}}, "paths./a.get: it has no x-amazon-apigateway-integration"),
        ({"/a": {"trace": mock()}}, "paths./a: trace is not supported"),
        ({"a": {"get": mock()}}, "paths.a: a path starts with a slash"),
        ({"/a{b}": {"get": mock()}}, "paths./a{b}: a segment is text, {name}, or at the end {name+}, not 'a{b}'"),
        ({"/a//b": {"get": mock()}}, "not ''"),
        ({"/{a+}/b": {"get": mock()}}, "{a+} takes the rest of the path, so it must stand at the end"),
    ],
)
def test_paths(tmp_path: Path, paths: Json, problem: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(problem)):
        serving(tmp_path, paths)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"api": {"BinaryMediaTypes": ["*/*"]}}, "Resources.Api.Properties: BinaryMediaTypes is not supported"),
        ({"api": {"Cors": "'*'"}}, "Properties: Cors is not supported"),
        (
            {"api": {"DefinitionBody": None}},
            "DefinitionBody: an API without its OpenAPI document here is not supported",
        ),
        ({"api": {"Auth": {"Authorizers": {}}}}, "Auth: Authorizers is not supported"),
        (
            {"api": {"Auth": {"DefaultAuthorizer": "Mine"}}},
            "Auth.DefaultAuthorizer: Mine is not supported on the local stack; supported: AWS_IAM, NONE",
        ),
        ({"api": {"MethodSettings": [{"CachingEnabled": True}]}}, "MethodSettings[0]: CachingEnabled is not supported"),
        (
            {"api": {"MethodSettings": [{"ThrottlingRateLimit": "fast"}]}},
            "MethodSettings[0]: a throttling limit must be a number",
        ),
        ({"document": {"openapi": "3.1.0"}}, "API Gateway imports OpenAPI 3.0, and this document says openapi: 3.1.0"),
        ({"document": {"swagger": "2.0", "openapi": None}}, "API Gateway imports OpenAPI 3.0"),
        (
            {"document": {"x-amazon-apigateway-policy": {}}},
            "DefinitionBody: x-amazon-apigateway-policy is not supported",
        ),
        (
            {"document": {LOOKS: {"TEAPOT": {}}}},
            f"DefinitionBody.{LOOKS}: there is no gateway response TEAPOT; there are ACCESS_DENIED",
        ),
        (throttled({"status": 1}), f"{LOOKS}.THROTTLED: status is not supported"),
        (throttled({"statusCode": "late"}), "THROTTLED.statusCode: late is not an HTTP status"),
        (throttled({"responseParameters": {"header.X": "'1'"}}), "only gatewayresponse.header.NAME can be set here"),
        (
            throttled({"responseParameters": {"gatewayresponse.header.X": "integration.response.body"}}),
            "the mapping expression 'integration.response.body' is not supported",
        ),
        (
            throttled({"responseTemplates": {"application/json": "#set($a = 1)$a"}}),
            "a gateway response substitutes variables and has no logic: #set cannot run",
        ),
        (
            throttled({"responseTemplates": {"application/json": "$util.escapeJavaScript($context.requestId)"}}),
            "has no logic: $util cannot run",
        ),
        (
            {"api": {"GatewayResponses": {"THROTTLED": {"ResponseParameters": {"Paths": {"a": "b"}}}}}},
            "only gatewayresponse.header.NAME",
        ),
        ({"api": {"GatewayResponses": {}}, "document": {LOOKS: {}}}, "exclude each other"),
        (
            {"resources": {"Look": {"Type": "AWS::ApiGateway::GatewayResponse"}}},
            "Resources.Look: write it under Resources.Api.Properties.DefinitionBody",
        ),
        (
            {"resources": {"Second": {"Type": "AWS::Serverless::Api"}}},
            "the template has 2 resources of type AWS::Serverless::Api",
        ),
    ],
)
def test_apis(tmp_path: Path, more: Json, problem: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(problem)):
        serving(tmp_path, {"/a": {"get": mock()}}, **more)


def test_a_template_without_an_api(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="the template has 0 resources of type AWS::Serverless::Api"):
        read(tmp_path, {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})


def test_what_has_no_effect_is_accepted(tmp_path: Path) -> None:
    template = template_of(
        {"/a": {"get": {**mock(), "summary": "s", "operationId": "o", "tags": ["t"]}, "description": "d"}},
        document={"servers": [], "tags": []},
        api={"Description": "d", "TracingEnabled": True, "EndpointConfiguration": {"Type": "REGIONAL"}},
    )
    assert [one.resource_path for one in read(tmp_path, template).methods] == ["/a"]
