"""API Gateway's own refusals, as gateway_responses.yaml makes them look."""

import json
from typing import Any

import pytest

from gapless.local.gateway.exchange import receive
from gapless.local.gateway.gateway_responses import GatewayResponses
from gapless.local.gateway.message import Request
from gapless.local.gateway.refusal import Refusal
from tests.mapping_templates.documented import GATEWAY_RESPONSES
from tests.template.declared import read_stack

DEFINITION = read_stack({}).definition["x-amazon-apigateway-gateway-responses"]

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
    exchange = receive(request, 1_700_000_000.0, api_id="local", account="000000000000", stage="v1", variables={})
    response = GatewayResponses(DEFINITION, "gateway_responses.yaml").render(Refusal(kind, message), exchange)
    document: dict[str, Any] = json.loads(response.body)
    return response.status, dict(response.headers), document


def test_every_documented_type_has_its_look() -> None:
    assert DEFINITION.keys() == GATEWAY_RESPONSES.keys()


@pytest.mark.parametrize(("kind", "status"), GATEWAY_RESPONSES.items())
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
