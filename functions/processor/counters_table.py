"""The counters table and the journal: the calls behind the protocol's operations on them."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from connection import CONDITION_FAILED, Settings, read_batches
from expressions import DAY, Expression, commit_update, fence_update, n, prune_update
from items import from_owners, to_counter, to_owners
from keys import forget_update
from operations import Commit, Committed, Prune, PutJournal, RaiseFence, ReadCounter, ReadJournals

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from counter import Counter
    from entry import Owners

JOURNAL_DAYS = 30  # longer than a stream, an outage and its repair: an entry is applied long before


class CountersTable:
    """The counters and the journal of their lanes."""

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self._client = client
        self._settings = settings

    def read_counter(self, operation: ReadCounter) -> "Counter | None":
        """GetItem."""
        item = self._client.get_item(
            TableName=self._settings.counters_table,
            Key={"counterName": {"S": operation.name}},
            ConsistentRead=True,
        ).get("Item")
        return to_counter(operation.name, item) if item else None

    def read_journals(self, operation: ReadJournals) -> Mapping[bytes, "Owners"]:
        """BatchGetItem of the journal."""
        keys = [{"entryId": {"B": key}} for key in operation.keys]
        items = read_batches(self._client, self._settings.journal_table, keys, {})
        return {bytes(item["entryId"]["B"]): to_owners(item) for item in items}

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
            if error.response["Error"]["Code"] != CONDITION_FAILED:
                raise
            return False, cast("Any", error.response).get("Item")
        return True, answer["Attributes"]

    def list_names(self) -> Iterator[str]:
        """The name of every counter."""
        for page in self._client.get_paginator("scan").paginate(
            TableName=self._settings.counters_table, ProjectionExpression="counterName"
        ):
            yield from (item["counterName"]["S"] for item in page["Items"])

    def list_with_keys(self) -> Iterator[Mapping[str, Any]]:
        """The item of every counter that holds idempotency keys."""
        for page in self._client.get_paginator("scan").paginate(
            TableName=self._settings.counters_table,
            FilterExpression="keyBytes > :zero",
            ExpressionAttributeValues={":zero": n(0)},
        ):
            yield from page["Items"]

    def forget_keys(self, name: str, attributes: Sequence[str]) -> bool:
        """UpdateItem; False when some of them were gone."""
        return self._update_counter(name, forget_update(attributes))[0]
