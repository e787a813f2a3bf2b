"""One request on its way through the gateway, with the `$context` its templates see."""

import base64
import hashlib
import os
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from gapless.local import velocity
from gapless.local.gateway.message import Request

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# $context.identity of a caller without credentials: the fields are there, and print as nothing.
UNKNOWN_IDENTITY = (
    *("accessKey", "accountId", "apiKey", "apiKeyId", "caller", "cognitoAuthenticationProvider"),
    *("cognitoAuthenticationType", "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn"),
)


@dataclass(slots=True)
class Exchange:
    """What is known of a request. A repeated header or query parameter has its last value, as `$input.params` has.

    headers: by name as sent; lower: the same by name in lower case; query: decoded;
    path: the path parameters, percent-encoded as they came; body: None until it is known to be UTF-8;
    backend_body: what the integration answered.
    """

    request: Request
    headers: dict[str, str]
    lower: dict[str, str]
    query: dict[str, str]
    context: dict[str, Any]
    stage_variables: dict[str, str]
    path: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    backend_body: str = ""

    def header(self, name: str) -> str | None:
        """The last value of a header, whatever the case of its name."""
        return self.lower.get(name.lower())

    def call(self, body: str | None) -> velocity.Call:
        """What a mapping template is rendered from; body: the request's, or in a response the backend's."""
        return velocity.Call(body, self.headers, self.query, self.path, self.stage_variables, self.context)


def receive(
    request: Request, now: float, *, api_id: str, account: str, stage: str, variables: dict[str, str]
) -> Exchange:
    """A request as it starts on its way; now: seconds since the epoch."""
    named = {name.lower(): (name, value) for name, value in request.headers}
    lower = {name: value for name, (_, value) in named.items()}
    context = build_context(request, lower, now, api_id=api_id, account=account, stage=stage)
    return Exchange(request, dict(named.values()), lower, decode_query(request.query), context, variables)


def decode_query(query: str) -> dict[str, str]:
    """Query parameter -> last value, decoded; `+` is a space, and what cannot be decoded stays or becomes U+FFFD."""
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {unquote_plus(name, errors="replace"): unquote_plus(value, errors="replace") for name, _, value in pairs}


def build_context(
    request: Request, lower: dict[str, str], now: float, *, api_id: str, account: str, stage: str
) -> dict[str, Any]:
    """`$context` of a request, before it has found its method.

    lower: the headers, names in lower case; now: seconds since the epoch. `requestId` is
    the caller's `x-amzn-RequestId` where there is one, and a UUID otherwise.
    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    """
    host = lower.get("host", "localhost")
    clock = time.gmtime(now)
    # The Common Log Format, with its English months whatever the locale.
    day = f"{clock.tm_mday:02}/{MONTHS[clock.tm_mon - 1]}/{clock.tm_year}"
    return {
        "accountId": account,
        "apiId": api_id,
        "deploymentId": "local",
        "domainName": host,
        "domainPrefix": host.partition(".")[0],
        "extendedRequestId": base64.b64encode(os.urandom(11)).decode(),
        "httpMethod": request.method,
        "identity": {
            **dict.fromkeys(UNKNOWN_IDENTITY),
            "sourceIp": request.source_ip,
            "userAgent": lower.get("user-agent"),
        },
        "path": request.path,
        "protocol": request.protocol,
        "requestId": lower.get("x-amzn-requestid") or str(uuid.uuid4()),
        "requestOverride": {"header": {}, "path": {}, "querystring": {}},
        "requestTime": f"{day}:{clock.tm_hour:02}:{clock.tm_min:02}:{clock.tm_sec:02} +0000",
        "requestTimeEpoch": int(now * 1000),
        "resourceId": None,
        "resourcePath": None,
        "responseOverride": {"header": {}},
        "stage": stage,
    }


def resource_id(resource_path: str) -> str:
    """A resource's id: six characters, always the same for the same path."""
    return hashlib.sha256(resource_path.encode()).hexdigest()[:6]
