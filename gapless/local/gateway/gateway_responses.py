"""Gateway responses: how the gateway's own refusals look.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from gapless.local.gateway.definition import STATUS, DefinitionError, mapping, refuse_unknown
from gapless.local.gateway.exchange import Exchange
from gapless.local.gateway.expression import Source, named_source, read_expression
from gapless.local.gateway.message import Response, can_carry
from gapless.local.gateway.refusal import KINDS, Refusal
from gapless.local.template import Node

VARIABLE = re.compile(r"\$(context|stageVariables|method\.request\.(?:header|querystring|path))((?:\.[\w-]+)+)")
LOGIC = re.compile(r"#\{?(?:set|if|elseif|else|end|foreach|macro|define)\b|\$!?\{?(?:input|util)\b")
HEADER = "gatewayresponse.header."
QUOTED = frozenset({"error.messageString", "error.validationErrorString"})  # what API Gateway has escaped itself


@dataclass(frozen=True)
class _GatewayResponse:
    """One customised type. templates: content type -> literal text and sources by turns."""

    status: int | None
    headers: dict[str, Source]
    templates: dict[str, tuple[str | Source, ...]]


class GatewayResponses:
    """The customised types of an API; what is not customised looks as API Gateway's default."""

    def __init__(self, definition: Node, place: str) -> None:
        """definition: `x-amazon-apigateway-gateway-responses`; raises DefinitionError."""
        self._customised = {}
        for type_, response in mapping(definition, place).items():
            if type_ not in KINDS:
                raise DefinitionError(f"{place}: there is no gateway response {type_}; there are {', '.join(KINDS)}")
            self._customised[type_] = _read_response(response, f"{place}.{type_}")

    def render(self, refusal: Refusal, exchange: Exchange) -> Response:
        """The answer for a refusal: its type's own, or DEFAULT_4XX's or DEFAULT_5XX's, or API Gateway's own."""
        custom = self._customised.get(refusal.type) or self._customised.get(f"DEFAULT_{refusal.status // 100}XX")
        status = custom.status if custom and custom.status else refusal.status
        headers = {"x-amzn-ErrorType": refusal.error_type}
        if custom is None or not custom.templates:
            body, headers["Content-Type"] = json.dumps({"message": refusal.message}), "application/json"
        else:
            headers["Content-Type"], pieces = _choose(custom.templates, exchange)
            exchange.context["error"] = _error_context(refusal)
            body = "".join(piece if isinstance(piece, str) else piece(exchange) for piece in pieces)
        if custom:
            values = {name: source(exchange) for name, source in custom.headers.items()}
            headers.update((name, value) for name, value in values.items() if can_carry(name, value))
        return Response(status, headers, body.encode("utf-8", "replace"))


def _error_context(refusal: Refusal) -> dict[str, str]:
    return {
        "message": refusal.message,
        "messageString": json.dumps(refusal.message, ensure_ascii=False),
        "responseType": refusal.type,
        "validationErrorString": refusal.detail,
    }


def _choose(
    templates: Mapping[str, tuple[str | Source, ...]], exchange: Exchange
) -> tuple[str, tuple[str | Source, ...]]:
    accepted = exchange.header("accept") or ""
    for content_type in (accepted, "application/json"):
        if content_type in templates:
            return content_type, templates[content_type]
    return next(iter(templates.items()))


def _read_response(response: Node, place: str) -> _GatewayResponse:
    """One customised type of the definition."""
    response = refuse_unknown(response, ("statusCode", "responseParameters", "responseTemplates"), {}, place)
    status = str(response.get("statusCode") or "")
    if status and not STATUS.fullmatch(status):
        raise DefinitionError(f"{place}.statusCode: {status} is not an HTTP status")
    headers = {}
    for target, expression in mapping(response.get("responseParameters"), f"{place}.responseParameters").items():
        here = f"{place}.responseParameters.{target}"
        if not target.startswith(HEADER):
            raise DefinitionError(f"{here}: only {HEADER}NAME can be set here")
        sources = ("context", "stageVariables", "method")
        headers[target.removeprefix(HEADER)] = read_expression(expression, here, sources=sources)
    templates = {
        content_type: _read_template(text, f"{place}.responseTemplates.{content_type}")
        for content_type, text in mapping(response.get("responseTemplates"), f"{place}.responseTemplates").items()
    }
    return _GatewayResponse(int(status) if status else None, headers, templates)


def _escaped(source: Source) -> Source:
    """The source's text as a JSON string holds it: a caller may choose $context.requestId.

    Whether API Gateway escapes what it substitutes is not on record, and these templates could not do it themselves.
    """
    return lambda exchange: json.dumps(source(exchange), ensure_ascii=False)[1:-1]


def _read_template(text: Node, place: str) -> tuple[str | Source, ...]:
    """Cut a template into literal text and the sources of its variables."""
    logic = LOGIC.search(str(text))
    if logic:
        raise DefinitionError(
            f"{place}: a gateway response substitutes variables and has no logic: {logic[0]} cannot run"
        )
    pieces: list[str | Source] = []
    end = 0
    for variable in VARIABLE.finditer(str(text)):
        name = variable[2].removeprefix(".")
        source = named_source(variable[1], name)
        pieces += [str(text)[end : variable.start()], source if name in QUOTED else _escaped(source)]
        end = variable.end()
    return (*pieces, str(text)[end:])
