"""A batch on its way to its numbers, and what can be chosen about that. Pure."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from request import Request, Verdict

JOURNAL_IDS = 300 * 1024  # bytes of ids that one journal item is given to hold
ID_FRAME = 3  # bytes that are stored with an id: its length, and a code


@dataclass(frozen=True)
class Rules:
    """What can be chosen. default_counter comes into being with its first request; most_resends: a request that was
    sent again so often is given up; now: epoch ms; new_key: a key that no journal item has had."""

    default_counter: str
    most_resends: int = 12
    now: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    new_key: Callable[[], bytes] = lambda: uuid.uuid4().bytes


@dataclass
class Batch:
    """The requests of one counter in a batch of the stream, in its order, and what work() made of them.

    failure: the request that work() could not judge; it and those behind it are no longer among the requests.
    """

    counter: str
    lane: str
    requests: Sequence[Request]
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    failure: tuple[Request, Exception] | None = None


def cut_runs(requests: Sequence[Request]) -> Iterator[list[Request]]:
    """Cut into runs whose ids fit one journal item; a run of 1,000 UUIDs does by far."""
    run: list[Request] = []
    size = 0
    for request in requests:
        needed = len(request.request_id.encode("utf-8", "surrogatepass")) + ID_FRAME
        if size + needed > JOURNAL_IDS:
            yield run
            run, size = [], 0
        run.append(request)
        size += needed
    yield run
