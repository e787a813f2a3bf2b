"""The failure destination: what was given up on, in the words AWS uses.

An SQS queue gets shard and sequence numbers only; an S3 bucket also the whole event.

Source: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

import json
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gapless.local.engine import Engine, EngineError
from gapless.local.function import Invocation
from gapless.local.stream.record import StreamRecord
from gapless.local.stream.settings import InvalidMapping

RETRIES_EXHAUSTED = "RetryAttemptsExhausted"
RECORD_TOO_OLD = "RecordAgeExceeded"

ARN = re.compile(r"arn:[\w-]+:(?:sqs:[\w-]*:\d*:(?P<queue>[\w.-]+)|s3:::(?P<bucket>[\w.-]+))")

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
    Raises InvalidMapping for an ARN that is neither, or a bucket without put_object.
    """

    def __init__(
        self, arn: str, *, engine: Engine, function_arn: str, stream_arn: str, put_object: PutObject | None
    ) -> None:
        found = ARN.fullmatch(arn)
        if found is None:
            raise InvalidMapping(
                f"the failure destination {arn} is not supported on the local stack; supported are the ARN of an SQS "
                "queue, arn:aws:sqs:REGION:ACCOUNT:NAME, and of an S3 bucket, arn:aws:s3:::NAME"
            )
        self._queue, self._bucket = found["queue"], found["bucket"]
        if self._bucket and put_object is None:
            raise InvalidMapping(f"the failure destination {arn} needs put_object, which stores S3 objects")
        self._engine = engine
        self._function_arn = function_arn
        self._stream_arn = stream_arn
        self._put_object = put_object
        self._mapping_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{stream_arn} {function_arn}")

    async def send(self, discarded: Discarded, now: float) -> None:
        """Send one failure record; raises EngineError, EngineUnavailable or OSError. now: epoch seconds."""
        record = failure_record(discarded, self._function_arn, self._stream_arn, now)
        if self._put_object is not None and self._bucket:
            record["payload"] = discarded.event.decode()
            key = object_key(str(self._mapping_id), discarded.shard_id, now)
            await self._put_object(self._bucket, key, json.dumps(record).encode())
            return
        queue = await self._engine.call("AmazonSQS.GetQueueUrl", {"QueueName": self._queue})
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


def write_object(folder: Path) -> PutObject:
    """Store objects as files below the stack's folder; it raises EngineError where a bucket is missing, as S3 does."""

    async def put_object(bucket: str, key: str, body: bytes) -> None:
        home = bucket_folder(folder, bucket)
        if not home.is_dir():
            raise EngineError("NoSuchBucket", f"the stack has no bucket {bucket}: there is no folder {home}", 404)
        path = home / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    return put_object


def bucket_folder(folder: Path, bucket: str) -> Path:
    """Where the objects of a bucket are, each under its key; folder: the stack's own."""
    return folder / "s3" / bucket
