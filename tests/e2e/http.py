"""HTTP as any client speaks it, signed when the stack asks for it."""

import json
import os
from dataclasses import dataclass
from typing import Any

import urllib3

from gapless.client import FINISHED, signer
from gapless.target import Target
from tests.waiting import wait_until

JSON = {"Content-Type": "application/json"}
PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def is_problem(self, status: int) -> bool:
        """Whether this is the problem document of that status, whole."""
        document = self.document
        return (
            self.status == status
            and self.headers["Content-Type"] == PROBLEM
            and document.keys() == {"type", "title", "status", "detail", "requestId"}
            and document["status"] == status
        )


class Http:
    """One stack's API."""

    def __init__(self, target: Target) -> None:
        self._base = target.api
        self._pool = urllib3.PoolManager(maxsize=32, retries=False, timeout=60)
        self._sign = signer(target) if target.authorization == "AWS_IAM" else None

    def call(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Send a request to `path` below the stage; a body is JSON unless the headers say otherwise."""
        headers = ({} if body is None else JSON) | (headers or {})
        if "GAPLESS_API_KEY" in os.environ:
            headers = headers | {"x-api-key": os.environ["GAPLESS_API_KEY"]}
        url = self._base + path
        if self._sign:
            headers = self._sign(method, url, body or b"", headers)
        response = self._pool.request(method, url, body=body, headers=headers)
        return Answer(response.status, response.headers, response.data)

    def put(self, body: bytes, path: str = "/requests", **headers: str) -> Answer:
        """PUT a request; header names with _ for -."""
        return self.call("PUT", path, body, {name.replace("_", "-"): value for name, value in headers.items()})

    def get(self, path: str) -> Answer:
        """GET a path."""
        return self.call("GET", path)

    def finished(self, request_id: str) -> Any:
        """A request's document once it is DONE or FAILED."""

        def look() -> Any:
            document = self.get(f"/requests/{request_id}").document
            return document if document["status"] in FINISHED else None

        return wait_until(f"{request_id} finished", look)
