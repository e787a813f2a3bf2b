"""From what a function returned to the HTTP answer of its URL.

Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

import base64
import json
from typing import Any

from gapless.local.function import Invocation
from gapless.local.gateway import Response
from gapless.local.gateway.message import can_carry

JSON = {"Content-Type": "application/json"}


class NoAnswer(Exception):
    """What the function returned cannot be sent; the text says why."""


def to_response(invocation: Invocation) -> Response:
    """The answer to a call; a function that failed is 502, one that took too long 504. Raises NoAnswer."""
    if invocation.error is not None:
        return refuse_for_failure(invocation.error)
    returned = json.loads(invocation.payload)
    if not isinstance(returned, dict) or "statusCode" not in returned:
        return Response(200, dict(JSON), invocation.payload)
    status = returned["statusCode"]
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise NoAnswer(f"statusCode is {status!r}, not a status of HTTP")
    return Response(status, read_headers(returned), read_body(returned), read_cookies(returned))


def refuse_for_failure(error: dict[str, Any]) -> Response:
    """The answer in place of a function's; what went wrong is for the log."""
    kind = error.get("errorType")
    if kind == "RequestEntityTooLargeException":
        return Response(413, dict(JSON), json.dumps({"Message": error["errorMessage"]}).encode())
    if kind == "Sandbox.Timedout":
        return Response(504, dict(JSON), b"Gateway Timeout")
    return Response(502, dict(JSON), b"Internal Server Error")


def read_headers(returned: dict[str, Any]) -> dict[str, str]:
    """The headers of an answer: the function's, and a content type."""
    headers = returned.get("headers") or {}
    if not isinstance(headers, dict):
        raise NoAnswer("headers is not an object")
    for name, value in headers.items():
        if not isinstance(value, str | int | float) or not can_carry(name, to_text(value)):
            raise NoAnswer(f"HTTP cannot carry the header {name!r} with the value {value!r}")
    typed = any(name.lower() == "content-type" for name in headers)
    return ({} if typed else dict(JSON)) | {name: to_text(value) for name, value in headers.items()}


def read_body(returned: dict[str, Any]) -> bytes:
    """The body of an answer, which is text, or bytes in base64."""
    body = returned.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise NoAnswer(f"body is of type {type(body).__name__}, not text; an object needs json.dumps")
    if not returned.get("isBase64Encoded"):
        return body.encode("utf-8", "replace")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise NoAnswer("isBase64Encoded is true, and body is not base64") from error


def read_cookies(returned: dict[str, Any]) -> list[str]:
    """The cookies of an answer, each a Set-Cookie header of its own."""
    cookies = returned.get("cookies") or []
    if not isinstance(cookies, list) or not all(
        isinstance(one, str) and can_carry("Set-Cookie", one) for one in cookies
    ):
        raise NoAnswer("cookies is not a list of texts that HTTP can carry")
    return cookies


def to_text(value: str | float) -> str:
    """A header's value, as JSON spells it where it is no text."""
    return value if isinstance(value, str) else json.dumps(value)
