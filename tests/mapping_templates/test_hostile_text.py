"""Whatever a caller sends is data: it comes through unchanged, and changes nothing else of the document.

The examples are the same in every run (derandomize), so that a failure needs no seed to be repeated.
"""

import json
from typing import Any
from urllib.parse import unquote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.mapping_templates.snippets import parse, render

STAGE = {"requestsTable": "requests-table", "defaultCounter": "requests"}
NOW = 1_700_000_000_123

# What means something to Velocity; to JSON and to Java's regular expressions; to UTF-16; and any text between.
VELOCITY = ["$", "$1", "${x}", "$!x", "$input.body", "#", "##", "#*", "#set($x = 1)", "#end", "#stop", "]]#"]
QUOTING = ["'", '"', "\\", "\\'", '\\"', "/", "{", "}", '"}, "status": {"S": "DONE', "\n", "\r\n", "\t", "\x00", "\x7f"]
UNICODE = ["😀", "\u2028", "\ufeff"]
PIECES = st.sampled_from([*VELOCITY, *QUOTING, *UNICODE]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=4
)
TEXT = st.lists(PIECES, max_size=8).map("".join)
NAME = TEXT.filter(bool)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUE = st.recursive(SCALAR, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=5)
BODY = st.builds(
    json.dumps, st.dictionaries(TEXT, VALUE, max_size=4), ensure_ascii=st.booleans(), indent=st.none() | st.just(1)
)

SUBMIT, SUBMITTED = parse("submit_request"), parse("submit_response")
CLAIM, ASK, STATUS = parse("claim_request"), parse("status_request"), parse("status_response")
ERROR, NUMBER = parse("error_response"), parse("next_number_request")
thoroughly = settings(derandomize=True, deadline=None, max_examples=60, database=None)


def event(
    body: object, *, method: str = "PUT", request_id: str = "r-1", **parameters: dict[str, str]
) -> dict[str, Any]:
    """An event of `gapless render` to /v1/requests/..., with these parameters of the path and the query."""
    path = "/v1/requests" + "".join(f"/{value}" for value in parameters.get("path", {}).values())
    context = {"requestId": request_id, "requestTimeEpoch": NOW, "httpMethod": method, "path": path}
    return {"body": body, "stageVariables": STAGE, "context": context, **parameters}


@thoroughly
@given(BODY, NAME, TEXT)
@example('{"a": "\\\\\'"}', "\\'", "\\\\'")
def test_submitted_text_survives(body: str, request_id: str, counter: str) -> None:
    sent = event(body, request_id=request_id, query={"counter": counter})
    assert render(SUBMIT, sent).document == {
        "TableName": "requests-table",
        "Item": {
            "requestId": {"S": request_id},
            "counter": {"S": counter or "requests"},
            "request": {"S": body},
            "status": {"S": "PENDING"},
            "receivedAt": {"N": str(NOW)},
            "result": {"S": "." * 256},
        },
        "ConditionExpression": "attribute_not_exists(requestId)",
    }


@thoroughly
@given(BODY, NAME, TEXT)
def test_claimed_text_survives(body: str, request_id: str, counter: str) -> None:
    plain = render(CLAIM, event("{}", path={"requestId": "plain"})).document
    document = render(CLAIM, event(body, path={"requestId": request_id}, query={"counter": counter})).document
    assert document.pop("Key") == {"requestId": {"S": request_id}}
    values = document["ExpressionAttributeValues"]
    assert (values[":request"], values[":counter"]) == ({"S": body}, {"S": counter or "requests"})
    del plain["Key"]
    plain["ExpressionAttributeValues"] |= {":request": {"S": body}, ":counter": {"S": counter or "requests"}}
    assert document == plain


@thoroughly
@given(NAME, NAME)
def test_a_key_names_attributes_and_no_more(key: str, other: str) -> None:
    plain, document, another = (
        render(
            NUMBER, event(None, method="POST", path={"counter": "c"}) | {"headers": {"Idempotency-Key": one}}
        ).document
        for one in ("plain", key, other)
    )
    names = [document["ExpressionAttributeNames"].pop(name) for name in ("#keyBefore", "#key", "#keyAfter")]
    assert [unquote_plus(name) for name in names] == [f"{period}:{key}" for period in (16_999, 17_000, 17_001)]
    assert all(name.isascii() and '"' not in name and "\\" not in name for name in names)
    assert (another["ExpressionAttributeNames"]["#key"] == names[1]) == (key == other)
    values = document["ExpressionAttributeValues"]
    assert int(values.pop(":cost")["N"]) + int(values.pop(":room")["N"]) == 100_000
    for name in ("#keyBefore", "#key", "#keyAfter"):
        del plain["ExpressionAttributeNames"][name]
    for value in (":cost", ":room"):
        del plain["ExpressionAttributeValues"][value]
    assert document == plain


@thoroughly
@given(NAME)
def test_asked_id_survives(request_id: str) -> None:
    document = render(ASK, event(None, method="GET", path={"requestId": request_id})).document
    key = {"requestId": {"S": request_id}}
    assert document == {"TableName": "requests-table", "Key": key, "ConsistentRead": True}


@thoroughly
@given(NAME, TEXT)
def test_accepted_document_says_what_was_sent(request_id: str, counter: str) -> None:
    rendered = render(SUBMITTED, event({}, request_id=request_id, query={"counter": counter}))
    assert rendered.document == {
        "requestId": request_id,
        "counter": counter or "requests",
        "status": "PENDING",
        "links": {"self": f"/v1/requests/{request_id}"},
    }
    assert rendered.headers == {"Location": f"/v1/requests/{request_id}"}


@thoroughly
@given(NAME, TEXT)
def test_first_claim_says_what_was_sent(request_id: str, counter: str) -> None:
    sent = event({}, path={"requestId": request_id}, query={"counter": counter})
    rendered = render(STATUS, sent)
    assert rendered.document == {
        "requestId": request_id,
        "counter": counter or "requests",
        "status": "PENDING",
        "links": {"self": f"/v1/requests/{request_id}"},
    }
    assert rendered.headers == {"Location": f"/v1/requests/{request_id}", "Retry-After": "1"}


@pytest.mark.parametrize(
    ("method", "answer", "status"), [("GET", {}, 404), ("PUT", {"Attributes": {"status": {"S": "VOID"}}}, 409)]
)
@thoroughly
@given(request_id=NAME)
@example(request_id="it's")
def test_problem_names_its_request(method: str, answer: object, status: int, request_id: str) -> None:
    rendered = render(STATUS, event(answer, method=method, request_id=request_id, path={"requestId": "mine"}))
    assert rendered.document.keys() == {"type", "title", "status", "detail", "requestId"}
    assert (rendered.document["requestId"], rendered.status) == (request_id, status)


@thoroughly
@given(NAME, NAME, BODY, TEXT, TEXT)
def test_status_document_says_what_is_stored(request_id: str, counter: str, body: str, code: str, message: str) -> None:
    item = {
        "requestId": {"S": request_id},
        "counter": {"S": counter},
        "request": {"S": body},
        "status": {"S": "FAILED"},
        "error": {"M": {"code": {"S": code}, "message": {"S": message}}},
        "completedAt": {"N": "7"},
        "receivedAt": {"N": "5"},
        "requeuedAs": {"S": counter},
        "requeueOf": {"S": request_id},
    }
    rendered = render(STATUS, event({"Item": item}, method="GET", path={"requestId": "asked"}))
    assert rendered.document == {
        "requestId": request_id,
        "counter": counter,
        "status": "FAILED",
        "error": {"code": code, "message": message},
        "completedAt": 7,
        "requeuedAs": counter,
        "requeueOf": request_id,
        "request": body,
        "receivedAt": 5,
    }


@thoroughly
@given(BODY)
def test_result_is_embedded_as_it_is(result: str) -> None:
    item = {name: {"S": "x"} for name in ("requestId", "counter", "request")}
    item |= {"status": {"S": "DONE"}, "result": {"S": result}}
    item |= {name: {"N": "7"} for name in ("number", "completedAt", "receivedAt")}
    document = render(STATUS, event({"Item": item}, method="GET", path={"requestId": "x"})).document
    assert document["result"] == json.loads(result)
    assert document.keys() == {*item}


@thoroughly
@given(TEXT, TEXT, NAME)
def test_words_of_the_database_are_not_passed_on(type_: str, message: str, request_id: str) -> None:
    marked = {"__type": f"{type_}4711", "message": f"{message}4711"}
    rendered = render(ERROR, event(marked, request_id=request_id))
    document = rendered.document
    assert document.keys() == {"type", "title", "status", "detail", "requestId"}
    assert document["requestId"] == request_id
    assert document["status"] == rendered.status
    assert "4711" not in rendered.text
