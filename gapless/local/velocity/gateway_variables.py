"""$input, $util, $context and $stageVariables.

Sources: the Amazon API Gateway developer guide, "Mapping template and access logging variable reference" and "Use
overrides"; and behaviour recorded on the service.
"""

import base64
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from gapless.local.velocity import jsonpath
from gapless.local.velocity.containers import MAP
from gapless.local.velocity.errors import JavaError, VelocityError
from gapless.local.velocity.jsonpath_parts import PathError
from gapless.local.velocity.methods import register, table
from gapless.local.velocity.payload import parse_payload
from gapless.local.velocity.strings import encodable, units
from gapless.local.velocity.text import json_text

_UNREAD = object()
_TO_ESCAPE = re.compile(r"[\"'\\/\x00-\x1f\x80-\U0010ffff]+")
_BAD_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")


@dataclass
class Call:
    """What a template is rendered for: one request, or one answer of the backend to it.

    body: the request's, or in a response template the backend's, and None and "" read as `{}`; headers, query, path:
    the request's parameters, in response templates too; stage_variables: $stageVariables; context: $context, which
    takes the overrides that are set, so the caller reads `context["responseOverride"]` afterwards and gives the same
    context to the response template.
    """

    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)
    stage_variables: dict[str, str] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)


class Overrides(dict[str, Any]):
    """A map of $context in which each parameter may be set once: API Gateway answers a second time with a 5XX."""

    def __init__(self, values: dict[str, Any], name: str) -> None:
        super().__init__(values)
        self.name = name
        self.written: set[str] = set()

    def __setitem__(self, key: str, value: Any) -> None:
        if key in self.written:
            raise VelocityError(f"$context.{self.name}.{key} is set a second time; API Gateway answers that with a 5XX")
        self.written.add(key)
        super().__setitem__(key, value)


class Input:
    """$input: the body, and the request's parameters."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.document: Any = _UNREAD

    def body(self) -> str:
        """The body as text; an empty one is `{}`."""
        return self.call.body or "{}"

    def path(self, path: str) -> Any:
        """The value at a JSONPath, None where it leads nowhere."""
        return self._read(path)[1]

    def json(self, path: str) -> str:
        """The value at a JSONPath as JSON; where the path leads nowhere the empty string, as JSON."""
        there, value = self._read(path)
        return json_text(value if there else "")

    def _read(self, path: str) -> tuple[bool, Any]:
        """Follow a path. The body is parsed at the first use and kept, changes by the template included."""
        if self.document is _UNREAD:
            self.document = parse_payload(self.body())
        try:
            return jsonpath.read(self.document, path)
        except PathError as problem:
            raise JavaError(str(problem)) from None

    def param(self, name: str) -> str | None:
        """A parameter by name: from the path, then the query string, then the headers."""
        for values in (self.call.path, self.call.query, self.call.headers):
            if name in values:
                return values[name]
        lowered = name.lower()
        return next((value for header, value in self.call.headers.items() if header.lower() == lowered), None)

    def params(self) -> dict[str, Any]:
        """All parameters: maps named path, querystring and header."""
        return {"path": self.call.path, "querystring": self.call.query, "header": self.call.headers}

    def __str__(self) -> str:
        return ""


class Util:
    """$util."""

    def __str__(self) -> str:
        return ""


class _Escapes(dict[int, str]):
    """UTF-16 units -> what they are escaped as, each worked out when it is first met."""

    def __missing__(self, unit: int) -> str:
        self[unit] = f"\\u{unit:04X}"
        return self[unit]


_ESCAPES = _Escapes((ord(c), f"\\{s}") for c, s in zip("\"'\\/\b\f\n\r\t", "\"'\\/bfnrt", strict=True))


def escape_javascript(text: str) -> str:
    """$util.escapeJavaScript, which is commons-lang's: `'` becomes `\\'`, which is not JSON, and "/" `\\/`."""
    return _TO_ESCAPE.sub(lambda run: run[0].translate(_ESCAPES), units(text))


def _url_decode(text: str) -> str:
    if _BAD_PERCENT.search(text):
        raise JavaError(f"IllegalArgumentException: incomplete % escape in {text!r}")
    return unquote_plus(text)


def _url_encode(text: str) -> str:
    return quote_plus(encodable(text), safe="*").replace("~", "%7E")


def _base64_encode(text: str) -> str:
    return base64.b64encode(encodable(text).encode()).decode()


def _base64_decode(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode(errors="replace")
    except ValueError as problem:
        raise JavaError(f"IllegalArgumentException: not base64: {problem}") from None


register(
    Input,
    table(
        {
            "getBody()": Input.body,
            "path(String)": Input.path,
            "json(String)": Input.json,
            "params()": Input.params,
            "params(String)": Input.param,
            "toString()": str,
        }
    ),
)
register(
    Util,
    table(
        {
            "escapeJavaScript(String)": lambda _, text: escape_javascript(text),
            "parseJson(String)": lambda _, text: parse_payload(text),
            "urlEncode(String)": lambda _, text: _url_encode(text),
            "urlDecode(String)": lambda _, text: _url_decode(text),
            "base64Encode(String)": lambda _, text: _base64_encode(text),
            "base64Decode(String)": lambda _, text: _base64_decode(text),
            "toString()": str,
        }
    ),
)
register(Overrides, MAP)

_OVERRIDES = {"requestOverride": ("header", "path", "querystring"), "responseOverride": ("header",)}


def variables(call: Call) -> dict[str, Any]:
    """The variables a template begins with. The overrides in `call.context` are made ready for #set."""
    for name, parts in _OVERRIDES.items():
        present = call.context.get(name)
        if isinstance(present, Overrides):
            continue
        given = dict(present or {})
        for part in parts:
            given[part] = Overrides(given.get(part) or {}, f"{name}.{part}")
        call.context[name] = Overrides(given, name)
    return {
        "input": Input(call),
        "util": Util(),
        "context": call.context,
        "stageVariables": call.stage_variables,
    }
