"""Numbers the requests of one batch of the stream, in order; stops at the first that fails and reports it.

records ──▶ decide: work() on each ──▶ settle: one transaction after another, counter by counter ──▶ report
"""

import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from numbering import Decision, Patience, Stamp, Unsettled, settle
from request import Accepted, InvalidBody, Refused, Request, Verdict, is_pending, read_request
from store import Settings, Tables, connect
from work import Rejected, work

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# Time kept back of what Lambda gives an invocation: a call that hangs takes 7 s to be given up (store.connect).
ANSWER_SECONDS = 8.0
# And before that, to number what was worked on: without it slow work would be done over and over for nothing.
NUMBERING_SECONDS = 8.0

logger = Logger()
metrics = Metrics()
settings = Settings.from_environment(os.environ)
tables = Tables(connect(), settings)


class PoisonRecord(Exception):
    """The first of several records failed; raised so that the batch is halved, which a reported record is not."""


@metrics.log_metrics
def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Take a batch of the requests table's stream (DynamoDB event of Lambda) and report the first failure, if any."""
    records = event["Records"]
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - ANSWER_SECONDS
    decisions, failed = decide(records, deadline - NUMBERING_SECONDS)
    measure_batch(records, decisions)
    failed += number(decisions, Patience(deadline))
    return report(records, failed)


def decide(records: Iterable[Mapping[str, Any]], deadline: float) -> tuple[list[Decision], list[str]]:
    """Work on the waiting requests up to the first that fails, each id once: a request can be announced twice.

    Returns the decisions in the stream's order, and the sequence number of the record that failed, alone in a list.
    """
    decisions: dict[str, Decision] = {}
    for record in filter(is_pending, records):
        request_id, sequence = record["dynamodb"]["Keys"]["requestId"]["S"], record["dynamodb"]["SequenceNumber"]
        if request_id in decisions:
            continue
        if decisions and time.monotonic() >= deadline:
            return list(decisions.values()), [sequence]
        try:
            request = read_request(record)
            decisions[request_id] = Decision(request, judge(request))
        except Exception:
            logger.exception("work failed; the request will be tried again", requestId=request_id)
            return list(decisions.values()), [sequence]
    return list(decisions.values()), []


def judge(request: Request) -> Verdict:
    """What becomes of one request; whatever work() raises besides Rejected goes through."""
    try:
        _ = request.body
    except InvalidBody as invalid:
        return Refused("InvalidBody", str(invalid))
    try:
        result = json.dumps(work(request), default=write_decimal, allow_nan=False, separators=(",", ":"))
    except Rejected as refusal:
        return Refused(str(refusal.code), str(refusal))
    if len(result) > request.room:
        return Refused("ResultTooLarge", f"the result has {len(result)} bytes and the item has room for {request.room}")
    return Accepted(result)


def write_decimal(value: object) -> str:
    """A Decimal as text, exactly: JSON's numbers would pass through a float somewhere."""
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"work() returned a {type(value).__name__}, which JSON cannot hold")


def number(decisions: Iterable[Decision], patience: Patience) -> list[str]:
    """Settle each counter's decisions; returns the sequence number of the first that is left of each that failed."""
    by_counter: dict[str, list[Decision]] = {}
    for decision in decisions:
        by_counter.setdefault(decision.request.counter, []).append(decision)
    failed = []
    for waiting in by_counter.values():
        try:
            for stamps in settle(waiting, settings.default_counter, tables, patience):
                record_stamps(stamps)
        except Unsettled as unsettled:
            logger.exception("numbering failed; the request will be tried again", requestId=unsettled.first.request_id)
            failed.append(unsettled.first.sequence_number)
    metrics.add_metric("Conflicts", MetricUnit.Count, patience.conflicts)
    return failed


def report(records: Sequence[Mapping[str, Any]], failed: Sequence[str]) -> dict[str, Any]:
    """The answer to the event source mapping: which record to go on from. failed: sequence numbers.

    Lambda splits a batch at the record that is reported; when that is the first of several there is nothing to split,
    and at the end of its retries the whole batch would be given up. Raising halves it instead.
    """
    if not failed:
        return {"batchItemFailures": []}
    first = min(failed, key=int)
    if len(records) > 1 and first == records[0]["dynamodb"]["SequenceNumber"]:
        raise PoisonRecord(f"the first of {len(records)} records failed: sequence number {first}")
    return {"batchItemFailures": [{"itemIdentifier": first}]}


def measure_batch(records: Sequence[Mapping[str, Any]], decisions: Sequence[Decision]) -> None:
    """Metrics of the batch as it arrived."""
    metrics.add_metric("BatchSize", MetricUnit.Count, len(records))
    if decisions:
        oldest = min(decision.request.received_at for decision in decisions)
        metrics.add_metric("OldestRecordAge", MetricUnit.Milliseconds, max(0, time.time_ns() // 1_000_000 - oldest))


def record_stamps(stamps: Sequence[Stamp]) -> None:
    """Log and count what one transaction has settled."""
    for stamp in stamps:
        request = stamp.request
        if isinstance(stamp.verdict, Accepted):
            logger.info("numbered", requestId=request.request_id, counter=request.counter, number=stamp.number)
        else:
            logger.info("refused", requestId=request.request_id, counter=request.counter, code=stamp.verdict.code)
    numbered = sum(stamp.number is not None for stamp in stamps)
    metrics.add_metric("Numbered", MetricUnit.Count, numbered)
    metrics.add_metric("Rejected", MetricUnit.Count, len(stamps) - numbered)
