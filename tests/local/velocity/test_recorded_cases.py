"""Every mapping-template case recorded on API Gateway or stated by its documentation, where they are at hand."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from gapless.local.velocity import Call, PayloadError, Template, VelocityError

COLLECTION = Path(__file__).parents[4] / "shared" / "vtl"
RECORDED = 274
UNSATISFIED: dict[str, str] = {}  # id: why the engine does otherwise


def collection(name: str) -> list[dict[str, Any]]:
    path = COLLECTION / name
    loaded: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return loaded


CASES = {case["id"]: case for case in collection("cases.json")}
needs_collection = pytest.mark.skipif(not CASES, reason="the recorded cases (../shared/vtl) are not here")


def call_of(case: dict[str, Any]) -> Call:
    request = case["request"]
    return Call(
        body=request.get("body"),
        headers=request.get("headers") or {},
        query=request.get("query") or {},
        path=request.get("path_params") or {},
        stage_variables=request.get("stage_variables") or {},
        context=copy.deepcopy(case.get("context") or {}),
    )


def comparable(text: str, compare: str) -> object:
    """The text as the case wants it compared: exactly, without white space, or as JSON."""
    return json.loads(text) if compare == "json" else "".join(text.split()) if compare == "ws" else text


def agrees(case: dict[str, Any]) -> bool:
    call = call_of(case)
    try:
        text = Template.parse(case["template"], case["id"]).render(call)
    except PayloadError:
        return bool(case.get("expected_error"))
    if case.get("expected_error"):
        return False
    same_text = comparable(text, case["compare"]) == comparable(case["expected_output"], case["compare"])
    status = call.context["responseOverride"].get("status")
    return same_text and status == case.get("expected_status_override", status)


@needs_collection
def test_the_whole_collection_is_here() -> None:
    assert len(CASES) == RECORDED
    assert len(UNSATISFIED) <= 2


@needs_collection
@pytest.mark.parametrize("name", sorted(CASES.keys() - UNSATISFIED.keys()))
def test_recorded_case(name: str) -> None:
    assert agrees(CASES[name]), CASES[name]["template"]


@needs_collection
def test_unsatisfied_cases_still_fail() -> None:
    assert [name for name in UNSATISFIED if agrees(CASES[name])] == [], "these pass now: take them off the list"


@needs_collection
def test_recorded_facts_about_overrides_and_bodies() -> None:
    facts = {fact["id"]: fact for fact in collection("gateway_cases.json")}

    override = facts["override-status-from-request-template-with-response-template"]
    call = Call()
    Template.parse(override["integration"]["requestTemplates"]["application/json"]).render(call)
    [response] = override["integration"]["integrationResponses"].values()
    answer = Template.parse(response["responseTemplates"]["application/json"]).render(Call(context=call.context))
    assert json.loads(answer) == override["expected"]["body_json"]
    assert call.context["responseOverride"]["status"] == override["expected"]["status"]
    assert call.context["responseOverride"]["header"] == override["expected"]["headers"]

    broken = facts["broken-json-400"]
    with pytest.raises(PayloadError, match="Could not process payload"):
        Template.parse(broken["integration"]["requestTemplates"]["*"]).render(Call(body=broken["request"]["body"]))

    assert facts["override-once"]["expected"]["status_class"] == "5xx"
    twice = Template.parse("#set($context.responseOverride.status = 400)#set($context.responseOverride.status = 401)")
    with pytest.raises(VelocityError, match="second time"):
        twice.render(Call())

    assert Template.parse("$input.body").render(Call()) == facts["body-empty-is-braces"]["expected"]["input_body"]
    keys = facts["context-keys"]["expected"]
    context: dict[str, Any] = {}
    Template.parse("x").render(Call(context=context))
    assert sorted(context["responseOverride"]) == keys["responseOverride_keys"]
    assert sorted(context["requestOverride"]) == keys["requestOverride_keys"]
