"""HTTP as the gateway sees it, free of any transport."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

# Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
MAX_BODY_BYTES = 10 * 1024 * 1024
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
NOT_IN_VALUES = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    path and query: as they stood in the request line, percent-encoding and all; headers: in order, repeats included.
    """

    method: str
    path: str
    query: str = ""
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    protocol: str = "HTTP/1.1"


@dataclass(slots=True)
class Response:
    """One HTTP answer. cookies: each is a Set-Cookie header."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cookies: list[str] = field(default_factory=list)


def too_large() -> Response:
    """The answer to a body over 10 MB: API Gateway's front gives it, before any API and its gateway responses."""
    text = f"HTTP content length exceeded {MAX_BODY_BYTES} bytes."
    return Response(413, {"Content-Type": "text; charset=utf-8"}, text.encode())


def can_carry(name: str, value: str) -> bool:
    """Whether HTTP can carry this header: a line break in a value, for one, would start another header."""
    return HEADER_NAME.fullmatch(name) is not None and NOT_IN_VALUES.search(value) is None
