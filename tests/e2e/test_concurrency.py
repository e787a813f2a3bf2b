"""Promises 2 and 3 under load: many clients, four shards, two counters."""

import json
import random
import uuid
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from gapless.client import Client
from gapless.load import connect, send, wait_until_finished
from gapless.local.background import BackgroundStack, running_stack
from gapless.local.dynamodb_local import run_dynamodb_local
from gapless.target import Target
from items import LANE
from tests.checker import find_faults, scan
from tests.e2e.http import Http
from tests.waiting import wait_until

CLIENTS = 16
REQUESTS = 2000
FEWER = 500


def create_counter(target: Target, name: str, **options: str) -> None:
    """A counter numbered by the stream."""
    item: dict[str, Any] = {"counterName": {"S": name}, "allocation": {"S": "stream"}, "value": {"N": "0"}}
    connect(target).put_item(
        TableName=target.counters_table, Item=item | {key: {"N": value} for key, value in options.items()}
    )


def test_two_counters_two_thousand_requests_sixteen_clients(http: Http, target: Target, seeded: random.Random) -> None:
    receipts, invoices = (f"{kind}-{uuid.uuid4().hex[:8]}" for kind in ("receipts", "invoices"))
    create_counter(target, receipts)
    create_counter(target, invoices, start="1000", increment="5")
    counters = [seeded.choice([receipts, invoices]) for _ in range(REQUESTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda counter: http.put(b"{}", f"/requests?counter={counter}"), counters))
    assert {answer.status for answer in answers} == {202}
    dynamodb = connect(target)
    wait_until_finished(dynamodb, target, [answer.document["requestId"] for answer in answers])
    numbers = defaultdict(list)
    for item in scan(dynamodb, target.requests_table):
        if item["counter"]["S"] in (receipts, invoices):
            numbers[item["counter"]["S"]].append(int(item["number"]["N"]))
    assert sorted(numbers[receipts]) == list(range(1, counters.count(receipts) + 1))
    assert sorted(numbers[invoices]) == [1000 + 5 * step for step in range(counters.count(invoices))]


def read_metric(stack: BackgroundStack, name: str) -> float:
    """The sum of a metric over all invocations so far."""
    metrics = [json.loads(line) for line in stack.log.splitlines() if '"_aws"' in line]
    return sum(sum(one[name]) for one in metrics)


@contextmanager
def fresh_engine(local_engine: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The same engine, with nothing in it.

    DynamoDB Local takes ten times as long for a PartiQL statement once it holds a few thousand items; then answers come
    too late for the processor, and what is written all the same is not in its metrics.
    """
    if not local_engine:
        yield ()
        return
    with run_dynamodb_local() as endpoint:
        yield ("--dynamodb-endpoint", endpoint)


def test_shards_meet_at_the_counter_and_none_is_in_the_others_way(local_engine: tuple[str, ...]) -> None:
    """The four shards number at once, each in a lane of its own on the one counter, and no commit is refused."""
    with fresh_engine(local_engine) as engine, running_stack(*engine, "--shards", "4") as stack:
        client = Client(stack.target, connections=CLIENTS)
        client.wait(client.submit(b"{}")["requestId"])  # makes the counter, which shards could otherwise race for
        dynamodb = connect(stack.target)
        requests = FEWER if local_engine else REQUESTS
        wait_until_finished(dynamodb, stack.target, list(send(client, [b"{}"] * requests, clients=CLIENTS)))
        assert find_faults(stack.target) == []
        (counter,) = scan(dynamodb, stack.target.counters_table)
        assert sum(name.startswith(LANE) for name in counter) == 4
        wait_until("all numbers are in the metrics", lambda: read_metric(stack, "Numbered") == requests + 1)
        assert read_metric(stack, "Conflicts") == 0


def test_one_client_in_one_shard_is_numbered_in_its_order(local_engine: tuple[str, ...]) -> None:
    with running_stack(*local_engine, "--name", f"order-{uuid.uuid4().hex[:8]}", "--shards", "1") as stack:
        client = Client(stack.target)
        ids = [client.submit(b"{}")["requestId"] for _ in range(150)]
        assert [client.wait(one)["number"] for one in ids] == list(range(1, 151))
