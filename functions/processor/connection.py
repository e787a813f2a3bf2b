"""How the functions reach DynamoDB, and how long they go on when it does not answer."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
from botocore.loaders import Loader

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Answers after which the same call may succeed: developer guide, "Error handling with DynamoDB".
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


CONDITION_FAILED = "ConditionalCheckFailedException"
KEYS = 100  # of BatchGetItem


@dataclass(frozen=True)
class Settings:
    """What template.yaml tells the functions."""

    requests_table: str
    counters_table: str
    journal_table: str
    default_counter: str
    retention_days: int
    failed_retention_days: int
    lanes: bool
    most_resends: int
    sweep_after_seconds: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings once; a missing one is a KeyError that names it."""
        return cls(
            requests_table=environment["REQUESTS_TABLE"],
            counters_table=environment["COUNTERS_TABLE"],
            journal_table=environment["JOURNAL_TABLE"],
            default_counter=environment["DEFAULT_COUNTER"],
            retention_days=int(environment["RETENTION_DAYS"]),
            failed_retention_days=int(environment["FAILED_RETENTION_DAYS"]),
            lanes=environment["LANES"] == "on",
            most_resends=int(environment["MOST_RESENDS"]),
            sweep_after_seconds=int(environment["SWEEP_AFTER_SECONDS"]),
        )


class DynamoDBOnly(Loader):
    """Spares a cold start the search through the folders of every AWS service, done twice for each client."""

    def list_available_services(self, type_name: str) -> list[str]:
        """The one service that is called."""
        return ["dynamodb"]


def connect(attempts: int = 1) -> "DynamoDBClient":
    """A client that gives up in seconds; by default it makes one attempt a call, and others decide about the next.

    botocore alone starts in less time than boto3, which is a layer above it that nothing here needs.
    """
    session = botocore.session.get_session()
    session.register_component("data_loader", DynamoDBOnly())
    config = Config(
        retries={"total_max_attempts": attempts, "mode": "standard"},
        connect_timeout=2,
        read_timeout=5,
        tcp_keepalive=True,
        parameter_validation=False,  # DynamoDB does; here it took a quarter of the CPU time
    )
    return cast("DynamoDBClient", session.create_client("dynamodb", config=config))


class Setback(Exception):
    """A call has failed, or its answer was lost; the same call may be made again."""


@contextmanager
def translating_failures() -> Iterator[None]:
    """Turn what may pass into a Setback; let the rest through."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in PASSING or error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            raise Setback(f"DynamoDB answered {code}") from error
        raise
    except (ConnectionError, HTTPClientError) as error:  # refused, reset, timed out: the call may have been carried out
        raise Setback(f"DynamoDB could not be reached: {error}") from error


def read_batches(client: "DynamoDBClient", table: str, keys: Sequence[Any], wanted: Mapping[str, Any]) -> Iterator[Any]:
    """Read items of a table, however many, strongly consistent. What DynamoDB leaves out is asked for again.

    wanted: further parameters of the table's part of the request. Raises connection.Setback when nothing is read.
    """
    for place in range(0, len(keys), KEYS):
        left: Any = {table: {"Keys": keys[place : place + KEYS], "ConsistentRead": True, **wanted}}
        while left:
            answer = client.batch_get_item(RequestItems=left)
            yield from answer["Responses"].get(table, [])
            left = answer.get("UnprocessedKeys")
            if left and not answer["Responses"].get(table):
                raise Setback("DynamoDB reads nothing for now")


@dataclass
class Patience:
    """How long to go on after setbacks: full jitter below a doubling bound, until the deadline.

    deadline: on `clock`, in seconds. The bound starts at `first` seconds and stops growing at `longest`.
    """

    deadline: float
    first: float = 0.01
    longest: float = 1.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: random.Random = field(default_factory=random.Random)

    def require_time(self) -> None:
        """Raise TimeoutError when it is too late for another attempt."""
        if self.clock() >= self.deadline:
            raise TimeoutError("the invocation has no time left")

    def wait(self, attempt: int, cause: Exception | None = None) -> None:
        """Wait before an attempt, the first repetition being 1; raises the cause when there is no time for it."""
        pause = self.jitter.uniform(0, min(self.longest, self.first * 2 ** min(attempt, 30)))
        if self.clock() + pause >= self.deadline:
            raise cause or TimeoutError("the invocation has no time left")
        self.sleep(pause)
