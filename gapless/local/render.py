"""Render one mapping template from files: what `gapless render` does."""

import json
from pathlib import Path
from typing import Any

import yaml

from gapless.local.velocity import Call, Template

_MAPS = ("headers", "query", "path", "stageVariables", "context")
_KEYS = ("body", *_MAPS)


def render_file(template_path: Path, event: dict[str, Any]) -> str:
    """Render a template for one event.

    template_path: a VTL file, or a snippet (.yaml or .yml) that maps content types to VTL, of which application/json
    is taken, else the only one; event: `body` (text, or any JSON value, which is serialised without blanks), and the
    objects `headers`, `query`, `path`, `stageVariables` and `context`, each of which may be left out. Raises ValueError
    when the snippet or the event has another shape, VelocityError when the template cannot be parsed or rendered.
    """
    return Template.parse(_template_text(template_path), template_path.name).render(_call(event))


def _template_text(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix not in (".yaml", ".yml"):
        return text
    try:
        templates = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise ValueError(f"{path}: not YAML: {problem}") from problem
    if not isinstance(templates, dict) or not all(isinstance(entry, str) for entry in templates.values()):
        raise ValueError(f"{path}: expected content types, each with its template, as in 'application/json: |'")
    if "application/json" in templates:
        return str(templates["application/json"])
    if len(templates) != 1:
        raise ValueError(f"{path}: has no application/json and {len(templates)} other entries; which one is not clear")
    return str(next(iter(templates.values())))


def _call(event: dict[str, Any]) -> Call:
    if not isinstance(event, dict):
        raise ValueError(f"the event must be an object with any of {', '.join(_KEYS)}")
    unknown = sorted(event.keys() - set(_KEYS))
    if unknown:
        raise ValueError(f"the event's key {unknown[0]!r} is unknown; the keys are {', '.join(_KEYS)}")
    for key in _MAPS:
        if not isinstance(event.get(key, {}), dict):
            raise ValueError(f"the event's {key!r} must be an object, not {json.dumps(event[key])}")
        if key != "context":
            _require_texts(key, event.get(key, {}))
    body = event.get("body")
    if body is not None and not isinstance(body, str):
        body = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Call(
        body=body,
        headers=event.get("headers", {}),
        query=event.get("query", {}),
        path=event.get("path", {}),
        stage_variables=event.get("stageVariables", {}),
        context=event.get("context", {}),
    )


def _require_texts(key: str, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if not isinstance(value, str):
            raise ValueError(f"the event's {key}.{name} must be text, not {json.dumps(value)}; put it in quotes")
