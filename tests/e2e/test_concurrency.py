"""Promises 2 and 3 under load: many clients, four shards, two counters."""

import json
import random
import uuid
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gapless.load import connect, wait_until_numbered
from gapless.local.background import BackgroundStack, running_stack
from gapless.target import Target
from tests.checker import find_faults, scan
from tests.e2e.http import Http

CLIENTS = 16
REQUESTS = 2000


def create_counter(target: Target, name: str, **options: str) -> None:
    """A counter numbered by the stream."""
    item: dict[str, Any] = {"counterName": {"S": name}, "allocation": {"S": "stream"}, "value": {"N": "0"}}
    connect(target).put_item(
        TableName=target.counters_table, Item=item | {key: {"N": value} for key, value in options.items()}
    )


def test_two_counters_two_thousand_requests_sixteen_clients(engine: tuple[str, ...], seeded: random.Random) -> None:
    with running_stack(*engine, "--name", f"load-{uuid.uuid4().hex[:8]}") as stack:
        http, target = Http(stack.target), stack.target
        create_counter(target, "invoices", start="1000", increment="5")
        counters = [seeded.choice(["requests", "invoices"]) for _ in range(REQUESTS)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = list(pool.map(lambda counter: http.call("PUT", f"/requests?counter={counter}", b"{}"), counters))
        assert {answer.status for answer in answers} == {202}
        dynamodb = connect(target)
        for counter in ("requests", "invoices"):
            wait_until_numbered(dynamodb, target, counter, counters.count(counter))
        items = scan(dynamodb, target.requests_table)
        assert len(items) == REQUESTS
        numbers = defaultdict(list)
        for item in items:
            numbers[item["counter"]["S"]].append(int(item["number"]["N"]))
        assert sorted(numbers["requests"]) == list(range(1, counters.count("requests") + 1))
        assert sorted(numbers["invoices"]) == [1000 + 5 * step for step in range(counters.count("invoices"))]
        assert find_faults(target) == []
        assert_more_than_one_shard_worked(stack)


def assert_more_than_one_shard_worked(stack: BackgroundStack) -> None:
    """Two shards that commit at once meet at the counter, and one of them counts a conflict."""
    metrics = [json.loads(line) for line in stack.log.splitlines() if '"_aws"' in line]
    assert sum(sum(one["Conflicts"]) for one in metrics) > 0, "no two shards ever met at the counter"


def test_one_client_in_one_shard_is_numbered_in_its_order(engine: tuple[str, ...]) -> None:
    name = f"order-{uuid.uuid4().hex[:8]}"
    with running_stack(*engine, "--name", name, "--shards", "1") as stack:
        http = Http(stack.target)
        ids = [http.put(b"{}").document["requestId"] for _ in range(150)]
        assert [http.finished(one)["number"] for one in ids] == list(range(1, 151))
