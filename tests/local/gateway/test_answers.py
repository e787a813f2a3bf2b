"""From the engine's answer to the caller's."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from gapless.local.engine import Answer
from tests.local.gateway.serving import Json, RecordingEngine, Served, dynamodb, header, message, mock, serving

ANSWER = Answer(200, b"{}")


def answering(
    directory: Path, answer: Answer | Exception, responses: Json = None, *, action: str = "PutItem"
) -> Served:
    """A gateway whose engine answers one thing; responses: the integration's."""
    operation = dynamodb(action=action, responses=responses or {"default": {"statusCode": 200}})
    return serving(directory, {"/a": {"get": operation}}, engine=RecordingEngine([answer]))


def by_template(template: str, status: int = 200, headers: dict[str, str] | None = None) -> Json:
    """An integration response. headers: name -> mapping expression."""
    return {
        "statusCode": str(status),
        "responseTemplates": {"application/json": template},
        "responseParameters": {f"method.response.header.{name}": value for name, value in (headers or {}).items()},
    }


class TestSelection:
    @pytest.mark.parametrize(
        ("backend", "status"),
        [(200, 202), (201, 202), (299, 202), (400, 409), (404, 404), (500, 502), (503, 502), (302, 501)],
    )
    def test_the_pattern_must_match_the_whole_status(self, tmp_path: Path, backend: int, status: int) -> None:
        patterns = {"2\\d{2}": 202, "404": 404, "4": 418, "4\\d{2}": 409, "5..": 502, "default": 501}
        responses = {pattern: {"statusCode": one} for pattern, one in patterns.items()}
        assert answering(tmp_path, Answer(backend, b"{}"), responses).ask().status == status

    def test_neither_a_match_nor_a_default(self, tmp_path: Path) -> None:
        response = answering(tmp_path, Answer(500, b"{}"), {"200": {"statusCode": 200}}).ask()
        assert (response.status, message(response)) == (500, "Internal server error")


class TestBackend:
    def test_the_call(self, tmp_path: Path) -> None:
        served = serving(tmp_path, {"/a": {"put": dynamodb('{"a": $input.body}', action="UpdateItem")}})
        assert served.ask("PUT", body='{"é": "😀"}').status == 200
        assert served.engine.posts == [("DynamoDB_20120810.UpdateItem", '{"a": {"é": "😀"}}'.encode())]

    @pytest.mark.parametrize(
        ("action", "status", "writes"),
        [
            ("PutItem", 200, 1),
            ("UpdateItem", 200, 1),
            ("TransactWriteItems", 200, 1),
            ("PutItem", 400, 0),
            ("PutItem", 500, 0),
            ("GetItem", 200, 0),
            ("Query", 200, 0),
        ],
    )
    def test_a_write_is_announced(self, tmp_path: Path, action: str, status: int, writes: int) -> None:
        served = answering(tmp_path, Answer(status, b"{}"), action=action)
        served.ask()
        assert len(served.writes) == writes

    @pytest.mark.parametrize(
        ("failure", "text"),
        [
            (TimeoutError(), "Endpoint request timed out"),
            (aiohttp.ClientConnectionError("refused"), "Network error communicating with endpoint"),
            (ConnectionResetError(), "Network error communicating with endpoint"),
        ],
    )
    def test_an_engine_out_of_reach(self, tmp_path: Path, failure: Exception, text: str) -> None:
        served = answering(tmp_path, failure)
        response = served.ask()
        assert (response.status, message(response), served.writes) == (504, text, [])

    def test_an_engine_that_is_too_slow(self, tmp_path: Path) -> None:
        class SlowEngine(RecordingEngine):
            async def post(self, target: str, body: bytes) -> Answer:
                await asyncio.Event().wait()
                raise AssertionError("nobody sets the event")

        served = serving(tmp_path, {"/a": {"get": dynamodb(timeoutInMillis=50)}}, engine=SlowEngine())
        assert served.ask().status == 504

    def test_a_fault_of_ours_is_an_answer_too(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        response = answering(tmp_path, ZeroDivisionError("what a surprise")).ask()
        assert (response.status, message(response)) == (500, "Internal server error")
        assert "what a surprise" in caplog.text

    @pytest.mark.parametrize(
        "text", ["", "nothing", "[]", '"a"', '{"a": "\\\'"}', '{"a": NaN}', '{"a": 1,}', '{"a":' * 9_999]
    )
    def test_what_is_no_document_is_answered_as_dynamodb_does(self, tmp_path: Path, text: str) -> None:
        operation = dynamodb(None, responses={"4\\d{2}": {"statusCode": 400}})
        served = serving(tmp_path, {"/a": {"put": operation}})
        response = served.ask("PUT", body=text)
        assert (response.status, served.engine.posts) == (400, [])
        assert json.loads(response.body) == {"__type": "com.amazon.coral.service#SerializationException"}


class TestMock:
    @pytest.mark.parametrize(
        ("template", "status"),
        [
            ('{"statusCode": 200}', 200),
            ("{statusCode:404}", 404),
            ("{'statusCode' : 404, }", 404),
            ('{"statusCode": "200"}', 500),
            ('{"status": 200}', 500),
            ('{"statusCode": 2000}', 500),
            ("", 500),
        ],
    )
    def test_its_status_is_read_leniently(self, tmp_path: Path, template: str, status: int) -> None:
        responses = {"200": {"statusCode": 200}, "404": {"statusCode": 404}}
        assert serving(tmp_path, {"/a": {"get": mock(template, responses=responses)}}).ask().status == status


class TestTemplates:
    def test_content_type_and_body(self, tmp_path: Path) -> None:
        response = answering(
            tmp_path, Answer(200, b'{"a": "\xc3\xa9"}'), {"default": by_template("$input.path('$.a')!")}
        ).ask()
        assert (response.body, header(response, "content-type")) == ("é!".encode(), "application/json")

    @pytest.mark.parametrize(
        ("accept", "body"),
        [(None, b"json"), ("text/html", b"html"), ("text/plain", b"json"), ("*/*", b"json")],
    )
    def test_the_accept_header_chooses(self, tmp_path: Path, accept: str | None, body: bytes) -> None:
        default = {"statusCode": 200, "responseTemplates": {"text/html": "html", "application/json": "json"}}
        response = answering(tmp_path, ANSWER, {"default": default}).ask(headers={"Accept": accept} if accept else {})
        assert response.body == body
        assert header(response, "content-type") == ("text/html" if body == b"html" else "application/json")

    def test_the_first_when_there_is_no_json(self, tmp_path: Path) -> None:
        default = {"statusCode": 200, "responseTemplates": {"text/html": "html", "text/plain": "plain"}}
        assert answering(tmp_path, ANSWER, {"default": default}).ask().body == b"html"

    def test_a_broken_answer_is_our_fault_and_logged(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        response = answering(tmp_path, Answer(200, b"{a"), {"default": by_template("$input.path('$.a')")}).ask()
        assert (response.status, message(response)) == (500, "Internal server error")
        assert "paths./a.get.x-amazon-apigateway-integration.responses.default" in caplog.text

    def test_the_request_is_still_there(self, tmp_path: Path) -> None:
        default = by_template("$input.params('q') $stageVariables.name $context.httpMethod")
        operation = dynamodb(responses={"default": default})
        served = serving(tmp_path, {"/a": {"get": operation}}, api={"Variables": {"name": "blue"}})
        assert served.ask(target="/v1/a?q=%C3%A9").body == "é blue GET".encode()


class TestHeaders:
    def test_where_values_come_from(self, tmp_path: Path) -> None:
        default = by_template(
            "{}",
            headers={
                "X-Static": "'1, 2'",
                "X-Path": "context.path",
                "X-Ip": "context.identity.sourceIp",
                "X-None": "context.authorizer.claims",
                "X-Time": "context.requestTimeEpoch",
                "X-Variable": "stageVariables.name",
                "X-Body": "integration.response.body",
                "X-Part": "integration.response.body.a.b",
                "content-type": "'text/csv'",
            },
        )
        operation = dynamodb(responses={"default": default})
        engine = RecordingEngine([Answer(200, b'{"a": {"b": "deep"}}')])
        served = serving(tmp_path, {"/a": {"get": operation}}, engine=engine, api={"Variables": {"name": "blue"}})
        response = served.ask()
        given = {
            name: value
            for name, value in response.headers.items()
            if name.startswith("X-") and name != "X-Amzn-Trace-Id"
        }
        assert given == {
            "X-Static": "1, 2",
            "X-Path": "/v1/a",
            "X-Ip": "127.0.0.1",
            "X-None": "",
            "X-Time": "1800000000000",
            "X-Variable": "blue",
            "X-Body": '{"a": {"b": "deep"}}',
            "X-Part": "deep",
        }
        assert header(response, "content-type") == "text/csv"
        assert [name.lower() for name in response.headers].count("content-type") == 1

    def test_an_override_has_the_last_word(self, tmp_path: Path) -> None:
        template = (
            '#set($context.responseOverride.header.x-a = "override")#set($context.responseOverride.status = 418)body'
        )
        response = answering(tmp_path, ANSWER, {"default": by_template(template, 202, {"X-A": "'mapped'"})}).ask()
        assert (response.status, response.body.strip(), header(response, "x-a")) == (418, b"body", "override")

    @pytest.mark.parametrize("status", ['"404"', "99", "199", "600", "true"])
    def test_an_override_that_is_no_status_is_ignored(self, tmp_path: Path, status: str) -> None:
        template = f"#set($context.responseOverride.status = {status})\n{{}}"
        assert answering(tmp_path, ANSWER, {"default": by_template(template, 202)}).ask().status == 202

    @pytest.mark.parametrize("line_break", [b"\r\n", b"\n", b"\r"])
    def test_a_line_break_does_not_become_another_header(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, line_break: bytes
    ) -> None:
        default = by_template("{}", headers={"X-A": "integration.response.body"})
        response = answering(tmp_path, Answer(200, b"a" + line_break + b"Set-Cookie: b"), {"default": default}).ask()
        assert (response.status, header(response, "x-a")) == (500, None)
        assert "which HTTP cannot carry" in caplog.text

    def test_the_callers_request_id(self, tmp_path: Path) -> None:
        served = serving(tmp_path, {"/a": {"get": dynamodb('{"id": "$context.requestId"}')}})
        response = served.ask(headers={"X-Amzn-RequestId": "mine"})
        assert (served.engine.documents, header(response, "x-amzn-RequestId")) == ([{"id": "mine"}], "mine")
        ids = {header(served.ask(), "x-amzn-RequestId") for _ in range(10)}
        assert len(ids) == 10

    def test_every_answer_has_its_ids(self, tmp_path: Path) -> None:
        served = serving(tmp_path, {"/a": {"get": mock()}})
        for target in ("/v1/a", "/v1/b", "/nowhere"):
            response = served.ask(target=target)
            assert header(response, "x-amzn-RequestId")
            assert header(response, "x-amz-apigw-id")


class TestParameters:
    @pytest.mark.parametrize(
        ("query", "value"),
        [
            ("q=1", "1"),
            ("q=1&q=2", "2"),
            ("q=a+b%2B%20c", "a b+ c"),
            ("q=%zz%", "%zz%"),
            ("q=%ff", "\ufffd"),
            ("q=a=b", "a=b"),
            ("q", ""),
            ("q=%C3%A9&&=x", "é"),
            ("%71=encoded", "encoded"),
            ("Q=1", ""),
        ],
    )
    def test_the_query(self, tmp_path: Path, query: str, value: str) -> None:
        served = serving(tmp_path, {"/a": {"get": dynamodb('{"q": "$input.params(\'q\')"}')}})
        served.ask(target=f"/v1/a?{query}")
        assert served.engine.documents == [{"q": value}]

    def test_a_repeated_header_has_its_last_value(self, tmp_path: Path) -> None:
        served = serving(tmp_path, {"/a": {"get": dynamodb('{"h": "$input.params(\'X-H\')"}')}})
        served.ask(headers=[("X-H", "1"), ("x-h", "2"), ("X-H", "3")])
        assert served.engine.documents == [{"h": "3"}]

    def test_the_context(self, tmp_path: Path) -> None:
        names = (
            "requestTime",
            "requestTimeEpoch",
            "identity.userAgent",
            "domainName",
            "domainPrefix",
            "protocol",
            "stage",
        )
        more = ("apiId", "accountId", "httpMethod", "path", "resourcePath", "deploymentId", "identity.caller")
        shown = ", ".join(f'"{name}": "$context.{name}"' for name in (*names, *more))
        served = serving(tmp_path, {"/a/{b}": {"get": dynamodb(f"{{{shown}}}")}})
        served.ask(target="/v1/a/%41?q=1", headers={"host": "api.example.com", "user-agent": "tests"})
        assert served.engine.documents == [
            {
                "requestTime": "15/Jan/2027:08:00:00 +0000",
                "requestTimeEpoch": "1800000000000",
                "identity.userAgent": "tests",
                "domainName": "api.example.com",
                "domainPrefix": "api",
                "protocol": "HTTP/1.1",
                "stage": "v1",
                "apiId": "local",
                "accountId": "111122223333",
                "httpMethod": "GET",
                "path": "/v1/a/%41",
                "resourcePath": "/a/{b}",
                "deploymentId": "local",
                "identity.caller": "",
            }
        ]
