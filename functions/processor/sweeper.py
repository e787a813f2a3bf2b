"""Finds what the stream has lost, and sends it through the stream again: on a schedule, when a batch was given up (the
failure queue's message), or by `gapless sweep`.

every counter ──▶ apply its lanes, prune those at rest;   every request that has waited too long ──▶ touch it
      └─────────▶ forget idempotency keys that have had their time
"""

import json
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from connection import Patience, Setback, Settings, connect
from judging import judge
from keys import find_expired
from operations import Judge, Operation, Pause
from stamping import Report
from store import Tables, carry_out
from sweeping import Sweep, is_due, resend, sweep_counter
from waiting import Waiting

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

ANSWER_SECONDS = 30.0
# Kept back from sending again, so that what waits is counted to the end even when it is more than can be sent.
COUNTING_SECONDS = 240.0
SENDERS = 4  # requests that are sent again at once

logger = Logger()
metrics = Metrics()
settings = Settings.from_environment(os.environ)
# Its calls are not in a hurry, and bear repetition.
tables = Tables(connect(attempts=5), settings)
senders = ThreadPoolExecutor(SENDERS)


class SweepFailed(Exception):
    """Some of the sweep has failed, and the log says what; raised where nobody reads the answer."""


@dataclass
class Tally:
    """What waits: how many requests, and since when the first of them, epoch ms; None when there is none."""

    pending: int = 0
    oldest: int | None = None

    def add(self, requests: Sequence[Waiting]) -> None:
        """Count some more."""
        self.pending += len(requests)
        times = [one.received_at for one in requests]
        self.oldest = min(times if self.oldest is None else [self.oldest, *times], default=None)


@metrics.log_metrics
def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Sweep once. The event: a schedule's, messages of the failure queue, or one that may have `resendAfterSeconds`, in
    place of the setting.

    Returns what was done: how many counters were swept, lanes pruned, stamps written, tombstones left, idempotency keys
    forgotten, requests sent again; what waits: `pending`, and `oldestPendingAgeSeconds`, None when it is not known; and
    `complete`, whether there was time for everything. The next sweep begins anew. Raises SweepFailed.
    """
    messages = event.get("Records", ())
    for message in messages:
        log_failure(message)
    end = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - ANSWER_SECONDS
    done = sweep_all(int(event.get("resendAfterSeconds", settings.sweep_after_seconds)), end)
    # A schedule and a queue read no answer. An error is noticed, and lets the queue keep its messages.
    if done["failed"] and (messages or "source" in event):
        raise SweepFailed(f"{done['failed']} counters could not be swept: {done}")
    return done


def log_failure(message: Mapping[str, Any]) -> None:
    """Log what a message of the failure queue says: which batch the processor was given in vain. message: SQS's record.

    The batch itself is not in it, nor needed: whoever was in it waits in the table, or has an end.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    """
    try:
        failure = json.loads(message["body"])
        context, batch = failure["requestContext"], failure["DDBStreamBatchInfo"]
        said = {name: context.get(name) for name in ("condition", "approximateInvokeCount")}
        said |= {name: batch.get(name) for name in ("shardId", "startSequenceNumber", "endSequenceNumber", "batchSize")}
    except (KeyError, TypeError, ValueError, AttributeError):
        logger.error("a message of the failure queue cannot be read", messageId=message.get("messageId"))
        return
    logger.error("a batch was given up; the sweeper sends its requests again", **said)


def sweep_all(resend_after: int, end: float) -> dict[str, Any]:
    """Do all there is to do until the end, on time.monotonic; resend_after: seconds. Publishes what it has learnt."""
    sweep = Sweep(lambda: time.time_ns() // 1_000_000, resend_after, prune_after=settings.sweep_after_seconds)
    patience = Patience(end)
    counts = {"counters": 0, "pruned": 0, "stamped": 0, "buried": 0, "forgotten": 0, "resent": 0, "failed": 0}
    waiting = None
    try:
        sweep_counters(sweep, patience, counts)
        forget_keys(sweep, patience, counts)
        waiting, is_complete = resend_waiting(sweep, patience, counts)
    except TimeoutError:
        is_complete = False
    log = logger.info if is_complete else logger.warning
    log("swept" if is_complete else "there was no time for everything", counts=counts)
    return {**counts, **publish(waiting, counts["resent"], sweep.now()), "complete": is_complete}


def sweep_counters(sweep: Sweep, patience: Patience, counts: dict[str, int]) -> None:
    """Sweep every counter; one that fails does not keep the others from it."""
    for name in tables.counters.list_names():
        patience.require_time()
        report = Report()
        try:
            counts["pruned"] += carry_out(sweep_counter(name, sweep, report), lambda one: perform(one, patience))
        except TimeoutError:
            raise
        except Exception:
            logger.exception("a counter could not be swept", counter=name)
            counts["failed"] += 1
        counts["counters"] += 1
        counts["stamped"] += len(report.stamped)
        counts["buried"] += len(report.buried)
        for stamp in report.stamped:
            logger.info(
                "stamped for a worker that did not",
                requestId=stamp.request.request_id,
                counter=name,
                number=stamp.number,
            )


def forget_keys(sweep: Sweep, patience: Patience, counts: dict[str, int]) -> None:
    """Forget the idempotency keys of every counter that have had their time."""
    for item in tables.counters.list_with_keys():
        name = item["counterName"]["S"]
        for attributes in find_expired(item, sweep.now()):
            patience.require_time()
            try:
                forgotten = tables.counters.forget_keys(name, attributes)
            except Exception:
                logger.exception("idempotency keys could not be forgotten", counter=name)
                counts["failed"] += 1
                break
            counts["forgotten"] += len(attributes) if forgotten else 0


def resend_waiting(sweep: Sweep, patience: Patience, counts: dict[str, int]) -> tuple[Tally, bool]:
    """Look at every request that waits, and send those again that have waited too long.

    Returns what waits, and whether there was time to send all that were due. Raises TimeoutError when there was none to
    look at all of them: then nobody knows.
    """
    waiting, is_complete = Tally(), True
    hurry = replace(patience, deadline=patience.deadline - COUNTING_SECONDS)
    for page in tables.requests.list_waiting():
        patience.require_time()
        waiting.add(page)
        due = [one for one in page if is_due(one, sweep)]
        for request, was_sent in zip(due, senders.map(lambda one: send_again(one, sweep, hurry), due), strict=True):
            if was_sent:
                logger.info("sent again", requestId=request.request_id, counter=request.counter)
            counts["resent"] += bool(was_sent)
            is_complete = is_complete and was_sent is not None
    return waiting, is_complete


def send_again(request: Waiting, sweep: Sweep, patience: Patience) -> bool | None:
    """Touch a request, unless it has its end by now, or another sweeper was here; None when there is no time for it."""
    try:
        return carry_out(resend(request.request_id, sweep), lambda one: perform(one, patience))
    except (TimeoutError, Setback):
        return None


def publish(waiting: Tally | None, resent: int, now: int) -> dict[str, int | None]:
    """Metrics of what waits, unless that is not known, and the same for the answer. now: epoch ms."""
    metrics.add_metric("Resent", MetricUnit.Count, resent)
    if waiting is None:
        return {"pending": None, "oldestPendingAgeSeconds": None}
    age = 0 if waiting.oldest is None else max(0, now - waiting.oldest) // 1000
    metrics.add_metric("PendingCount", MetricUnit.Count, waiting.pending)
    metrics.add_metric("OldestPendingAge", MetricUnit.Seconds, age)
    return {"pending": waiting.pending, "oldestPendingAgeSeconds": age}


def perform(operation: Operation, patience: Patience) -> Any:
    """Carry out one operation of the protocol."""
    if isinstance(operation, Judge):
        return judge(operation.request, lambda one: perform(one, patience), patience.deadline)
    if isinstance(operation, Pause):
        return patience.wait(operation.attempt)
    return tables.perform(operation, patience)
