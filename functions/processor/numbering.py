"""The numbering protocol: one commit a batch gives numbers to requests, and no shard waits for another. Pure.

Like a consumer that stores its offset with its output. Each shard of the stream has a lane on the counter's item; ONE
conditional UpdateItem advances the counter's value by n, moves the lane's mark past the batch, and leaves the entry
that says who owns the n numbers. Its condition is on this lane alone. Then the requests are stamped, one by one, and
whatever happens in between, the entry says who owns what:

    lane A: mark 17 ──▶ commit: value 40 -> 42, mark 19, {a: 41, b: 42} ──▶ stamp a, stamp b
    lane B: mark 88 ──▶ commit: value 42 -> 43, mark 90, {c: 43} ──▶ stamp c              neither looked at the other

Nothing here performs a call: the generators yield operations, and are sent the answers. Read number_counter first.
Why it is safe, and every interleaving a guard stops: docs/numbering.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from batch import Batch, Rules, cut_runs
from counter import Counter, is_possible, refuse_for_counter
from decision import decide, refuse_unknown
from entry import NO_SHARD, Entry, Owners, entry_size, lane_of, owners_size
from memory import Known, Memory
from operations import Commit, Committed, Pause, PutJournal, RaiseFence, ReadCounter, Stamp
from request import Accepted, Refused, Request, Verdict
from stamping import ATTEMPTS, Report, Steps, apply_entry, write_stamps
from verification import find_doubtful, verify

WRITE_UNIT = 1024  # bytes
JOURNAL_FRAME = 64  # bytes of a journal item beside its ids
PATIENT_ATTEMPTS = 2  # of a commit that depends on all lanes, before it makes the others look
CLOCK_SKEW = 60_000  # ms between API Gateway's clock and a function's
UNKNOWN_COUNTER = Known(None, None, None, 0, None, 0, alone=True, last=None)


class Starved(Exception):
    """Others were quicker every time."""


def number_records(requests: Iterable[Request], shard_id: str | None, memory: Memory, rules: Rules) -> Steps[Report]:
    """Number a batch of one shard, counter by counter.

    requests: in the stream's order; shard_id: None for one lane for all shards. memory is brought up to date. A counter
    that fails does not hold up the others: the report has its first request that is left, and the cause.
    """
    report = Report()
    by_counter: dict[str, list[Request]] = {}
    for request in requests:
        by_counter.setdefault(request.counter, []).append(request)
    for name, mine in by_counter.items():
        for some in cut_runs(mine):
            batch = Batch(name, lane_of(shard_id), some)
            try:
                yield from number_counter(batch, memory, rules, report)
            except Exception as cause:
                batch.failure = some[0], cause
            if batch.failure:
                report.failures.append(batch.failure)
                break
    return report


def number_counter(batch: Batch, memory: Memory, rules: Rules, report: Report) -> Steps[None]:
    """Look if need be, apply what the last commit has left, verify, decide, commit, stamp. Raises what stops it."""
    known = memory.recall(batch.counter, batch.lane)
    counter: Counter | None = None
    if known is None or any(find_doubtful(batch, known)):
        counter, known = yield from look(batch, known, rules, report)
    for attempt in range(ATTEMPTS):
        waiting = yield from verify(batch, counter, known)
        if known is UNKNOWN_COUNTER:
            if (yield from refuse_unknown(batch, waiting, report)):
                return
            counter, known = yield from look(batch, known, rules, report)
            continue
        decided = yield from decide(batch, waiting, counter, known, rules)
        if not decided:
            return
        answer = yield from commit(batch, decided, known, rules, create=counter is not None and not counter.exists)
        if answer.done and answer.counter:
            yield from finish(batch, decided, answer.counter, memory, report)
            return
        report.conflicts += 1
        stands, known = yield from step_back(batch, decided, answer, known, attempt)
        counter, known = yield from catch_up(batch, stands, known, rules, report)
    raise Starved(f"the counter {batch.counter!r} was taken by others {ATTEMPTS} times in a row")


# ── look ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def look(batch: Batch, known: Known | None, rules: Rules, report: Report) -> Steps[tuple[Counter | None, Known]]:
    """Read the counter and catch up with it."""
    found: Counter | None = (yield ReadCounter(batch.counter)) if is_possible(batch.counter) else None
    return (yield from catch_up(batch, found, known, rules, report))


def catch_up(
    batch: Batch, found: Counter | None, known: Known | None, rules: Rules, report: Report
) -> Steps[tuple[Counter | None, Known]]:
    """Apply the lane's entry as the counter shows it, unless that is known to be done; what is known from then on.

    found: None when there is no counter of that name. The default one is made by its first commit, any other is not.
    """
    if found is None and batch.counter != rules.default_counter:
        return None, UNKNOWN_COUNTER
    counter = found or Counter(batch.counter, exists=False)
    entry = counter.lanes.get(batch.lane)
    if entry and not is_applied(entry, counter, known):
        yield from apply_entry(counter, entry, rules.now(), report, batch.verdicts)
    return counter, Known.of(counter, batch.lane)


def is_applied(entry: Entry, counter: Counter, known: Known | None) -> bool:
    """GUARD: the mark AND the fence are those that were known. After a prune the same mark can come back:

    worker W: knows "mark 10 applied" ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ takes mark 10 for applied: x is lost
    sweeper:       prunes the lane (fence + 1)
    old delivery:                    looks anew, commits x under mark 10, dies
    """
    return known is not None and (known.mark, known.fence) == (entry.mark, counter.fence)


# ── commit ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def commit(
    batch: Batch, decided: Sequence[tuple[Request, Verdict]], known: Known, rules: Rules, *, create: bool
) -> Steps[Committed]:
    """Take the numbers and leave the entry, journalled BEFORE when it is large: one that is committed can be read."""
    owners = list_owners(decided)
    entry = Entry(
        mark=(known.version or 0) + 1 if batch.lane == NO_SHARD else batch.requests[-1].sequence,
        base=0,  # the commit finds it
        committed_at=rules.now() // 1000,
        newest=max(known.newest, *(request.received_at for request in batch.requests)),
    )
    if fits(entry, owners, batch.lane, known):
        entry = replace(entry, owners=owners)
    else:
        key = rules.new_key()
        yield PutJournal(key, owners)
        entry = replace(entry, journal=key)
    outside = [request.received_at for request, _ in decided if batch.lane == NO_SHARD or request.resent]
    answer: Committed = yield Commit(
        batch.counter,
        batch.lane,
        known,
        entry,
        taken=len(owners.accepted),
        raises_fence=bool(outside),
        verify_until=choose_verify_until(outside, known, max(rules.now(), entry.newest)),
        create=create,
    )
    return answer


def list_owners(decided: Sequence[tuple[Request, Verdict]]) -> Owners:
    """The accepted ids and the refused ones, both in order."""
    return Owners(
        tuple(request.request_id for request, verdict in decided if isinstance(verdict, Accepted)),
        tuple((request.request_id, verdict.code) for request, verdict in decided if isinstance(verdict, Refused)),
        tuple(
            request.received_at
            for kind in (Accepted, Refused)
            for request, verdict in decided
            if isinstance(verdict, kind)
        ),
    )


def fits(entry: Entry, owners: Owners, lane: str, known: Known) -> bool:
    """Whether the ids go into the counter's item: they must not make it cost more to write, this time and for others.

    Up to 1 KB they are free. Beyond, they cost what a journal item would, which saves a call; but while they are there
    every other lane pays for them at each of its own commits.
    """
    size = known.rest + entry_size(replace(entry, owners=owners), lane)
    if size <= WRITE_UNIT or not known.alone:
        return size <= WRITE_UNIT
    without = known.rest + entry_size(replace(entry, journal=bytes(16)), lane)
    return units(size) <= units(without) + units(JOURNAL_FRAME + owners_size(owners))


def units(size: int) -> int:
    """Write units of an item of so many bytes."""
    return -(-size // WRITE_UNIT)


def choose_verify_until(outside: Sequence[int], known: Known, now: int) -> int | None:
    """The counter's next verify_until, None to leave it. outside: received_at of what is decided beyond any mark.

    The first commit of all sets it: what was received before may have been refused while there was no counter.
    """
    lowest = now + CLOCK_SKEW if known.verify_until is None else known.verify_until
    highest = max([lowest, *outside])
    return None if highest == known.verify_until else highest


def step_back(
    batch: Batch, decided: Sequence[tuple[Request, Verdict]], answer: Committed, known: Known, attempt: int
) -> Steps[tuple[Counter | None, Known]]:
    """After a commit that found the counter changed: the counter to go on from, and what is known of it still.

    A commit that includes re-sent requests depends on all lanes, and under traffic would lose against them again and
    again. So it raises the fence, and all others have to look, which takes them longer than this one takes to commit:

    lane C: raise fence ──▶ verify ──▶ commit
    others: ──▶ commit refused ──▶ apply their own entry ──▶ commit
    """
    if batch.lane == NO_SHARD:
        yield Pause(attempt)
    elif attempt >= PATIENT_ATTEMPTS and any(request.resent for request, _ in decided):
        yield Pause(attempt - PATIENT_ATTEMPTS)
        counter: Counter | None = yield RaiseFence(batch.counter)
        if counter and counter.fence == (known.fence or 0) + 1:  # raised by nobody but us: the lane was not pruned
            known = replace(known, fence=counter.fence)
        return counter, known
    return answer.counter, known


# ── stamp ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def finish(
    batch: Batch,
    decided: Sequence[tuple[Request, Verdict]],
    counter: Counter,
    memory: Memory,
    report: Report,
) -> Steps[None]:
    """Stamp what was committed, by the base that the commit has found; only then is the lane known to be applied."""
    ordinal = counter.lanes[batch.lane].base
    stamps = []
    for request, verdict in decided:
        ordinal += isinstance(verdict, Accepted)
        number = counter.number(ordinal) if isinstance(verdict, Accepted) else None
        stamps.append(Stamp(request, verdict, number))
    yield from write_stamps(stamps, report)
    if not refuse_for_counter(counter):
        memory.keep(batch.counter, batch.lane, Known.of(counter, batch.lane))
