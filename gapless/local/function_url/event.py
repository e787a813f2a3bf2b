"""From an HTTP request to the event of a function URL, payload format 2.0.

Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

import base64
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus

from gapless.local.gateway.exchange import Exchange

# Any other body is handed over in base64, as is one without a type: what API Gateway does with the same format.
TEXT = re.compile(r"text/.*|application/(json|javascript|xml)")
SIGNED_BY = re.compile(r"Credential=([^/,\s]+)")


def to_event(exchange: Exchange, *, account: str, signed: bool) -> dict[str, Any]:
    """The event; signed: whether the caller had to sign, and so is somebody of the account.

    Fields without a value are left out, but for those of requestContext that are documented to be null.
    """
    request, context = exchange.request, exchange.context
    headers = join_values((name.lower(), value) for name, value in request.headers)
    body, is_base64 = encode_body(request.body, headers.get("content-type", ""))
    cookies = [cookie for cookie in headers.get("cookie", "").split("; ") if cookie]
    pairs = (part.partition("=") for part in request.query.split("&") if part)
    query = join_values((unquote_plus(name), unquote_plus(value)) for name, _, value in pairs)
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        **({"cookies": cookies} if cookies else {}),
        "headers": headers,
        **({"queryStringParameters": query} if query else {}),
        "requestContext": {
            "accountId": account if signed else "anonymous",
            "apiId": context["apiId"],
            "authentication": None,
            "authorizer": {"iam": identify(exchange, account)} if signed else None,
            "domainName": context["domainName"],
            "domainPrefix": context["domainPrefix"],
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": request.protocol,
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": context["requestId"],
            "routeKey": "$default",
            "stage": "$default",
            "time": context["requestTime"],
            "timeEpoch": context["requestTimeEpoch"],
        },
        **({"body": body} if body else {}),
        "isBase64Encoded": is_base64,
    }


def join_values(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Name -> value; what comes more than once is joined by commas."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: ",".join(several) for name, several in values.items()}


def encode_body(body: bytes, content_type: str) -> tuple[str, bool]:
    """A body as text, and whether that is base64."""
    if not body:
        return "", False
    if TEXT.fullmatch(content_type.partition(";")[0].strip().lower()):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def identify(exchange: Exchange, account: str) -> dict[str, Any]:
    """Who has signed: an access key, which on a laptop is nobody's."""
    signature = exchange.header("authorization") or f"Credential={exchange.query.get('X-Amz-Credential', '')}"
    found = SIGNED_BY.search(signature)
    return {
        "accessKey": found[1] if found else "",
        "accountId": account,
        "callerId": "local",
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": f"arn:aws:iam::{account}:user/local",
        "userId": "local",
    }
