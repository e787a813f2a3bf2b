"""API Gateway's way with a request, on this machine.

request ─▶ route ─▶ credentials ─▶ throttle ─▶ validate ─▶ request template ─▶ DynamoDB or mock
             │           │            │           │               │                   │
             └───────────┴──── Refusal: a gateway response ───────┘                   ▼
answer ◀──── overrides ◀──── response template ◀──── integration response by status ──┘
"""

import logging
import os
import time
from collections.abc import Callable

from gapless.local import velocity
from gapless.local.engine import Engine
from gapless.local.gateway.api import Method, RestApi
from gapless.local.gateway.backend import READS, call_dynamodb, mock_status
from gapless.local.gateway.credentials import check_credentials
from gapless.local.gateway.exchange import Exchange, receive, resource_id
from gapless.local.gateway.integration import Integration
from gapless.local.gateway.message import MAX_BODY_BYTES, Request, Response, too_large
from gapless.local.gateway.refusal import Refusal
from gapless.local.gateway.respond import respond
from gapless.local.gateway.route import Router
from gapless.local.gateway.throttle import TokenBucket

LOG = logging.getLogger(__name__)


class Gateway:
    """Serves one stage of one API."""

    def __init__(
        self,
        api: RestApi,
        engine: Engine,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        on_write: Callable[[], None] = lambda: None,
    ) -> None:
        """clock: seconds since the epoch, for `$context`; monotonic: seconds, for throttling;
        on_write: called after DynamoDB has taken a write."""
        self._api = api
        self._engine = engine
        self._clock = clock
        self._on_write = on_write
        self._router = Router((one.http_method, one.resource_path, one) for one in api.methods)
        self._buckets = {
            (one.http_method, one.resource_path): TokenBucket(one.throttle, monotonic)
            for one in api.methods
            if one.throttle is not None
        }
        self._resource_ids = {one.resource_path: resource_id(one.resource_path) for one in api.methods}

    async def handle(self, request: Request) -> Response:
        """Answer one request, as the deployed API would; never raises."""
        if len(request.body) > MAX_BODY_BYTES:
            return too_large()
        api = self._api
        exchange = receive(
            request, self._clock(), api_id=api.api_id, account=api.account, stage=api.stage, variables=api.variables
        )
        try:
            response = await self._answer(exchange)
        except Refusal as refusal:
            response = self._refuse(refusal, exchange)
        except Exception:  # a fault of ours: the caller gets an answer all the same, and the log the traceback
            LOG.exception("%s %s failed", request.method, request.path)
            response = self._refuse(Refusal("DEFAULT_5XX"), exchange)
        response.headers["x-amzn-RequestId"] = exchange.context["requestId"]
        response.headers["x-amz-apigw-id"] = exchange.context["extendedRequestId"]
        return response

    async def _answer(self, exchange: Exchange) -> Response:
        """Find the method and let it answer; raises Refusal."""
        request = exchange.request
        stage_path = f"/{self._api.stage}"
        if request.path != stage_path and not request.path.startswith(stage_path + "/"):
            # No stage, so no API: its gateway responses do not apply.
            return Response(
                403,
                {"x-amzn-ErrorType": "ForbiddenException", "Content-Type": "application/json"},
                b'{"message":"Forbidden"}',
            )
        found = self._router.match(request.method, request.path.removeprefix(stage_path))
        if found is None:
            raise Refusal("MISSING_AUTHENTICATION_TOKEN")
        method, exchange.path = found
        exchange.context["resourcePath"] = method.resource_path
        exchange.context["resourceId"] = self._resource_ids[method.resource_path]
        self._admit(method, exchange)
        return await self._integrate(method, exchange)

    def _admit(self, method: Method, exchange: Exchange) -> None:
        """Let the request pass to the integration, or raise Refusal."""
        check_credentials(method.security, exchange, self._api.api_keys)
        bucket = self._buckets.get((method.http_method, method.resource_path))
        if bucket is not None and not bucket.take():
            raise Refusal("THROTTLED")
        try:
            exchange.body = exchange.request.body.decode()
        except UnicodeDecodeError as error:
            # AWS would take other bytes for ISO 8859-1 or mangle them; a body that is stored as text must be UTF-8.
            raise Refusal("BAD_REQUEST_BODY", detail=str(error)) from error
        method.validator.check(exchange, _content_type(exchange))

    async def _integrate(self, method: Method, exchange: Exchange) -> Response:
        """Render the request, call the backend and render its answer; raises Refusal."""
        integration = method.integration
        try:
            text = integration.request_text(exchange, _content_type(exchange))
        except velocity.PayloadError as error:
            raise Refusal("DEFAULT_4XX", "Could not process payload") from error
        except velocity.VelocityError as error:
            raise _broken_template(error) from error
        status, body = await self._call(integration, text)
        chosen = integration.response_for(status)
        exchange.backend_body = body.decode("utf-8", "replace")
        try:
            response = respond(chosen, exchange, body)
        except velocity.VelocityError as error:
            raise _broken_template(error) from error
        if integration.action is not None:  # AWS traces calls to services, and no mocks
            trace = f"Root=1-{int(self._clock()):08x}-{os.urandom(12).hex()}"
            response.headers["X-Amzn-Trace-Id"] = trace
        return response

    async def _call(self, integration: Integration, text: str) -> tuple[int, bytes]:
        action = integration.action
        if action is None:
            return mock_status(text), b""
        status, body = await call_dynamodb(self._engine, action, text, integration.timeout)
        if status < 300 and action not in READS:
            self._on_write()
        return status, body

    def _refuse(self, refusal: Refusal, exchange: Exchange) -> Response:
        return self._api.gateway_responses.render(refusal, exchange)


def _broken_template(error: velocity.VelocityError) -> Refusal:
    LOG.error("%s", error)  # it names the template and the line; the caller learns nothing of them
    return Refusal("API_CONFIGURATION_ERROR")


def _content_type(exchange: Exchange) -> str:
    header = exchange.lower.get("content-type") or "application/json"
    return header.partition(";")[0].strip().lower()
