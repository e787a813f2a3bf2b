"""What a stack costs, by formula: the tables of docs/operations.md. `python -m tests.operations.cost` prints them.

Prices are in docs/prices.json, free tiers left out. What is measured says where; what is estimated says so.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gapless.local.render import render_file
from gapless.local.template.source import read
from request import item_size
from tests.template.declared import TEMPLATE

ROOT = Path(__file__).parents[2]
PRICES: dict[str, Any] = json.loads((ROOT / "docs/prices.json").read_text())["prices"]

KB, GB = 1024, 1024**3
MILLION = 1_000_000
READ_UNIT = 4 * KB
HOURS_A_MONTH = 720
SWEEPS_A_MONTH = 12 * HOURS_A_MONTH  # rate(5 minutes)
MEMORY_GB = 0.5
MEMORY_SHARE = 512 / 1769  # of a CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
# Measured by `gapless bench numbering`, four shards: units of a commit with its journal item (docs/numbering.md), and
# ms of CPU a batch on a core of a Xeon.
COMMIT_UNITS = {99: 3, 1: 1}
BATCH_CPU_SECONDS = {99: 0.030, 1: 0.007}
# Estimated, not measured on AWS: calls of DynamoDB one after the other, and how long each takes.
ROUND_TRIPS = {99: 3, 1: 2}
ROUND_TRIP_SECONDS = 0.010
# Bytes of log. Measured: a line a request, a line of metrics a batch. Estimated: Lambda's own three lines a batch, the
# access log's line a call.
REQUEST_LINE, METRICS_LINE, PLATFORM_LINES, ACCESS_LINE = 268, 431, 350, 420
SCAN_SECONDS_A_GB = 10  # estimated: 1,024 pages of 1 MB, four at once, 40 ms each
# Metrics that cost: Powertools' of processor and sweeper, the mapping's EventCount, and the API's for each method.
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
FUNCTION_METRICS, MAPPING_METRICS, METHOD_METRICS = 8, 6, 5
QUEUE_POLLS = 5 * 3 * 60 * HOURS_A_MONTH  # Lambda's five pollers, 20 s each: an idle queue's cost


@dataclass(frozen=True)
class Workload:
    """A month. batch: requests a batch on the average; polls: GETs a request; days: that a request is kept;
    one_by_one: numbers are given by two writes each, as the naive pattern does."""

    requests: int = MILLION
    body_bytes: int = KB
    batch: int = 99
    polls: int = 1
    days: int = 30
    one_by_one: bool = False

    @property
    def item_bytes(self) -> int:
        """What the shipped mapping template makes of such a body, by DynamoDB's rules."""
        event = {
            "body": json.dumps({"text": "x" * (self.body_bytes - len('{"text":""}'))}, separators=(",", ":")),
            "stageVariables": {"requestsTable": "requests", "defaultCounter": "requests"},
            "context": {"requestId": "3f2b6c1e-0d4f-4d0e-9f53-6f0f8f1c2a77", "requestTimeEpoch": 1795305600000},
        }
        rendered = render_file(ROOT / "mapping_templates/submit_request.yaml", event)
        return item_size(json.loads(rendered)["Item"])

    @property
    def item_units(self) -> int:
        """Write units of the request, once for its PUT and once for its stamp."""
        return -(-self.item_bytes // KB)

    @property
    def table_gb(self) -> float:
        """What the requests table comes to hold."""
        return self.requests * self.item_bytes * self.days / 30 / GB


def price(name: str, amount: float) -> float:
    """US dollars."""
    return amount * float(PRICES[name]["usd"]) / float(PRICES[name]["per"])


def batch_seconds(batch: int, *, one_by_one: bool = False) -> float:
    """How long the processor is at a batch, work() apart. An estimate: 512 MB have between a third and a quarter of a
    CPU."""
    if one_by_one:
        return batch * batch_seconds(1)
    return ROUND_TRIPS[batch] * ROUND_TRIP_SECONDS + BATCH_CPU_SECONDS[batch] / MEMORY_SHARE


def commit_units(workload: Workload) -> float:
    """Write units of giving one number, the stamp apart: a share of the batch's commit, or a write of its own."""
    return 1.0 if workload.one_by_one else COMMIT_UNITS[workload.batch] / workload.batch


def by_requests(workload: Workload) -> dict[str, float]:
    """What grows with the requests, US dollars a month."""
    count, batches = workload.requests, workload.requests / workload.batch
    calls = count * (1 + workload.polls)
    logged = count * REQUEST_LINE + batches * (METRICS_LINE + PLATFORM_LINES) + calls * ACCESS_LINE
    reads = -(-workload.item_bytes // READ_UNIT)
    seconds = batches * batch_seconds(workload.batch, one_by_one=workload.one_by_one)
    return {
        "API Gateway, a PUT and the polls": price("apiCalls", calls),
        "DynamoDB: the request's own PUT": price("writeUnits", count * workload.item_units),
        "DynamoDB: the number (commit, journal)": price("writeUnits", count * commit_units(workload)),
        "DynamoDB: the stamp": price("writeUnits", count * workload.item_units),
        "DynamoDB: reads by the polls": price("readUnits", count * workload.polls * reads),
        "DynamoDB: stream, read by Lambda": 0.0,
        "DynamoDB: storage": price("tableStorage", workload.table_gb),
        "DynamoDB: point-in-time recovery": price("pointInTimeRecovery", workload.table_gb),
        "Lambda: requests": price("lambdaRequests", batches),
        "Lambda: duration": price("lambdaDuration", seconds * MEMORY_GB),
        "CloudWatch: logs, and a month of keeping them": price("logIngestion", logged / GB)
        + price("logStorage", logged / GB),
    }


def by_sweeps(table_gb: float, sweeps: int = SWEEPS_A_MONTH) -> float:
    """What the sweeper's scans cost a month: eventually consistent, the whole table each time."""
    units = sweeps * table_gb * GB / READ_UNIT / 2
    seconds = sweeps * (1 + table_gb * SCAN_SECONDS_A_GB)
    return price("readUnits", units) + price("lambdaRequests", sweeps) + price("lambdaDuration", seconds * MEMORY_GB)


def by_month() -> dict[str, float]:
    """What a stack costs that nobody calls, US dollars a month."""
    resources = read(TEMPLATE)["Resources"]
    methods = sum(len(operations.keys() - {"options"}) for operations in paths_of(resources["Api"]).values())
    return {
        "alarms, by the metrics they look at": price("alarmMetrics", sum(map(count_metrics, alarms_of(resources)))),
        "dashboard": price("dashboards", 1),
        f"the functions' own metrics, {FUNCTION_METRICS}": price("customMetrics", FUNCTION_METRICS),
        f"the mapping's event counts, {MAPPING_METRICS}": price("customMetrics", MAPPING_METRICS),
        f"the API's metrics by method, {METHOD_METRICS} x {methods}": price("customMetrics", METHOD_METRICS * methods),
        "sweeps of an empty table, every 5 minutes": by_sweeps(0),
        "Lambda's polls of an empty FailureQueue": price("queueRequests", QUEUE_POLLS),
    }


def paths_of(api: dict[str, Any]) -> dict[str, Any]:
    """The API's paths, as OpenAPI has them."""
    paths: dict[str, Any] = api["Properties"]["DefinitionBody"]["paths"]
    return paths


def alarms_of(resources: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The properties of the alarms."""
    return (one["Properties"] for one in resources.values() if one["Type"] == "AWS::CloudWatch::Alarm")


def count_metrics(alarm: dict[str, Any]) -> int:
    """How many metrics an alarm looks at: one, or those of its expression."""
    return sum("MetricStat" in one for one in alarm.get("Metrics", [])) or 1


def tables() -> dict[str, str]:
    """The tables of the cost model, by the name of each marker in docs/operations.md."""
    made = {"requests": request_rows(), "month": month_rows(), "sweeps": sweep_rows(), "example": example_rows()}
    return {name: "\n".join(rows) for name, rows in made.items()}


def request_rows() -> Iterator[str]:
    """A million requests, by component."""
    lanes = Workload()
    columns = [lanes, replace(lanes, batch=1), replace(lanes, one_by_one=True), replace(lanes, body_bytes=KB // 2)]
    yield "| a million requests, 30 days, US$ | 1 KB, batch 99 | 1 KB, batch 1 | 1 KB, naive | 0.5 KB, batch 99 |"
    yield "|---|--:|--:|--:|--:|"
    costs = [by_requests(one) for one in columns]
    for component in costs[0]:
        yield f"| {component} | {' | '.join(f'{one[component]:.3f}' for one in costs)} |"
    yield f"| **together** | {' | '.join(f'**{sum(one.values()):.3f}**' for one in costs)} |"
    units = [2 * one.item_units + commit_units(one) for one in columns]
    yield f"| write units a request | {' | '.join(f'{one:.2f}' for one in units)} |"


def month_rows() -> Iterator[str]:
    """A month without a call."""
    costs = by_month()
    yield "| a month, US$ | |"
    yield "|---|--:|"
    for component, cost in costs.items():
        yield f"| {component} | {cost:.2f} |"
    yield f"| **together** | **{sum(costs.values()):.2f}** |"


def example_rows() -> Iterator[str]:
    """Ten million requests a month, swept as the template does, hourly, and daily."""
    workload = Workload(requests=10 * MILLION)
    rates = {"5 minutes": SWEEPS_A_MONTH, "1 hour": HOURS_A_MONTH, "1 day": 30}
    requests, month = sum(by_requests(workload).values()), sum(by_month().values())
    sweeps = {name: by_sweeps(workload.table_gb, times) for name, times in rates.items()}
    yield f"| 10 million requests, US$ a month | {' | '.join(f'rate({name})' for name in rates)} |"
    yield "|---|--:|--:|--:|"
    yield f"| by requests | {' | '.join(f'{requests:,.2f}' for _ in rates)} |"
    yield f"| by month | {' | '.join(f'{month:,.2f}' for _ in rates)} |"
    yield f"| sweeps | {' | '.join(f'{cost:,.2f}' for cost in sweeps.values())} |"
    yield f"| **together** | {' | '.join(f'**{requests + month + cost:,.2f}**' for cost in sweeps.values())} |"


def sweep_rows() -> Iterator[str]:
    """The sweeper's scans, by the table's size."""
    rates = {"5 minutes": SWEEPS_A_MONTH, "1 hour": HOURS_A_MONTH, "6 hours": HOURS_A_MONTH // 6, "1 day": 30}
    yield f"| requests in the table, of 1 KB | GB | {' | '.join(f'rate({one})' for one in rates)} | a scan takes |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for count in (10_000, 100_000, MILLION, 10 * MILLION, 100 * MILLION):
        size = Workload(requests=count).table_gb
        costs = " | ".join(f"{by_sweeps(size, sweeps):,.2f}" for sweeps in rates.values())
        yield f"| {count:,} | {size:.2f} | {costs} | {size * SCAN_SECONDS_A_GB:,.0f} s |"


if __name__ == "__main__":
    for name, table in tables().items():
        print(f"{name}\n\n{table}\n")  # noqa: T201
