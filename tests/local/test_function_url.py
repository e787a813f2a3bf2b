"""Function URLs of a running stack: what a handler is given, and what becomes of what it returns."""

import base64
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3

from gapless.local.background import BackgroundStack, start_stack
from tests.local.streaming_stack import write_stack

CODE = """
import base64, json, os, time

def echo(event, context):
    return event

def obey(event, context):
    body = base64.b64decode(event["body"]) if event["isBase64Encoded"] else event["body"]
    order = json.loads(body)
    if order.get("do") == "die":
        os._exit(3)
    if order.get("do") == "raise":
        raise ValueError("a secret")
    if order.get("do") == "sleep":
        time.sleep(30)
    return order["return"]
"""
FUNCTIONS = """
  EchoFunction:
    Type: AWS::Serverless::Function
    Properties: {Handler: url.echo, FunctionUrlConfig: {AuthType: NONE}}
  SignedFunction:
    Type: AWS::Serverless::Function
    Properties: {Handler: url.echo, FunctionUrlConfig: {AuthType: AWS_IAM, InvokeMode: BUFFERED}}
  ObeyFunction:
    Type: AWS::Serverless::Function
    Properties: {Handler: url.obey, Timeout: 2, FunctionUrlConfig: {AuthType: NONE}}
"""
SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=f"
)


@contextmanager
def stack_with_urls(folder: Path) -> Iterator[BackgroundStack]:
    template = write_stack(folder / "stack")
    (template.parent / "code/url.py").write_text(CODE)
    template.write_text(template.read_text() + FUNCTIONS)
    stack = start_stack(folder / "data", "--template", str(template))
    try:
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundStack]:
    with stack_with_urls(tmp_path_factory.mktemp("urls")) as stack:
        yield stack


def request(
    stack: BackgroundStack, function: str, path: str = "", method: str = "GET", **more: Any
) -> urllib3.BaseHTTPResponse:
    """One request to a function's URL; path: below it."""
    url = stack.description["functions"][function]["url"] + path
    return urllib3.PoolManager(retries=False, timeout=30).request(method, url, **more)


def event_of(stack: BackgroundStack, path: str = "", method: str = "GET", **more: Any) -> dict[str, Any]:
    """The event that the handler was given."""
    event: dict[str, Any] = request(stack, "echo", path, method, **more).json()
    return event


def obey(stack: BackgroundStack, **order: Any) -> urllib3.BaseHTTPResponse:
    return request(stack, "obey", "", "POST", body=json.dumps(order), headers={"Content-Type": "application/json"})


class TestEvent:
    def test_it_is_what_lambda_documents(self, stack: BackgroundStack) -> None:
        """https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html"""
        url = stack.description["functions"]["echo"]["url"]
        headers = urllib3.HTTPHeaderDict({"Content-Type": "text/plain", "User-Agent": "agent", "Cookie": "a=1; b=2"})
        headers.add("X-Several", "value1")
        headers.add("x-several", "value2")
        query = "parameter1=value1&parameter1=value2&parameter2=a%20b+c&empty"
        before = time.time_ns() // 1_000_000
        answer = request(stack, "echo", f"my/p%20th?{query}", "POST", body="Hello, wörld!".encode(), headers=headers)
        event = answer.json()
        host = url.removeprefix("http://").rstrip("/")
        context = event["requestContext"]
        assert before <= context.pop("timeEpoch") <= time.time_ns() // 1_000_000
        assert time.strptime(context.pop("time"), "%d/%b/%Y:%H:%M:%S +0000")
        assert context.pop("requestId") == answer.headers["x-amzn-RequestId"]
        assert event.pop("headers") == {
            "host": host,
            "accept-encoding": "identity",
            "content-type": "text/plain",
            "content-length": "14",
            "user-agent": "agent",
            "cookie": "a=1; b=2",
            "x-several": "value1,value2",
        }
        assert event == {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": "/my/p%20th",
            "rawQueryString": query,
            "cookies": ["a=1", "b=2"],
            "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "a b c", "empty": ""},
            "requestContext": {
                "accountId": "anonymous",
                "apiId": "gapless-local-echofunction",
                "authentication": None,
                "authorizer": None,
                "domainName": host,
                "domainPrefix": host.partition(".")[0],
                "http": {
                    "method": "POST",
                    "path": "/my/p%20th",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1",
                    "userAgent": "agent",
                },
                "routeKey": "$default",
                "stage": "$default",
            },
            "body": "Hello, wörld!",
            "isBase64Encoded": False,
        }

    def test_what_is_not_there_is_left_out(self, stack: BackgroundStack) -> None:
        event = event_of(stack)
        assert {"cookies", "queryStringParameters", "body", "pathParameters", "stageVariables"}.isdisjoint(event)
        assert (event["rawPath"], event["rawQueryString"], event["isBase64Encoded"]) == ("/", "", False)

    @pytest.mark.parametrize("method", ["GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"])
    def test_every_method_and_path_reaches_the_function(self, stack: BackgroundStack, method: str) -> None:
        event = event_of(stack, "any/where", method)
        assert (event["requestContext"]["http"]["method"], event["rawPath"]) == (method, "/any/where")

    @pytest.mark.parametrize(
        ("content_type", "body", "text"),
        [
            ("application/json", b'{"a": 1}', True),
            ("application/json; charset=utf-8", "é".encode(), True),
            ("TEXT/CSV", b"a,b", True),
            ("application/xml", b"<a/>", True),
            ("application/x-www-form-urlencoded", b"a=1", False),
            ("application/octet-stream", b"\x00\xff", False),
            ("application/json", b"\xff", False),
        ],
    )
    def test_a_body_is_text_or_base64(self, stack: BackgroundStack, content_type: str, body: bytes, text: bool) -> None:
        event = event_of(stack, "", "POST", body=body, headers={"Content-Type": content_type})
        expected = body.decode() if text else base64.b64encode(body).decode()
        assert (event["body"], event["isBase64Encoded"]) == (expected, not text)

    def test_a_body_without_a_type_is_base64(self, stack: BackgroundStack) -> None:
        event = event_of(stack, "", "POST", body=b"a")
        assert (event["body"], event["isBase64Encoded"]) == ("YQ==", True)

    def test_six_megabytes_are_too_much(self, stack: BackgroundStack) -> None:
        answer = request(stack, "echo", "", "POST", body=b"x" * 6_400_000, headers={"Content-Type": "text/plain"})
        assert answer.status == 413
        assert "must be smaller than" in answer.json()["Message"]


class TestSignature:
    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": SIGNATURE}])
    def test_without_one_nobody_gets_in(self, stack: BackgroundStack, headers: dict[str, str]) -> None:
        """The last of them lacks its date."""
        answer = request(stack, "signed", headers=headers)
        assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
        assert answer.json()["Message"].startswith("Forbidden")

    def test_who_signs_is_somebody(self, stack: BackgroundStack) -> None:
        answer = request(stack, "signed", headers={"Authorization": SIGNATURE, "X-Amz-Date": "20261122T000000Z"})
        assert answer.status == 200
        context = answer.json()["requestContext"]
        assert context["accountId"] == "000000000000"
        assert context["authorizer"]["iam"] == {
            "accessKey": "AKIDEXAMPLE",
            "accountId": "000000000000",
            "callerId": "local",
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": "arn:aws:iam::000000000000:user/local",
            "userId": "local",
        }

    def test_a_presigned_url_is_signed(self, stack: BackgroundStack) -> None:
        query = "?X-Amz-Credential=AKID%2F20261122%2Fus-east-1%2Flambda%2Faws4_request&X-Amz-Signature=f"
        context = request(stack, "signed", query).json()["requestContext"]
        assert context["authorizer"]["iam"]["accessKey"] == "AKID"


class TestAnswer:
    @pytest.mark.parametrize("returned", ["Hello, world!", {"message": "hi"}, [1], None, 7, {"body": "no statusCode"}])
    def test_what_has_no_status_code_is_the_body(self, stack: BackgroundStack, returned: Any) -> None:
        answer = obey(stack, **{"return": returned})
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
        assert answer.json() == returned

    def test_status_headers_cookies_and_body(self, stack: BackgroundStack) -> None:
        cookies = ["Cookie_1=Value1; Expires=21 Oct 2021 07:48 GMT", "Cookie_2=Value2; Max-Age=78000"]
        headers = {"content-type": "text/plain", "X-Number": 7, "X-True": True}
        returned = {"statusCode": 201, "headers": headers, "body": "ö", "cookies": cookies}
        answer = obey(stack, **{"return": returned})
        assert (answer.status, answer.data) == (201, "ö".encode())
        assert answer.headers.getlist("content-type") == ["text/plain"]
        assert (answer.headers["x-number"], answer.headers["x-true"]) == ("7", "true")
        assert answer.headers.getlist("set-cookie") == cookies

    def test_a_status_alone_is_enough(self, stack: BackgroundStack) -> None:
        answer = obey(stack, **{"return": {"statusCode": 204}})
        assert (answer.status, answer.data) == (204, b"")

    def test_bytes_come_in_base64(self, stack: BackgroundStack) -> None:
        returned = {"statusCode": 200, "body": "AP8=", "isBase64Encoded": True}
        assert obey(stack, **{"return": returned}).data == b"\x00\xff"

    @pytest.mark.parametrize(
        ("returned", "why"),
        [
            ({"statusCode": "fine"}, "statusCode is 'fine'"),
            ({"statusCode": 42}, "statusCode is 42"),
            ({"statusCode": 200, "body": {"a": 1}}, "body is of type dict, not text; an object needs json.dumps"),
            (
                {"statusCode": 200, "body": "no base64!", "isBase64Encoded": True},
                "isBase64Encoded is true, and body is not",
            ),
            ({"statusCode": 200, "headers": ["a"]}, "headers is not an object"),
            ({"statusCode": 200, "headers": {"X-A": "1\r\nX-B: 2"}}, "HTTP cannot carry the header 'X-A'"),
            ({"statusCode": 200, "headers": {"X A": "1"}}, "HTTP cannot carry the header 'X A'"),
            ({"statusCode": 200, "cookies": "a=1"}, "cookies is not a list"),
        ],
    )
    def test_what_is_no_answer_is_502_and_the_log_says_why(
        self, stack: BackgroundStack, returned: Any, why: str
    ) -> None:
        answer = obey(stack, **{"return": returned})
        assert (answer.status, answer.data) == (502, b"Internal Server Error")
        assert f"gapless-local-ObeyFunction: its answer cannot be sent: {why}" in stack.log

    @pytest.mark.parametrize(
        ("deed", "status", "logged"),
        [
            ("raise", 502, "gapless-local-ObeyFunction: ValueError: a secret"),
            ("die", 502, "Runtime exited with error: exit status 3"),
            ("sleep", 504, "Task timed out after 2.00 seconds"),
        ],
    )
    def test_a_function_that_fails(self, stack: BackgroundStack, deed: str, status: int, logged: str) -> None:
        answer = obey(stack, do=deed)
        assert answer.status == status
        assert b"secret" not in answer.data
        assert logged in stack.log
        assert obey(stack, **{"return": 1}).status == 200


class TestStack:
    def test_urls_are_described_and_have_ports_of_their_own(self, stack: BackgroundStack) -> None:
        functions = stack.description["functions"]
        urls = [functions[name]["url"] for name in ("echo", "signed", "obey")]
        assert len(set(urls)) == 3
        assert all(url.startswith("http://127.0.0.1:") and url.endswith("/") for url in urls)
        assert "url" not in functions["sweeper"]

    @pytest.mark.parametrize(
        ("config", "message"),
        [
            ("{AuthType: NONE, Cors: {AllowOrigins: ['*']}}", "Cors: not supported on the local stack for a function"),
            ("{AuthType: NONE, InvokeMode: RESPONSE_STREAM}", "InvokeMode: only BUFFERED is supported on the local"),
            ("{AuthType: none}", "AuthType: it is AWS_IAM or NONE, not 'none'"),
            ("{}", "AuthType: it is AWS_IAM or NONE, not None"),
        ],
    )
    def test_what_is_not_supported_is_refused_at_the_start(self, tmp_path: Path, config: str, message: str) -> None:
        template = write_stack(tmp_path / "stack")
        function = "  Url: {Type: AWS::Serverless::Function, Properties: {Handler: app.read, FunctionUrlConfig: "
        template.write_text(template.read_text() + function + config + "}}\n")
        command = [sys.executable, "-m", "gapless", "up", "--port", "0", "--template", str(template)]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
        assert refused.returncode == 2
        assert f"Resources.Url.Properties.FunctionUrlConfig.{message}" in " ".join(refused.stderr.split())
        assert "Traceback" not in refused.stderr
