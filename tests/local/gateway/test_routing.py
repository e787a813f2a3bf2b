"""Which method answers, and with which path parameters."""

from pathlib import Path

import pytest

from tests.local.gateway.serving import Served, dynamodb, header, message, mock, serving


def sees(*parameters: str) -> object:
    """An operation that sends its resource path and its path parameters to the engine."""
    shown = ", ".join(f'"{name}": "$input.params(\'{name}\')"' for name in parameters)
    return dynamodb(f'{{"at": "$context.resourcePath"{", " if shown else ""}{shown}}}')


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return serving(
        tmp_path,
        {
            "/a/{id}/{rest+}": {"get": sees("id", "rest")},  # first, so that it is not the order that decides
            "/": {"get": sees()},
            "/a": {"get": sees(), "head": sees(), "options": sees()},
            "/a/{id}": {"put": sees("id"), "x-amazon-apigateway-any-method": sees("id")},
            "/a/fixed": {"get": sees()},
            "/a/{id}/b": {"get": sees("id")},
            "/only/put": {"put": sees()},
            "/dots.and(brackets)": {"get": sees()},
        },
    )


@pytest.mark.parametrize(
    ("method", "target", "seen"),
    [
        ("GET", "/v1", {"at": "/"}),
        ("GET", "/v1/", {"at": "/"}),
        ("GET", "/v1/a", {"at": "/a"}),
        ("GET", "/v1/a/", {"at": "/a"}),
        ("GET", "/v1/a?x=/v2/b", {"at": "/a"}),
        ("HEAD", "/v1/a", {"at": "/a"}),
        ("OPTIONS", "/v1/a", {"at": "/a"}),
        ("GET", "/v1/a/fixed", {"at": "/a/fixed"}),
        ("GET", "/v1/a/1", {"at": "/a/{id}", "id": "1"}),
        ("PUT", "/v1/a/1", {"at": "/a/{id}", "id": "1"}),
        ("DELETE", "/v1/a/1", {"at": "/a/{id}", "id": "1"}),
        ("GET", "/v1/a/%2F%20%41%zz", {"at": "/a/{id}", "id": "%2F%20%41%zz"}),
        ("GET", "/v1/a/é ..", {"at": "/a/{id}", "id": "é .."}),
        ("GET", "/v1/a/..", {"at": "/a/{id}", "id": ".."}),
        ("GET", "/v1/a/1/b", {"at": "/a/{id}/b", "id": "1"}),
        ("GET", "/v1/a/1/b/c%2Fd", {"at": "/a/{id}/{rest+}", "id": "1", "rest": "b/c%2Fd"}),
        ("GET", "/v1/a/fixed/c", {"at": "/a/{id}/{rest+}", "id": "fixed", "rest": "c"}),
        ("PUT", "/v1/only/put", {"at": "/only/put"}),
        ("GET", "/v1/dots.and(brackets)", {"at": "/dots.and(brackets)"}),
    ],
)
def test_the_method_that_answers(served: Served, method: str, target: str, seen: object) -> None:
    assert served.ask(method, target).status == 200
    assert served.engine.documents == [seen]


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/v1/nowhere"),
        ("POST", "/v1/a"),
        ("PUT", "/v1/a/fixed"),  # the more exact resource is chosen before its methods are looked at
        ("HEAD", "/v1/only/put"),
        ("OPTIONS", "/v1/only/put"),
        ("BREW", "/v1/a/1"),
        ("GET", "/v1/A"),
        ("GET", "/v1/dotsXand(brackets)"),
        ("GET", "/v1//a"),
    ],
)
def test_no_such_path_or_method(served: Served, method: str, target: str) -> None:
    response = served.ask(method, target)
    assert (response.status, message(response)) == (403, "Missing Authentication Token")
    assert header(response, "x-amzn-ErrorType") == "MissingAuthenticationTokenException"
    assert served.engine.posts == []


@pytest.mark.parametrize("target", ["/", "/v2/a", "/v1x/a", "/a", "*", "", "/%76%31/a"])
def test_outside_the_stage(served: Served, target: str) -> None:
    response = served.ask("GET", target)
    assert (response.status, message(response)) == (403, "Forbidden")
    assert header(response, "x-amzn-ErrorType") == "ForbiddenException"


def test_a_resource_without_a_root(tmp_path: Path) -> None:
    assert message(serving(tmp_path, {"/a": {"get": mock()}}).ask("GET", "/v1")) == "Missing Authentication Token"
