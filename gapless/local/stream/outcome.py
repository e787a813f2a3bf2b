"""What an invocation means for its batch: how much of it is done, and how the rest is tried again. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gapless.local.function import Invocation


@dataclass(frozen=True)
class Batch:
    """The next `size` records of a shard, invoked for `attempts` times. final: the last call of a tumbling window."""

    size: int
    attempts: int = 0
    final: bool = False


@dataclass(frozen=True)
class Outcome:
    """failed: something must be tried again; done: how many records, from the first, are done; reported: the function
    named the record that failed, rather than failing whole; state: the tumbling window's new state, if any."""

    failed: bool
    done: int
    reported: bool = False
    state: dict[str, Any] | None = None


def read_outcome(
    invocation: Invocation, sequences: Sequence[str], *, report_item_failures: bool, windowed: bool
) -> Outcome:
    """Read what the function answered for a batch with these sequence numbers.

    The lowest reported itemIdentifier is the checkpoint. An empty or null batchItemFailures is a success; an
    identifier that is empty, null or not of the batch, and an answer without the right form, fail the whole batch.
    In a tumbling window (windowed) an answer without a state, an object, fails the whole batch as well. The state that
    comes with a reported record is the one to go on with: AWS does not say, and what the function did before that
    record is in it. A batch that failed whole is tried again with the state it had.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
    """
    whole = Outcome(failed=True, done=0)
    if not invocation.ok:
        return whole
    try:
        response = json.loads(invocation.payload or b"null")
    except ValueError:
        return whole
    state = response.get("state") if windowed and isinstance(response, dict) else None
    if windowed and not isinstance(state, dict):
        return whole
    success = Outcome(failed=False, done=len(sequences), state=state)
    if not report_item_failures or not response:
        return success
    if not isinstance(response, dict):
        return whole
    failures = response.get("batchItemFailures")
    if not failures:
        return success
    try:
        first = min(sequences.index(failure["itemIdentifier"]) for failure in failures)
    except (TypeError, KeyError, ValueError):
        return whole
    return Outcome(failed=True, done=first, reported=True, state=state)


def rest_of(batch: Batch, outcome: Outcome, *, bisect: bool) -> list[Batch]:
    """The batches to try in place of one that failed, in order.

        failed whole    [a b c d] ─▶ [a b] [c d]     with bisection; a split is no retry, each half starts anew
        reported at c   [a b c d] ─▶ [c d]           a and b are done; with bisection this is a split as well
        reported at a   [a b c d] ─▶ [a b c d]       never split, as measured on AWS: a retry

    Source: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    """
    size = batch.size - outcome.done
    if bisect and outcome.done:
        return [Batch(size)]
    if bisect and not outcome.reported and size > 1:
        return [Batch(size // 2), Batch(size - size // 2)]
    return [replace(batch, size=size)]
