"""HTTP over a socket: raw targets, large bodies, keep-alive, a port that is taken."""

import asyncio
import socket
from pathlib import Path

import pytest

from gapless.local.gateway import PortTaken, Running, serve
from gapless.local.gateway.message import MAX_BODY_BYTES
from tests.local.gateway.serving import Served, dynamodb, mock, serving
from tests.local.gateway.wire import exchange, over_http, request

NAMES = '{"#foreach($name in $input.params().header.keySet())$name.toUpperCase() #end": 1}'
SEEN = '{"path": "$context.path", "id": "$input.params(\'id\')", "protocol": "$context.protocol"}'


@pytest.fixture
def served(tmp_path: Path) -> Served:
    answers = {
        status: {"default": {"statusCode": status, "responseTemplates": {"application/json": "body"}}}
        for status in (200, 204)
    }
    paths = {
        "/a": {"get": mock(), "put": dynamodb(None), "head": mock(responses=answers[200])},
        "/b/{id}": {"get": dynamodb(SEEN)},
        "/names": {"get": dynamodb(NAMES)},
        "/204": {"get": mock(responses=answers[204])},
    }
    return serving(tmp_path, paths)


def test_it_answers(served: Served) -> None:
    status, headers, _ = over_http(served, lambda running: exchange(running, request("GET /v1/a")))
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert headers["x-amzn-requestid"]


@pytest.mark.parametrize(
    ("target", "path", "id_"),
    [
        ("/v1/b/%2F%41%zz?x", "/v1/b/%2F%41%zz", "%2F%41%zz"),
        ("/v1/b/..", "/v1/b/..", ".."),
        ("/v1/b/a;b,c@d", "/v1/b/a;b,c@d", "a;b,c@d"),
        ("http://elsewhere/v1/b/1", "/v1/b/1", "1"),
        ("/v1/b/x://", "/v1/b/x://", "x:"),
    ],
)
def test_the_target_arrives_as_it_was_sent(served: Served, target: str, path: str, id_: str) -> None:
    over_http(served, lambda running: exchange(running, request(f"GET {target}")))
    assert served.engine.documents == [{"path": path, "id": id_, "protocol": "HTTP/1.1"}]


def test_bytes_of_the_target_that_are_not_utf_8(served: Served) -> None:
    raw = request("GET /v1/b/X").replace(b"X", b"\xe9")
    status, _, _ = over_http(served, lambda running: exchange(running, raw))
    assert status in (200, 400)  # whether the parser lets them through is its own affair; nothing may break on them
    assert [one["id"] for one in served.engine.documents] == (["\ufffd"] if status == 200 else [])


def test_names_of_headers_are_text_with_javas_methods(served: Served) -> None:
    over_http(served, lambda running: exchange(running, request("GET /v1/names", "X-Mixed: 1")))
    assert served.engine.documents == [{"HOST CONNECTION X-MIXED ": 1}]


def test_head_has_no_body(served: Served) -> None:
    status, headers, body = over_http(served, lambda running: exchange(running, request("HEAD /v1/a")))
    assert (status, body, headers["content-length"]) == (200, b"", "4")
    status, _, body = over_http(served, lambda running: exchange(running, request("HEAD /v1/none")))
    assert (status, body) == (403, b"")


def test_204_has_no_body(served: Served) -> None:
    status, _, body = over_http(served, lambda running: exchange(running, request("GET /v1/204")))
    assert (status, body) == (204, b"")


def test_options_is_not_defined(served: Served) -> None:
    assert over_http(served, lambda running: exchange(running, request("OPTIONS /v1/a")))[0] == 403


@pytest.mark.parametrize("chunked", [False, True])
def test_ten_megabytes_and_one_byte_more(served: Served, chunked: bool) -> None:
    def put(size: int) -> bytes:
        body = b'{"a": "' + b"x" * (size - 9) + b'"}'
        if not chunked:
            return request("PUT /v1/a", body=body)
        chunk = f"{size:x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
        return request("PUT /v1/a", "Transfer-Encoding: chunked") + chunk

    assert over_http(served, lambda running: exchange(running, put(MAX_BODY_BYTES)))[0] == 200
    assert len(served.engine.posts[0][1]) == MAX_BODY_BYTES
    status, headers, body = over_http(served, lambda running: exchange(running, put(MAX_BODY_BYTES + 1)))
    assert (status, headers["content-type"]) == (413, "text; charset=utf-8")
    assert body == b"HTTP content length exceeded 10485760 bytes."
    assert len(served.engine.posts) == 1


@pytest.mark.parametrize(
    "announced", [f"Content-Length: {MAX_BODY_BYTES + 1}", "Transfer-Encoding: chunked"], ids=["length", "chunked"]
)
def test_a_body_that_is_too_large_is_not_waited_for(served: Served, announced: str) -> None:
    async def talk(running: Running) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(request("PUT /v1/a", announced))
        if "chunked" in announced:  # more than enough, and the end of it never comes
            size = MAX_BODY_BYTES + 1
            writer.write(f"{size:x}\r\n".encode() + b"x" * size + b"\r\n")
        line = await asyncio.wait_for(reader.readline(), 10)
        writer.close()
        return line

    assert over_http(served, talk).startswith(b"HTTP/1.1 413 ")
    assert served.engine.posts == []


def test_a_client_that_asks_before_it_sends_its_body(served: Served) -> None:
    async def talk(running: Running) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(request("PUT /v1/a", "Expect: 100-continue", "Content-Length: 2"))
        invited = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        writer.write(b"{}")
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return invited + answer

    answer = over_http(served, talk)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert served.engine.posts[0][1] == b"{}"


def test_a_compressed_body_is_not_unpacked(served: Served) -> None:
    packed = request("PUT /v1/a", "Content-Encoding: gzip", body=b'{"a": 1}')
    assert over_http(served, lambda running: exchange(running, packed))[0] == 200
    assert served.engine.documents == [{"a": 1}]


def test_many_requests_over_kept_connections(served: Served) -> None:
    clients, each = 16, 20

    async def client(running: Running) -> set[int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        statuses = set()
        for _ in range(each):
            writer.write(b"PUT /v1/a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            statuses.add(int(head.split()[1]))
            await reader.readexactly(2)
        writer.close()
        return statuses

    async def talk(running: Running) -> list[set[int]]:
        return await asyncio.gather(*(client(running) for _ in range(clients)))

    assert over_http(served, talk) == [{200}] * clients
    assert len(served.engine.posts) == len(served.writes) == clients * each


def test_a_port_that_is_taken(served: Served) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} of 127.0.0.1 cannot be had .*name another port"):
            asyncio.run(serve(served.gateway.handle, port))


def test_a_stopped_gateway_frees_its_port(served: Served) -> None:
    async def run() -> None:
        first = await serve(served.gateway.handle, 0)
        assert first.url == f"http://127.0.0.1:{first.port}"
        await first.stop()
        second = await serve(served.gateway.handle, first.port)
        await second.stop()

    asyncio.run(run())
