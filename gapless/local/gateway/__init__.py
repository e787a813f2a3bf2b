"""The REST API of the template, served on this machine as API Gateway serves it."""

from gapless.local.gateway.api import RestApi, read_api
from gapless.local.gateway.definition import DefinitionError
from gapless.local.gateway.gateway import Gateway
from gapless.local.gateway.message import Request, Response
from gapless.local.gateway.server import PortTaken, Running, serve

__all__ = ["DefinitionError", "Gateway", "PortTaken", "Request", "Response", "RestApi", "Running", "read_api", "serve"]
