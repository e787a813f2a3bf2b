"""A record of a DynamoDB stream, in the form the function gets it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RawRecord = Mapping[str, Any]
HASHES = 2**32


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One record on its way to the function.

    body: its JSON text in the event, made once, however often it is sent; arrival: epoch seconds; order: how many
    records were read before it; source: the engine's shard it was read from, "" when it came from the checkpoint file.
    """

    body: bytes
    sequence: str
    arrival: float
    order: int
    source: str


def to_record(raw: RawRecord, stream_arn: str, order: int, source: str) -> StreamRecord:
    """Make the record of a Lambda event from one of GetRecords: the stream's ARN added, userIdentity in Lambda's case.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
    """
    event = {**raw, "eventSourceARN": stream_arn}
    if identity := raw.get("userIdentity"):
        event["userIdentity"] = {name[0].lower() + name[1:]: value for name, value in identity.items()}
    change = raw["dynamodb"]
    body = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
    return StreamRecord(body, change["SequenceNumber"], float(change["ApproximateCreationDateTime"]), order, source)


def key_hash(raw: RawRecord) -> int:
    """A number below HASHES, the same for all records of one item and spread evenly, so that ranges share the load."""
    keys = json.dumps(raw["dynamodb"]["Keys"], sort_keys=True).encode()
    return int.from_bytes(hashlib.md5(keys, usedforsecurity=False).digest()[:4])


def identity(raw: RawRecord) -> str:
    """What tells one record from another when a stream was numbered anew: the item, what happened to it, and when."""
    change = raw["dynamodb"]
    keys = json.dumps(change["Keys"], sort_keys=True)
    return f"{raw['eventName']} {keys} {change['ApproximateCreationDateTime']}"
