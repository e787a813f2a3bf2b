"""One folder a case, cases/SNIPPET/CASE: request.json is an event of `gapless render`, expected.json what must come.

expected.json: `json`, the document (or `text`, word for word), and the overrides of `status` and `headers`, if any.
`gapless render --template mapping_templates/SNIPPET.yaml --event .../request.json` shows a case by hand.
"""

import json
from pathlib import Path

import pytest

from tests.mapping_templates.snippets import ACTIONS, FOLDER, parse, render, require_accepted

CASES = Path(__file__).parent / "cases"
ALL = sorted(path.parent for path in CASES.glob("*/*/request.json"))


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_case(case: Path) -> None:
    snippet = case.parent.name
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    rendered = render(parse(snippet), json.loads((case / "request.json").read_text(encoding="utf-8")))
    if "text" in expected:
        assert rendered.text == expected["text"]
    else:
        assert rendered.document == expected["json"]
    assert (rendered.status, rendered.headers) == (expected.get("status"), expected.get("headers", {}))
    assert not rendered.text[:1].isspace()
    if snippet in ACTIONS:
        require_accepted(ACTIONS[snippet], rendered.document)


def test_every_snippet_has_cases() -> None:
    # API Gateway's own answers and what OPTIONS answers are no VTL.
    without_vtl = {"gateway_responses", "preflight"}
    assert {path.stem for path in FOLDER.glob("*.yaml")} - without_vtl == {case.parent.name for case in ALL}


def test_every_case_is_complete() -> None:
    files = {path for path in CASES.glob("**/*") if path.is_file()}
    assert files == {case / name for case in ALL for name in ("request.json", "expected.json")}
