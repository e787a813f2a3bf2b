"""What answers requests, on a port of 127.0.0.1: the gateway, or a function's URL."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from gapless.local.gateway.message import MAX_BODY_BYTES, Request, Response, too_large

# Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
MAX_HEADER_BYTES = 10_240
STOP_SECONDS = 5.0
DISCARD_SECONDS = 1.0  # for reading on after a 413, so that a client that is still sending sees the answer


Handle = Callable[[Request], Awaitable[Response]]


class PortTaken(Exception):
    """Another process listens on the port; the text says what to do."""


@dataclass(frozen=True)
class Running:
    """A port that answers. url: without a slash at the end and without the stage."""

    url: str
    port: int
    _runner: web.ServerRunner

    async def stop(self) -> None:
        """Finish what is being answered, then close the port."""
        await self._runner.cleanup()


async def serve(handle: Handle, port: int) -> Running:
    """Answer HTTP on 127.0.0.1; handle: must not raise; port: 0 takes a free one. Raises PortTaken."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return await _answer(handle, request)

    server = web.Server(
        answer,
        access_log=None,
        lingering_time=DISCARD_SECONDS,
        auto_decompress=False,  # API Gateway hands a compressed body on as it is
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
    )
    runner = web.ServerRunner(server, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
    except OSError as error:
        await runner.cleanup()
        raise PortTaken(
            f"port {port} of 127.0.0.1 cannot be had ({error.strerror}); stop what listens there, or name another port"
        ) from error
    bound = int(runner.addresses[0][1])
    return Running(f"http://127.0.0.1:{bound}", bound, runner)


async def _answer(handle: Handle, request: web.BaseRequest) -> web.StreamResponse:
    """Take a request from aiohttp to what answers it, and its answer back."""
    body = await _read(request)
    if body is None:
        return _to_aiohttp(too_large())
    target = _text(request.raw_path)
    if not target.startswith("/") and "://" in target:  # the absolute form, which proxies send
        target = "/" + target.partition("://")[2].partition("/")[2]
    path, _, query = target.partition("?")
    headers = [(_text(name), _text(value)) for name, value in request.headers.items()]
    version = f"HTTP/{request.version.major}.{request.version.minor}"
    message = Request(request.method, path, query, headers, body, request.remote or "127.0.0.1", version)
    return _to_aiohttp(await handle(message))


async def _read(request: web.BaseRequest) -> bytes | None:
    """The body, or None when it is too large: of that nothing more is read than it takes to know."""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        return None
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = bytearray()
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def _text(raw: str) -> str:
    # aiohttp keeps bytes that are not UTF-8 as lone surrogates, which nothing behind this line could encode again.
    # Header names are of a subclass of str there, and Java's methods are those of str itself.
    return str(raw) if raw.isascii() else raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _to_aiohttp(response: Response) -> web.Response:
    answer = web.Response(status=response.status, headers=response.headers, body=response.body)
    for cookie in response.cookies:
        answer.headers.add("Set-Cookie", cookie)
    return answer
