"""API Gateway's own refusals, as gateway_responses.yaml makes them look."""

import json
from typing import Any

import pytest
import yaml

from gapless.local.gateway.gateway_responses import GatewayResponses
from gapless.local.gateway.invocation import receive
from gapless.local.gateway.message import Request
from gapless.local.gateway.refusal import Refusal
from tests.mapping_templates.snippets import FOLDER

DEFINITION = yaml.safe_load((FOLDER / "gateway_responses.yaml").read_text(encoding="utf-8"))

# The documented types, and the status that API Gateway gives each by default.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
DOCUMENTED = {
    "ACCESS_DENIED": 403,
    "API_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_FAILURE": 500,
    "BAD_REQUEST_BODY": 400,
    "BAD_REQUEST_PARAMETERS": 400,
    "DEFAULT_4XX": 400,
    "DEFAULT_5XX": 500,
    "EXPIRED_TOKEN": 403,
    "INTEGRATION_FAILURE": 504,
    "INTEGRATION_TIMEOUT": 504,
    "INVALID_API_KEY": 403,
    "INVALID_SIGNATURE": 403,
    "MISSING_AUTHENTICATION_TOKEN": 403,
    "QUOTA_EXCEEDED": 429,
    "REQUEST_TOO_LARGE": 413,
    "RESOURCE_NOT_FOUND": 404,
    "THROTTLED": 429,
    "UNAUTHORIZED": 401,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "WAF_FILTERED": 403,
}
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    504: "Gateway Timeout",
}


def refuse(kind: str, message: str | None = None) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, headers and document of the answer for a refusal."""
    request = Request("GET", "/v1/requests/mine", "", (("x-amzn-RequestId", "r-9"),), b"")
    invocation = receive(request, 1_700_000_000.0, api_id="local", account="000000000000", stage="v1", variables={})
    response = GatewayResponses(DEFINITION, "gateway_responses.yaml").render(Refusal(kind, message), invocation)
    document: dict[str, Any] = json.loads(response.body)
    return response.status, dict(response.headers), document


def test_every_documented_type_has_its_look() -> None:
    assert DEFINITION.keys() == DOCUMENTED.keys()


@pytest.mark.parametrize(("kind", "status"), DOCUMENTED.items())
def test_refusal_is_a_problem_document(kind: str, status: int) -> None:
    given, headers, document = refuse(kind)
    assert (given, headers["Content-Type"]) == (status, "application/problem+json")
    assert document.keys() == {"type", "title", "status", "detail", "requestId"}
    assert document["type"] == "about:blank"
    assert (document["title"], document["status"], document["requestId"]) == (TITLES[status], status, "r-9")
    assert document["detail"].strip()


def test_message_in_quotes_stays_one_text() -> None:
    message = 'Missing required request parameters: [it\'s "x" \\ ]'
    assert refuse("BAD_REQUEST_PARAMETERS", message)[2]["detail"] == message
