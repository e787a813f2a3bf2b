"""The only module that calls AWS: carries out the protocol's operations. Conditions are named in expressions.py."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar, cast

from botocore.exceptions import ClientError

from connection import Patience, Setback, Settings, translating_failures
from expressions import (
    DAY,
    IS_ABSENT,
    Expression,
    commit_update,
    fence_update,
    n,
    prune_update,
    resend_update,
    stamp_parts,
    stamp_statement,
    stamp_update,
    tombstone_update,
)
from items import from_owners, to_counter, to_owners
from operations import (
    Commit,
    Committed,
    Operation,
    Outcome,
    Prune,
    PutJournal,
    RaiseFence,
    ReadCounter,
    ReadJournals,
    ReadRequests,
    ReadStates,
    RefuseUncounted,
    Resend,
    Stamp,
    WriteStamps,
    WriteTombstone,
)
from request import PENDING, read_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from counter import Counter
    from entry import Owners
    from request import Request

T = TypeVar("T")

# API reference: BatchExecuteStatement takes 25 statements, BatchGetItem 100 keys, TransactWriteItems 100 actions and
# 4 MB of items.
STATEMENTS = 25
KEYS = 100
TRANSACTION_STAMPS = 99
TRANSACTION_BYTES = 4 * 1024 * 1024 - 64 * 1024
JOURNAL_DAYS = 30  # longer than a stream, an outage and its repair: an entry is applied long before
SENDERS = 4  # calls that are made at once to write stamps
# BatchStatementError of the API reference: those that pass.
PASSING_STATEMENTS = {
    "InternalServerError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "ThrottlingError",
    "TransactionConflict",
}
CONDITION_FAILED = "ConditionalCheckFailed"


def carry_out(steps: Generator[Operation, Any, T], perform: Callable[[Operation], Any]) -> T:
    """Run a piece of the protocol: each operation it yields is performed, and what it was answered is sent back."""
    answer, failure = None, None
    while True:
        try:
            operation = steps.throw(failure) if failure else steps.send(answer)
        except StopIteration as end:
            return cast("T", end.value)
        try:
            answer, failure = perform(operation), None
        except Exception as error:
            failure = error


class Tables:
    """The requests table, the counters table and the journal."""

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._senders = ThreadPoolExecutor(SENDERS)
        self._methods: dict[type, Callable[[Any], Any]] = {
            ReadCounter: self.read_counter,
            ReadStates: self.read_states,
            ReadRequests: self.read_requests,
            ReadJournals: self.read_journals,
            PutJournal: self.put_journal,
            Commit: self.commit,
            RaiseFence: self.raise_fence,
            WriteStamps: self.write_stamps,
            WriteTombstone: self.write_tombstone,
            RefuseUncounted: self.refuse_uncounted,
            Prune: self.prune,
            Resend: self.resend,
        }

    def perform(self, operation: Operation, patience: Patience) -> Any:
        """Carry out one operation, again after each setback: every one of them bears repetition.

        Raises connection.Setback or TimeoutError when patience is at its end, ClientError for what will not pass.
        """
        method = self._methods[type(operation)]
        attempt = 0
        while True:
            patience.require_time()
            try:
                with translating_failures():
                    return method(operation)
            except Setback as setback:
                attempt += 1
                patience.wait(attempt, setback)

    def read_counter(self, operation: ReadCounter) -> "Counter | None":
        """GetItem."""
        item = self._client.get_item(
            TableName=self._settings.counters_table,
            Key={"counterName": {"S": operation.name}},
            ConsistentRead=True,
        ).get("Item")
        return to_counter(operation.name, item) if item else None

    def read_states(self, operation: ReadStates) -> Mapping[str, str]:
        """BatchGetItem of the status alone."""
        items = self._get_states(operation.ids)
        return {
            request_id: item["status"]["S"]
            for request_id, item in items.items()
            if is_received(item, operation.received_until)
        }

    def _get_states(self, ids: Sequence[str]) -> dict[str, Any]:
        """The status and receivedAt of requests, by id."""
        names = {"#status": "status", "#receivedAt": "receivedAt"}
        wanted = {"ProjectionExpression": "requestId, #status, #receivedAt", "ExpressionAttributeNames": names}
        keys = [{"requestId": {"S": one}} for one in ids]
        return {item["requestId"]["S"]: item for item in self._get(self._settings.requests_table, keys, wanted)}

    def read_requests(self, operation: ReadRequests) -> Mapping[str, "Request"]:
        """BatchGetItem of whole items."""
        keys = [{"requestId": {"S": one}} for one in operation.ids]
        items = self._get(self._settings.requests_table, keys, {})
        return {
            item["requestId"]["S"]: read_item(item)
            for item in items
            if item["status"]["S"] == PENDING and is_received(item, operation.received_until)
        }

    def read_journals(self, operation: ReadJournals) -> Mapping[bytes, "Owners"]:
        """BatchGetItem of the journal."""
        keys = [{"entryId": {"B": key}} for key in operation.keys]
        items = self._get(self._settings.journal_table, keys, {})
        return {bytes(item["entryId"]["B"]): to_owners(item) for item in items}

    def _get(self, table: str, keys: Sequence[Any], wanted: Mapping[str, Any]) -> Iterator[Any]:
        """Read items of a table, however many, strongly consistent. What DynamoDB leaves out is asked for again."""
        for place in range(0, len(keys), KEYS):
            left: Any = {table: {"Keys": keys[place : place + KEYS], "ConsistentRead": True, **wanted}}
            while left:
                answer = self._client.batch_get_item(RequestItems=left)
                yield from answer["Responses"].get(table, [])
                if answer.get("UnprocessedKeys") and not answer["Responses"].get(table):
                    raise Setback("DynamoDB reads nothing for now")
                left = answer.get("UnprocessedKeys")

    def put_journal(self, operation: PutJournal) -> None:
        """PutItem under a key that nobody else has; the same again after a lost answer is the same item."""
        item = {
            "entryId": {"B": operation.key},
            "ttl": n(int(time.time()) + JOURNAL_DAYS * DAY),
            **from_owners(operation.owners),
        }
        self._client.put_item(TableName=self._settings.journal_table, Item=item)

    def commit(self, operation: Commit) -> Committed:
        """UpdateItem: the one that counts."""
        done, item = self._update_counter(operation.counter, commit_update(operation))
        return Committed(done, to_counter(operation.counter, item) if item else None)

    def raise_fence(self, operation: RaiseFence) -> "Counter | None":
        """UpdateItem."""
        _, item = self._update_counter(operation.name, fence_update())
        return to_counter(operation.name, item) if item else None

    def prune(self, operation: Prune) -> bool:
        """UpdateItem, in one of two forms: an update cannot take the higher of two numbers."""
        return any(
            self._update_counter(operation.counter, prune_update(operation, raise_verify_until=raises))[0]
            for raises in (True, False)
        )

    def _update_counter(self, name: str, expression: Expression) -> tuple[bool, Any]:
        """Whether the condition held, and the counter's item: after the update, or as it stood in its way."""
        try:
            answer = self._client.update_item(
                TableName=self._settings.counters_table,
                Key={"counterName": {"S": name}},
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **expression,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != f"{CONDITION_FAILED}Exception":
                raise
            return False, cast("Any", error.response).get("Item")
        return True, answer["Attributes"]

    def write_stamps(self, operation: WriteStamps) -> list[Outcome]:
        """BatchExecuteStatement, several calls at once. A call whose answer is lost counts as throttled."""
        stamps = operation.stamps
        parts = [stamps[place : place + STATEMENTS] for place in range(0, len(stamps), STATEMENTS)]
        outcomes = [one for some in self._senders.map(self._write_some, parts) for one in some]
        refused = [stamp.request.request_id for stamp, one in zip(stamps, outcomes, strict=True) if one is None]
        items = self._get_states(refused) if refused else {}
        return [
            outcome or why_refused(stamp, items.get(stamp.request.request_id))
            for stamp, outcome in zip(stamps, outcomes, strict=True)
        ]

    def _write_some(self, stamps: Sequence[Stamp]) -> list[Outcome | None]:
        """The outcomes of one call; None where the condition was refused."""
        table = self._settings.requests_table
        statements = [stamp_statement(table, stamp, self._parts_of(stamp)) for stamp in stamps]
        try:
            with translating_failures():
                answer = self._client.batch_execute_statement(Statements=cast("Any", statements))
        except Setback:
            return [Outcome.THROTTLED] * len(stamps)
        return [read_statement_error(one.get("Error")) for one in answer["Responses"]]

    def _parts_of(self, stamp: Stamp) -> dict[str, Any]:
        settings = self._settings
        days = settings.failed_retention_days if stamp.number is None else settings.retention_days
        return stamp_parts(stamp, time.time_ns() // 1_000_000, days)

    def write_tombstone(self, operation: WriteTombstone) -> None:
        """UpdateItem; the same again changes nothing."""
        now = time.time_ns() // 1_000_000
        self._update_request(operation.item_id, tombstone_update(operation.counter, operation.number, now))

    def resend(self, operation: Resend) -> bool:
        """UpdateItem."""
        return self._update_request(operation.request_id, resend_update(operation.before, time.time_ns() // 1_000_000))

    def _update_request(self, request_id: str, expression: Expression) -> bool:
        try:
            self._client.update_item(
                TableName=self._settings.requests_table, Key={"requestId": {"S": request_id}}, **expression
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != f"{CONDITION_FAILED}Exception":
                raise
            return False
        return True

    def refuse_uncounted(self, operation: RefuseUncounted) -> bool:
        """TransactWriteItems: the refusals, and the check that there is no counter. There is no ClientRequestToken of
        our own: one tied to a request would make a later, different transaction look like this one."""
        check = {
            "TableName": self._settings.counters_table,
            "Key": {"counterName": {"S": operation.counter}},
            "ConditionExpression": IS_ABSENT,
        }
        for stamps in in_transactions(operation.stamps):
            actions = [
                {
                    "Update": {
                        "TableName": self._settings.requests_table,
                        "Key": {"requestId": {"S": stamp.request.request_id}},
                        **stamp_update(stamp, self._parts_of(stamp)),
                    }
                }
                for stamp in stamps
            ]
            try:
                self._client.transact_write_items(TransactItems=cast("Any", [{"ConditionCheck": check}, *actions]))
            except ClientError as error:
                reasons = cast("Any", error.response).get("CancellationReasons", [])
                if any(reason.get("Code") == CONDITION_FAILED for reason in reasons):
                    return False
                if reasons:
                    raise Setback(f"a transaction was cancelled: {reasons}") from error
                raise
        return True

    def list_counters(self) -> Iterator[str]:
        """The name of every counter."""
        for page in self._client.get_paginator("scan").paginate(
            TableName=self._settings.counters_table, ProjectionExpression="counterName"
        ):
            yield from (item["counterName"]["S"] for item in page["Items"])

    def list_waiting(self, received_before: int) -> Iterator[str]:
        """The id of every request that waits and was received before that time, epoch ms."""
        for page in self._client.get_paginator("scan").paginate(
            TableName=self._settings.requests_table,
            ProjectionExpression="requestId",
            FilterExpression="#status = :pending AND #receivedAt <= :before",
            ExpressionAttributeNames={"#status": "status", "#receivedAt": "receivedAt"},
            ExpressionAttributeValues={":pending": {"S": PENDING}, ":before": n(received_before)},
        ):
            yield from (item["requestId"]["S"] for item in page["Items"])


def is_received(item: Any, until: int | None) -> bool:
    """Whether a request was received by then, epoch ms. None is any time; a tombstone has no such time."""
    return until is None or "receivedAt" not in item or int(item["receivedAt"]["N"]) <= until


def why_refused(stamp: Stamp, item: Any) -> Outcome:
    """What a refused stamp has met. The engines do not agree on telling it with the refusal."""
    if item is None or item.get("receivedAt") != n(stamp.request.received_at):
        return Outcome.MISSING
    return Outcome.THROTTLED if item["status"]["S"] == PENDING else Outcome.DECIDED


def read_statement_error(error: Any) -> Outcome | None:
    """The outcome of one statement; None when its condition was refused. Raises RuntimeError for what will not pass."""
    if error is None:
        return Outcome.WRITTEN
    if error["Code"] == CONDITION_FAILED:
        return None
    if error["Code"] in PASSING_STATEMENTS:
        return Outcome.THROTTLED
    if error["Code"] == "ValidationError" and "size" in error.get("Message", ""):
        return Outcome.TOO_LARGE
    raise RuntimeError(f"a stamp was refused: {error['Code']}: {error.get('Message')}")


def in_transactions(stamps: Sequence[Stamp]) -> Iterator[list[Stamp]]:
    """Cut into runs that a transaction takes."""
    run: list[Stamp] = []
    size = 0
    for stamp in stamps:
        size += stamp.request.size
        if run and (len(run) == TRANSACTION_STAMPS or size > TRANSACTION_BYTES):
            yield run
            run, size = [], stamp.request.size
        run.append(stamp)
    if run:
        yield run
