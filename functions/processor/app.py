"""Numbers the requests of one batch of the stream; stops at the first that fails and reports it.

records ──▶ read ──▶ number_records: the protocol, whose operations are carried out here ──▶ report
"""

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from batch import Rules
from connection import Patience, Settings, connect
from entry import lane_of
from faults import may_die
from judging import judge
from memory import Memory
from numbering import number_records
from operations import Judge, Operation, Pause
from request import Accepted, Request, is_announced, read_request
from stamping import Report
from store import Tables, carry_out

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# Time kept back of what Lambda gives an invocation: a call that hangs takes 7 s to be given up (connection.connect).
ANSWER_SECONDS = 8.0
# And before that, to number what was worked on: without it slow work would be done over and over for nothing.
NUMBERING_SECONDS = 8.0

logger = Logger()
metrics = Metrics()
settings = Settings.from_environment(os.environ)
tables = Tables(connect(), settings)
rules = Rules(settings.default_counter, settings.most_resends)
memory = Memory()


class PoisonRecord(Exception):
    """The first of several records failed; raised so that the batch is halved, which a reported record is not."""


class MissingShard(Exception):
    """Lanes are on, and the event does not say which shard it is from."""


@metrics.log_metrics
def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Take a batch of the requests table's stream (DynamoDB event of Lambda) and report the first failure, if any.

    With a tumbling window the event has the shard's id and the state of the last invocation, and the answer must have
    a state: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html. The last invocation of a window may
    have no records; the next window begins without a state, which costs a read and nothing else.
    """
    records = event["Records"]
    shard_id = find_shard(event)
    lane = lane_of(shard_id)
    if event.get("isWindowTerminatedEarly"):
        logger.warning("the window's state was too large, and has ended the window")
    memory.add_state(event.get("state") or {}, lane)
    requests, failed = read_requests(records)
    measure_batch(records, requests)
    executor = Executor(time.monotonic() + context.get_remaining_time_in_millis() / 1000)
    outcome = carry_out(number_records(requests, shard_id, memory, rules), executor.perform)
    failed += record_outcome(outcome)
    state = {} if event.get("isFinalInvokeForWindow") else memory.to_state(lane)
    return report(records, failed) | ({"state": state} if "window" in event else {})


def find_shard(event: Mapping[str, Any]) -> str | None:
    """The shard that a batch is from; None when all shards share one lane. Raises MissingShard."""
    if not settings.lanes:
        return None
    if "shardId" not in event:
        raise MissingShard(
            "the event has no shardId, which lanes need: give its event source mapping a TumblingWindowInSeconds, "
            "or deploy with Lanes=off to number all shards through one lane"
        )
    return str(event["shardId"])


def read_requests(records: Sequence[Mapping[str, Any]]) -> tuple[list[Request], list[int]]:
    """The waiting requests up to a record that cannot be read, and its sequence number, alone in a list."""
    requests = []
    for record in filter(is_announced, records):
        try:
            requests.append(read_request(record))
        except Exception:
            logger.exception("a record cannot be read; it will be tried again", eventID=record.get("eventID"))
            return requests, [int(record["dynamodb"]["SequenceNumber"])]
    return requests, []


class Executor:
    """Carries out the protocol's operations until the time of the invocation is up. end: on time.monotonic."""

    def __init__(self, end: float) -> None:
        self._patience = Patience(end - ANSWER_SECONDS)
        self._work_until = end - ANSWER_SECONDS - NUMBERING_SECONDS
        self._has_worked = False

    def perform(self, operation: Operation) -> Any:
        """Carry out one operation; raises what work() raises, and what Tables.perform does."""
        if isinstance(operation, Judge):
            return self._judge(operation.request)
        if isinstance(operation, Pause):
            return self._patience.wait(operation.attempt)
        may_die()
        answer = tables.perform(operation, self._patience)
        may_die()
        return answer

    def _judge(self, request: Request) -> Any:
        """Ask work(), one request at least, as long as there is time to number what it has taken."""
        if self._has_worked and time.monotonic() >= self._work_until:
            raise TimeoutError("the invocation has no time left for more work")
        self._has_worked = True
        return judge(request, self.perform, self._work_until)


def report(records: Sequence[Mapping[str, Any]], failed: Sequence[int]) -> dict[str, Any]:
    """The answer to the event source mapping: which record to go on from. failed: sequence numbers.

    Lambda splits a batch at the record that is reported; when that is the first of several there is nothing to split,
    and at the end of its retries the whole batch would be given up. Raising halves it instead.
    """
    if not failed:
        return {"batchItemFailures": []}
    first = min(failed)
    if len(records) > 1 and first == int(records[0]["dynamodb"]["SequenceNumber"]):
        raise PoisonRecord(f"the first of {len(records)} records failed: sequence number {first}")
    identifiers = {int(one["dynamodb"]["SequenceNumber"]): one["dynamodb"]["SequenceNumber"] for one in records}
    return {"batchItemFailures": [{"itemIdentifier": identifiers[first]}]}


def measure_batch(records: Sequence[Mapping[str, Any]], requests: Sequence[Request]) -> None:
    """Metrics of the batch as it arrived."""
    metrics.add_metric("BatchSize", MetricUnit.Count, len(records))
    if requests:
        oldest = min(request.received_at for request in requests)
        metrics.add_metric("OldestRecordAge", MetricUnit.Milliseconds, max(0, time.time_ns() // 1_000_000 - oldest))


def record_outcome(outcome: Report) -> list[int]:
    """Log and count what was settled; the sequence numbers of the requests that are left."""
    log_stamps(outcome)
    for request, cause in outcome.failures:
        logger.error(
            "the request will be tried again", requestId=request.request_id, counter=request.counter, exc_info=cause
        )
    numbered = sum(stamp.number is not None for stamp in outcome.stamped)
    metrics.add_metric("Numbered", MetricUnit.Count, numbered)
    metrics.add_metric("Rejected", MetricUnit.Count, len(outcome.stamped) - numbered)
    metrics.add_metric("Conflicts", MetricUnit.Count, outcome.conflicts)
    return [request.sequence for request, _ in outcome.failures]


def log_stamps(outcome: Report) -> None:
    """One line a request."""
    for stamp in outcome.stamped:
        request, verdict = stamp.request, stamp.verdict
        if isinstance(verdict, Accepted):
            logger.info("numbered", requestId=request.request_id, counter=request.counter, number=stamp.number)
        else:
            logger.info("refused", requestId=request.request_id, counter=request.counter, code=verdict.code)
        if stamp.overruled:
            logger.error(
                "work() was overruled",
                requestId=request.request_id,
                counter=request.counter,
                number=stamp.number,
                reason=stamp.overruled,
            )
    for request_id, counter, number in outcome.buried:
        logger.warning(
            "the request was deleted before its number was written",
            requestId=request_id,
            counter=counter,
            number=number,
        )
