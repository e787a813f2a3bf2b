"""What AWS was recorded to do, or says it does, and the gateway does too.

The facts are read from a folder beside the project, with their sources; without it these tests are skipped.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gapless.local.engine import Answer
from gapless.local.gateway import DefinitionError, Response
from gapless.local.gateway.integration import MAX_TIMEOUT_MILLIS
from gapless.local.gateway.message import MAX_BODY_BYTES
from gapless.local.gateway.server import MAX_HEADER_BYTES
from tests.local.gateway.serving import Json, RecordingEngine, Served, dynamodb, header, mock, serving

FILE = Path(__file__).parents[4] / "shared" / "vtl" / "gateway_cases.json"
FACTS: dict[str, Json] = {one["id"]: one for one in json.loads(FILE.read_text())} if FILE.exists() else {}

# Not the gateway's: what a fact is about is said by other tests, or does not exist on a laptop.
ELSEWHERE = {
    "selection-lambda-regex-on-errorMessage": "Lambda integrations are refused at the start",
    "lambda-unrecognized-escape": "Lambda integrations are refused at the start",
    "payload-over-lambda-limit": "Lambda integrations are refused at the start",
    "ddb-item-400kb": "what DynamoDB answers is the engine's; the gateway hands it to the template by its status",
}

CHECKS: dict[str, Callable[[Path, Json], None]] = {}


def check(*ids: str) -> Callable[[Callable[[Path, Json], None]], Callable[[Path, Json], None]]:
    """Say which facts a function checks."""

    def register(function: Callable[[Path, Json], None]) -> Callable[[Path, Json], None]:
        CHECKS.update(dict.fromkeys(ids, function))
        return function

    return register


def with_prefix(prefix: str) -> list[str]:
    return [name for name in FACTS if name.startswith(prefix)]


def send(served: Served, request: Json, target: str | None = None) -> Response:
    """The request of a fact."""
    path = target or "/v1" + request.get("path", "/a")
    query = request.get("query_raw") or "&".join(f"{name}={value}" for name, value in request.get("query", {}).items())
    headers = request.get("headers") or {}
    return served.ask(request.get("method", "GET"), f"{path}?{query}", headers=headers, body=request.get("body") or "")


def assert_as_expected(response: Response, expected: Json) -> None:
    assert response.status == expected.get("status", response.status)
    for name, value in expected.get("headers", {}).items():
        assert header(response, name) == value
    for name in expected.get("header_names_present", []):
        assert header(response, name)
    if "body_json" in expected:
        assert json.loads(response.body) == expected["body_json"]
    if "body" in expected:
        assert response.body.decode() == expected["body"]
    assert response.body.decode().startswith(expected.get("body_prefix", ""))


@check("unknown-path", "wrong-method")
def routing(directory: Path, fact: Json) -> None:
    served = serving(directory, {"/existing": {"get": mock()}})
    assert_as_expected(send(served, fact["request"]), fact["expected"])


@check("ddb-putitem-passthrough-response", "ddb-query-hit", "ddb-query-miss")
def dynamodb_calls(directory: Path, fact: Json) -> None:
    expected, integration = fact["expected"], fact["integration"]
    action = integration["uri"].rpartition("/")[2]
    engine = RecordingEngine([Answer(200, json.dumps(expected["body_json"]).encode())])
    operation = dynamodb(integration["requestTemplates"]["application/json"], action=action)
    served = serving(directory, {"/test": {"post": operation}}, engine=engine)
    assert_as_expected(send(served, fact["request"]), expected)
    sent = engine.documents[0]
    item = expected.get("stored_item")
    if item is not None:
        assert sent["Item"] == item
    else:
        given = fact["request"].get("query_raw", "id=test-invalid").removeprefix("id=")
        assert sent["ExpressionAttributeValues"] == {":id": {"S": given}}


@check("ddb-aws-proxy-refused")
def proxy_refused(directory: Path, fact: Json) -> None:
    with pytest.raises(DefinitionError, match=fact["expected"]["control_plane_error"]["Message"].rstrip(".")):
        serving(directory, {"/a": {"get": dynamodb(type="AWS_PROXY")}})


@check(
    *[
        name
        for name in with_prefix("validator-")
        if name not in ("validator-array-model-empty-body", "validator-blank-query")
    ]
)
def validation(directory: Path, fact: Json) -> None:
    integration = fact["integration"]
    locations = {"querystring": "query"}
    parameters = []
    for name, required in integration["requestParameters"].items():
        location, _, short = name.removeprefix("method.request.").partition(".")
        parameters.append({"in": locations.get(location, location), "name": short, "required": required})
    model = integration["requestModels"]["application/json"]
    operation = {
        **mock(),
        "parameters": parameters,
        "requestBody": {"content": {"application/json": {"schema": model}}},
        "x-amazon-apigateway-request-validator": "both",
    }
    flags = {key: integration[key] for key in ("validateRequestBody", "validateRequestParameters")}
    served = serving(
        directory,
        {"/nested/{test}": {fact["request"]["method"].lower(): operation}},
        document={"x-amazon-apigateway-request-validators": {"both": flags}},
    )
    assert_as_expected(send(served, fact["request"]), fact["expected"])


@check("validator-array-model-empty-body", "validator-blank-query")
def more_validation(directory: Path, fact: Json) -> None:
    thing = {"type": "object", "properties": {"a": {"type": "number"}}}
    things = {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}
    operation = {
        **mock(),
        "parameters": [{"in": "query", "name": "q1", "required": fact["id"] == "validator-blank-query"}],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Things"}}}},
    }
    served = serving(
        directory,
        {fact["request"]["path"]: {fact["request"]["method"].lower(): operation}},
        document={
            "components": {"schemas": {"Thing": thing, "Things": things}},
            "x-amazon-apigateway-request-validators": {
                "all": {"validateRequestBody": True, "validateRequestParameters": True}
            },
            "x-amazon-apigateway-request-validator": "all",
        },
    )
    assert_as_expected(send(served, fact["request"]), fact["expected"])


@check("selection-4xx-pattern", "selection-default-201", "selection-default-hides-400", "selection-no-match-no-default")
def selection(directory: Path, fact: Json) -> None:
    backend = Answer(fact["request"]["backend_status"], b"backend body passed through")
    operation = dynamodb(responses=fact["integration"]["integrationResponses"])
    served = serving(directory, {"/a": {"get": operation}}, engine=RecordingEngine([backend]))
    assert_as_expected(served.ask(), fact["expected"])


@check("selection-service-status")
def selection_by_status(directory: Path, fact: Json) -> None:
    assert "all other HTTP and AWS back ends the HTTP status code is matched" in fact["expected"]["rule"]
    chosen = {"400": {"statusCode": 409}, "errorMessage|.*boom.*": {"statusCode": 502}}
    engine = RecordingEngine([Answer(400, b'{"errorMessage": "boom"}')])
    assert serving(directory, {"/a": {"get": dynamodb(responses=chosen)}}, engine=engine).ask().status == 409


@check(*[name for name in with_prefix("passthrough-") if name != "passthrough-no-templates"])
def passthrough(directory: Path, fact: Json) -> None:
    kind = fact["integration"]["requestTemplates"][0]
    behavior = fact["integration"]["passthroughBehavior"]
    operation = dynamodb(None, requestTemplates={kind: '{"ran": true}'}, passthroughBehavior=behavior)
    served = serving(directory, {"/a": {"put": operation}})
    sent_as_is = {"sent": "as is"}
    response = served.ask("PUT", headers=fact["request"]["headers"], body=sent_as_is)
    if "status" in fact["expected"]:
        assert (response.status, served.engine.posts) == (fact["expected"]["status"], [])
    else:
        runs = fact["expected"]["template_runs"]
        assert runs or fact["expected"]["body_sent_as_is"]
        assert served.engine.documents == [{"ran": True} if runs else sent_as_is]


@check("passthrough-no-templates")
def passthrough_without_templates(directory: Path, fact: Json) -> None:
    for behavior, expected in fact["expected"].items():
        served = serving(directory, {"/a": {"put": dynamodb(None, passthroughBehavior=behavior)}})
        response = served.ask("PUT", body={"sent": "as is"})
        if expected == "body sent as is":
            assert served.engine.documents == [{"sent": "as is"}]
        else:
            assert (response.status, served.engine.posts) == (expected["status"], [])


@check("unsupported-media-type-name")
def media_type(directory: Path, fact: Json) -> None:
    looks = {"UNSUPPORTED_MEDIA_TYPE": {"responseTemplates": {"application/json": "$context.error.responseType"}}}
    document = {"x-amazon-apigateway-gateway-responses": looks}
    served = serving(directory, {"/a": {"put": dynamodb(passthroughBehavior="never")}}, document=document)
    response = served.ask("PUT", headers={"Content-Type": "text/plain"}, body="x")
    assert (response.status, response.body) == (fact["expected"]["status"], b"UNSUPPORTED_MEDIA_TYPE")


@check(
    "override-status-from-request-template-with-response-template",
    "override-status-from-request-template-no-response-template",
    "mock-unquoted-status",
    "mock-trailing-comma",
)
def mocks(directory: Path, fact: Json) -> None:
    integration = fact["integration"]
    more = {"responses": integration["integrationResponses"]} if "integrationResponses" in integration else {}
    operation = mock(integration["requestTemplates"]["application/json"], **more)
    assert_as_expected(serving(directory, {"/a": {"get": operation}}).ask(), fact["expected"])


@check("override-once")
def override_once(directory: Path, fact: Json) -> None:
    twice = "#set($context.responseOverride.status = 404)#set($context.responseOverride.status = 409){}"
    answers = {"default": {"statusCode": 200, "responseTemplates": {"application/json": twice}}}
    response = serving(directory, {"/a": {"get": dynamodb(responses=answers)}}).ask()
    assert f"{response.status // 100}xx" == fact["expected"]["status_class"]


@check("override-needs-no-method-response")
def override_undeclared(directory: Path, fact: Json) -> None:
    status = fact["expected"]["status"]
    answers = {
        "default": {
            "statusCode": 200,
            "responseTemplates": {"application/json": f"#set($context.responseOverride.status = {status})"},
        }
    }
    operation = dynamodb(responses=answers)
    assert list(operation["responses"]) == ["200"]
    assert serving(directory, {"/a": {"get": operation}}).ask().status == status


@check("body-empty-is-braces")
def empty_body(directory: Path, fact: Json) -> None:
    template = '{"body": "$input.body"}'
    answers = {"default": {"statusCode": 200, "responseTemplates": {"application/json": "$input.body"}}}
    served = serving(
        directory, {"/a": {"get": dynamodb(template, responses=answers)}}, engine=RecordingEngine([Answer(200, b"")])
    )
    response = served.ask()
    assert served.engine.documents == [{"body": fact["expected"]["input_body"]}]
    assert response.body.decode() == fact["expected"]["input_body"]


@check("broken-json-400")
def broken_json(directory: Path, fact: Json) -> None:
    template = fact["integration"]["requestTemplates"]["*"]
    served = serving(directory, {"/a": {"put": dynamodb(template)}})
    assert_as_expected(served.ask("PUT", body=fact["request"]["body"]), fact["expected"])
    only_body = serving(directory, {"/a": {"put": dynamodb('{"body": "$input.body"}')}})
    assert only_body.ask("PUT", body=fact["request"]["body"]).status == 200


@check("apostrophe-serialization-exception", "apostrophe-fixed-by-replaceall")
def apostrophe(directory: Path, fact: Json) -> None:
    template = fact["integration"]["requestTemplates"]["application/json"]
    answers = {"default": {"statusCode": 200}, "4\\d{2}": {"statusCode": 400}}
    served = serving(directory, {"/a": {"put": dynamodb(template, responses=answers)}})
    headers = {"Content-Type": "application/json; charset=utf-8"}
    response = served.ask("PUT", headers=headers, body={"name": "Palatto d'Inv"})
    assert_as_expected(response, fact["expected"])
    assert len(served.engine.posts) == (1 if response.status == 200 else 0)


@check("payload-over-10mb")
def too_large(directory: Path, fact: Json) -> None:
    served = serving(directory, {"/a": {"put": mock()}})
    size = fact["request"]["body_bytes"]
    assert_as_expected(served.ask("PUT", body=b"x" * size), fact["expected"])
    assert served.ask("PUT", body=b"x" * (size - 1)).status == 200


@check("limits")
def limits(directory: Path, fact: Json) -> None:
    expected = fact["expected"]
    assert expected["payload_mb"] * 1024 * 1024 == MAX_BODY_BYTES
    assert expected["integration_timeout_s"] * 1000 == MAX_TIMEOUT_MILLIS
    assert expected["all_headers_bytes"] == MAX_HEADER_BYTES


@check("api-key-missing")
def api_key(directory: Path, fact: Json) -> None:
    key = {"type": "apiKey", "in": "header", "name": "x-api-key"}
    served = serving(
        directory,
        {"/test": {"get": {**mock(), "security": [{"key": []}]}}},
        document={"components": {"securitySchemes": {"key": key}}},
        resources={"Off": {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Enabled": False, "Value": "disabled"}}},
    )
    assert_as_expected(send(served, fact["request"]), fact["expected"])
    assert served.ask(target="/v1/test", headers={"x-api-key": "disabled"}).status == fact["expected"]["status"]


@check("context-keys")
def context_keys(directory: Path, fact: Json) -> None:
    expected = fact["expected"]

    def keys(node: str) -> str:
        return f'[#foreach($k in {node}.keySet())"$k"#if($foreach.hasNext),#end#end]'

    nodes = ("$context", "$context.responseOverride", "$context.requestOverride")
    template = (
        f'{{"keys": [{",".join(keys(node) for node in nodes)}], "api_key": "$context.identity.apiKey",'
        ' "path": "$context.path", "resource": "$context.resourcePath", "id": "$context.requestId"}'
    )
    served = serving(directory, {"/sqs": {"post": dynamodb(template)}}, api={"StageName": "testing"})
    served.ask("POST", "/testing/sqs")
    (sent,) = served.engine.documents
    assert [sorted(one) for one in sent["keys"]] == [
        expected["context_keys"],
        expected["responseOverride_keys"],
        expected["requestOverride_keys"],
    ]
    assert sent["api_key"] == expected["identity_null_values_render"]
    assert (sent["path"], sent["resource"]) == (expected["context_path"], expected["context_resourcePath"])
    assert [len(part) for part in sent["id"].split("-")] == [8, 4, 4, 4, 12]


@check("response-headers-mock")
def mock_headers(directory: Path, fact: Json) -> None:
    response = serving(directory, {"/a": {"get": mock()}}).ask()
    assert [header(response, name) for name in fact["expected"]["absent"]] == [None]


@check("lambda-echo-empty")
def never_without_content_type(directory: Path, fact: Json) -> None:
    behavior = fact["integration"]["passthroughBehavior"]
    served = serving(directory, {"/a": {"post": dynamodb('{"ran": true}', passthroughBehavior=behavior)}})
    assert served.ask("POST").status == fact["expected"]["status"]
    assert served.engine.documents == [{"ran": True}]


@pytest.mark.skipif(not FACTS, reason=f"the recorded facts are not there: {FILE}")
def test_every_fact_is_checked_or_has_a_reason() -> None:
    assert len(FACTS) == 59
    assert set(FACTS) == CHECKS.keys() | ELSEWHERE.keys()
    assert not CHECKS.keys() & ELSEWHERE.keys()


@pytest.mark.skipif(not FACTS, reason=f"the recorded facts are not there: {FILE}")
@pytest.mark.parametrize("name", sorted(CHECKS))
def test_fact(name: str, tmp_path: Path) -> None:
    fact: dict[str, Any] = FACTS[name]
    CHECKS[name](tmp_path, fact)
