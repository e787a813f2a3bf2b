"""From the backend's answer to the caller's: template, header mappings, overrides."""

import logging

from gapless.local.gateway.exchange import Exchange
from gapless.local.gateway.integration import IntegrationResponse
from gapless.local.gateway.message import Response, can_carry
from gapless.local.gateway.refusal import Refusal

LOG = logging.getLogger(__name__)


def respond(integration_response: IntegrationResponse, exchange: Exchange, backend: bytes) -> Response:
    """The answer that an integration response makes of the backend's body.

    A header comes from the template's content type, then from responseParameters, and last from
    `$context.responseOverride`. Raises Refusal for a header that HTTP cannot carry, VelocityError for the template.
    """
    chosen = integration_response.template_for(exchange.header("accept"))
    content_type, body = "application/json", backend
    if chosen is not None:
        content_type, template = chosen
        body = template.render(exchange.call(exchange.backend_body)).encode()
    headers = {"Content-Type": content_type}
    for name, source in integration_response.headers.items():
        _set_header(headers, name, source(exchange))
    override = exchange.context["responseOverride"]
    for name, value in override["header"].items():
        _set_header(headers, str(name), str(value))
    return Response(_overridden(integration_response.status, override.get("status")), headers, body)


def _overridden(status: int, override: object) -> int:
    # AWS ignores an override that is not a whole number from 100 to 599. One below 200 would not end an HTTP exchange.
    return override if isinstance(override, int) and 200 <= override <= 599 else status


def _set_header(headers: dict[str, str], name: str, value: str) -> None:
    if not can_carry(name, value):
        LOG.error("a template gave the header %r the value %r, which HTTP cannot carry", name, value)
        raise Refusal("API_CONFIGURATION_ERROR")
    same = next((one for one in headers if one.lower() == name.lower()), name)
    headers[same] = value
