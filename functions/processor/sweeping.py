"""The sweeper's half of the protocol: what the stream has lost is found again. Numbers nothing itself. Pure.

Any number of sweepers may run, at any time, beside the processors.
"""

from collections.abc import Callable
from dataclasses import dataclass

from entry import Entry
from operations import Prune, ReadCounter, Resend
from stamping import Report, Steps, apply_entry
from waiting import Waiting


@dataclass(frozen=True)
class Sweep:
    """When a sweeper steps in, in seconds; none of them is needed for safety. now: epoch ms.

    resend_after: a request has waited for so long, or twice as long since it was sent again, three times since the
    second time, and so on; settle_after: a commit's own worker has had so long to write its stamps; prune_after: a lane
    is at rest.
    """

    now: Callable[[], int]
    resend_after: int = 3600
    settle_after: int = 120
    prune_after: int = 3600

    def before(self, seconds: int) -> int:
        """The time so many seconds ago, epoch ms."""
        return self.now() - seconds * 1000


def sweep_counter(name: str, sweep: Sweep, report: Report) -> Steps[int]:
    """Apply the entry of every lane of a counter, and prune the lanes at rest; how many were pruned."""
    counter = yield ReadCounter(name)
    if counter is None:
        return 0
    pruned = 0
    for lane, entry in counter.lanes.items():
        if entry.committed_at * 1000 > sweep.before(sweep.settle_after):
            continue
        yield from apply_entry(counter, entry, sweep.now(), report)
        if entry.committed_at * 1000 <= sweep.before(sweep.prune_after):
            pruned += yield prune(name, lane, entry, counter.fence + pruned)
    return pruned


def prune(name: str, lane: str, entry: Entry, fence: int) -> Prune:
    """Forget a lane that is applied. What its mark has kept from being numbered again is looked at from now on:
    verify_until goes up to the newest request it has decided on.

    GUARD: the fence as well as the mark, which could be that of another entry by now:

    sweeper 1: applies mark 10 ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ prunes "mark 10", which is not applied
    sweeper 2: applies, prunes (fence + 1)
    old delivery:                 looks anew, commits x under mark 10, dies
    """
    return Prune(name, lane, entry.mark, fence, verify_until=entry.newest)


def is_due(request: Waiting, sweep: Sweep) -> bool:
    """Whether a request has waited long enough since it was last sent, each time longer by resend_after than before.

    Asked before it costs a write. Longer and longer, because a sweeper cannot tell a request that fails every time from
    one that nobody reads while the processor stands still: that may last for days, and must not use up the re-sends.
    """
    return max(request.received_at, request.resent_at or 0) <= sweep.before(sweep.resend_after * (request.resends + 1))


def resend(request_id: str, sweep: Sweep) -> Steps[bool]:
    """Have the stream announce a waiting request again, unless that was done of late."""
    done: bool = yield Resend(request_id, before=sweep.before(sweep.resend_after))
    return done
