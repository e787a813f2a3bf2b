"""Makes an entry true: every request it decides on is written, once, with the number the entry gives it. Pure.

A commit says who owns which number; until the stamps are written only the entry knows. Whoever comes next (the same
batch again, the lane's next batch, a sweeper) applies the entry before it is replaced. Stamps may be written by several
at once, late, or again: each is write-once, and all take their numbers from the same entry.

    commit: a=8 b=9 ──▶ stamp a ──▶ crash          b has a number that nobody but the entry knows
    next:   read the counter ──▶ entry not known to be applied ──▶ a is DONE, b waits ──▶ stamp b ──▶ its own commit
"""

import hashlib
import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from counter import Counter, explain
from entry import Entry, Owners, stored_code
from operations import (
    Judge,
    Operation,
    Outcome,
    Pause,
    ReadJournals,
    ReadRequests,
    ReadStates,
    Stamp,
    WriteStamps,
    WriteTombstone,
)
from request import PENDING, Accepted, Refused, Request, Verdict

T = TypeVar("T")
Steps = Generator[Operation, Any, T]

ATTEMPTS = 40
NO_RESULT = Accepted("null")
# How long an entry waits for a work() that fails on a request it has accepted before. Then the number is written with
# no result, so that one request cannot hold up a lane for ever.
RESULT_PATIENCE = 900  # seconds
UNPROCESSABLE = "Unprocessable"
FOR_COUNTER = frozenset({"UnusableCounter", "DirectCounter", "CounterExhausted"})


class MissingJournal(Exception):
    """An entry points to a journal item that is not there: who owns its numbers cannot be known, and is not guessed."""


class BrokenCounter(Exception):
    """Numbers were given by options that can no longer be read."""


class Unconfirmed(Exception):
    """Stamps could not be written; they will be when the entry is applied."""


@dataclass
class Report:
    """What came of a batch: stamps written, what became tombstones (id, counter, number), conflicts, and the first
    request of each counter that is left, with the cause."""

    stamped: list[Stamp] = field(default_factory=list)
    buried: list[tuple[str, str, int]] = field(default_factory=list)
    conflicts: int = 0
    failures: list[tuple[Request, Exception]] = field(default_factory=list)


def apply_entry(
    counter: Counter, entry: Entry, now: int, report: Report, verdicts: Mapping[str, Verdict] | None = None
) -> Steps[None]:
    """Write what an entry says on every request that does not have it yet. Knows no stream and no order.

    now: epoch ms; verdicts: what this worker knows of work()'s verdicts by id, which saves asking again.
    Raises MissingJournal, BrokenCounter, Unconfirmed, or what an operation raises.
    """
    owners = yield from read_owners(entry)
    states = yield ReadStates(owners.ids, owners.received)
    waiting = tuple(one for one in owners.ids if states.get(one) == PENDING)
    numbers = {one: counter.number(entry.base + 1 + place) for place, one in enumerate(owners.accepted)}
    missing = [one for one in owners.accepted if one not in states]
    if counter.fault and (missing or set(waiting) & numbers.keys()):
        raise BrokenCounter(f"the counter {counter.name!r} has numbers to write, but {counter.fault}: mend its item")
    received = dict(owners.requests)
    requests = (yield ReadRequests(waiting, pick(received, waiting))) if waiting else {}
    overtaken = [one for one in waiting if one in numbers and one not in requests]
    missing += yield from find_deleted_since(overtaken, received)
    for request_id in missing:
        yield from bury(request_id, received[request_id], counter.name, numbers[request_id], report)
    codes, known = dict(owners.refused), verdicts or {}
    is_late = now - entry.committed_at * 1000 > RESULT_PATIENCE * 1000
    stamps = []
    for request in (requests[one] for one in waiting if one in requests):
        if request.request_id in numbers:
            verdict = known.get(request.request_id) or (yield from ask_again(request, is_late))
            stamps.append(stamp_again(request, numbers[request.request_id], verdict))
        else:
            stamps.append((yield from refuse_again(request, codes[request.request_id])))
    yield from write_stamps(stamps, report)


def find_deleted_since(overtaken: Sequence[str], received: Mapping[str, int | None]) -> Steps[list[str]]:
    """GUARD: of those that waited at the first read and do not at the second, the ones that are gone, not stamped.

    P:      x PENDING? yes ┄┄┄┄┄┄┄┄┄┄▶ reads what x asks for: nothing. Stamped by another, or deleted?
    admin:                  deletes x
    """
    ids = tuple(overtaken)
    states = (yield ReadStates(ids, pick(received, ids))) if ids else {}
    return [one for one in ids if one not in states]


def pick(received: Mapping[str, int | None], ids: Sequence[str]) -> tuple[int, ...]:
    """When those requests were received; () when the entry does not say."""
    return tuple(time for time in map(received.__getitem__, ids) if time is not None)


def read_owners(entry: Entry) -> Steps[Owners]:
    """Who owns the numbers of an entry. Raises MissingJournal."""
    if entry.owners is not None:
        return entry.owners
    journals = yield from read_journals((entry,))
    return journals[0]


def read_journals(entries: Sequence[Entry]) -> Steps[list[Owners]]:
    """The owners that the entries have in the journal. Raises MissingJournal."""
    keys = tuple(entry.journal for entry in entries if entry.journal)
    journals = (yield ReadJournals(keys)) if keys else {}
    for key in keys:
        if key not in journals:
            raise MissingJournal(f"the journal item {key.hex()} is gone, and with it who owns its numbers")
    return [journals[key] for key in keys]


def ask_again(request: Request, is_late: bool) -> Steps[Verdict | Exception]:
    """Ask work() for the result of a request that owns a number: it went with the worker that judged it.

    is_late: whether work() has been given its time, so that a failure of it is an answer. Otherwise it is raised.
    """
    try:
        verdict: Verdict = yield Judge(request)
    except Exception as failure:
        if not is_late:
            raise
        return failure
    return verdict


def stamp_again(request: Request, number: int, verdict: Verdict | Exception) -> Stamp:
    """The stamp of a request that owns a number: that is decided, whatever work() makes of the request by now."""
    if isinstance(verdict, Accepted):
        return Stamp(request, verdict, number)
    reason = repr(verdict) if isinstance(verdict, Exception) else verdict.message
    return Stamp(request, NO_RESULT, number, overruled=f"work() does not take what it took before: {reason}")


def refuse_again(request: Request, code: str) -> Steps[Stamp]:
    """The stamp of a request that was refused; the entry has kept the code, and work() may know the words."""
    if code in FOR_COUNTER:
        return Stamp(request, explain(request.counter, code), None)
    verdict: Verdict = NO_RESULT
    if code != UNPROCESSABLE:
        with suppress(Exception):
            verdict = yield Judge(request)
    if isinstance(verdict, Refused) and stored_code(verdict.code) == code:
        return Stamp(request, verdict, None)
    return Stamp(request, Refused(code, "it was refused before; the reason is no longer known"), None)


def write_stamps(stamps: Sequence[Stamp], report: Report) -> Steps[None]:
    """Write stamps until each request has one. Raises Unconfirmed."""
    left = list(stamps)
    for attempt in range(ATTEMPTS):
        if not left:
            return
        if attempt:
            yield Pause(attempt)
        outcomes = yield WriteStamps(tuple(left))
        again = []
        for stamp, outcome in zip(left, outcomes, strict=True):
            if outcome is Outcome.WRITTEN:
                report.stamped.append(stamp)
            elif outcome is Outcome.THROTTLED:
                again.append(stamp)
            elif outcome is Outcome.TOO_LARGE:
                again.append(shrink(stamp))
            elif outcome is Outcome.MISSING and stamp.number is not None:
                request = stamp.request
                yield from bury(request.request_id, request.received_at, request.counter, stamp.number, report)
        left = again
    if left:
        raise Unconfirmed(f"{len(left)} stamps are still throttled, the first of {left[0].request.request_id}")


def shrink(stamp: Stamp) -> Stamp:
    """The same without what made the item too large: it has grown since the request was judged."""
    verdict: Verdict = (
        replace(stamp.verdict, result=NO_RESULT.result)
        if isinstance(stamp.verdict, Accepted)
        else Refused(stamp.verdict.code, "")
    )
    return replace(stamp, verdict=verdict, overruled="the item has no room for it")


def bury(request_id: str, received_at: int | None, counter: str, number: int, report: Report) -> Steps[None]:
    """Leave a tombstone for a number whose request was deleted: the number is given, and nobody has it.

    It is not left under the request's id, which its client may use again.
    """
    yield WriteTombstone(name_tombstone(request_id, received_at, counter, number), counter, number)
    report.buried.append((request_id, counter, number))


def name_tombstone(request_id: str, received_at: int | None, counter: str, number: int) -> str:
    """The tombstone's own id, the same for whoever buries. A digest: a request's id can be as long as a key may be and
    look like any other, and can be used again, with another counter, or with the same number of one that cycles."""
    owner = json.dumps([counter, request_id, received_at, number])
    return f"void-{hashlib.sha256(owner.encode()).hexdigest()}"
