"""Rendering a template file for an event, as `gapless render` does."""

from pathlib import Path
from typing import Any

import pytest

from gapless.local.render import render_file
from gapless.local.velocity import VelocityError


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_bare_template(tmp_path: Path) -> None:
    path = written(
        tmp_path, "t.vtl", "$input.params('q')$input.params('p')$input.params('h') $context.requestId $stageVariables.v"
    )
    event = {
        "query": {"q": "1"},
        "path": {"p": "2"},
        "headers": {"h": "3"},
        "context": {"requestId": "r"},
        "stageVariables": {"v": "é"},
    }
    assert render_file(path, event) == "123 r é"


@pytest.mark.parametrize("name", ["t.yaml", "t.yml"])
def test_a_snippet(tmp_path: Path, name: str) -> None:
    text = "# why\ntext/plain: other\napplication/json: |\n  {\"n\": $input.json('$.n')}\n"
    assert render_file(written(tmp_path, name, text), {"body": {"n": [1]}}) == '{"n": [1]}\n'
    assert render_file(written(tmp_path, name, "application/xml: <a>$input.body</a>"), {"body": "x"}) == "<a>x</a>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"a": [1, "é"]}, '{"a":[1,"é"]}'),
        ('{"a": 1}', '{"a": 1}'),
        ([1, 2], "[1,2]"),
        (5, "5"),
        (None, "{}"),
        (False, "false"),
    ],
)
def test_a_body_is_text_or_any_json_value(tmp_path: Path, body: object, expected: str) -> None:
    assert render_file(written(tmp_path, "t.vtl", "$input.body"), {"body": body}) == expected


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ({"headers": []}, r"'headers' must be an object, not \[\]"),
        ({"context": "x"}, "'context' must be an object"),
        ({"query": {"page": 2}}, "query.page must be text, not 2"),
        ({"stage_variables": {}}, "'stage_variables' is unknown; the keys are body, headers"),
        ([], "must be an object"),
    ],
)
def test_an_event_of_another_shape_names_the_key(tmp_path: Path, event: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        render_file(written(tmp_path, "t.vtl", ""), event)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a\n- b", "expected content types"),
        ("application/json: {a: 1}", "expected content types"),
        ("text/a: x\ntext/b: y", "which one is not clear"),
        ("a: [", "not YAML"),
    ],
)
def test_a_snippet_of_another_shape_names_the_file(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=rf"t\.yaml: .*{problem}"):
        render_file(written(tmp_path, "t.yaml", text), {})


def test_an_error_in_the_template_names_the_file_and_place(tmp_path: Path) -> None:
    with pytest.raises(VelocityError, match=r"^t\.vtl:2:1: #if has no #end"):
        render_file(written(tmp_path, "t.vtl", "a\n#if(true)"), {})
