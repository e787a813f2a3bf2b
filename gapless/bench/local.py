"""The local stack against the bare engine with boto3, at the same two writes a request."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gapless.bench.figures import Figures, Progress
from gapless.client import FINISHED, Client
from gapless.load import connect, send, wait_until_finished
from gapless.local.background import running_stack
from gapless.target import Target

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BARE_TABLE = "bare"
COUNTER = "requests"
BODY = b'{"lines": [{"sku": "lamp", "quantity": 3, "unitPrice": 19.99}]}'


@dataclass(frozen=True)
class LocalReport:
    """latency: milliseconds from PUT to DONE of single requests; the rest requests a second, and their ratio."""

    requests: int
    clients: int
    latency_ms: Figures
    stack_per_second: Figures
    engine_per_second: Figures
    ratio: Figures


def bench_local(requests: int, clients: int, rounds: int, progress: Progress) -> LocalReport:
    """Measure the local stack end to end: single requests, then many at once, in turns with the bare engine."""
    with running_stack() as stack:
        target = stack.target
        client, dynamodb = Client(target, connections=clients), connect(target, connections=clients)
        create_bare_table(dynamodb)
        for _ in range(5):
            time_single(client)
        progress("single requests")
        latencies = [time_single(client) * 1000 for _ in range(50)]
        stack_rates, engine_rates = [], []
        time_stack(client, dynamodb, target, requests // 4, clients)
        for turn in range(rounds):
            progress(f"round {turn + 1} of {rounds}: engine, stack")
            engine_rates.append(requests / time_engine(dynamodb, requests, clients))
            stack_rates.append(requests / time_stack(client, dynamodb, target, requests, clients))
    ratios = [one / other for one, other in zip(stack_rates, engine_rates, strict=True)]
    return LocalReport(
        requests, clients, Figures.of(latencies), Figures.of(stack_rates), Figures.of(engine_rates), Figures.of(ratios)
    )


def time_single(client: Client) -> float:
    """Seconds from sending a PUT to seeing DONE."""
    began = time.perf_counter()
    request_id = client.submit(BODY)["requestId"]
    while client.get(request_id)["status"] not in FINISHED:
        time.sleep(0.001)
    return time.perf_counter() - began


def time_stack(client: Client, dynamodb: "DynamoDBClient", target: Target, requests: int, clients: int) -> float:
    """Seconds from the first PUT to the last request that is DONE."""
    began = time.perf_counter()
    ids = list(send(client, [BODY] * requests, clients=clients))
    wait_until_finished(dynamodb, target, ids)
    return time.perf_counter() - began


def create_bare_table(dynamodb: "DynamoDBClient") -> None:
    """A table like the requests table, with its stream: the engine writes that too."""
    dynamodb.create_table(
        TableName=BARE_TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "requestId", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "requestId", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )


def time_engine(dynamodb: "DynamoDBClient", requests: int, clients: int) -> float:
    """Seconds for the same two writes a request, straight to the engine: put the item, then number it."""
    run = str(time.monotonic_ns())

    def write(number: int) -> None:
        key: dict[str, Any] = {"requestId": {"S": f"{run}-{number}"}}
        item = {"counter": {"S": COUNTER}, "request": {"S": BODY.decode()}, "status": {"S": "PENDING"}}
        dynamodb.put_item(TableName=BARE_TABLE, Item=key | item, ConditionExpression="attribute_not_exists(requestId)")
        dynamodb.update_item(
            TableName=BARE_TABLE,
            Key=key,
            UpdateExpression="SET #number = :number, #status = :done",
            ConditionExpression="#status = :pending AND attribute_not_exists(#number)",
            ExpressionAttributeNames={"#number": "number", "#status": "status"},
            ExpressionAttributeValues={
                ":number": {"N": str(number)},
                ":done": {"S": "DONE"},
                ":pending": {"S": "PENDING"},
            },
        )

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        for _ in pool.map(write, range(requests)):
            pass
    return time.perf_counter() - began
