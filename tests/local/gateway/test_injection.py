"""200 attempts to reach DynamoDB as syntax, over HTTP, through the shipped template: each arrives as the text it is.

What DynamoDB is asked for with hostile text must be what it is asked for with harmless text, but for the text.
"""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from gapless.local.gateway import Gateway, Running, read_api
from gapless.local.template import load
from tests.hostile import texts
from tests.local.gateway.serving import RecordingEngine, Served
from tests.local.gateway.wire import exchange, over_http, request
from tests.local.stack_files import copy_stack, replace_in
from tests.mapping_templates.snippets import require_accepted, unique

TEMPLATE = Path(__file__).parents[3] / "template.yaml"
PLAIN = "plain"
ATTEMPTS = 20  # at each place
NOT_IN_A_REQUEST_LINE = re.compile(r"[^!-~]|[/?#%]")
NOT_IN_A_HEADER = re.compile(r"[\x00-\x1f\x7f]")
JSON = "Content-Type: application/json"
MINE = "x-amzn-RequestId: r-1"


def raw(text: str) -> str:
    """As it is, but for what would end the path segment; a path parameter is handed on undecoded."""
    return NOT_IN_A_REQUEST_LINE.sub(lambda found: quote(found[0], safe=""), text)


def printable(text: str) -> str:
    """What of a text HTTP lets into a header."""
    return NOT_IN_A_HEADER.sub("", text)


def body(text: str) -> bytes:
    """A JSON object with the text for key and value, as clients write it."""
    return json.dumps({text: text}, ensure_ascii=False).encode()


def escaped_body(text: str) -> bytes:
    """The same in ASCII, and with white space where JSON lets it be."""
    return json.dumps({text: [text]}, indent=1).encode()


# Place -> the request that carries the text there, and as what DynamoDB must get it.
PLACES: dict[str, tuple[Callable[[str], bytes], Callable[[str], str]]] = {
    "id of PUT": (lambda text: request(f"PUT /v1/requests/{raw(text)}", JSON, MINE, body=b"{}"), raw),
    "id of GET": (lambda text: request(f"GET /v1/requests/{raw(text)}", MINE), raw),
    "counter of a submission": (
        lambda text: request(f"PUT /v1/requests?counter={quote(text, safe='')}", JSON, MINE, body=b"{}"),
        str,
    ),
    "counter of a claim": (
        lambda text: request(f"PUT /v1/requests/r-1?counter={quote_plus(text)}", JSON, MINE, body=b"{}"),
        str,
    ),
    "counter asked for": (lambda text: request(f"GET /v1/counters/{raw(text)}", MINE), raw),
    "counter of a number": (lambda text: request(f"POST /v1/numbers/{raw(text)}", MINE), raw),
    "idempotency key": (
        lambda text: request("POST /v1/numbers/c", MINE, f"Idempotency-Key: {printable(text)}"),
        lambda text: quote_plus(printable(text), safe="*"),
    ),
    "id of the caller's choice": (
        lambda text: request("PUT /v1/requests", JSON, f"x-amzn-RequestId: {printable(text)}", body=b"{}"),
        printable,
    ),
    "body": (lambda text: request("PUT /v1/requests", JSON, MINE, body=body(text)), lambda text: body(text).decode()),
    "body in escapes": (
        lambda text: request("PUT /v1/requests/r-1", JSON, MINE, body=escaped_body(text)),
        lambda text: escaped_body(text).decode(),
    ),
}


def serve_template(path: Path) -> Served:
    """The gateway of a template, open to all, before an engine that remembers."""
    parameters = {"Authorization": "NONE"}
    api = read_api(load(path, parameters, stack_name="test", region="us-east-1", account="000000000000"))
    engine, now = RecordingEngine(), [1_700_000_000.0]
    return Served(Gateway(api, engine, clock=lambda: now[0]), engine, [], now)


def sent(served: Served, message: bytes) -> tuple[str, dict[str, Any]]:
    """The action and the document that one request makes of itself; no key of the document stands twice."""

    async def talk(running: Running) -> int:
        return (await exchange(running, message))[0]

    served.engine.posts.clear()
    status = over_http(served, talk)
    assert len(served.engine.posts) == 1, f"{status} for {message!r}"
    ((target, text),) = served.engine.posts
    return target.rpartition(".")[2], json.loads(text, object_pairs_hook=unique)


def with_text(node: Any, old: str, new: str) -> Any:
    """A document with a text of it replaced. What is computed from the text's length counts as computed."""
    if isinstance(node, dict):
        replaced = {key: with_text(value, old, new) for key, value in node.items()}
        return {key: "computed" if key in (":cost", ":room") else value for key, value in replaced.items()}
    return node.replace(old, new) if isinstance(node, str) else node


@pytest.mark.parametrize("place", PLACES)
def test_hostile_text_is_text(place: str, seeded: random.Random) -> None:
    attempts = texts(seeded, ATTEMPTS)
    attempt(serve_template(TEMPLATE), place, attempts)
    assert len(attempts) * len(PLACES) == 200


@pytest.mark.parametrize(
    ("place", "snippet", "escaped", "forgotten"),
    [
        ("body", "submit_request", "$util.escapeJavaScript($input.body)", "$input.body"),
        ("counter of a submission", "submit_request", "$util.escapeJavaScript($counter)", "$counter"),
        ("id of GET", "status_request", r""".replaceAll("\\'", "'")""", ""),
        ("idempotency key", "next_number_request", "$util.urlEncode(", "$util.escapeJavaScript("),
    ],
)
def test_text_that_is_not_escaped_is_caught(
    tmp_path: Path, place: str, snippet: str, escaped: str, forgotten: str, seeded: random.Random
) -> None:
    template = copy_stack(tmp_path)
    replace_in(tmp_path / "mapping_templates" / f"{snippet}.yaml", escaped, forgotten)
    with pytest.raises(AssertionError):
        attempt(serve_template(template), place, texts(seeded, ATTEMPTS))


def attempt(served: Served, place: str, attempts: list[str]) -> None:
    """Send each text, and compare what DynamoDB is asked for."""
    carry, arrives = PLACES[place]
    action, harmless = sent(served, carry(PLAIN))
    assert arrives(PLAIN) in json.dumps(harmless).replace('\\"', '"').replace("\\n", "\n")
    for text in attempts:
        hostile_action, hostile = sent(served, carry(text))
        assert hostile_action == action
        assert with_text(hostile, "", "") == with_text(harmless, arrives(PLAIN), arrives(text)), text
        require_accepted(action, hostile)
