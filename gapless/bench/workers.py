"""The engine that is measured on, with the template's tables, and the processes that number on it."""

import asyncio
import json
import os
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from gapless.local.dynamodb_local import run_dynamodb_local
from gapless.local.engine import EmbeddedEngine, EngineClient
from gapless.local.provision import TABLE_CREATES
from gapless.local.template import load

REGION, ACCOUNT = "us-east-1", "000000000000"
TEMPLATE = Path("template.yaml")
PROCESSOR = Path("functions/processor").absolute()
SETTINGS = {
    "DEFAULT_COUNTER": "requests",
    "RETENTION_DAYS": "30",
    "FAILED_RETENTION_DAYS": "0",
    "LANES": "on",
    "MOST_RESENDS": "12",
    "SWEEP_AFTER_SECONDS": "3600",
}
TABLE_SETTINGS = {"RequestsTable": "REQUESTS_TABLE", "CountersTable": "COUNTERS_TABLE", "JournalTable": "JOURNAL_TABLE"}
LINE_LIMIT = 64 * 1024 * 1024  # bytes of an answer: it has every number


class WorkerFailed(Exception):
    """A worker has ended; standard error has its last words."""


class Worker:
    """One process of gapless.bench.worker."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Have it do something and return its answer. Raises WorkerFailed."""
        if self._process.stdin is None or self._process.stdout is None:
            raise WorkerFailed("the worker has no pipes")
        self._process.stdin.write(json.dumps({"do": command, **arguments}).encode() + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise WorkerFailed(f"a worker ended at {command!r} with {arguments}")
        answer: dict[str, Any] = json.loads(line)
        return answer


async def ask_all(workers: Sequence[Worker], command: str, **arguments: Any) -> list[dict[str, Any]]:
    """Ask several at once."""
    return await asyncio.gather(*(worker.ask(command, **arguments) for worker in workers))


@asynccontextmanager
async def running_bench(engine: str, count: int) -> AsyncIterator[tuple[EngineClient, list[Worker]]]:
    """Start an engine and workers on it, and stop them in the end.

    engine: "embedded" or "dynamodb-local". Raises NotInstalled or EngineUnavailable.
    """
    async with AsyncExitStack() as stack:
        endpoint = await stack.enter_async_context(running_engine(engine))
        client = EngineClient(endpoint, REGION)
        stack.push_async_callback(client.close)
        yield client, [await stack.enter_async_context(running_worker(endpoint)) for _ in range(count)]


@asynccontextmanager
async def running_engine(name: str) -> AsyncIterator[str]:
    """Start an engine and give its endpoint."""
    if name == "dynamodb-local":
        with run_dynamodb_local() as endpoint:
            yield endpoint
        return
    with tempfile.TemporaryDirectory(prefix="gapless-") as folder:
        engine = EmbeddedEngine(Path(folder), persist=False)
        try:
            yield await engine.start()
        finally:
            await engine.stop()


@asynccontextmanager
async def fresh_tables(engine: EngineClient) -> AsyncIterator[dict[str, str]]:
    """Create the template's tables, give the settings that name them, and delete them in the end.

    Fresh, because ministack counts a table's items at each of its updates, and every design should find as few.
    Without the stream: ministack writes it within the call, but not for PartiQL, and lanes would come off too well.
    """
    template = load(TEMPLATE, {}, stack_name=f"bench-{uuid.uuid4()}", region=REGION, account=ACCOUNT)
    tables = template.of_type("AWS::DynamoDB::Table")
    for table in tables:
        declared = {name: value for name, value in table.properties.items() if name in TABLE_CREATES}
        await engine.call("DynamoDB_20120810.CreateTable", {"TableName": table.physical_id, **declared})
    yield SETTINGS | {TABLE_SETTINGS[table.logical_id]: table.physical_id for table in tables}
    for table in tables:
        await engine.call("DynamoDB_20120810.DeleteTable", {"TableName": table.physical_id})


@asynccontextmanager
async def running_worker(endpoint: str) -> AsyncIterator[Worker]:
    """Start a process like one of the function's."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "PYTHONPATH": os.pathsep.join([str(PROCESSOR), os.environ.get("PYTHONPATH", "")]),
        "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "gapless",
        "AWS_SECRET_ACCESS_KEY": "gapless",  # nosec B105 - no local engine asks for one
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gapless.bench.worker"),
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_LIMIT,
    )
    try:
        yield Worker(process)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
