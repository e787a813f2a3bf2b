"""Mapping expressions: where the value of a header of an answer comes from.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

from gapless.local import velocity
from gapless.local.gateway.definition import DefinitionError
from gapless.local.gateway.exchange import Exchange
from gapless.local.template import Node

Source: TypeAlias = Callable[[Exchange], str]

STATIC = re.compile(r"'(.*)'", re.DOTALL)
NAMED = re.compile(r"(context|stageVariables|method\.request\.(?:header|querystring|path))\.([\w.~-]+)")
BODY = re.compile(r"integration\.response\.body(?:\.(.+)|(\[.+))?")


def read_expression(text: Node, place: str, *, sources: Collection[str]) -> Source:
    """What a mapping expression gives for an exchange.

    sources: the first words that may be used here, of `context`, `stageVariables`, `method` and `integration`;
    a text in single quotes may be used everywhere. Raises DefinitionError for anything else.
    """
    expression = str(text)
    static = STATIC.fullmatch(expression)
    if static:
        value = static[1]
        return lambda exchange: value
    if expression.partition(".")[0] in sources:
        named = NAMED.fullmatch(expression)
        if named:
            return named_source(named[1], named[2])
        body = BODY.fullmatch(expression)
        if body:
            return _body_source(body[1] or body[2], place)
    raise DefinitionError(
        f"{place}: the mapping expression {expression!r} is not supported on the local stack; "
        f"supported: 'text in single quotes', {', '.join(sorted(sources))}"
    )


def named_source(kind: str, name: str) -> Source:
    """The value of `context.NAME`, `stageVariables.NAME` or `method.request.{header,querystring,path}.NAME`."""
    if kind == "context":
        steps = name.split(".")
        return lambda exchange: _printed(_descend(exchange.context, steps))
    if kind == "stageVariables":
        return lambda exchange: exchange.stage_variables.get(name, "")
    if kind == "method.request.header":
        return lambda exchange: exchange.header(name) or ""
    if kind == "method.request.querystring":
        return lambda exchange: exchange.query.get(name, "")
    return lambda exchange: exchange.path.get(name, "")


def _body_source(json_path: str | None, place: str) -> Source:
    """The backend's body, or what a JSONPath finds in it."""
    if json_path is None:
        return lambda exchange: exchange.backend_body
    dot = "" if json_path.startswith("[") else "."
    if '"' in json_path:
        raise DefinitionError(f'{place}: write the JSONPath {json_path!r} without "')
    try:
        template = velocity.Template.parse(f'$!input.path("${dot}{json_path}")', place)
    except velocity.VelocityError as error:
        raise DefinitionError(f"{place}: {error}") from error
    return lambda exchange: template.render(exchange.call(exchange.backend_body))


def _descend(node: Mapping[str, Any], steps: list[str]) -> object:
    value: object = node
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _printed(value: object) -> str:
    if value is None or isinstance(value, Mapping):
        return ""
    return json.dumps(value) if isinstance(value, bool) else str(value)
