"""Whatever a caller sends reaches the engine as it was sent, or is refused; nothing breaks and nothing is injected."""

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.local.gateway.serving import Served, dynamodb, serving


def quoted(value: str) -> str:
    return f'"$util.escapeJavaScript({value}).replaceAll("\\\\\'","\'")"'


TEMPLATE = "{{{}}}".format(
    ", ".join(
        f'"{name}": {quoted(value)}'
        for name, value in {
            "id": "$input.params().path.get('id')",
            "q": "$!input.params().querystring.get('q')",
            "h": "$!input.params().header.get('x-h')",
            "body": "$input.body",
            "requestId": "$context.requestId",
        }.items()
    )
)
# What a request line and a header can hold; a body can hold anything.
SEGMENTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs"], exclude_characters="/?#"), min_size=1)
HEADERS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    directory: Path = tmp_path_factory.mktemp("api")
    return serving(directory, {"/a/{id}": {"put": dynamodb(TEMPLATE)}})


@settings(max_examples=200, print_blob=True)
@given(segment=SEGMENTS, query=TEXT, header=HEADERS, body=TEXT, request_id=HEADERS)
def test_text_arrives_as_it_was_sent(
    served: Served, segment: str, query: str, header: str, body: str, request_id: str
) -> None:
    served.engine.posts.clear()
    response = served.ask(
        "PUT",
        f"/v1/a/{segment}?q={quote(query)}",
        headers={"x-h": header, "x-amzn-requestid": request_id},
        body=body,
    )
    assert response.status == 200
    (sent,) = served.engine.documents
    assert sent == {"id": segment, "q": query, "h": header, "body": body or "{}", "requestId": request_id}


@settings(max_examples=200, print_blob=True)
@given(path=TEXT, query=TEXT, body=st.binary(), name=TEXT, value=TEXT)
def test_any_bytes_get_an_answer(served: Served, path: str, query: str, body: bytes, name: str, value: str) -> None:
    for target in (path, f"/v1/{path}", f"/v1/a/{path}"):
        response = served.ask("PUT", f"{target}?{query}", headers={name: value}, body=body)
        assert response.status in (200, 400, 403, 415)
