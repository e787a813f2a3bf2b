"""A gateway on a socket, and bytes to send to it that no HTTP client would let through."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gapless.local.gateway import Running, serve
from tests.local.gateway.serving import Served

T = TypeVar("T")


def over_http(served: Served, talk: Callable[[Running], Awaitable[T]]) -> T:
    async def run() -> T:
        running = await serve(served.gateway.handle, 0)
        try:
            return await talk(running)
        finally:
            await running.stop()

    return asyncio.run(run())


async def exchange(running: Running, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes, close our half, and read the answer to the end: status, headers, body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(request)
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(status.split()[1]), headers, body


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    fields = ["Host: localhost", "Connection: close", *headers]
    if body:
        fields.append(f"Content-Length: {len(body)}")
    return "\r\n".join([f"{line} HTTP/1.1", *fields, "", ""]).encode() + body
