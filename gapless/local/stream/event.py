"""The event a function gets: a batch of records, and with a tumbling window its state.

Source: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gapless.local.function.runtime_api import MAX_EVENT_BYTES
from gapless.local.stream.destination import instant
from gapless.local.stream.record import StreamRecord

MAX_STATE_BYTES = 1_048_576


@dataclass
class Window:
    """An open tumbling window: [start, end) in epoch seconds, and the state its last invocation returned."""

    start: int
    end: int
    state: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, arrival: float, seconds: int) -> "Window":
        """The window a record belongs to, by its arrival; windows start at multiples of their length."""
        start = int(arrival // seconds * seconds)
        return cls(start, start + seconds)

    @property
    def state_bytes(self) -> int:
        """How large its state is in an event."""
        return len(compact(self.state))

    @property
    def overflows(self) -> bool:
        """Whether its state is larger than 1 MB, which ends it early: what follows begins the same window anew."""
        return self.state_bytes > MAX_STATE_BYTES


def build_event(
    records: Iterable[StreamRecord], window: Window | None, *, shard_id: str, stream_arn: str, final: bool
) -> bytes:
    """Put the event together from the records' own JSON texts.

    final: it is the last one of the window, and has no records. Only a state that is too large ends a window early; the
    end of a shard does not count as that.
    """
    extra = b""
    if window is not None:
        fields = {
            "window": {"start": instant(window.start, "seconds"), "end": instant(window.end, "seconds")},
            "state": window.state,
            "shardId": shard_id,
            "eventSourceARN": stream_arn,
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": final and window.overflows,
        }
        extra = b"," + compact(fields)[1:-1]
    return b'{"Records":[' + b",".join(record.body for record in records) + b"]" + extra + b"}"


def compact(document: Any) -> bytes:
    """A document as JSON without blanks."""
    return json.dumps(document, separators=(",", ":")).encode()


def fitting(records: Iterable[StreamRecord], batch_size: int, window: Window | None) -> tuple[int, bool]:
    """How many records make the next batch, and whether no more would fit: by number, by 6 MB, by window end."""
    room = MAX_EVENT_BYTES - 1024 - (window.state_bytes if window else 0)
    count = 0
    for record in records:
        room -= len(record.body) + 1
        if count == batch_size or (count and room < 0) or (window and record.arrival >= window.end):
            return count, True
        count += 1
    return count, count == batch_size
