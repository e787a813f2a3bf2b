"""How a stack is, at a glance: what waits, how far behind the stream is, what failed, and each counter.

A local stack is asked itself, and its table is read. Of a deployed one CloudWatch is asked, and the figures of what
waits are the sweeper's last; its table is read only when that is asked for, because a scan pays for every request.
"""

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from gapless.attributes import read_number, read_text
from gapless.control import ask_target
from gapless.counters import CounterError, Counters, to_counter
from gapless.deployed import find_alarms, find_resources, make_client, read_mapping, read_metrics
from gapless.table_scan import scan_requests
from gapless.target import Target

# As the alarms of template.yaml have it.
MOST_ITERATOR_AGE = 60.0  # seconds
MOST_PENDING_AGE = 300.0
PROBLEM = "PROBLEM"  # how a mapping's last result begins when the function could not be called, or failed


@dataclass(frozen=True)
class Flow:
    """The way from the stream to the numbers. iterator_age: seconds, None when nothing came of late; mapping, result:
    state and last result of the event source mapping; alarms: the names of those that ring."""

    mapping: str
    result: str
    iterator_age: float | None
    alarms: list[str]


@dataclass(frozen=True)
class Requests:
    """What waits and what failed; None where nobody counted. oldest: seconds."""

    pending: int | None
    oldest: float | None
    failed: int | None


@dataclass(frozen=True)
class Status:
    """A stack at a glance. failure_queue: messages, None for a stack without one; counters: a document each; damaged:
    what is wrong with those that cannot be read."""

    flow: Flow
    requests: Requests
    failure_queue: int | None
    counters: list[dict[str, Any]]
    damaged: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What somebody ought to look at, in words."""
        flow, requests = self.flow, self.requests
        found = [f"the alarm {name} rings" for name in flow.alarms]
        if flow.mapping != "Enabled":
            found.append(f"the event source mapping is {flow.mapping}: nothing is numbered")
        # A result stays until the next batch: where nothing came of late it is history.
        if flow.result.startswith(PROBLEM) and flow.iterator_age is not None:
            found.append(f"the processor's last batch failed: {flow.result}")
        if flow.iterator_age is not None and flow.iterator_age > MOST_ITERATOR_AGE:
            found.append(f"the stream is {flow.iterator_age:.0f} s behind")
        if requests.oldest is not None and requests.oldest > MOST_PENDING_AGE:
            found.append(f"a request has waited for {requests.oldest:.0f} s: see `gapless pending`")
        if self.failure_queue:
            found.append(f"{self.failure_queue} messages in the failure queue: batches were given up")
        return found + self.damaged

    def lines(self) -> list[tuple[str, str]]:
        """Its figures in words."""
        flow, requests = self.flow, self.requests
        waits = show_count(requests.pending, "the sweeper has not counted of late: see --scan")
        oldest = f", the oldest for {requests.oldest:.0f} s" if requests.pending and requests.oldest is not None else ""
        behind = "nothing came of late" if flow.iterator_age is None else f"{flow.iterator_age:.1f} s behind"
        return [
            ("pending", f"{waits}{oldest}"),
            ("failed", show_count(requests.failed, "see --scan")),
            ("stream", f"{behind}; mapping {', '.join(filter(None, (flow.mapping, flow.result)))}"),
            ("failure queue", show_count(self.failure_queue, "there is none")),
            ("alarms", ", ".join(flow.alarms) or "none rings"),
        ]

    def document(self) -> dict[str, Any]:
        """As `gapless status --output json` prints it."""
        return {
            "problems": self.problems,
            "pending": self.requests.pending,
            "oldestPendingAgeSeconds": self.requests.oldest,
            "failed": self.requests.failed,
            "iteratorAgeSeconds": self.flow.iterator_age,
            "mapping": self.flow.mapping,
            "lastResult": self.flow.result,
            "failureQueue": self.failure_queue,
            "alarms": self.flow.alarms,
            "counters": self.counters,
        }


def read_status(target: Target, *, scan: bool) -> Status:
    """Look at everything. scan: count requests by reading a deployed stack's table, too. Raises NotReachable."""
    if target.stack:
        flow, requests = look_at_deployed(target)
    else:
        flow, requests = look_at_local(target), None
    if requests is None or scan:
        requests = count_requests(target)
    return Status(flow, requests, count_failure_messages(target), *read_counters(target))


def look_at_local(target: Target) -> Flow:
    """What the stack says of its stream's shards: the slowest counts, and the results of those that have work to do."""
    if target.outage:
        return Flow("Disabled by a simulated outage, see `gapless outage end`", "", None, [])
    shards = ask_target(target, "GET", "/shards")["shards"]
    results = [str(one["lastResult"]) for one in shards if one["unfinished"]]
    worst = next((one for one in results if one.startswith(PROBLEM)), "OK")
    age = max((one["iteratorAge"] for one in shards), default=0) / 1000
    return Flow("Enabled" if shards else "missing", worst, age, [])


def look_at_deployed(target: Target) -> tuple[Flow, Requests]:
    """What CloudWatch and Lambda say."""
    resources = find_resources(target)
    metrics = read_metrics(target)
    age = metrics["IteratorAge"] / 1000 if "IteratorAge" in metrics else None
    pending = int(metrics["PendingCount"]) if "PendingCount" in metrics else None
    flow = Flow(*read_mapping(target, resources), age, find_alarms(target, resources))
    return flow, Requests(pending, metrics.get("OldestPendingAge"), None)


def count_requests(target: Target) -> Requests:
    """Read the whole table."""
    now = time.time()
    counts = {"PENDING": 0, "FAILED": 0}
    oldest = now
    for item in scan_requests(target, list(counts), ("status", "receivedAt")):
        status = read_text(item, "status") or ""
        counts[status] += 1
        if status == "PENDING":
            oldest = min(oldest, (read_number(item, "receivedAt") or 0) / 1000)
    age = round(max(0.0, now - oldest), 1) if counts["PENDING"] else None
    return Requests(counts["PENDING"], age, counts["FAILED"])


def read_counters(target: Target) -> tuple[list[dict[str, Any]], list[str]]:
    """A document of each counter, by name; and what is wrong with those that are damaged."""
    documents, damaged = [], []
    for item in sorted(Counters(target).read_items(), key=lambda one: str(one["counterName"]["S"])):
        try:
            documents.append(to_counter(item).document())
        except CounterError as error:
            damaged.append(str(error))
    return documents, damaged


def count_failure_messages(target: Target) -> int | None:
    """The messages of the failure queue, those that somebody is reading included (sqs:GetQueueAttributes)."""
    if not target.failure_queue:
        return None
    queue = make_queue_client(target)
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    found = queue.get_queue_attributes(QueueUrl=target.failure_queue, AttributeNames=list(names))["Attributes"]
    return sum(int(found[name]) for name in names)


def make_queue_client(target: Target) -> Any:
    """SQS, or the local engine that the queue is on."""
    if target.stack:
        return make_client(target, "sqs")
    import boto3

    url = urlsplit(target.failure_queue)
    return boto3.client(
        "sqs",
        region_name=target.region,
        endpoint_url=f"{url.scheme}://{url.netloc}",
        aws_access_key_id="gapless",
        aws_secret_access_key="gapless",  # noqa: S106 - no local engine asks for one
    )


def show_count(count: int | None, otherwise: str) -> str:
    """A number that may not be known."""
    return otherwise if count is None else f"{count:,}"
