"""Asks a running local stack to do something, at its control endpoint."""

from pathlib import Path
from typing import Any

import urllib3

from gapless.target import NotReachable, Target, find_target

TIMEOUT = urllib3.Timeout(connect=10.0, read=60.0)


class NotDone(Exception):
    """The stack would not do it; the text says why."""


def ask(endpoint: Path | None, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Call the control endpoint of the stack that the file `endpoint` describes, by default .gapless/stack.json.

    Raises NotReachable or NotDone.
    """
    return ask_target(find_target(endpoint, None), method, path, body)


def ask_target(target: Target, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Call the control endpoint of a local stack. Raises NotReachable or NotDone."""
    url = f"{target.lambda_endpoint}{path}"
    try:
        answer = urllib3.request(method, url, json=body, timeout=TIMEOUT, retries=False)
    except urllib3.exceptions.HTTPError as error:
        raise NotReachable(f"the local stack does not answer at {url}: {error}") from error
    document: dict[str, Any] = answer.json()
    if answer.status != 200:
        raise NotDone(document["error"])
    return document
