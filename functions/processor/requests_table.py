"""The requests table: the calls behind the protocol's operations on requests."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from connection import CONDITION_FAILED, Setback, Settings, read_batches, translating_failures
from expressions import (
    IS_ABSENT,
    Expression,
    n,
    progress_update,
    resend_update,
    stamp_parts,
    stamp_statement,
    stamp_update,
    tombstone_update,
)
from operations import (
    Outcome,
    ReadProgress,
    ReadRequests,
    ReadStates,
    RefuseUncounted,
    Resend,
    SaveProgress,
    Stamp,
    WriteStamps,
    WriteTombstone,
)
from request import PENDING, read_item
from waiting import Waiting, scan_waiting

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from request import Request

# API reference: BatchExecuteStatement takes 25 statements, TransactWriteItems 100 actions and 4 MB of items.
STATEMENTS = 25
TRANSACTION_STAMPS = 99
TRANSACTION_BYTES = 4 * 1024 * 1024 - 64 * 1024
SENDERS = 4  # calls that are made at once, to write stamps or to scan
# BatchStatementError and CancellationReason of the API reference: a refused condition, and the errors that pass.
CONDITION_REFUSED = "ConditionalCheckFailed"
PASSING_STATEMENTS = {
    "InternalServerError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "ThrottlingError",
    "TransactionConflict",
}


class RequestsTable:
    """The requests, each stamped once."""

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._senders = ThreadPoolExecutor(SENDERS)

    def read_states(self, operation: ReadStates) -> Mapping[str, str]:
        """BatchGetItem of the status alone."""
        items = self._get_states(operation.ids)
        return {request_id: item["status"]["S"] for request_id, item in keep_meant(items, operation).items()}

    def _get_states(self, ids: Sequence[str]) -> dict[str, Any]:
        """The status and receivedAt of requests, by id."""
        names = {"#status": "status", "#receivedAt": "receivedAt"}
        wanted = {"ProjectionExpression": "requestId, #status, #receivedAt", "ExpressionAttributeNames": names}
        keys = [{"requestId": {"S": one}} for one in ids]
        items = read_batches(self._client, self._settings.requests_table, keys, wanted)
        return {item["requestId"]["S"]: item for item in items}

    def read_requests(self, operation: ReadRequests) -> Mapping[str, "Request"]:
        """BatchGetItem of whole items."""
        keys = [{"requestId": {"S": one}} for one in operation.ids]
        items = read_batches(self._client, self._settings.requests_table, keys, {})
        waiting = {item["requestId"]["S"]: item for item in items if item["status"]["S"] == PENDING}
        return {request_id: read_item(item) for request_id, item in keep_meant(waiting, operation).items()}

    def write_stamps(self, operation: WriteStamps) -> list[Outcome]:
        """BatchExecuteStatement, several calls at once. A call whose answer is lost counts as throttled."""
        stamps = operation.stamps
        parts = list(in_calls(stamps))
        outcomes = [one for some in self._senders.map(self._write_some, parts) for one in some]
        refused = [stamp.request.request_id for stamp, one in zip(stamps, outcomes, strict=True) if one is None]
        items = self._get_states(refused) if refused else {}
        return [
            outcome or why_refused(stamp, items.get(stamp.request.request_id))
            for stamp, outcome in zip(stamps, outcomes, strict=True)
        ]

    def _write_some(self, stamps: Sequence[Stamp]) -> list[Outcome | None]:
        """The outcomes of one call; None where the condition was refused."""
        if stamps[0].ends_progress:
            return [self._write_one(stamps[0])]
        table = self._settings.requests_table
        statements = [stamp_statement(table, stamp, self._parts_of(stamp)) for stamp in stamps]
        try:
            with translating_failures():
                answer = self._client.batch_execute_statement(Statements=cast("Any", statements))
        except Setback:
            return [Outcome.THROTTLED] * len(stamps)
        return [read_statement_error(one.get("Error")) for one in answer["Responses"]]

    def _write_one(self, stamp: Stamp) -> Outcome | None:
        """UpdateItem; the same outcomes."""
        try:
            with translating_failures():
                written = self._update_request(stamp.request.request_id, stamp_update(stamp, self._parts_of(stamp)))
        except Setback:
            return Outcome.THROTTLED
        except ClientError as error:
            return read_statement_error({"Code": "ValidationError", "Message": str(error)})
        return Outcome.WRITTEN if written else None

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

    def read_progress(self, operation: ReadProgress) -> str:
        """BatchGetItem, of one."""
        names = {"#progress": "progress", "#receivedAt": "receivedAt"}
        wanted = {"ProjectionExpression": "#progress, #receivedAt", "ExpressionAttributeNames": names}
        keys = [{"requestId": {"S": operation.request_id}}]
        items = read_batches(self._client, self._settings.requests_table, keys, wanted)
        meant = (item for item in items if item.get("receivedAt") == n(operation.received_at))
        return next((str(item["progress"]["S"]) for item in meant if "progress" in item), "")

    def save_progress(self, operation: SaveProgress) -> bool:
        """UpdateItem."""
        return self._update_request(operation.request_id, progress_update(operation))

    def _update_request(self, request_id: str, expression: Expression) -> bool:
        try:
            self._client.update_item(
                TableName=self._settings.requests_table, Key={"requestId": {"S": request_id}}, **expression
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != CONDITION_FAILED:
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
                if any(reason.get("Code") == CONDITION_REFUSED for reason in reasons):
                    return False
                if reasons:
                    raise Setback(f"a transaction was cancelled: {reasons}") from error
                raise
        return True

    def list_waiting(self) -> Iterator[list[Waiting]]:
        """Scan, several segments at once: every request that waits, page by page."""
        return scan_waiting(self._client, self._settings.requests_table, self._senders)


def keep_meant(items: Mapping[str, Any], operation: ReadStates | ReadRequests) -> Mapping[str, Any]:
    """The items that are the requests asked for, and not others under their ids."""
    if not operation.received:
        return items
    meant = {one: n(time) for one, time in zip(operation.ids, operation.received, strict=True)}
    return {request_id: item for request_id, item in items.items() if item.get("receivedAt") == meant[request_id]}


def why_refused(stamp: Stamp, item: Any) -> Outcome:
    """What a refused stamp has met. The engines do not agree on telling it with the refusal."""
    if item is None or item.get("receivedAt") != n(stamp.request.received_at):
        return Outcome.MISSING
    return Outcome.THROTTLED if item["status"]["S"] == PENDING else Outcome.DECIDED


def read_statement_error(error: Any) -> Outcome | None:
    """The outcome of one statement; None when its condition was refused. Raises RuntimeError for what will not pass."""
    if error is None:
        return Outcome.WRITTEN
    if error["Code"] == CONDITION_REFUSED:
        return None
    if error["Code"] in PASSING_STATEMENTS:
        return Outcome.THROTTLED
    if error["Code"] == "ValidationError" and "size" in error.get("Message", ""):
        return Outcome.TOO_LARGE
    raise RuntimeError(f"a stamp was refused: {error['Code']}: {error.get('Message')}")


def in_calls(stamps: Sequence[Stamp]) -> Iterator[Sequence[Stamp]]:
    """Cut into runs that one call takes: many statements, or the one update of a request whose progress is to go.

    AWS shows no PartiQL statement with both SET and REMOVE, and the engines do not agree on one.
    """
    run: list[Stamp] = []
    for stamp in stamps:
        if run and (stamp.ends_progress or run[0].ends_progress or len(run) == STATEMENTS):
            yield run
            run = []
        run.append(stamp)
    if run:
        yield run


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
