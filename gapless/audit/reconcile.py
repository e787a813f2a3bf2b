"""What to do when a point-in-time restore has put counters and requests out of step. Pure.

A counter that is older than its requests would give their numbers again. It is raised to the highest number in use, and
everything that was received so far is looked up before it is numbered. Why that is safe with a counter of the past:

- Its lanes have marks and entries of the past. Each entry is one that was committed, so its requests got just these
  numbers: applying it again changes nothing, or finishes it.
- What later commits have decided is in no entry any more. It is on the requests: DONE, FAILED, or PENDING where a stamp
  was not written, and then its number was never seen. verifyUntil goes above the newest request there is, hence every
  record that is delivered again, whatever the mark, has its request read before it is numbered (verification.py).
- Processes that live on remember lanes as they were before the restore. Would the fence go up by one, it could be one
  that they know, of the time that was undone:

    before:   snapshot, fence 7 ──▶ fence 8: x re-sent, numbered in lane C ──▶ fence 9 ...
    restored: fence 7 ──▶ repaired: fence 8 ┄┄▶ worker of lane P, who knows "mark 10, fence 8", commits x unread

  So fence and version go to the time of day in ms: an item takes 1,000 writes a second, so that no count of writes has
  come so far.
- That a counter is of the past need not show: its later commits may have refused requests, or not have been stamped.
  So each counter is repaired in this way, be its value right or wrong. One that was sound is not harmed: every worker
  looks once, and what was received before costs a read more.
- Numbers of lost commits whose stamps were not written are gaps then, and get tombstones: nobody is given them again.

What it takes: no worker of the time before may still be under way, for its stamps would be those of lost commits. So
processor and sweeper are stopped first. Commits in between are noticed: the repair is made to the item as it was read.

Requests that are older than their counter have lost numbers: those are handed out, nobody has them, and they get
tombstones, which say so and keep the audit clean. Requests that wait again get new numbers; what they had is lost.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from counter import Counter
from gapless.attributes import Item
from gapless.audit.audit import CHANGED, Audit
from gapless.audit.counters import read_counter
from gapless.audit.findings import Finding, Report, name_run
from gapless.audit.ordinals import Run, count_runs
from stamping import name_tombstone

CLOCK_SKEW = 60_000  # ms, as for a counter's first commit
MOST_NAMED = 20  # runs of numbers


@dataclass(frozen=True)
class Raise:
    """Move a counter up, if its item is as it was read. value, fence, version, verify_until: as in Counter."""

    counter: str
    read: Item
    value: int
    fence: int
    version: int
    verify_until: int


@dataclass(frozen=True)
class Repair:
    """What is to be done to one counter: first raise it, then bury what nobody has.

    buried: runs of ordinals.
    """

    counter: Counter
    raised: Raise
    buried: tuple[Run, ...]

    @property
    def is_older(self) -> bool:
        """Whether it shows that the counter is older than its requests."""
        return self.raised.value > self.counter.value

    def explain(self) -> Iterator[str]:
        """What is wrong, and what is to be done, for people."""
        counter = self.counter
        if self.is_older:
            last, highest = counter.number(counter.value), counter.number(self.raised.value)
            at = f"at {last}" if counter.value else "unused"
            yield (
                f"{counter.name}: the counter is {at}, and requests have numbers up to {highest}: it is older than "
                f"they are, and would give {self.raised.value - counter.value} numbers again. Repair: go on behind "
                f"{highest}, and look up whatever was received so far before it is numbered"
            )
        if self.buried:
            runs = [name_run((counter.number(first), counter.number(last))) for first, last in self.buried[:MOST_NAMED]]
            more = ", ..." if len(self.buried) > MOST_NAMED else ""
            yield (
                f"{counter.name}: {count_runs(self.buried)} numbers are handed out and no request has them: "
                f"{', '.join(runs)}{more}. Repair: a tombstone for each, so that nobody is given them again"
            )


def plan_repairs(audit: Audit, counters: Mapping[str, Item], now: int) -> list[Repair]:
    """What is to be done, counter by counter. counters: their items as last read; now: epoch ms."""
    repairs = []
    for name, conclusion in sorted(audit.conclusions.items()):
        counter = read_counter(name, counters[name])
        value = max(counter.value, conclusion.highest)
        gaps = tuple(audit.gaps_up_to(name, value))
        raised = raise_to(value, counter, counters[name], max(now, audit.newest(name)))
        repairs.append(Repair(counter, raised, gaps))
    return repairs


def raise_to(value: int, counter: Counter, item: Item, now: int) -> Raise:
    """Move a counter up. now: epoch ms, no earlier than any request was received."""
    return Raise(
        counter.name,
        item,
        value,
        fence=max(now, (counter.fence or 0) + 1),
        version=max(now, (counter.version or 0) + 1),
        verify_until=max(now + CLOCK_SKEW, counter.verify_until or 0),
    )


def list_burials(repair: Repair) -> Iterator[tuple[str, int]]:
    """The id of each tombstone, and its number. A number that nobody has gets the same id every time."""
    for first, last in repair.buried:
        for ordinal in range(first, last + 1):
            number = repair.counter.number(ordinal)
            yield name_tombstone(f"lost ordinal {ordinal}", None, repair.counter.name, number), number


def explain_rest(audit: Audit, report: Report) -> Iterator[tuple[bool, str]]:
    """What no repair is for, and whether it is a fault that stays."""
    for finding in report.findings:
        match finding.kind:
            case "twin":
                yield True, f"{finding.sentence()}. What somebody has seen is not taken back: settle it with them"
            case "no-counter":
                yield True, explain_missing(audit, finding)
            case "gap" | "beyond":
                pass  # told by its repair
            case _:
                yield True, finding.sentence()
    if report.pending:
        wait = f"{report.pending} requests wait. Those whose records the stream has lost are sent through it again"
        yield False, f"{wait} by the sweeper, or now by `gapless sweep --resend-after 0`"
    for account in report.accounts:
        if account.allocation == "direct":
            direct = f"{account.counter} hands out its numbers directly: only who has asked for them knows them"
            yield False, f"{direct}. Should it be older than they are, it gives the {account.value + 1}th and on again"
        elif account.unchecked == CHANGED:
            yield True, f"{account.counter}: {CHANGED}"


def explain_missing(audit: Audit, finding: Finding) -> str:
    """How to make a counter anew. Its options are guessed from the numbers that are left."""
    crowd = audit.strangers()[finding.counter]
    guess = f"gapless counter create {finding.counter} --start {crowd.lowest} --increment {crowd.step or 1}"
    remedy = "Make it anew with the options that it had, while nothing is numbered, and reconcile again"
    return f"{finding.sentence()}. {remedy}; to judge by its numbers: {guess}"
