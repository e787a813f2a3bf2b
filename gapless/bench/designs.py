"""Five ways to number the requests of a shard, each as the one that chooses it would write it.

naive                 ADD 1 to the counter, write the number on the request
optimistic            read the counter, write it back one higher if nobody else has, write the number on the request
transaction-per-item  read the counter, then in one transaction move it by 1 and write the number; both, or nothing
transaction           the same with n numbers: all of it, or nothing
lanes                 the processor's own: its protocol, carried out by its store
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from batch import Rules
from connection import Patience, Settings
from gapless.bench.desk import Desk
from memory import Memory
from numbering import number_records
from operations import Judge, Operation, Pause
from request import Accepted, Request
from store import Tables, carry_out

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

GIVE_UP_SECONDS = 300.0
TRANSACTION_STAMPS = 99  # and the counter: 100 actions are the limit
CONDITION_FAILED = "ConditionalCheckFailed"
PASSING_REASONS = {"None", "TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"}

NumberBatch = Callable[[Sequence[Request]], None]


def choose(design: str, client: "DynamoDBClient", settings: Settings, shard: str) -> NumberBatch:
    """What numbers the batches of one shard, one after the other, as a process that has just started."""
    desk = Desk(client, settings)
    match design:
        case "naive":
            return Naive(desk).number
        case "optimistic":
            return Optimistic(desk).number
        case "transaction-per-item":
            return Transaction(desk, most=1).number
        case "transaction":
            return Transaction(desk, most=TRANSACTION_STAMPS).number
        case "lanes":
            return Lanes(Tables(client, settings), settings, shard).number
        case _:
            raise ValueError(f"there is no design named {design!r}")


class Naive:
    """Two unconditional writes a number."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def number(self, requests: Sequence[Request]) -> None:
        """One after the other."""
        for request in requests:
            answer = self._desk.client.update_item(
                **self._desk.key_of_counter(request.counter),
                UpdateExpression="ADD #value :one",
                ExpressionAttributeNames={"#value": "value"},
                ExpressionAttributeValues={":one": {"N": "1"}},
                ReturnValues="UPDATED_NEW",
            )
            stamp = self._desk.stamp(request, int(answer["Attributes"]["value"]["N"]), guarded=False)
            self._desk.client.update_item(**stamp)


class Optimistic:
    """A read and two conditional writes a number, and the same again when somebody else was quicker."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def number(self, requests: Sequence[Request]) -> None:
        """One after the other."""
        for request in requests:
            number = self._take(request.counter)
            self._update(self._desk.stamp(request, number))

    def _take(self, counter: str) -> int:
        while True:
            seen = self._desk.read_value(counter)
            if self._update(self._desk.advance(counter, seen, 1)):
                return (seen or 0) + 1

    def _update(self, update: dict[str, Any]) -> bool:
        """Whether the condition held."""
        try:
            self._desk.client.update_item(**update)
        except self._desk.client.exceptions.ConditionalCheckFailedException:
            return False
        return True


class Transaction:
    """A read and a transaction for a few numbers, and the same again, after a pause, when it is cancelled.

    most: how many numbers a transaction gives, up to 99.
    """

    def __init__(self, desk: Desk, most: int) -> None:
        self._desk = desk
        self._most = most
        self._patience = Patience(time.monotonic() + GIVE_UP_SECONDS)

    def number(self, requests: Sequence[Request]) -> None:
        """As many at once as a transaction gives."""
        waiting = list(requests)
        attempt = 0
        while waiting:
            numbered = self._commit(waiting[: self._most])
            waiting = [one for one in waiting if one.request_id not in numbered]
            attempt = 0 if numbered else attempt + 1
            if attempt:
                self._patience.wait(attempt)

    def _commit(self, batch: Sequence[Request]) -> set[str]:
        """The ids that have their number now: all of them, or those in whose way it stood."""
        desk, counter = self._desk, batch[0].counter
        seen = desk.read_value(counter)
        actions: list[Any] = [
            {"Update": desk.stamp(one, (seen or 0) + place)} for place, one in enumerate(batch, start=1)
        ]
        actions.append({"Update": desk.advance(counter, seen, len(batch))})
        try:
            desk.client.transact_write_items(TransactItems=actions)
        except ClientError as error:
            answer: Any = error.response
            codes = [reason.get("Code") for reason in answer.get("CancellationReasons", [])]
            if not codes or set(codes) - {CONDITION_FAILED, *PASSING_REASONS}:
                raise
            return {one.request_id for one, code in zip(batch, codes, strict=False) if code == CONDITION_FAILED}
        return {one.request_id for one in batch}


class Lanes:
    """The processor's protocol and store, as its handler runs them, but for work(): there is none."""

    def __init__(self, tables: Tables, settings: Settings, shard: str) -> None:
        self._tables = tables
        self._rules = Rules(settings.default_counter, settings.most_resends)
        self._memory = Memory()
        self._shard = shard
        self._patience = Patience(time.monotonic() + GIVE_UP_SECONDS)

    def number(self, requests: Sequence[Request]) -> None:
        """One commit for all."""
        report = carry_out(number_records(requests, self._shard, self._memory, self._rules), self._perform)
        for _, cause in report.failures:
            raise cause

    def _perform(self, operation: Operation) -> Any:
        if isinstance(operation, Judge):
            return Accepted("null")
        if isinstance(operation, Pause):
            return self._patience.wait(operation.attempt)
        return self._tables.perform(operation, self._patience)
