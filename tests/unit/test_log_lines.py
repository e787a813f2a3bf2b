"""A line about a request says which one, and of which counter: what saved queries and `gapless logs` go by."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROCESSOR = Path(__file__).parents[2] / "functions" / "processor"
OF_A_REQUEST = {"requestId", "number", "code", "reason"}


def log_calls(text: str) -> Iterator[tuple[int, set[str]]]:
    """Line and keywords of every call that logs."""
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "logger"
        ):
            yield node.lineno, {one.arg for one in node.keywords if one.arg}


def unnamed(text: str) -> list[int]:
    """The lines that log something of a request without its id and its counter."""
    return [
        line
        for line, keywords in log_calls(text)
        if keywords & OF_A_REQUEST and not keywords >= {"requestId", "counter"}
    ]


@pytest.mark.parametrize("module", sorted(PROCESSOR.glob("*.py")), ids=lambda path: path.stem)
def test_a_line_of_a_request_has_its_id_and_its_counter(module: Path) -> None:
    assert unnamed(module.read_text(encoding="utf-8")) == []


def test_lines_of_requests_are_found() -> None:
    found = [keywords for path in PROCESSOR.glob("*.py") for _, keywords in log_calls(path.read_text("utf-8"))]
    assert sum("requestId" in keywords for keywords in found) >= 7


@pytest.mark.parametrize("call", ['info("sent again", requestId=one)', 'error("overruled", counter=one, number=2)'])
def test_a_line_without_them_is_caught(call: str) -> None:
    assert unnamed(f"logger.{call}\n") == [1]
