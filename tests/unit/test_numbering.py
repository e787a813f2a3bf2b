"""The protocol as a conversation: what a batch costs, after a crash, and when others are in the way."""

from dataclasses import replace
from typing import Any

from counter import Counter
from entry import Entry, Owners, entry_size
from memory import Known
from numbering import (
    Starved,
)
from operations import (
    Commit,
    Committed,
    Outcome,
    ReadCounter,
    ReadRequests,
    ReadStates,
    WriteStamps,
    WriteTombstone,
)
from request import DONE, PENDING, Request
from stamping import ATTEMPTS
from tests.unit.batches import LANE, NO, OLD, STAMPED, YES, make_counter, make_warm, number, numbers
from tests.unit.records import RECEIVED, make_request
from tests.unit.script import NOW, Script, committed


def test_a_warm_batch_is_one_commit_and_the_stamps() -> None:
    counter = make_counter(7)
    memory = make_warm(counter)
    a, b, c = (make_request(one, received_at=RECEIVED + place) for place, one in enumerate("abc"))
    conversation = number([a, b, c], YES, NO, YES, (Commit, committed(counter)), STAMPED, memory=memory)
    commit = conversation.the(Commit)
    owners = Owners(("a", "c"), (("b", "Rejected"),), (a.received_at, c.received_at, b.received_at))
    assert commit == Commit(
        counter="requests",
        lane=LANE,
        known=Known.of(counter, LANE),
        entry=Entry(c.sequence, 0, NOW // 1000, c.received_at, owners=owners),
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
        newest=c.received_at,
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
    entry = Entry(1, 4, NOW // 1000, RECEIVED, owners=Owners(("x",), received=(OLD,)))
    counter = make_counter(5, lanes={LANE: entry})
    script: Script = [
        (ReadCounter, counter),
        (ReadStates(("x",), (OLD,)), {}),
        (WriteTombstone, None),
        YES,
        (Commit, committed(counter)),
        STAMPED,
    ]
    report = number([make_request("a")], *script).result
    assert (report.buried, numbers(report)) == ([("x", "requests", 5)], {"a": 6})


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


def test_a_deleted_request_of_a_warm_batch_is_buried() -> None:
    counter = make_counter(7)
    outcomes = [Outcome.MISSING, Outcome.WRITTEN]
    script: Script = [YES, YES, (Commit, committed(counter)), (WriteStamps, outcomes), (WriteTombstone, None)]
    report = number([make_request("a"), make_request("b")], *script, memory=make_warm(counter)).result
    assert (report.buried, numbers(report)) == ([("a", "requests", 8)], {"b": 9})


# ── who is in the way ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_worker_that_is_behind_catches_up_by_what_the_refused_commit_shows() -> None:
    """Another worker has numbered b under a later mark: nothing is read but its entry's requests."""
    a, b, c = (make_request(one) for one in "abc")
    before = make_counter(7)
    owners = Owners(("a", "b"), received=(RECEIVED, RECEIVED))
    stands = make_counter(9, lanes={LANE: Entry(b.sequence, 7, NOW // 1000, RECEIVED, owners=owners)})
    script: Script = [
        YES,
        YES,
        YES,
        (Commit, Committed(False, stands)),
        (ReadStates(("a", "b"), (RECEIVED, RECEIVED)), {"a": DONE, "b": DONE}),
        (Commit, committed(stands)),
        STAMPED,
    ]
    conversation = number([a, b, c], *script, memory=make_warm(before))
    assert numbers(conversation.result) == {"c": 10}
    last = conversation.asked[-2]
    assert isinstance(last, Commit)
    assert (last.entry.owners, last.known.mark) == (Owners(("c",), received=(RECEIVED,)), b.sequence)


def test_a_fence_that_was_raised_is_looked_at_and_the_same_mark_is_not_trusted() -> None:
    """A sweeper pruned the lane, and an old delivery committed x under the mark that was known: is x written?"""
    a, before = make_request("a"), make_counter(7)
    entry = Entry(1, 7, NOW // 1000, OLD, owners=Owners(("x",), received=(OLD,)))
    stands = make_counter(8, fence=1, lanes={LANE: entry})
    script: Script = [
        YES,
        (Commit, Committed(False, stands)),
        (ReadStates(("x",), (OLD,)), {"x": DONE}),
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
    assert (last.taken, last.entry.owners) == (0, Owners((), (("a", "CounterExhausted"),), (RECEIVED,)))
    assert numbers(conversation.result) == {"a": None}


def test_it_gives_up_after_so_many_defeats() -> None:
    before = make_counter(7)
    refused: Any = (Commit, Committed(False, before))
    report = number([make_request("a")], YES, *[refused] * ATTEMPTS, memory=make_warm(before)).result
    ((_, cause),) = report.failures
    assert isinstance(cause, Starved)
    assert report.conflicts == ATTEMPTS
