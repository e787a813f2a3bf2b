"""Stream records, and the context they come in."""

from itertools import count
from typing import Any

from request import RESERVE, Request, read_request

_sequence = count(100_000_000_000_000_000_001)


def make_record(
    request_id: str = "r1",
    body: str = "{}",
    *,
    counter: str = "requests",
    status: str = "PENDING",
    event_name: str = "INSERT",
    received_at: int = 1_700_000_000_000,
) -> dict[str, Any]:
    """A record as Lambda hands it over, of an item as the mapping templates write it."""
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
            },
            "SequenceNumber": str(next(_sequence)),
            "StreamViewType": "NEW_IMAGE",
        },
    }


def make_request(request_id: str = "r1", body: str = "{}", *, counter: str = "requests") -> Request:
    """A request as the processor reads it."""
    return read_request(make_record(request_id, body, counter=counter))


class Context:
    """Lambda's context, with a minute to go."""

    aws_request_id = "invocation"
    function_name = "processor"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000
