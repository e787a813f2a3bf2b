"""What work() may return and raise, and what becomes of it."""

from decimal import Decimal
from typing import Any

import pytest

import judging
from operations import Operation
from request import ITEM_LIMIT, RESERVE, STAMP, Accepted, Refused, Request, Verdict
from tests.unit.records import make_request
from work import Rejected


def judge(request: Request) -> Verdict:
    """Ask a work() that keeps no progress, and so makes no call."""

    def refuse(operation: Operation) -> None:
        raise AssertionError(f"asked for {operation}")

    return judging.judge(request, refuse, until=0)


def returning(monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
    monkeypatch.setattr(judging, "work", lambda request: value)


def raising(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def work(_: Request) -> None:
        raise error

    monkeypatch.setattr(judging, "work", work)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        ({"a": [1, True, "é\ud800"]}, '{"a":[1,true,"\\u00e9\\ud800"]}'),
        ({"total": Decimal("0.10")}, '{"total":"0.10"}'),
        (Decimal("1e400"), '"1E+400"'),
        (10**30, "1000000000000000000000000000000"),
    ],
)
def test_a_result_is_json_text(monkeypatch: pytest.MonkeyPatch, value: Any, text: str) -> None:
    returning(monkeypatch, value)
    assert judge(make_request()) == Accepted(text)


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object(), {"a": b"bytes"}])
def test_a_result_that_json_cannot_hold_is_the_codes_fault(monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
    returning(monkeypatch, value)
    with pytest.raises((TypeError, ValueError)):
        judge(make_request())


def test_a_refusal_has_its_code_and_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, Rejected("none left", code="NoStock"))
    assert judge(make_request()) == Refused("NoStock", "none left")
    raising(monkeypatch, Rejected("none left"))
    assert judge(make_request()) == Refused("Rejected", "none left")


def test_whatever_else_is_raised_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, ConnectionError("down"))
    with pytest.raises(ConnectionError, match="down"):
        judge(make_request())


def test_a_body_that_is_no_json_object_is_refused_before_work_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, AssertionError("asked"))
    verdict = judge(make_request(body="{'not': 'json'}"))
    assert isinstance(verdict, Refused)
    assert verdict.code == "InvalidBody"


def test_the_largest_result_fills_the_item_and_one_byte_more_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    request = make_request(body='{"a": "' + "x" * 300_000 + '"}')
    room = ITEM_LIMIT - (request.size - RESERVE) - STAMP
    returning(monkeypatch, "x" * (room - 2))
    assert judge(request) == Accepted('"' + "x" * (room - 2) + '"')
    returning(monkeypatch, "x" * (room - 1))
    verdict = judge(request)
    assert isinstance(verdict, Refused)
    assert verdict.code == "ResultTooLarge"
    assert str(room) in verdict.message
