"""The failure destination: what was given up on, in the words AWS uses.

An SQS queue gets shard and sequence numbers only; an S3 bucket also the whole event.
Source: docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html.
"""

import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gapless.local.engine import Engine
from gapless.local.function import Invocation
from gapless.local.stream.record import StreamRecord

RETRIES_EXHAUSTED = "RetryAttemptsExhausted"
RECORD_TOO_OLD = "RecordAgeExceeded"

PutObject = Callable[[str, str, bytes], Awaitable[None]]


@dataclass(frozen=True)
class Discarded:
    """Records a shard gave up on. attempts: how often they were sent; invocation: the last of these, None when they
    grew too old; event: the event they were sent in, or would have been."""

    records: list[StreamRecord]
    shard_id: str
    condition: str
    attempts: int
    invocation: Invocation | None
    event: bytes


class FailureDestination:
    """Sends discarded records to the queue or bucket of an ARN.

    engine: has the queue; put_object: stores (bucket, key, body) for a bucket, since no local engine used here does.
    Raises ValueError for an ARN that is neither, or a bucket without put_object.
    """

    def __init__(
        self, arn: str, *, engine: Engine, function_arn: str, stream_arn: str, put_object: PutObject | None
    ) -> None:
        self._service, self._name = arn.split(":")[2], arn.split(":")[-1]
        self._engine = engine
        self._function_arn = function_arn
        self._stream_arn = stream_arn
        self._put_object = put_object
        self._mapping_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{stream_arn} {function_arn}")
        if self._service not in ("sqs", "s3"):
            raise ValueError(f"failure destination {arn}: only SQS queues and S3 buckets work on this machine")
        if self._service == "s3" and put_object is None:
            raise ValueError(f"failure destination {arn}: this stack has no place for S3 objects; use an SQS queue")

    async def send(self, discarded: Discarded, now: float) -> None:
        """Send one failure record; raises EngineError. now: epoch seconds."""
        record = failure_record(discarded, self._function_arn, self._stream_arn, now)
        if self._put_object is not None and self._service == "s3":
            record["payload"] = discarded.event.decode()
            key = object_key(str(self._mapping_id), discarded.shard_id, now)
            await self._put_object(self._name, key, json.dumps(record).encode())
            return
        queue = await self._engine.call("AmazonSQS.GetQueueUrl", {"QueueName": self._name})
        message = {"QueueUrl": queue["QueueUrl"], "MessageBody": json.dumps(record)}
        await self._engine.call("AmazonSQS.SendMessage", message)


def failure_record(discarded: Discarded, function_arn: str, stream_arn: str, now: float) -> dict[str, Any]:
    """The document both kinds of destination get.

    Records that grew too old have no responseContext; functionError is null when the
    function reported a record rather than failing.
    """
    first, last = discarded.records[0], discarded.records[-1]
    record: dict[str, Any] = {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": function_arn,
            "condition": discarded.condition,
            "approximateInvokeCount": discarded.attempts,
        },
    }
    if discarded.invocation is not None:
        record["responseContext"] = {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": None if discarded.invocation.ok else "Unhandled",
        }
    return record | {
        "version": "1.0",
        "timestamp": instant(now, "milliseconds"),
        "DDBStreamBatchInfo": {
            "shardId": discarded.shard_id,
            "startSequenceNumber": first.sequence,
            "endSequenceNumber": last.sequence,
            "approximateArrivalOfFirstRecord": instant(first.arrival, "seconds"),
            "approximateArrivalOfLastRecord": instant(last.arrival, "seconds"),
            "batchSize": len(discarded.records),
            "streamArn": stream_arn,
        },
    }


def instant(seconds: float, precision: str) -> str:
    """Epoch seconds as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def object_key(mapping_id: str, shard_id: str, now: float) -> str:
    """The key of an S3 failure object, as documented."""
    moment = datetime.fromtimestamp(now, UTC)
    return f"aws/lambda/{mapping_id}/{shard_id}/{moment:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
