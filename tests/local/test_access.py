"""Who gets in on the local stack, and which pages may read what it answers."""

import re
from collections.abc import Iterator

import pytest
import urllib3

from gapless.local.background import BackgroundStack, running_stack

ORIGIN = "http://localhost:3000"
JSON = {"Content-Type": "application/json"}
SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/execute-api/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=0000",
    "X-Amz-Date": "20260101T000000Z",
}
CALLS = (
    *(("PUT", "/requests"), ("PUT", "/requests/mine"), ("GET", "/requests/mine")),
    *(("POST", "/numbers/requests"), ("GET", "/counters/requests"), ("GET", "/health")),
)


@pytest.fixture(scope="module", params=["API_KEY", "AWS_IAM"])
def authorization(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture(scope="module")
def stack(authorization: str) -> Iterator[BackgroundStack]:
    """A stack that asks who calls, and that pages of one origin may use."""
    with running_stack("--parameter", f"Authorization={authorization}", "--parameter", f"CorsOrigin={ORIGIN}") as stack:
        yield stack


@pytest.fixture(scope="module")
def credentials(stack: BackgroundStack, authorization: str) -> dict[str, str]:
    """Headers that let a caller in."""
    if authorization == "AWS_IAM":
        return SIGNED
    (key,) = re.findall(r"x-api-key: (\S+)", stack.log)
    return {"x-api-key": key}


def ask(
    stack: BackgroundStack, method: str, path: str, headers: dict[str, str], body: bytes = b"{}"
) -> urllib3.BaseHTTPResponse:
    """One call, as a browser's page would make it."""
    headers = {"Origin": ORIGIN} | headers
    return urllib3.request(method, stack.target.api + path, headers=headers, body=body, retries=False, timeout=30)


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_nobody_gets_in_without_credentials(stack: BackgroundStack, method: str, path: str) -> None:
    assert ask(stack, method, path, JSON).status == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"x-api-key": ""},
        {"x-api-key": "gapless-local-ApiKey2"},
        {"Authorization": "Basic Z2FwbGVzczpnYXBsZXNz"},
        {"Authorization": "Bearer gapless-local-ApiKey"},
        {"Authorization": SIGNED["Authorization"].replace("Signature=", "Sign="), "X-Amz-Date": "20260101T000000Z"},
    ],
)
def test_nobody_gets_in_with_wrong_ones(stack: BackgroundStack, wrong: dict[str, str]) -> None:
    answer = ask(stack, "PUT", "/requests", JSON | wrong)
    assert (answer.status, answer.headers["Content-Type"]) == (403, "application/problem+json")


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_caller_with_credentials_gets_in(
    stack: BackgroundStack, credentials: dict[str, str], method: str, path: str
) -> None:
    assert ask(stack, method, path, JSON | credentials).status in (200, 202, 404, 409)


@pytest.mark.parametrize("path", sorted({path for _, path in CALLS}))
def test_a_browser_may_ask_beforehand(stack: BackgroundStack, path: str) -> None:
    headers = {
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type,x-api-key",
    }
    answer = ask(stack, "OPTIONS", path, headers, b"")
    assert (answer.status, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"].split(",") == ["GET", "POST", "PUT"]
    allowed = set(answer.headers["Access-Control-Allow-Headers"].lower().split(","))
    assert allowed >= {"content-type", "x-api-key", "authorization", "x-amz-date", "idempotency-key"}


def test_a_page_may_read_every_answer(stack: BackgroundStack, credentials: dict[str, str]) -> None:
    known = JSON | credentials
    answers = [
        ask(stack, "PUT", "/requests", known),
        ask(stack, "PUT", "/requests/read", known),
        ask(stack, "PUT", "/requests/read", known, b'{"other": 1}'),
        ask(stack, "PUT", "/requests/read", credentials | {"Content-Type": "text/plain"}),
        ask(stack, "PUT", "/requests", known, b"[]"),
        ask(stack, "PUT", "/requests", JSON),
        ask(stack, "GET", "/requests/read", known),
        ask(stack, "GET", "/requests/none", known),
        ask(stack, "GET", "/nowhere", known),
        ask(stack, "POST", "/numbers/none", known),
        ask(stack, "GET", "/counters/none", known),
        ask(stack, "GET", "/health", known),
    ]
    assert {answer.status for answer in answers} == {200, 202, 400, 403, 404, 409, 415}
    assert {answer.headers.get("Access-Control-Allow-Origin") for answer in answers} == {ORIGIN}
    assert answers[0].headers["Access-Control-Expose-Headers"] == "Location,Retry-After"


def test_without_an_origin_no_page_may_read_anything() -> None:
    with running_stack() as stack:
        answers = [
            ask(stack, "OPTIONS", "/requests", {"Access-Control-Request-Method": "PUT"}, b""),
            ask(stack, "PUT", "/requests", JSON),
            ask(stack, "GET", "/requests/none", {}),
            ask(stack, "GET", "/health", {}),
        ]
    assert [answer.status for answer in answers] == [403, 202, 404, 200]
    assert not [name for answer in answers for name in answer.headers if name.lower().startswith("access-control")]
