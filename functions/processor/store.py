"""Carries out the protocol's operations on DynamoDB. Only this and the modules of the two tables call AWS."""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar, cast

from connection import Patience, Setback, Settings, translating_failures
from counters_table import CountersTable
from operations import (
    Commit,
    Operation,
    Prune,
    PutJournal,
    RaiseFence,
    ReadCounter,
    ReadJournals,
    ReadProgress,
    ReadRequests,
    ReadStates,
    RefuseUncounted,
    Resend,
    SaveProgress,
    WriteStamps,
    WriteTombstone,
)
from requests_table import RequestsTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")


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
    """Every table of the stack, and which operation is whose."""

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self.counters = counters = CountersTable(client, settings)
        self.requests = requests = RequestsTable(client, settings)
        self._methods: dict[type, Callable[[Any], Any]] = {
            ReadCounter: counters.read_counter,
            ReadJournals: counters.read_journals,
            PutJournal: counters.put_journal,
            Commit: counters.commit,
            RaiseFence: counters.raise_fence,
            Prune: counters.prune,
            ReadStates: requests.read_states,
            ReadRequests: requests.read_requests,
            WriteStamps: requests.write_stamps,
            WriteTombstone: requests.write_tombstone,
            RefuseUncounted: requests.refuse_uncounted,
            Resend: requests.resend,
            ReadProgress: requests.read_progress,
            SaveProgress: requests.save_progress,
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
