"""What the protocol asks to have done, and what it is answered. Nothing here is done: see store.py.

Each is one call of DynamoDB, but that the store may split the long ones and send the parts at once. An operation that
fails may have been carried out all the same, and may be repeated: every one bears it.
"""

from dataclasses import dataclass
from enum import Enum

from counter import Counter
from entry import Entry, Owners
from memory import Known
from request import Accepted, Request, Verdict


@dataclass(frozen=True)
class Stamp:
    """What is to be written on a request: its result and number, or its error.

    overruled: why it is not what work() made of the request this time; "" when it is.
    """

    request: Request
    verdict: Verdict
    number: int | None
    overruled: str = ""

    @property
    def ends_progress(self) -> bool:
        """Whether the item is known to hold what work() has kept, which a result makes worthless."""
        return isinstance(self.verdict, Accepted) and self.verdict.had_progress


class Outcome(Enum):
    """What became of a stamp."""

    WRITTEN = "written"
    DECIDED = "decided"  # the request has its stamp already
    MISSING = "missing"  # the request was deleted; there may be another under its id by now
    THROTTLED = "throttled"  # nothing was written, and it may be tried again
    TOO_LARGE = "too large"  # the item has no room for it


@dataclass(frozen=True)
class Judge:
    """Have work() look at a request. Answer: Verdict. May raise anything."""

    request: Request


@dataclass(frozen=True)
class ReadCounter:
    """Read a counter, strongly consistent. Answer: Counter | None."""

    name: str


@dataclass(frozen=True)
class ReadStates:
    """Read the status of requests, strongly consistent. Answer: Mapping[id, str]; those that are gone are missing.

    received: received_at of each, epoch ms; an item with another is another request, under an id that is used again,
    and counts as gone. Empty for any.
    """

    ids: tuple[str, ...]
    received: tuple[int, ...] = ()


@dataclass(frozen=True)
class ReadRequests:
    """Read whole requests, strongly consistent. Answer: Mapping[id, Request] of those that still wait.

    received: as in ReadStates.
    """

    ids: tuple[str, ...]
    received: tuple[int, ...] = ()


@dataclass(frozen=True)
class ReadJournals:
    """Read journal items, strongly consistent. Answer: Mapping[key, Owners]; those that are gone are missing."""

    keys: tuple[bytes, ...]


@dataclass(frozen=True)
class PutJournal:
    """Write a journal item under a key that is new. Answer: None."""

    key: bytes
    owners: Owners


@dataclass(frozen=True)
class Commit:
    """Take `taken` numbers and leave the entry on the lane, if the counter is as `known`. Answer: Committed.

    raises_fence: the condition is on the whole counter (its version), not just on this lane and the fence.
    verify_until: the counter's new one, None to leave it. create: there is no counter yet, and this makes it.
    """

    counter: str
    lane: str
    known: Known
    entry: Entry
    taken: int
    raises_fence: bool
    verify_until: int | None
    create: bool


@dataclass(frozen=True)
class Committed:
    """done: whether the commit was carried out; counter: as it is after it, or as it stood in its way."""

    done: bool
    counter: Counter | None


@dataclass(frozen=True)
class RaiseFence:
    """Make every worker look at the counter before its next commit. Answer: Counter | None, as it is then."""

    name: str


@dataclass(frozen=True)
class WriteStamps:
    """Write each stamp on its request (the one with this id and received_at), if that still waits.

    Answer: list[Outcome], in their order.
    """

    stamps: tuple[Stamp, ...]


@dataclass(frozen=True)
class WriteTombstone:
    """Keep a number whose request is gone, in an item of its own: the request's id is free again. Answer: None."""

    item_id: str
    counter: str
    number: int


@dataclass(frozen=True)
class RefuseUncounted:
    """Write refusals on waiting requests, all while there is no counter of that name. Answer: bool, whether so."""

    counter: str
    stamps: tuple[Stamp, ...]


@dataclass(frozen=True)
class Prune:
    """Forget a lane, if its mark and the counter's fence are as seen. Answer: bool, whether it was done.

    verify_until: the least that the counter's must be after it.
    """

    counter: str
    lane: str
    mark: int
    fence: int
    verify_until: int


@dataclass(frozen=True)
class Resend:
    """Touch a waiting request, so that the stream announces it again. Answer: bool, whether it was touched.

    before: epoch ms; not if it was touched after that.
    """

    request_id: str
    before: int


@dataclass(frozen=True)
class ReadProgress:
    """Read what work() has kept of a request, strongly consistent. Answer: str; "" for nothing, or when it is gone."""

    request_id: str
    received_at: int


@dataclass(frozen=True)
class SaveProgress:
    """Keep on a request how far work() is, in place of what was kept, if it still waits. Answer: bool, whether so.

    The stream says nothing of it to the processor. text: JSON.
    """

    request_id: str
    received_at: int
    text: str


@dataclass(frozen=True)
class Pause:
    """Wait a moment, longer with every attempt; somebody else is at it. Answer: None."""

    attempt: int


Operation = (
    Judge
    | ReadCounter
    | ReadStates
    | ReadRequests
    | ReadJournals
    | PutJournal
    | Commit
    | RaiseFence
    | WriteStamps
    | WriteTombstone
    | RefuseUncounted
    | Prune
    | Resend
    | ReadProgress
    | SaveProgress
    | Pause
)
