"""The DynamoDB engine behind the local stack: ministack as our own child, or any endpoint one names.

Of ministack only DynamoDB, its streams and SQS (for the failure destination) are used. The client speaks the JSON
protocol that all three share, without signing: no local engine checks a signature, and signing would cost more than
the call itself.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import psutil

START_SECONDS = 30.0
STOP_SECONDS = 10.0
PORT_ATTEMPTS = 3


class EngineError(Exception):
    """An answer of the engine that is not a success.

    code: the exception's short name, such as `ConditionalCheckFailedException`; status: the HTTP status.
    """

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class EngineUnavailable(Exception):
    """The engine could not be started or reached; the text says what to do."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer of the engine, unread."""

    status: int
    body: bytes


class Engine(Protocol):
    """What the gateway and the event source mapping need of an engine; EngineClient is the one of the stack."""

    async def post(self, target: str, body: bytes) -> Answer:
        """Send one call and return the answer as it came; raises aiohttp.ClientError, OSError or TimeoutError."""

    async def call(self, target: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send one call and return its document; raises EngineError or EngineUnavailable."""


class EngineClient:
    """Calls the engine over one pool of kept-alive connections.

    dynamodb, sqs: where the two services answer; an engine named by the user has only tables, so its queues are the
    embedded engine's.
    """

    def __init__(self, dynamodb: str, region: str, *, sqs: str | None = None) -> None:
        self.dynamodb = dynamodb.rstrip("/")
        self.sqs = (sqs or dynamodb).rstrip("/")
        self.region = region
        self._session: aiohttp.ClientSession | None = None

    async def post(self, target: str, body: bytes) -> Answer:
        """Send one call of the JSON protocol and return the answer as it came.

        target: the `X-Amz-Target`, such as `DynamoDB_20120810.PutItem`; body: the request document.
        Raises aiohttp.ClientError or TimeoutError when the engine cannot be reached.
        """
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=64, keepalive_timeout=60)
            timeout = aiohttp.ClientTimeout(total=29)  # API Gateway's integration timeout
            self._session = aiohttp.ClientSession(connector=connector, timeout=timeout)
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": target,
            "Authorization": self._authorization(target),
        }
        async with self._session.post(self._endpoint(target) + "/", data=body, headers=headers) as response:
            return Answer(response.status, await response.read())

    async def call(self, target: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send one call and return its document.

        Raises EngineError for an answer that is not a success, EngineUnavailable when there is none.
        """
        try:
            answer = await self.post(target, json.dumps(request).encode())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise EngineUnavailable(f"the engine at {self._endpoint(target)} does not answer") from error
        try:
            document: dict[str, Any] = json.loads(answer.body or b"{}")
        except ValueError as error:
            raise EngineUnavailable(f"{self._endpoint(target)} does not answer as DynamoDB does") from error
        if answer.status != 200:
            code = str(document.get("__type", "UnknownError")).rpartition("#")[2]
            message = str(document.get("message") or document.get("Message") or answer.body[:200])
            raise EngineError(code, f"{target.rpartition('.')[2]}: {message}", answer.status)
        return document

    async def close(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()

    def _endpoint(self, target: str) -> str:
        return self.sqs if target.startswith("AmazonSQS") else self.dynamodb

    def _authorization(self, target: str) -> str:
        # Engines read the region (and DynamoDB Local the account) from the credential scope, and nothing else.
        service = "sqs" if target.startswith("AmazonSQS") else "dynamodb"
        scope = f"gapless/20260101/{self.region}/{service}/aws4_request"
        return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"


class EmbeddedEngine:
    """ministack on 127.0.0.1, started and stopped with the stack."""

    def __init__(self, directory: Path, *, persist: bool) -> None:
        """directory: where its log, and with persist its state, are kept."""
        self._directory = directory
        self._persist = persist
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> str:
        """Start it on a free port and return its endpoint; raises EngineUnavailable.

        A port that is free now can be taken before the child binds it, and then somebody else's server would answer:
        the endpoint is returned only when the listening socket belongs to the child itself.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        for _ in range(PORT_ATTEMPTS):
            port = free_port()
            self._process = await self._spawn(port)
            if await self._answers(port):
                return f"http://127.0.0.1:{port}"
            await self.stop()
        raise EngineUnavailable(
            f"the embedded DynamoDB engine (ministack) did not start; its log is {self._log}:\n{self._log_tail()}"
        )

    async def stop(self) -> None:
        """Stop it cleanly, so that it saves its state; kill it when it does not go."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _spawn(self, port: int) -> asyncio.subprocess.Process:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "SERVICES": "dynamodb,dynamodbstreams,sqs",
            "IOT_MTLS_ENABLED": "0",  # otherwise it listens on 8883 on every interface
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "PERSIST_STATE": "1" if self._persist else "0",
            "STATE_DIR": str(self._directory / "state"),
            "TMPDIR": str(self._directory),  # its pid file
        }
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "gapless.local.leash", "ministack"),
                env=environment,
                stdin=asyncio.subprocess.PIPE,  # the leash
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C in the terminal is the stack's to handle, in its own order
            )

    async def _answers(self, port: int) -> bool:
        deadline = time.monotonic() + START_SECONDS
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
            while time.monotonic() < deadline and self._process is not None and self._process.returncode is None:
                try:
                    async with session.get(f"http://127.0.0.1:{port}/_ministack/health") as response:
                        if response.status == 200:
                            return listens(self._process.pid, port)
                except (aiohttp.ClientError, TimeoutError):
                    await asyncio.sleep(0.05)
        return False

    @property
    def _log(self) -> Path:
        return self._directory / "engine.log"

    def _log_tail(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-10:]) if self._log.exists() else ""


def free_port() -> int:
    """A port of 127.0.0.1 that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(pid: int, port: int) -> bool:
    """Whether process `pid` itself holds the socket that listens on the port."""
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in connections)
