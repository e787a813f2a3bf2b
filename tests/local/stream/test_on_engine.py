"""The mapping over the real engine, with real handler processes."""

import asyncio
import json
import os
import random
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gapless.local.dynamodb_local import run_dynamodb_local
from gapless.local.engine import EmbeddedEngine, EngineClient
from gapless.local.function import FunctionHost, FunctionSettings
from gapless.local.stream import EventSourceMapping, MappingSettings
from tests.local.stream.fakes import FUNCTION, in_loop, on_failure, settings, until

DYNAMODB = "DynamoDB_20120810"
QUEUE_URL_ACTION, RECEIVE_ACTION = "AmazonSQS.CreateQueue", "AmazonSQS.ReceiveMessage"

# In order; notes what it has done in a file; fails at records that say so, unless a file named `mended` is there.
HANDLER = """
import os

def lambda_handler(event, context):
    for index, record in enumerate(event["Records"]):
        image = record["dynamodb"]["NewImage"]
        if "poison" in image and not os.path.exists(os.environ["NOTES"] + ".mended"):
            if index == 0 and len(event["Records"]) > 1:
                raise RuntimeError("the first of several failed")
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
        with open(os.environ["NOTES"], "a") as notes:
            notes.write(image["requestId"]["S"] + " " + image["version"]["N"] + "\\n")
    return {"batchItemFailures": []}
"""


@asynccontextmanager
async def engine_in(directory: Path) -> AsyncIterator[EngineClient]:
    """The embedded engine, keeping its tables in a directory."""
    engine = EmbeddedEngine(directory, persist=True)
    client = EngineClient(await engine.start(), "eu-west-1")
    try:
        yield client
    finally:
        await client.close()
        await engine.stop()


@asynccontextmanager
async def dynamodb_local(directory: Path) -> AsyncIterator[EngineClient]:
    """AWS's own engine, which keeps everything in memory."""
    with run_dynamodb_local() as endpoint:
        client = EngineClient(endpoint, "eu-west-1")
        yield client
        await client.close()


@asynccontextmanager
async def processing(
    client: EngineClient, folder: Path, with_settings: MappingSettings, *, shards: int = 4
) -> AsyncIterator[tuple[EventSourceMapping, FunctionHost]]:
    """The table's stream mapped to the handler, until the end of the block."""
    code = folder / "code"
    code.mkdir(exist_ok=True)
    (code / "app.py").write_text(HANDLER)
    notes = {"NOTES": str(folder / "notes")}
    host = FunctionHost(FunctionSettings("processor", "app.lambda_handler", code, FUNCTION, notes, timeout_seconds=10))
    mapping = EventSourceMapping(
        with_settings,
        engine=client,
        table_name="requests",
        stream_arn=await stream_of(client),
        function_arn=FUNCTION,
        invoke=host.invoke,
        shards=shards,
        checkpoint=folder / "checkpoint.json",
    )
    await host.start()
    await mapping.start()
    try:
        yield mapping, host
    finally:
        await mapping.stop()
        await host.stop()


async def create_table(client: EngineClient) -> None:
    """The requests table, with a stream."""
    await client.call(
        f"{DYNAMODB}.CreateTable",
        {
            "TableName": "requests",
            "AttributeDefinitions": [{"AttributeName": "requestId", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "requestId", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        },
    )


async def stream_of(client: EngineClient) -> str:
    """The ARN of the table's stream."""
    table = await client.call(f"{DYNAMODB}.DescribeTable", {"TableName": "requests"})
    return str(table["Table"]["LatestStreamArn"])


async def put(client: EngineClient, key: str, version: int = 0, **attributes: str) -> None:
    """Write an item."""
    item: dict[str, Any] = {"requestId": {"S": key}, "version": {"N": str(version)}}
    item |= {name: {"S": value} for name, value in attributes.items()}
    await client.call(f"{DYNAMODB}.PutItem", {"TableName": "requests", "Item": item})


def noted(folder: Path) -> list[str]:
    """What the handler has done, in order."""
    notes = folder / "notes"
    return notes.read_text().splitlines() if notes.exists() else []


@in_loop
async def test_changes_reach_the_handler_in_order_and_poison_the_failure_queue(tmp_path: Path) -> None:
    with_settings = on_failure(
        FunctionResponseTypes=["ReportBatchItemFailures"], BisectBatchOnFunctionError=True, MaximumRetryAttempts=1
    )
    async with engine_in(tmp_path / "data") as client:
        await create_table(client)
        queue = await client.call(QUEUE_URL_ACTION, {"QueueName": "failures"})
        async with processing(client, tmp_path, with_settings) as (mapping, _):
            for version in range(5):
                await asyncio.gather(*(put(client, f"key-{number}", version) for number in range(20)))
                mapping.wake()
            await put(client, "bad", poison="yes")
            await put(client, "good")
            await mapping.drain(15)
        received = await client.call(RECEIVE_ACTION, {"QueueUrl": queue["QueueUrl"], "MaxNumberOfMessages": 10})
    done = noted(tmp_path)
    for number in range(20):
        versions = [line.split()[1] for line in done if line.split()[0] == f"key-{number}"]
        assert versions == ["0", "1", "2", "3", "4"]
    assert "good 0" in done
    assert "bad 0" not in done
    (message,) = received["Messages"]
    assert json.loads(message["Body"])["DDBStreamBatchInfo"]["batchSize"] == 1


ENGINES = [engine_in, pytest.param(dynamodb_local, marks=pytest.mark.everything)]


@pytest.mark.parametrize("engine", ENGINES)
@in_loop
async def test_killed_handlers_lose_no_record_and_break_no_order(
    engine: Callable[[Path], AbstractAsyncContextManager[EngineClient]], tmp_path: Path, seeded: random.Random
) -> None:
    killed = 0
    async with engine(tmp_path / "data") as client:
        await create_table(client)
        async with processing(client, tmp_path, settings(BatchSize=5)) as (mapping, host):
            for version in range(10):
                await asyncio.gather(*(put(client, f"key-{number}", version) for number in range(10)))
                mapping.wake()
                victims = host.pids()
                for pid in seeded.sample(victims, min(2, len(victims))):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                        killed += 1
            await mapping.drain(15)
    assert killed > 5
    for number in range(10):
        versions = [int(line.split()[1]) for line in noted(tmp_path) if line.split()[0] == f"key-{number}"]
        assert list(dict.fromkeys(versions)) == list(range(10))  # repeated after a kill, perhaps; never missing


@in_loop
async def test_requests_that_were_not_done_survive_a_restart_of_the_engine(tmp_path: Path) -> None:
    with_settings = settings(FunctionResponseTypes=["ReportBatchItemFailures"], BisectBatchOnFunctionError=True)
    async with engine_in(tmp_path / "data") as client:
        await create_table(client)
        async with processing(client, tmp_path, with_settings, shards=1) as (mapping, _):
            for key in ("a", "b"):
                await put(client, key)
            await put(client, "c", poison="yes")
            await put(client, "d")
            await until(lambda: noted(tmp_path) == ["a 0", "b 0"] and mapping.unfinished() == 2)
            await put(client, "e")
    (tmp_path / "notes.mended").touch()
    async with engine_in(tmp_path / "data") as client:  # its tables are kept, its streams are not
        async with processing(client, tmp_path, with_settings, shards=1) as (mapping, _):
            await put(client, "f")
            mapping.wake()
            await until(lambda: len(noted(tmp_path)) == 6)
            await mapping.drain(5)
        async with processing(client, tmp_path, with_settings, shards=1) as (mapping, _):
            await mapping.drain(5)
    assert noted(tmp_path) == ["a 0", "b 0", "c 0", "d 0", "e 0", "f 0"]
