"""What a running stack can be asked to do besides serving its API, on a port of its own.

    POST /2015-03-31/functions/{name}/invocations     Lambda's Invoke API: boto3.client("lambda", endpoint_url=...)
    GET  /shards                                      {"shards": [...]}
    POST /shards/{shardId}/split                      {"opened": [shardId, shardId]}
    POST /shards/merge  {"shards": [shardId, shardId]}     {"opened": [shardId]}
    POST /outage/end                                  {"lost": records, "left": records}

Of the Invoke API there is the RequestResponse type, without the tail of the log.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import json
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import web

from gapless.local.engine import EngineError, EngineUnavailable
from gapless.local.function import FunctionHost
from gapless.local.function.runtime_api import MAX_EVENT_BYTES
from gapless.local.outage import NoOutage, Outage
from gapless.local.stream import CannotReshard, EventSourceMapping, NoSuchShard

STOP_SECONDS = 1.0

# A name, or the ARN, whole or from the account on; the one version that runs here may be named.
FUNCTION_NAME = re.compile(r"(?:(?:arn:[\w-]+:lambda:[\w-]+:)?\d{12}:function:)?(?P<name>[\w-]+)(?::\$LATEST)?")


@web.middleware
async def keep_pages_out(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what a page sends that somebody on this machine has open: browsers say where a page that posts is from,
    and one that comes by a name which was made to lead here is betrayed by its Host."""
    if "Origin" in request.headers or request.url.host not in ("127.0.0.1", "localhost"):
        return web.json_response({"error": "this endpoint is not for pages of a browser"}, status=403)
    return await handler(request)


class Control:
    """The endpoint. functions: by name; mappings: those whose shards are shown, and split and merged; outage: the
    simulated one, whose end is written down by on_change."""

    def __init__(
        self,
        functions: Mapping[str, FunctionHost],
        mappings: Sequence[EventSourceMapping],
        outage: Outage,
        on_change: Callable[[], None],
    ) -> None:
        self._functions = functions
        self._mappings = mappings
        self._outage = outage
        self._on_change = on_change
        application = web.Application(
            client_max_size=0, handler_args={"access_log": None}, middlewares=[keep_pages_out]
        )
        application.router.add_post("/2015-03-31/functions/{name}/invocations", self._invoke)
        application.router.add_get("/shards", self._list_shards)
        application.router.add_post("/shards/merge", self._merge)
        application.router.add_post("/shards/{shard}/split", self._split)
        application.router.add_post("/outage/end", self._end_outage)
        self._runner = web.AppRunner(application, shutdown_timeout=STOP_SECONDS)

    async def start(self) -> str:
        """Listen on a free port of 127.0.0.1; returns the URL."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def stop(self) -> None:
        """Stop listening; an invocation that takes longer than a second is given up."""
        await self._runner.cleanup()

    async def _invoke(self, request: web.Request) -> web.Response:
        found = FUNCTION_NAME.fullmatch(request.match_info["name"])
        host = self._functions.get(found["name"]) if found else None
        if host is None:
            return refuse(404, "ResourceNotFoundException", f"Function not found: {request.match_info['name']}")
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind != "RequestResponse":
            text = f"InvocationType {kind} is not supported on the local stack, only RequestResponse"
            return refuse(400, "InvalidParameterValueException", text)
        if self._outage.seconds:
            text = "an outage is simulated, and no function is invoked until `gapless outage end`"
            return refuse(500, "ServiceException", text)
        event = await request.read() or b"{}"
        if len(event) > MAX_EVENT_BYTES:
            text = f"Request must be smaller than {MAX_EVENT_BYTES} bytes for the InvokeFunction operation"
            return refuse(413, "RequestTooLargeException", text)
        try:
            json.loads(event)
        except ValueError as error:
            text = f"Could not parse request body into json: {error}"
            return refuse(400, "InvalidRequestContentException", text)
        invocation = await host.invoke(event)
        headers = {"X-Amz-Executed-Version": "$LATEST", "x-amzn-RequestId": str(uuid.uuid4())}
        if not invocation.ok:
            headers["X-Amz-Function-Error"] = "Unhandled"
        return web.Response(body=invocation.payload, content_type="application/json", headers=headers)

    async def _list_shards(self, request: web.Request) -> web.Response:
        shards = [
            {"function": mapping.function_name, **shard}
            for mapping in self._mappings
            for shard in mapping.describe_shards()
        ]
        return web.json_response({"shards": shards})

    async def _split(self, request: web.Request) -> web.Response:
        shard = request.match_info["shard"]
        return self._reshard(lambda mapping: mapping.split(shard))

    async def _merge(self, request: web.Request) -> web.Response:
        try:
            first, second = map(str, (await request.json())["shards"])
        except (ValueError, TypeError, KeyError):
            return web.json_response({"error": 'the body must be {"shards": [shardId, shardId]}'}, status=400)
        return self._reshard(lambda mapping: mapping.merge(first, second))

    async def _end_outage(self, request: web.Request) -> web.Response:
        try:
            done = await self._outage.end()
        except NoOutage as error:
            return web.json_response({"error": str(error)}, status=409)
        except (EngineError, EngineUnavailable) as error:
            text = f"the outage could not be ended, start the stack anew: {error}"
            return web.json_response({"error": text}, status=500)
        self._on_change()
        return web.json_response(done)

    def _reshard(self, reshard: Callable[[EventSourceMapping], list[str]]) -> web.Response:
        """Do it in every mapping that has the shards: those of one stream have the same, as on AWS."""
        opened: list[str] = []
        refusal = NoSuchShard("no function reads a stream")
        for mapping in self._mappings:
            try:
                opened += reshard(mapping)
            except NoSuchShard as error:
                refusal = error
            except CannotReshard as error:
                return web.json_response({"error": str(error)}, status=409)
        if not opened:
            return web.json_response({"error": str(refusal)}, status=404)
        return web.json_response({"opened": list(dict.fromkeys(opened))})


def refuse(status: int, code: str, text: str) -> web.Response:
    """An error of the Invoke API, in the form botocore reads."""
    return web.json_response({"Type": "User", "Message": text}, status=status, headers={"x-amzn-ErrorType": code})
