"""The protocol as a conversation: which operations a batch costs, in which order, and what each of them says."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from batch import JOURNAL_IDS, Rules, cut_runs
from counter import Counter
from entry import NO_SHARD, Entry, Owners, entry_size, lane_of
from memory import Known, Memory
from numbering import (
    CLOCK_SKEW,
    PATIENT_ATTEMPTS,
    Starved,
    choose_verify_until,
    fits,
    number_records,
)
from operations import (
    Commit,
    Committed,
    Judge,
    Outcome,
    Pause,
    PutJournal,
    RaiseFence,
    ReadCounter,
    ReadRequests,
    ReadStates,
    RefuseUncounted,
    WriteStamps,
    WriteTombstone,
)
from request import DONE, PENDING, Accepted, Refused, Request
from stamping import ATTEMPTS, Report
from tests.unit.records import RECEIVED, SHARD, make_request
from tests.unit.script import NOW, RULES, Conversation, Script, committed, follow, written

LANE, OTHER = lane_of(SHARD), lane_of("another shard")
OLD = RECEIVED - 1  # a verify_until that is over: requests of now are not looked up
YES: Any = (Judge, Accepted("null"))
NO: Any = (Judge, Refused("Rejected", "no"))
STAMPED: Any = (WriteStamps, written)


def make_counter(value: int = 0, mark: int | None = 1, name: str = "requests", **attributes: Any) -> Counter:
    """A counter that has committed before; with a mark, in this lane, with an entry that nobody owns anything of."""
    lanes = {} if mark is None else {LANE: Entry(mark, value, NOW // 1000, OLD, owners=Owners(()))}
    usual: dict[str, Any] = {"version": 1, "fence": 0, "verify_until": OLD, "lanes": lanes, "size": 100}
    return Counter(name, value, **usual | attributes)


def number(
    requests: Sequence[Request], *script: Any, memory: Memory | None = None, shard: str | None = SHARD
) -> Conversation[Report]:
    return follow(number_records(requests, shard, memory or Memory(), RULES), *script)


def make_warm(counter: Counter) -> Memory:
    """The memory of a worker that has applied the lane as it is on this counter."""
    memory = Memory()
    memory.keep(counter.name, LANE, Known.of(counter, LANE))
    return memory


def numbers(report: Report) -> dict[str, int | None]:
    return {stamp.request.request_id: stamp.number for stamp in report.stamped}


# ── what a batch costs ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_warm_batch_is_one_commit_and_the_stamps() -> None:
    counter = make_counter(7)
    memory = make_warm(counter)
    a, b, c = (make_request(one) for one in "abc")
    conversation = number([a, b, c], YES, NO, YES, (Commit, committed(counter)), STAMPED, memory=memory)
    commit = conversation.the(Commit)
    assert commit == Commit(
        counter="requests",
        lane=LANE,
        known=Known.of(counter, LANE),
        entry=Entry(c.sequence, 0, NOW // 1000, RECEIVED, owners=Owners(("a", "c"), (("b", "Rejected"),))),
        taken=2,
        raises_fence=False,
        verify_until=None,
        create=False,
    )
    assert numbers(conversation.result) == {"a": 8, "b": None, "c": 9}
    assert memory.recall("requests", LANE) == replace(
        commit.known,
        mark=c.sequence,
        version=2,
        newest=RECEIVED,
        rest=100 - entry_size(replace(commit.entry, base=7), LANE),
    )


def test_a_warm_worker_stays_warm_from_batch_to_batch() -> None:
    counter = make_counter(0)
    memory = make_warm(counter)
    for turn in range(1, 4):
        script: Script = [YES, (Commit, committed(counter)), STAMPED]
        conversation = number([make_request(f"r{turn}")], *script, memory=memory)
        assert numbers(conversation.result) == {f"r{turn}": turn}
        counter = committed(counter)(conversation.the(Commit)).counter or counter


def test_a_cold_batch_is_a_look_more() -> None:
    counter = make_counter(7, mark=None)
    script: Script = [(ReadCounter("requests"), counter), YES, (Commit, committed(counter)), STAMPED]
    assert numbers(number([make_request("a")], *script).result) == {"a": 8}


def test_a_batch_that_is_delivered_again_costs_nothing() -> None:
    a = make_request("a")
    number([a], memory=make_warm(make_counter(7, mark=a.sequence)))


def test_a_batch_of_two_counters_is_two_commits_in_the_order_of_the_stream() -> None:
    counter, orders = make_counter(7), make_counter(3, name="orders")
    memory = make_warm(counter)
    memory.keep("orders", LANE, Known.of(orders, LANE))
    requests = [make_request(one, counter=name) for one, name in (("a", "orders"), ("b", "requests"), ("c", "orders"))]
    script: Script = [
        YES,
        YES,
        (Commit, committed(orders)),
        STAMPED,
        YES,
        (Commit, committed(make_counter(7))),
        STAMPED,
    ]
    assert numbers(number(requests, *script, memory=memory).result) == {"a": 4, "c": 5, "b": 8}


# ── a crash before ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_the_commit_before_has_left_is_written_first() -> None:
    """commit: x = 5 ──▶ crash ──▶ a cold worker has the next batch"""
    entry = Entry(1, 4, NOW // 1000, RECEIVED, owners=Owners(("x",)))
    counter = make_counter(5, lanes={LANE: entry})
    script: Script = [
        (ReadCounter, counter),
        (ReadStates(("x",), RECEIVED), {}),
        (WriteTombstone, None),
        YES,
        (Commit, committed(counter)),
        STAMPED,
    ]
    report = number([make_request("a")], *script).result
    assert (report.buried, numbers(report)) == ([("x", 5)], {"a": 6})


def test_a_commit_whose_answer_was_lost_is_found_and_not_repeated() -> None:
    """commit a: carried out, its answer lost ──▶ the same commit again: refused, and shows our own entry"""
    a, before = make_request("a"), make_counter(7)
    conversation = number([a], YES, (Commit, lambda commit: found_already(commit, before)), *looked_up(a), STAMPED,
                          memory=make_warm(before))  # fmt: skip
    assert numbers(conversation.result) == {"a": 8}
    assert conversation.result.conflicts == 1


def found_already(commit: Commit, before: Counter) -> Committed:
    """The answer to a commit that was carried out before."""
    return Committed(False, committed(before)(commit).counter)


def looked_up(request: Request) -> Script:
    """The two looks at an entry of one request that waits."""
    one = request.request_id
    return [(ReadStates, {one: PENDING}), (ReadRequests, {one: request})]


def test_a_stamp_that_is_not_confirmed_leaves_the_lane_unknown() -> None:
    counter = make_counter(7)
    memory, a = make_warm(counter), make_request("a")
    report = number([a], YES, (Commit, committed(counter)), (WriteStamps, TimeoutError("late")), memory=memory).result
    assert [(request, str(cause)) for request, cause in report.failures] == [(a, "late")]
    assert memory.recall("requests", LANE) == Known.of(counter, LANE)  # its mark is refused by the next commit


# ── who is in the way ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_worker_that_is_behind_catches_up_by_what_the_refused_commit_shows() -> None:
    """Another worker has numbered b under a later mark: nothing is read but its entry's requests."""
    a, b, c = (make_request(one) for one in "abc")
    before = make_counter(7)
    stands = make_counter(9, lanes={LANE: Entry(b.sequence, 7, NOW // 1000, RECEIVED, owners=Owners(("a", "b")))})
    script: Script = [
        YES,
        YES,
        YES,
        (Commit, Committed(False, stands)),
        (ReadStates, {"a": DONE, "b": DONE}),
        (Commit, committed(stands)),
        STAMPED,
    ]
    conversation = number([a, b, c], *script, memory=make_warm(before))
    assert numbers(conversation.result) == {"c": 10}
    last = conversation.asked[-2]
    assert isinstance(last, Commit)
    assert (last.entry.owners, last.known.mark) == (Owners(("c",)), b.sequence)


def test_a_fence_that_was_raised_is_looked_at_and_the_same_mark_is_not_trusted() -> None:
    """A sweeper pruned the lane, and an old delivery committed x under the mark that was known: is x written?"""
    a, before = make_request("a"), make_counter(7)
    entry = Entry(1, 7, NOW // 1000, OLD, owners=Owners(("x",)))
    stands = make_counter(8, fence=1, lanes={LANE: entry})
    script: Script = [
        YES,
        (Commit, Committed(False, stands)),
        (ReadStates(("x",), OLD), {"x": DONE}),
        (Commit, committed(stands)),
        STAMPED,
    ]
    assert numbers(number([a], *script, memory=make_warm(before)).result) == {"a": 9}


def test_a_counter_that_ran_out_in_the_meantime_refuses_and_journals_the_refusal() -> None:
    a, before = make_request("a"), make_counter(8, capacity=10)
    full = replace(before, value=10, version=2)
    script: Script = [YES, (Commit, Committed(False, full)), (Commit, committed(full)), STAMPED]
    conversation = number([a], *script, memory=make_warm(before))
    last = conversation.asked[-2]
    assert isinstance(last, Commit)
    assert (last.taken, last.entry.owners) == (0, Owners((), (("a", "CounterExhausted"),)))
    assert numbers(conversation.result) == {"a": None}


def test_it_gives_up_after_so_many_defeats() -> None:
    before = make_counter(7)
    refused: Any = (Commit, Committed(False, before))
    report = number([make_request("a")], YES, *[refused] * ATTEMPTS, memory=make_warm(before)).result
    ((_, cause),) = report.failures
    assert isinstance(cause, Starved)
    assert report.conflicts == ATTEMPTS


# ── requests that were sent again, and no lanes ──────────────────────────────────────────────────────────────────────


def test_a_request_that_was_sent_again_is_looked_up_and_makes_the_others_look() -> None:
    counter = make_counter(7)
    old = make_request("a", event_name="MODIFY", resends=1, received_at=RECEIVED + 50)
    script: Script = [
        (ReadCounter, counter),
        (ReadStates(("a",)), {"a": PENDING}),
        YES,
        YES,
        (Commit, committed(counter)),
        STAMPED,
    ]
    conversation = number([old, make_request("b")], *script, memory=make_warm(counter))
    commit = conversation.the(Commit)
    assert (commit.raises_fence, commit.verify_until) == (True, RECEIVED + 50)
    assert numbers(conversation.result) == {"a": 8, "b": 9}


def test_against_traffic_it_raises_the_fence_before_it_tries_again() -> None:
    counter = make_counter(7)
    raised = replace(counter, fence=1, version=9)
    request = make_request("a", event_name="MODIFY", resends=1)
    refused: Any = (Commit, Committed(False, counter))
    look: Any = (ReadStates, {"a": PENDING})
    script: Script = [
        (ReadCounter, counter),
        look,
        YES,
        *[refused, look] * PATIENT_ATTEMPTS,
        refused,
        (Pause, None),
        (RaiseFence("requests"), raised),
        look,
        (Commit, committed(raised)),
        STAMPED,
    ]
    conversation = number([request], *script, memory=make_warm(counter))
    last = conversation.asked[-2]
    assert isinstance(last, Commit)
    assert (last.known.fence, last.known.version) == (1, 9)
    assert numbers(conversation.result) == {"a": 8}


def test_in_the_one_lane_all_is_looked_up_and_every_commit_depends_on_all_others() -> None:
    counter = make_counter(7, mark=None, version=41)
    script: Script = [
        (ReadCounter, counter),
        (ReadStates(("a",)), {"a": PENDING}),
        YES,
        (Commit, committed(counter)),
        STAMPED,
    ]
    commit = number([make_request("a")], *script, shard=None).the(Commit)
    assert (commit.lane, commit.raises_fence, commit.verify_until) == (NO_SHARD, True, RECEIVED)
    assert commit.entry.mark == 42


# ── counters that are not there, or cannot number ────────────────────────────────────────────────────────────────────


def test_the_default_counter_comes_into_being_and_what_came_before_is_suspect() -> None:
    """Under whatever name there was no counter, requests may have been refused: all of those are looked up later."""
    nothing = Counter("requests", exists=False)
    script: Script = [
        (ReadCounter, None),
        (ReadStates, {"a": PENDING}),
        YES,
        (Commit, committed(nothing)),
        STAMPED,
    ]
    conversation = number([make_request("a")], *script)
    commit = conversation.the(Commit)
    assert commit.create
    assert commit.verify_until == NOW + CLOCK_SKEW
    assert (commit.known.mark, commit.known.fence, commit.known.version) == (None, None, None)
    assert numbers(conversation.result) == {"a": 1}


def test_no_other_counter_comes_into_being() -> None:
    request = make_request("a", counter="orders")
    script: Script = [(ReadCounter("orders"), None), (ReadStates, {"a": PENDING}), (RefuseUncounted, True)]
    assert numbers(number([request], *script).result) == {"a": None}


def test_a_counter_that_is_made_while_its_requests_are_refused_numbers_them() -> None:
    request = make_request("a", counter="orders")
    made = Counter("orders", size=50)
    script: Script = [
        (ReadCounter, None),
        (ReadStates, {"a": PENDING}),
        (RefuseUncounted, False),
        (ReadCounter, made),
        (ReadStates, {"a": PENDING}),
        YES,
        (Commit, committed(made)),
        STAMPED,
    ]
    assert numbers(number([request], *script).result) == {"a": 1}


@pytest.mark.parametrize("name", ["", "x" * 2049])
def test_a_counter_that_cannot_be_is_not_looked_for(name: str) -> None:
    request = make_request("a", counter=name)
    report = number([request], (ReadStates, {"a": PENDING}), (WriteStamps, written)).result
    (stamp,) = report.stamped
    assert isinstance(stamp.verdict, Refused)
    assert stamp.verdict.code == "UnknownCounter"


@pytest.mark.parametrize(("fault", "allocation"), [("its increment is 0", "stream"), ("", "direct")])
def test_a_counter_that_cannot_number_is_looked_at_every_time(fault: str, allocation: str) -> None:
    """Its refusals take nothing, and nothing is remembered: it may be mended at any moment."""
    counter = make_counter(7, mark=None, fault=fault, allocation=allocation)
    memory = Memory()
    script: Script = [(ReadCounter, counter), (Commit, committed(counter)), STAMPED]
    conversation = number([make_request("a")], *script, memory=memory)
    assert conversation.the(Commit).taken == 0
    assert numbers(conversation.result) == {"a": None}
    assert memory.recall("requests", LANE) is None


# ── what fails ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_work_that_fails_cuts_the_batch_and_the_mark_stays_before_it() -> None:
    counter = make_counter(7)
    a, b, c = (make_request(one) for one in "abc")
    down = ConnectionError("down")
    script: Script = [YES, (Judge(b), down), (Commit, committed(counter)), STAMPED]
    conversation = number([a, b, c], *script, memory=make_warm(counter))
    assert conversation.the(Commit).entry.mark == a.sequence
    assert conversation.result.failures == [(b, down)]
    assert numbers(conversation.result) == {"a": 8}


def test_a_counter_that_fails_holds_up_no_other() -> None:
    counter = make_counter(7)
    bad, good = make_request("a", counter="bad"), make_request("b")
    forbidden = PermissionError("not this one")
    script: Script = [(ReadCounter("bad"), forbidden), YES, (Commit, committed(counter)), STAMPED]
    report = number([bad, good], *script, memory=make_warm(counter)).result
    assert report.failures == [(bad, forbidden)]
    assert numbers(report) == {"b": 8}


# ── what goes where ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_ids_that_make_the_counter_dearer_are_journalled_before_the_commit() -> None:
    counter = make_counter(0, size=900, lanes={OTHER: Entry(1, 0, 0, 0, owners=Owners(("x",)))})
    requests = [make_request(f"{number:036}") for number in range(30)]
    owners = Owners(tuple(one.request_id for one in requests))
    script: Script = [
        *[YES] * 30,
        (PutJournal(b"journal key 0001", owners), None),
        (Commit, committed(counter)),
        STAMPED,
    ]
    commit = number(requests, *script, memory=make_warm(counter)).the(Commit)
    assert (commit.entry.journal, commit.entry.owners) == (b"journal key 0001", None)


def test_every_attempt_has_a_journal_item_of_its_own() -> None:
    """One that was written may belong to a commit that was carried out: it is never written over."""
    counter = make_counter(0, size=2000, lanes={OTHER: Entry(1, 0, 0, 0, owners=Owners(("x",)))})
    stands = replace(counter, version=2)
    keys = (bytes([place]) * 16 for place in count())
    rules = Rules("requests", now=lambda: NOW, new_key=lambda: next(keys))
    script: Script = [
        YES,
        (PutJournal, None),
        (Commit, Committed(False, stands)),
        (PutJournal, None),
        (Commit, committed(stands)),
        STAMPED,
    ]
    conversation = follow(number_records([make_request("a")], SHARD, make_warm(counter), rules), *script)
    put = [one.key for one in conversation.asked if isinstance(one, PutJournal)]
    pointed_to = [one.entry.journal for one in conversation.asked if isinstance(one, Commit)]
    assert put == pointed_to == [bytes(16), b"\1" * 16]


def sized(rest: int, *, alone: bool) -> Known:
    return Known(1, 0, 1, 0, OLD, rest, alone=alone, last=None)


@pytest.mark.parametrize(
    ("ids", "rest", "alone", "inline"),
    [
        (10, 300, False, True),  # 1 KB is written for the price of 1 byte
        (10, 900, False, False),  # every other lane would pay for it
        (10, 900, True, True),  # one unit more, which the journal would cost as well, and a call
        (99, 300, True, True),
        (99, 300, False, False),
    ],
)
def test_ids_are_inline_while_that_costs_no_more(ids: int, rest: int, alone: bool, inline: bool) -> None:
    owners = Owners(tuple(f"00000000-0000-4000-8000-{place:012}" for place in range(ids)))
    assert fits(Entry(1, 0, 0, 0), owners, LANE, sized(rest, alone=alone)) is inline


def test_the_last_byte_that_is_free_is_used() -> None:
    entry, owners = Entry(1, 0, 0, 0), Owners(("a",))
    room = 1024 - entry_size(replace(entry, owners=owners), LANE)
    assert fits(entry, owners, LANE, sized(room, alone=False))
    assert not fits(entry, owners, LANE, sized(room + 1, alone=False))


@pytest.mark.parametrize(
    ("outside", "verify_until", "chosen"),
    [
        ([], 100, None),
        ([99, 100], 100, None),
        ([50, 101], 100, 101),
        ([], None, NOW + CLOCK_SKEW),
        ([NOW + CLOCK_SKEW + 1], None, NOW + CLOCK_SKEW + 1),
    ],
)
def test_suspicion_only_rises(outside: list[int], verify_until: int | None, chosen: int | None) -> None:
    known = replace(sized(0, alone=True), verify_until=verify_until)
    assert choose_verify_until(outside, known, NOW) == chosen


def test_a_batch_is_cut_into_runs_whose_ids_one_journal_item_holds() -> None:
    requests = [make_request("é" * 1000 + str(place)) for place in range(400)]
    runs = list(cut_runs(requests))
    assert [one for run in runs for one in run] == requests
    assert len(runs) == 3
    assert all(sum(len(one.request_id.encode()) for one in run) < JOURNAL_IDS for run in runs)


def test_a_run_that_fails_stops_those_behind_it() -> None:
    requests = [make_request(f"{place}" + "x" * 2000) for place in range(200)]
    first, second = cut_runs(requests)
    down = ConnectionError("down")
    report = number(requests, (ReadCounter, down)).result
    assert report.failures == [(first[0], down)]
    assert second[0] not in [request for request, _ in report.failures]


def test_a_deleted_request_of_a_warm_batch_is_buried() -> None:
    counter = make_counter(7)
    outcomes = [Outcome.MISSING, Outcome.WRITTEN]
    script: Script = [YES, YES, (Commit, committed(counter)), (WriteStamps, outcomes), (WriteTombstone, None)]
    report = number([make_request("a"), make_request("b")], *script, memory=make_warm(counter)).result
    assert (report.buried, numbers(report)) == ([("a", 8)], {"b": 9})
