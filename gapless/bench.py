"""Measurements, each beside what it is measured against, in the same run and in turns.

local       the local stack against the bare engine with boto3, at the same two writes a request
cold-start  the processor's initialisation against `import boto3; boto3.client("dynamodb")`
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapless.client import FINISHED, Client
from gapless.load import connect, count_numbered, send, wait_until_numbered
from gapless.local.background import running_stack
from gapless.target import Target

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BARE_TABLE = "bare"
COUNTER = "requests"
BODY = b'{"lines": [{"sku": "lamp", "quantity": 3, "unitPrice": 19.99}]}'

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Figures:
    """Median, smallest and largest of some rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> "Figures":
        """Sum the rounds up."""
        return cls(round(statistics.median(values), 4), round(min(values), 4), round(max(values), 4))


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
    """Seconds from the first PUT to the last number."""
    before = count_numbered(dynamodb, target, COUNTER)
    began = time.perf_counter()
    for _ in send(client, [BODY] * requests, clients=clients):
        pass
    wait_until_numbered(dynamodb, target, COUNTER, before + requests)
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


BASELINES = {
    "empty": "",
    "boto3": 'import boto3\nboto3.client("dynamodb")\n',
}
HANDLER = "def lambda_handler(event, context):\n    return event\n"
PROCESSOR = Path("functions/processor")
PROCESSOR_ENVIRONMENT = {
    "REQUESTS_TABLE": "requests",
    "COUNTERS_TABLE": "counters",
    "DEFAULT_COUNTER": "requests",
    "RETENTION_DAYS": "30",
    "FAILED_RETENTION_DAYS": "0",
    "POWERTOOLS_SERVICE_NAME": "processor",
    "POWERTOOLS_METRICS_NAMESPACE": "Gapless",
}


@dataclass(frozen=True)
class ColdStartReport:
    """Milliseconds of initialisation beyond an empty handler's, and the processor's as a multiple of boto3's."""

    empty_ms: Figures
    boto3_ms: Figures
    processor_ms: Figures
    ratio: Figures


def bench_cold_start(rounds: int, progress: Progress) -> ColdStartReport:
    """Measure how long handlers take to be ready under the Runtime API host, in turns."""
    with tempfile.TemporaryDirectory(prefix="gapless-") as folder:
        codes = {name: write_handler(Path(folder) / name, text) for name, text in BASELINES.items()}
        codes["processor"] = PROCESSOR
        for code in codes.values():  # compiles the modules, and warms the disk
            asyncio.run(time_cold_start(code))
        measured: dict[str, list[float]] = {name: [] for name in codes}
        for turn in range(rounds):
            progress(f"round {turn + 1} of {rounds}")
            for name, code in codes.items():
                measured[name].append(asyncio.run(time_cold_start(code)) * 1000)
    empty = statistics.median(measured["empty"])
    boto3, processor = ([one - empty for one in measured[name]] for name in ("boto3", "processor"))
    ratios = [one / other for one, other in zip(processor, boto3, strict=True)]
    return ColdStartReport(Figures.of(measured["empty"]), Figures.of(boto3), Figures.of(processor), Figures.of(ratios))


def write_handler(folder: Path, initialisation: str) -> Path:
    """A function that does nothing but initialise."""
    folder.mkdir()
    (folder / "app.py").write_text(initialisation + HANDLER)
    return folder


async def time_cold_start(code: Path) -> float:
    """Seconds from starting a handler's process to the answer of its first, empty invocation."""
    from gapless.local.function import FunctionHost, FunctionSettings

    arn = "arn:aws:lambda:us-east-1:000000000000:function:cold"
    settings = FunctionSettings("cold", "app.lambda_handler", code, arn, PROCESSOR_ENVIRONMENT, timeout_seconds=30)
    host = FunctionHost(settings)
    began = time.perf_counter()
    try:
        invocation = await host.invoke(b'{"Records": []}')
        elapsed = time.perf_counter() - began
    finally:
        await host.stop()
    if not invocation.ok:
        raise RuntimeError(f"the handler in {code} failed: {invocation.error}")
    return elapsed


def rows(report: LocalReport | ColdStartReport) -> Iterator[tuple[str, Figures]]:
    """The figures of a report with their names, for a table."""
    for name, value in vars(report).items():
        if isinstance(value, Figures):
            yield name, value
