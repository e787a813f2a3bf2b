"""The meter beside AWS's own: what DynamoDB Local says that each design's calls have consumed."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from connection import Settings, connect
from gapless.bench.designs import choose
from gapless.bench.meter import Meter
from gapless.bench.readback import read_back
from gapless.bench.shard import Shard, create_counter
from gapless.bench.workers import REGION, fresh_tables
from gapless.local.dynamodb_local import run_dynamodb_local
from gapless.local.engine import EngineClient

pytestmark = pytest.mark.everything
COUNTER = "bench"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """DynamoDB Local."""
    with run_dynamodb_local() as endpoint:
        yield endpoint


@dataclass
class Consumed:
    """Adds up what the answers say, once asked to say it."""

    units: float = 0

    def ask(self, params: dict[str, Any], **_: object) -> None:
        """Before a call."""
        params["ReturnConsumedCapacity"] = "TOTAL"

    def add(self, parsed: dict[str, Any], **_: object) -> None:
        """After it: one table's, or a list of them. Of PartiQL's batches it says nothing; their items are small."""
        if "ConsumedCapacity" not in parsed:
            self.units += len(parsed["Responses"])
            return
        capacity = parsed["ConsumedCapacity"]
        self.units += sum(one["CapacityUnits"] for one in (capacity if isinstance(capacity, list) else [capacity]))


@pytest.mark.parametrize("batch", [1, 10, 99])
@pytest.mark.parametrize("design", ["naive", "optimistic", "lanes"])  # it takes 8 for a transaction of any size
def test_the_meter_agrees_with_dynamodb_local(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, design: str, batch: int
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
    asyncio.run(compare(endpoint, design, batch))


async def compare(endpoint: str, design: str, batch: int) -> None:
    """Number three batches, the first of them cold."""
    engine = EngineClient(endpoint, REGION)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.close)
        names = await stack.enter_async_context(fresh_tables(engine))
        settings, bystander, client = Settings.from_environment(names), connect(), connect()
        create_counter(bystander, settings, COUNTER)
        shard = Shard(bystander, settings, "shard", COUNTER)
        number = choose(design, client, settings, shard.name)
        meter, consumed = Meter(client), Consumed()
        client.meta.events.register("before-parameter-build.dynamodb", consumed.ask)
        client.meta.events.register("after-call.dynamodb", consumed.add)
        for _ in range(3):
            number(shard.put(batch))
        bill = meter.bill(read_back(bystander, settings, COUNTER, shard.ids).largest)
    assert bill.failed == 0
    assert bill.write_units + bill.read_units == consumed.units
