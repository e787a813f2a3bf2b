"""Renders the shipped snippets, and judges what they make for DynamoDB as DynamoDB would."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import yaml
from botocore.model import Shape
from botocore.validate import ParamValidator

from gapless.local.velocity import Call, Template

FOLDER = Path(__file__).parents[2] / "mapping_templates"

# What each request snippet is sent to.
ACTIONS = {
    "submit_request": "PutItem",
    "claim_request": "UpdateItem",
    "status_request": "GetItem",
    "next_number_request": "UpdateItem",
    "counter_request": "GetItem",
}
PLACEHOLDER = re.compile(r"[#:]\w+")


@dataclass(frozen=True)
class Rendered:
    """What a snippet made of an event: its text, and the overrides it set."""

    text: str
    status: int | None
    headers: dict[str, str]

    @property
    def document(self) -> Any:
        """The text as JSON; a key that stands twice is an AssertionError, for it could hide an injected one."""
        return json.loads(self.text, object_pairs_hook=unique)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, none of whose keys stands twice."""
    document = dict(pairs)
    assert len(document) == len(pairs), f"a key stands twice among {[key for key, _ in pairs]}"
    return document


def parse(snippet: str) -> Template:
    """A shipped snippet by its name, ready to render."""
    text = yaml.safe_load((FOLDER / f"{snippet}.yaml").read_text(encoding="utf-8"))["application/json"]
    return Template.parse(text, snippet)


def render(template: Template, event: dict[str, Any]) -> Rendered:
    """Render for an event as `gapless render` takes it; a body that is no text stands for its JSON."""
    body = event.get("body")
    context = dict(event.get("context", {}))
    call = Call(
        body if body is None or isinstance(body, str) else json.dumps(body),
        event.get("headers", {}),
        event.get("query", {}),
        event.get("path", {}),
        event.get("stageVariables", {}),
        context,
    )
    text = template.render(call)
    override = context["responseOverride"]
    return Rendered(text, override.get("status"), dict(override["header"]))


@cache
def input_shape(action: str) -> Shape:
    """What the service model takes for an action of DynamoDB."""
    shape = botocore.session.get_session().get_service_model("dynamodb").operation_model(action).input_shape
    assert shape is not None
    return shape


def require_accepted(action: str, document: dict[str, Any]) -> None:
    """Fail unless DynamoDB's service model takes a request, and its expressions use just what they declare."""
    report = ParamValidator().validate(document, input_shape(action))
    assert not report.has_errors(), report.generate_report()
    expressions = " ".join(document.get(name, "") for name in ("UpdateExpression", "ConditionExpression"))
    declared = {*document.get("ExpressionAttributeNames", ()), *document.get("ExpressionAttributeValues", ())}
    # DynamoDB refuses "Value provided in ExpressionAttributeValues unused in expressions", and the reverse.
    assert set(PLACEHOLDER.findall(expressions)) == declared
