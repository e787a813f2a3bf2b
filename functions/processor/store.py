"""The only module that calls AWS: reads a counter, commits a batch. Conditions are named where they are made."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
from botocore.loaders import Loader

from numbering import Counter, Setback, Stamp
from request import CODE_LIMIT, DONE, FAILED, MESSAGE_LIMIT, PENDING, Accepted, cut

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DAY = 86_400

# Answers after which the same call may succeed: developer guide, "Error handling with DynamoDB", and the reasons of a
# cancelled transaction in the API reference of TransactWriteItems.
PASSING = {
    "InternalFailure",
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
}
PASSING_REASONS = {"TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"}
CONDITION_FAILED = "ConditionalCheckFailed"
NO_REASON = "None"

ATTRIBUTES = ("requestId", "status", "number", "result", "error", "completedAt", "ttl")
NAMES = {f"#{attribute}": attribute for attribute in ATTRIBUTES}

# A request is stamped once: it is there, it waits, and it has no number.
IS_THERE = "attribute_exists(#requestId)"
IS_WAITING = "#status = :pending"
HAS_NO_NUMBER = "attribute_not_exists(#number)"
CAN_BE_STAMPED = f"{IS_THERE} AND {IS_WAITING} AND {HAS_NO_NUMBER}"

# The counter is where it was when it was read: at the same value, or still without one, or still absent.
IS_UNMOVED = "#value = :seen"
IS_UNUSED = "attribute_exists(counterName) AND attribute_not_exists(#value)"
IS_ABSENT = "attribute_not_exists(counterName)"


@dataclass(frozen=True)
class Settings:
    """What template.yaml tells the function."""

    requests_table: str
    counters_table: str
    default_counter: str
    retention_days: int
    failed_retention_days: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings once; a missing one is a KeyError that names it."""
        return cls(
            requests_table=environment["REQUESTS_TABLE"],
            counters_table=environment["COUNTERS_TABLE"],
            default_counter=environment["DEFAULT_COUNTER"],
            retention_days=int(environment["RETENTION_DAYS"]),
            failed_retention_days=int(environment["FAILED_RETENTION_DAYS"]),
        )


class DynamoDBOnly(Loader):
    """Spares a cold start the search through the folders of every AWS service, done twice for each client."""

    def list_available_services(self, type_name: str) -> list[str]:
        """The one service that is called."""
        return ["dynamodb"]


def connect() -> "DynamoDBClient":
    """A client that makes one attempt a call (numbering decides what to do about a failure) and gives up in seconds.

    botocore alone starts in less time than boto3, which is a layer above it that nothing here needs.
    """
    session = botocore.session.get_session()
    session.register_component("data_loader", DynamoDBOnly())
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=5, tcp_keepalive=True)
    return cast("DynamoDBClient", session.create_client("dynamodb", config=config))


class Tables:
    """The requests table and the counters table."""

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self._client = client
        self._settings = settings

    def read_counter(self, name: str) -> Counter | None:
        """Read a counter, strongly consistent; None when there is none. Raises numbering.Setback."""
        key = {"counterName": {"S": name}}
        with translating_failures():
            answer = self._client.get_item(TableName=self._settings.counters_table, Key=key, ConsistentRead=True)
        item = answer.get("Item")
        return to_counter(name, item) if item else None

    def commit(self, counter: Counter | None, stamps: Sequence[Stamp]) -> None:
        """Advance the counter past the stamps' numbers and write the stamps, all or nothing.

        Raises numbering.Setback. There is no ClientRequestToken of our own: one tied to a request would make a later,
        different transaction look like this one. The conditions alone make a repetition harmless.
        """
        completed_at = time.time_ns() // 1_000_000
        actions = [self._stamp_action(stamp, completed_at) for stamp in stamps]
        taken = sum(stamp.number is not None for stamp in stamps)
        if counter and taken:
            actions.append(self._advance_action(counter, taken))
        with translating_failures(stamps):
            self._client.transact_write_items(TransactItems=cast("Any", actions))

    def _stamp_action(self, stamp: Stamp, completed_at: int) -> dict[str, Any]:
        values: dict[str, Any] = {":pending": {"S": PENDING}, ":completedAt": {"N": str(completed_at)}}
        if isinstance(stamp.verdict, Accepted):
            days = self._settings.retention_days
            change = "SET #status = :status, #number = :number, #result = :result, #completedAt = :completedAt"
            values |= {
                ":status": {"S": DONE},
                ":number": {"N": str(stamp.number)},
                ":result": {"S": stamp.verdict.result},
            }
        else:
            days = self._settings.failed_retention_days
            change = "SET #status = :status, #error = :error, #result = :result, #completedAt = :completedAt"
            message = cut(stamp.verdict.message, min(MESSAGE_LIMIT, stamp.request.room))
            error = {"code": {"S": cut(stamp.verdict.code, CODE_LIMIT)}, "message": {"S": message}}
            # `result` stays, empty: a repeated PUT sets it only where it is missing.
            values |= {":status": {"S": FAILED}, ":error": {"M": error}, ":result": {"S": ""}}
        if days:
            change += ", #ttl = :ttl"
            values[":ttl"] = {"N": str(completed_at // 1000 + days * DAY)}
        return {
            "Update": {
                "TableName": self._settings.requests_table,
                "Key": {"requestId": {"S": stamp.request.request_id}},
                "UpdateExpression": change,
                "ConditionExpression": CAN_BE_STAMPED,
                "ExpressionAttributeNames": {name: NAMES[name] for name in NAMES if name in change + CAN_BE_STAMPED},
                "ExpressionAttributeValues": values,
            }
        }

    def _advance_action(self, counter: Counter, taken: int) -> dict[str, Any]:
        values: dict[str, Any] = {":after": {"N": str((counter.value or 0) + taken)}}
        names = {"#value": "value"}
        change = "SET #value = :after"
        if not counter.exists:
            condition = IS_ABSENT
            change += ", #start = :start, #increment = :increment, #allocation = :allocation"
            names |= {"#start": "start", "#increment": "increment", "#allocation": "allocation"}
            values |= {
                ":start": {"N": str(counter.start)},
                ":increment": {"N": str(counter.increment)},
                ":allocation": {"S": counter.allocation},
            }
        elif counter.value is None:
            condition = IS_UNUSED
        else:
            condition = IS_UNMOVED
            values[":seen"] = {"N": str(counter.value)}
        return {
            "Update": {
                "TableName": self._settings.counters_table,
                "Key": {"counterName": {"S": counter.name}},
                "UpdateExpression": change,
                "ConditionExpression": condition,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": values,
            }
        }


def to_counter(name: str, item: Mapping[str, Any]) -> Counter:
    """Read a counter's item; one that could not number, or only with twins, is a counter with a fault.

    Without `allocation` it hands out numbers directly, as one typed into the console does.
    """

    def whole(attribute: str, default: int | None) -> int | None:
        return int(item[attribute]["N"]) if attribute in item else default

    try:
        counter = Counter(
            name=name,
            value=whole("value", None),
            start=whole("start", 1) or 0,
            increment=whole("increment", 1) or 0,
            capacity=whole("capacity", None),
            cycle=item.get("cycle", {}).get("BOOL", False),
            allocation=item.get("allocation", {}).get("S", "direct"),
        )
    except (KeyError, ValueError):
        return Counter(name, fault="an option of it, or its value, is not a whole number")
    if counter.increment == 0:
        return Counter(name, fault="its increment is 0")
    if counter.cycle and counter.capacity is not None and counter.capacity < 1:
        return Counter(name, fault="it cycles and has no numbers to give")
    return counter


@contextmanager
def translating_failures(stamps: Sequence[Stamp] = ()) -> Iterator[None]:
    """Turn what may pass, or has been decided by somebody else, into a Setback; let the rest through.

    stamps: what the transaction writes, in the order of its first actions.
    """
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "TransactionCanceledException":
            raise read_cancellation(error, stamps) from error
        if code in PASSING or error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            raise Setback(f"DynamoDB answered {code}") from error
        raise
    except (ConnectionError, HTTPClientError) as error:  # refused, reset, timed out: the call may have been carried out
        raise Setback(f"DynamoDB could not be reached: {error}") from error


def read_cancellation(error: ClientError, stamps: Sequence[Stamp]) -> Exception:
    """What a cancelled transaction means: a Setback, or the error itself when an action can never succeed."""
    reasons = [reason.get("Code", NO_REASON) for reason in cast("Any", error.response).get("CancellationReasons", [])]
    if any(reason not in {NO_REASON, CONDITION_FAILED, *PASSING_REASONS} for reason in reasons):
        return error
    decided = (
        stamp.request.request_id for stamp, reason in zip(stamps, reasons, strict=False) if reason == CONDITION_FAILED
    )
    return Setback(
        "the transaction was cancelled: " + ", ".join(sorted(set(reasons) - {NO_REASON})),
        decided=frozenset(decided),
        conflict=True,
    )
