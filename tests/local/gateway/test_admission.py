"""Who and what passes: credentials, throttling, validation."""

import json
from pathlib import Path

import pytest

from tests.local.gateway.serving import Json, Served, dynamodb, header, message, mock, serving

SCHEMES = {
    "sigv4": {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"},
    "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
}
SIGNATURE = "AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/execute-api/aws4_request, SignedHeaders=host, Signature=0"
SIGNED = {"Authorization": SIGNATURE, "X-Amz-Date": "20260101T000000Z"}
KEY = {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Enabled": True, "Value": "the-key"}}


def secured(directory: Path, *names: str, **more: Json) -> Served:
    operation = {**mock(), "security": [{name: []} for name in names]}
    document = {"components": {"securitySchemes": SCHEMES}}
    return serving(directory, {"/a": {"get": operation}}, document=document, **more)


class TestCredentials:
    def test_none_are_asked_for(self, tmp_path: Path) -> None:
        assert secured(tmp_path).ask().status == 200

    @pytest.mark.parametrize(
        "headers",
        [
            SIGNED,
            {name.lower(): value for name, value in SIGNED.items()},
            {"Authorization": SIGNATURE, "Date": "today"},
        ],
    )
    def test_a_signature_passes(self, tmp_path: Path, headers: dict[str, str]) -> None:
        assert secured(tmp_path, "sigv4").ask(headers=headers).status == 200

    def test_a_presigned_url_passes(self, tmp_path: Path) -> None:
        assert secured(tmp_path, "sigv4").ask(target="/v1/a?X-Amz-Signature=0").status == 200

    def test_no_signature(self, tmp_path: Path) -> None:
        response = secured(tmp_path, "sigv4").ask()
        assert (response.status, message(response)) == (403, "Missing Authentication Token")

    @pytest.mark.parametrize(
        ("headers", "missing"),
        [
            ({"Authorization": "Bearer abc"}, ["Credential", "Signature", "SignedHeaders", "X-Amz-Date"]),
            ({"Authorization": ""}, ["Credential", "Signature", "SignedHeaders", "X-Amz-Date"]),
            ({**SIGNED, "Authorization": SIGNATURE.replace("Signature=0", "")}, ["'Signature'"]),
            ({"Authorization": SIGNATURE}, ["X-Amz-Date"]),
            ({**SIGNED, "Authorization": SIGNATURE.removeprefix("AWS4-HMAC-SHA256 ")}, []),
        ],
    )
    def test_a_malformed_signature(self, tmp_path: Path, headers: dict[str, str], missing: list[str]) -> None:
        response = secured(tmp_path, "sigv4").ask(headers=headers)
        assert (response.status, header(response, "x-amzn-ErrorType")) == (403, "IncompleteSignatureException")
        assert [part for part in missing if part not in message(response)] == []

    @pytest.mark.parametrize("key", [None, "", "wrong", "THE-KEY"])
    def test_no_valid_key(self, tmp_path: Path, key: str | None) -> None:
        served = secured(tmp_path, "key", resources={"Key": KEY})
        response = served.ask(headers={} if key is None else {"x-api-key": key})
        assert (response.status, message(response)) == (403, "Forbidden")

    def test_a_valid_key(self, tmp_path: Path) -> None:
        served = secured(tmp_path, "key", resources={"Key": KEY})
        assert served.ask(headers={"X-Api-Key": "the-key"}).status == 200

    def test_a_key_without_a_value_is_its_own_id(self, tmp_path: Path) -> None:
        key = {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Enabled": "true"}}
        served = secured(tmp_path, "key", resources={"Key": key})
        assert served.ask(headers={"x-api-key": "stack-Key"}).status == 200

    def test_both_at_once(self, tmp_path: Path) -> None:
        served = secured(tmp_path, "sigv4", "key", resources={"Key": KEY})
        assert served.ask(headers={**SIGNED, "x-api-key": "the-key"}).status == 200
        assert served.ask(headers=SIGNED).status == 403
        assert served.ask(headers={"x-api-key": "the-key"}).status == 403

    def test_the_documents_security_is_the_default(self, tmp_path: Path) -> None:
        document = {"components": {"securitySchemes": SCHEMES}, "security": [{"sigv4": []}]}
        served = serving(tmp_path, {"/a": {"get": mock(), "put": {**mock(), "security": []}}}, document=document)
        assert (served.ask("GET").status, served.ask("PUT").status) == (403, 200)

    def test_sams_auth_property(self, tmp_path: Path) -> None:
        iam = serving(tmp_path, {"/a": {"get": mock()}}, api={"Auth": {"DefaultAuthorizer": "AWS_IAM"}})
        assert (iam.ask().status, iam.ask(headers=SIGNED).status) == (403, 200)
        auth = {"ApiKeyRequired": True, "UsagePlan": {"CreateUsagePlan": "PER_API"}}
        key = serving(tmp_path, {"/a": {"get": mock()}}, api={"Auth": auth})
        assert (key.ask().status, key.ask(headers={"x-api-key": "stack-ApiApiKey"}).status) == (403, 200)


class TestThrottling:
    @staticmethod
    def served(directory: Path, *settings: Json) -> Served:
        paths = {"/a": {"get": mock(), "put": mock()}, "/b/c": {"get": mock()}}
        return serving(directory, paths, api={"MethodSettings": list(settings)})

    @staticmethod
    def passing(served: Served, method: str, path: str, tries: int = 10) -> int:
        return sum(served.ask(method, f"/v1{path}").status == 200 for _ in range(tries))

    def test_a_burst_then_a_rate(self, tmp_path: Path) -> None:
        every = {"ResourcePath": "/*", "HttpMethod": "*", "ThrottlingRateLimit": 2, "ThrottlingBurstLimit": 5}
        served = self.served(tmp_path, every)
        assert self.passing(served, "GET", "/a") == 5
        response = served.ask()
        assert (response.status, message(response)) == (429, "Too Many Requests")
        served.now[0] += 1.5
        assert self.passing(served, "GET", "/a") == 3
        served.now[0] += 1000
        assert self.passing(served, "GET", "/a") == 5
        assert self.passing(served, "PUT", "/a") == 5  # a bucket a method

    def test_the_setting_of_a_method_comes_first(self, tmp_path: Path) -> None:
        served = self.served(
            tmp_path,
            {"ResourcePath": "/*", "HttpMethod": "*", "ThrottlingRateLimit": "9", "ThrottlingBurstLimit": "9"},
            {"ResourcePath": "/~1b~1c", "HttpMethod": "GET", "ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 0},
            {"ResourcePath": "/a", "HttpMethod": "PUT", "ThrottlingRateLimit": 3},
            {"ResourcePath": "/a", "HttpMethod": "GET", "MetricsEnabled": True},
        )
        assert self.passing(served, "GET", "/b/c") == 0
        assert self.passing(served, "PUT", "/a") == 3
        assert self.passing(served, "GET", "/a") == 9

    def test_without_settings_nothing_is_throttled(self, tmp_path: Path) -> None:
        assert self.passing(self.served(tmp_path), "GET", "/a", 500) == 500

    def test_what_was_refused_for_its_credentials_takes_no_token(self, tmp_path: Path) -> None:
        one = {"ResourcePath": "/*", "HttpMethod": "*", "ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 1}
        served = secured(tmp_path, "sigv4", api={"MethodSettings": [one]})
        assert [served.ask().status for _ in range(5)] == [403] * 5
        assert [served.ask(headers=SIGNED).status for _ in range(2)] == [200, 429]


def validated(directory: Path, schema: Json, **more: Json) -> Served:
    operation = {**dynamodb("{}"), "requestBody": {"content": {"application/json": {"schema": schema}}}, **more}
    document = {
        "components": {
            "schemas": {"Object": {"type": "object"}, "Pair": {"items": {"$ref": "#/components/schemas/Object"}}},
            "parameters": {"Trace": {"in": "header", "name": "X-Trace", "required": True}},
        },
        "x-amazon-apigateway-request-validators": {
            "all": {"validateRequestBody": True, "validateRequestParameters": True},
            "none": {"validateRequestBody": False},
        },
        "x-amazon-apigateway-request-validator": "all",
    }
    return serving(directory, {"/a": {"put": operation}}, document=document)


OBJECT = {"$ref": "#/components/schemas/Object"}
DEEP = 100_000


class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [
            b"{}",
            b' \n{"a": 1}\t',
            b'{"a": 1, "a": 2}',
            b'{"a": ' + b"9" * 100_000 + b"}",
            b'{"a": -1e400, "b": 0.' + b"1" * 100_000 + b"}",
            b'{"a": "\\ud800 \\u0000 \xf0\x9f\x98\x80"}',
            b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}",
            json.dumps({"a": "x" * 1_000_000}).encode(),
            b'{"__proto__": {}, "$ref": "http://127.0.0.1:1/"}',
        ],
        ids=range(9),
    )
    def test_a_json_object_passes(self, tmp_path: Path, body: bytes) -> None:
        served = validated(tmp_path, OBJECT)
        assert served.ask("PUT", body=body).status == 200
        assert len(served.engine.posts) == 1

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b" ",
            b"null",
            b"[]",
            b'"{}"',
            b"1",
            b"{",
            b"{}{}",
            b"{'a': 1}",
            b"{a: 1}",
            b'{"a": 1,}',
            b'{"a": NaN}',
            b'{"a": Infinity}',
            b'{"a": -Infinity}',
            b'{"a": 01}',
            b'{"a": +1}',
            b'{"a": .5}',
            b'{"a": 0x1}',
            b'{"a": "\n"}',
            b'{"a": "\\x"}',
            b"{} // no",
            b"\xef\xbb\xbf{}",
            b'{"a": "\xff"}',
            b'{"a": "\xed\xa0\x80"}',
            b'{"a": ' + b"[" * DEEP + b"]" * DEEP + b"}",
            b'{"a":' * DEEP,
            "{}\u00a0".encode(),
            b"\x00{}",
        ],
        ids=range(28),
    )
    def test_anything_else_is_refused(self, tmp_path: Path, body: bytes) -> None:
        served = validated(tmp_path, OBJECT)
        response = served.ask("PUT", body=body)
        assert (response.status, message(response)) == (400, "Invalid request body")
        assert served.engine.posts == []

    def test_a_referenced_model_inside_a_model(self, tmp_path: Path) -> None:
        served = validated(tmp_path, {"$ref": "#/components/schemas/Pair"})
        assert [served.ask("PUT", body=body).status for body in (b"[{}, {}]", b"[{}, 1]")] == [200, 400]

    def test_a_model_that_refers_to_itself_and_a_body_as_deep_as_can_be_read(self, tmp_path: Path) -> None:
        nest = {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Nest"}}}
        operation = {
            **dynamodb(),
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Nest"}}}},
            "x-amazon-apigateway-request-validator": "body",
        }
        document = {
            "components": {"schemas": {"Nest": nest}},
            "x-amazon-apigateway-request-validators": {"body": {"validateRequestBody": True}},
        }
        served = serving(tmp_path, {"/a": {"put": operation}}, document=document)
        statuses = [served.ask("PUT", body='{"a":' * depth + "{}" + "}" * depth).status for depth in (5, 500)]
        assert statuses == [200, 400]

    def test_numbers_too_long_for_int_are_still_integers(self, tmp_path: Path) -> None:
        served = validated(tmp_path, {"type": "integer", "minimum": 10})
        bodies = (b"9" * 9_000, b"-" + b"9" * 9_000, b"9" * 9_000 + b".5", b"10", b"9")
        assert [served.ask("PUT", body=body).status for body in bodies] == [200, 400, 400, 200, 400]

    def test_a_content_type_without_a_model_is_not_validated(self, tmp_path: Path) -> None:
        served = validated(tmp_path, OBJECT)
        assert served.ask("PUT", headers={"Content-Type": "text/plain"}, body={}).status == 200
        for content_type in ("application/json", "application/json; charset=utf-8", "Application/JSON", ""):
            assert served.ask("PUT", headers={"Content-Type": content_type}, body=b"[]").status == 400

    def test_a_validator_that_leaves_the_body_alone(self, tmp_path: Path) -> None:
        served = validated(tmp_path, OBJECT, **{"x-amazon-apigateway-request-validator": "none"})
        assert served.ask("PUT", body=b"[]").status == 200

    def test_bytes_that_are_not_utf_8_are_refused_without_a_model_too(self, tmp_path: Path) -> None:
        served = serving(tmp_path, {"/a": {"put": dynamodb()}})
        assert served.ask("PUT", body=b"\xff").status == 400

    def test_parameters_by_reference_from_the_path_and_the_operation(self, tmp_path: Path) -> None:
        parameters = [
            {"in": "query", "name": "b", "required": "true"},
            {"$ref": "#/components/parameters/Trace"},
            {"in": "query", "name": "a", "required": False},
        ]
        served = validated(tmp_path, OBJECT, parameters=parameters)
        response = served.ask("PUT", headers={"x-trace": ""}, body={})
        assert message(response) == "Missing required request parameters: [X-Trace, b]"
        assert served.ask("PUT", "/v1/a?b=%20", headers={"x-trace": "1"}, body={}).status == 200
