"""Stream records and events, and the context they come in."""

from itertools import count
from typing import Any

from request import RESERVE, Request, read_request

SHARD = "shardId-00000001700000000000-0a1b2c3d"
RECEIVED = 1_700_000_000_000  # epoch ms

_sequence = count(100_000_000_000_000_000_001)


def make_record(
    request_id: str = "r1",
    body: str = "{}",
    *,
    counter: str = "requests",
    status: str = "PENDING",
    event_name: str = "INSERT",
    received_at: int = RECEIVED,
    resends: int = 0,
) -> dict[str, Any]:
    """A record as Lambda hands it over, of an item as the mapping templates write it."""
    touches = {"resends": {"N": str(resends)}, "resentAt": {"N": str(received_at)}} if resends else {}
    return {
        "eventID": request_id,
        "eventName": event_name,
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "Keys": {"requestId": {"S": request_id}},
            "NewImage": {
                "requestId": {"S": request_id},
                "counter": {"S": counter},
                "request": {"S": body},
                "status": {"S": status},
                "receivedAt": {"N": str(received_at)},
                "result": {"S": "." * RESERVE},
                **touches,
            },
            "SequenceNumber": str(next(_sequence)),
            "StreamViewType": "NEW_IMAGE",
        },
    }


def make_request(request_id: str = "r1", body: str = "{}", **record: Any) -> Request:
    """A request as the processor reads it; further arguments as of make_record."""
    return read_request(make_record(request_id, body, **record))


def make_event(records: list[dict[str, Any]], state: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A batch in a tumbling window, as Lambda sends it; fields: those of the event that are to be different."""
    event = {
        "Records": records,
        "window": {"start": "2023-11-14T22:00:00Z", "end": "2023-11-14T22:15:00Z"},
        "state": state or {},
        "shardId": SHARD,
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/requests/stream/2023-11-14T00:00:00.000",
        "isFinalInvokeForWindow": False,
        "isWindowTerminatedEarly": False,
    }
    return event | fields


class Context:
    """Lambda's context, with a minute to go."""

    aws_request_id = "invocation"
    function_name = "processor"

    def __init__(self, remaining: int = 60_000) -> None:
        self._remaining = remaining

    def get_remaining_time_in_millis(self) -> int:
        return self._remaining
