"""Finds what the stream has lost, on a schedule or by `gapless sweep`, and sends it through the stream again.

every counter ──▶ apply its lanes, prune those at rest;   every request that has waited too long ──▶ touch it
      └─────────▶ forget idempotency keys that have had their time
"""

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from connection import Patience, Settings, connect
from judging import judge
from keys import find_expired
from operations import Judge, Operation, Pause
from stamping import Report
from store import Tables, carry_out
from sweeping import Sweep, resend, sweep_counter

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

ANSWER_SECONDS = 30.0

logger = Logger()
settings = Settings.from_environment(os.environ)
# Its calls are not in a hurry, and bear repetition.
tables = Tables(connect(attempts=5), settings)


def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Sweep once. The event may have `resendAfterSeconds`, in place of the setting.

    Returns what was done: how many counters were swept, lanes pruned, stamps written, tombstones left, idempotency keys
    forgotten, requests sent again; and `complete`, whether there was time for everything. The next sweep begins anew.
    """
    patience = Patience(time.monotonic() + context.get_remaining_time_in_millis() / 1000 - ANSWER_SECONDS)
    resend_after = int(event.get("resendAfterSeconds", settings.sweep_after_seconds))
    sweep = Sweep(lambda: time.time_ns() // 1_000_000, resend_after, prune_after=settings.sweep_after_seconds)
    counts = {"counters": 0, "pruned": 0, "stamped": 0, "buried": 0, "forgotten": 0, "resent": 0, "failed": 0}
    try:
        sweep_counters(sweep, patience, counts)
        forget_keys(sweep, patience, counts)
        resend_waiting(sweep, patience, counts)
    except TimeoutError:
        logger.warning("there was no time for everything", counts=counts)
        return {**counts, "complete": False}
    logger.info("swept", counts=counts)
    return {**counts, "complete": True}


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
            logger.info("stamped for a worker that did not", requestId=stamp.request.request_id, number=stamp.number)


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


def resend_waiting(sweep: Sweep, patience: Patience, counts: dict[str, int]) -> None:
    """Send again every request that has waited too long."""
    for request_id in tables.requests.list_waiting(sweep.before(sweep.resend_after)):
        patience.require_time()
        if carry_out(resend(request_id, sweep), lambda one: perform(one, patience)):
            counts["resent"] += 1
            logger.info("sent again", requestId=request_id)


def perform(operation: Operation, patience: Patience) -> Any:
    """Carry out one operation of the protocol."""
    if isinstance(operation, Judge):
        return judge(operation.request)
    if isinstance(operation, Pause):
        return patience.wait(operation.attempt)
    return tables.perform(operation, patience)
