"""The stream's own end of records, for a stream that is made older than the engine says."""

from dataclasses import dataclass, replace

from gapless.local.stream.record import StreamRecord

# Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
KEPT_SECONDS = 86_400


@dataclass
class Trimming:
    """Makes records `seconds` older, and drops those that are then older than 24 hours.

    now: epoch seconds; lost, left: how many records there were of the one kind and the other.
    """

    seconds: float
    now: float
    lost: int = 0
    left: int = 0

    def apply(self, record: StreamRecord) -> StreamRecord | None:
        """The record as it would be now, None when the stream would not have it any more."""
        arrival = record.arrival - self.seconds
        if arrival < self.now - KEPT_SECONDS:
            self.lost += 1
            return None
        self.left += 1
        return replace(record, arrival=arrival)
