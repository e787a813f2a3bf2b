"""The HTTP side of a request: submit it, get it, wait for its number."""

import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from gapless.target import NotReachable, Target

FINISHED = ("DONE", "FAILED")
API_KEY = "GAPLESS_API_KEY"
FIRST_PAUSE = 0.02
LONGEST_PAUSE = 1.0


class Refused(Exception):
    """The API's refusal: `problem` is its problem+json document, `status` the HTTP status."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('title', '')}: {problem.get('detail', '')}")
        self.status = status
        self.problem = problem


class Client:
    """Talks to one stack's API; safe to share between threads."""

    def __init__(self, target: Target, *, connections: int = 16) -> None:
        """Raises NotReachable when requests have to be signed and there are no credentials to sign with."""
        self._target = target
        self._pool = urllib3.PoolManager(
            maxsize=connections, retries=False, timeout=urllib3.Timeout(connect=5, read=35)
        )
        self._sign = signer(target) if target.authorization == "AWS_IAM" else None

    def submit(self, body: bytes, *, counter: str | None = None, request_id: str | None = None) -> dict[str, Any]:
        """Store a request: under request_id, which may be repeated, or under an id that API Gateway makes.

        body: UTF-8 of a JSON object, sent as it is. Returns the answer's document. Raises Refused or NotReachable.
        """
        path = "/requests" if request_id is None else f"/requests/{quote_id(request_id)}"
        query = "?" + urlencode({"counter": counter}) if counter is not None else ""
        return self._call("PUT", path + query, body)

    def get(self, request_id: str) -> dict[str, Any]:
        """The state of a request. Raises Refused (404 when it is unknown) or NotReachable."""
        return self._call("GET", f"/requests/{quote_id(request_id)}")

    def wait(self, request_id: str, seconds: float = 30.0) -> dict[str, Any]:
        """Ask until the request is finished; raises NotReachable when it is not within that time."""
        deadline = time.monotonic() + seconds
        pause = FIRST_PAUSE
        while (document := self.get(request_id))["status"] not in FINISHED:
            if time.monotonic() + pause > deadline:
                raise NotReachable(f"request {request_id} is still {document['status']} after {seconds:g} s")
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        return document

    def _call(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        url = self._target.api + path
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if key := os.environ.get(API_KEY, self._target.api_key):
            headers["x-api-key"] = key
        if self._sign:
            headers = self._sign(method, url, body or b"", headers)
        try:
            response = self._pool.request(method, url, body=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise NotReachable(f"{self._target.api} does not answer: {error}") from error
        return read_document(response.status, response.data)


Headers = dict[str, str]


def signer(target: Target) -> Callable[[str, str, bytes, Headers], Headers]:
    """A function that signs requests to API Gateway with the caller's credentials. Raises NotReachable without any.

    A local stack looks for a signature and does not verify it, so there any credentials will do.
    """
    import botocore.session  # slow to load, and a stack that needs no signature does without
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    credentials = botocore.session.get_session().get_credentials()
    if target.dynamodb is not None:
        credentials = Credentials("gapless", "gapless")
    if credentials is None:
        raise NotReachable("the API wants signed requests, and there are no AWS credentials: set AWS_PROFILE")
    auth = SigV4Auth(credentials, "execute-api", target.region)

    def sign(method: str, url: str, body: bytes, headers: Headers) -> Headers:
        request = AWSRequest(method, url, data=body, headers=headers)
        auth.add_auth(request)
        return dict(request.headers.items())

    return sign


def read_document(status: int, data: bytes) -> dict[str, Any]:
    """The JSON document of an answer; raises Refused for a status of 400 and more."""
    try:
        document = json.loads(data)
    except ValueError:
        document = None
    if status < 400 and isinstance(document, dict):
        return document
    problem = (
        document if isinstance(document, dict) else {"title": "not JSON", "detail": data[:200].decode(errors="replace")}
    )
    raise Refused(status, problem)


def quote_id(request_id: str) -> str:
    """An id as a path segment; one that is percent-encoded already, as the API hands it out, stays as it is."""
    return quote(request_id, safe="%~")
