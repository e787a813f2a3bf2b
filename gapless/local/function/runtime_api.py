"""The Lambda Runtime API, version 2018-06-01, for one handler process.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import asyncio
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

from aiohttp import web

# 6 MB each for request and response; the numbers are those in Lambda's own error messages.
# Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_EVENT_BYTES = 6_291_456
MAX_RESPONSE_BYTES = 6_291_556


@dataclass(frozen=True)
class Invocation:
    """How an invocation ended.

    payload: the response document, or the error document when not ok; error: the error document, with `errorType` and
    `errorMessage` as Lambda words them, when not ok.
    """

    ok: bool
    payload: bytes
    error: dict[str, Any] | None = None

    @classmethod
    def failed(cls, error_type: str, message: str) -> "Invocation":
        """An invocation that ended without an answer of the handler's own."""
        error = {"errorType": error_type, "errorMessage": message}
        return cls(False, json.dumps(error).encode(), error)

    @property
    def reason(self) -> str:
        """Its error in a line, "" when it had none."""
        return f"{self.error.get('errorType')}: {self.error.get('errorMessage')}" if self.error else ""


@dataclass(frozen=True)
class Work:
    """One event on its way to the process."""

    request_id: str
    event: bytes
    deadline_ms: int


class RuntimeApi:
    """Hands events to one process, one at a time, and takes its answers.

    GET  /invocation/next waits until there is an event; the first one says that the handler is imported
    POST /invocation/{id}/response, /invocation/{id}/error, /init/error
    """

    def __init__(self, function_arn: str) -> None:
        self._arn = function_arn
        self._inbox: asyncio.Queue[Work] = asyncio.Queue(1)
        self._answer: asyncio.Future[Invocation] | None = None
        self._waiting: asyncio.BaseTransport | None = None  # the connection of a GET /next without an answer yet
        self._runner = web.AppRunner(self._application(), handler_cancellation=True, shutdown_timeout=0.1)
        self.ready = asyncio.Event()
        self.init_error: Invocation | None = None

    async def start(self) -> str:
        """Listen on a free port of 127.0.0.1; returns `host:port`."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        return f"{host}:{port}"

    async def stop(self) -> None:
        """Stop listening and drop the connection."""
        await self._runner.cleanup()

    @property
    def lost(self) -> bool:
        """Whether the process went away while it was waiting for its next event."""
        return self._waiting is not None and self._waiting.is_closing()

    async def deliver(self, work: Work) -> Invocation:
        """Hand one event to the process and wait for its answer, for ever if none comes."""
        self._answer = asyncio.get_running_loop().create_future()
        self._inbox.put_nowait(work)
        return await self._answer

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=4 * MAX_RESPONSE_BYTES, handler_args={"access_log": None})
        root = "/2018-06-01/runtime"
        application.router.add_get(f"{root}/invocation/next", self._next)
        application.router.add_post(f"{root}/invocation/{{id}}/response", self._response)
        application.router.add_post(f"{root}/invocation/{{id}}/error", self._error)
        application.router.add_post(f"{root}/init/error", self._init_error)
        return application

    async def _next(self, request: web.Request) -> web.Response:
        self._waiting = request.transport
        self.ready.set()
        work = await self._inbox.get()
        self._waiting = None
        trace = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"
        headers = {
            "Lambda-Runtime-Aws-Request-Id": work.request_id,
            "Lambda-Runtime-Deadline-Ms": str(work.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self._arn,
            "Lambda-Runtime-Trace-Id": trace,
        }
        return web.Response(body=work.event, content_type="application/json", headers=headers)

    async def _response(self, request: web.Request) -> web.Response:
        payload = await request.read()
        if len(payload) > MAX_RESPONSE_BYTES:
            message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
            return self._answered(Invocation.failed("Function.ResponseSizeTooLarge", message))
        return self._answered(Invocation(True, payload))

    async def _error(self, request: web.Request) -> web.Response:
        return self._answered(await read_error(request))

    async def _init_error(self, request: web.Request) -> web.Response:
        self.init_error = await read_error(request)
        return accepted()

    def _answered(self, invocation: Invocation) -> web.Response:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(invocation)
        return accepted()


async def read_error(request: web.Request) -> Invocation:
    """The error document a process posted."""
    payload = await request.read()
    error: dict[str, Any] = json.loads(payload)
    return Invocation(False, payload, error)


def accepted() -> web.Response:
    """The Runtime API's answer to every POST."""
    return web.json_response({"status": "OK"}, status=202)
