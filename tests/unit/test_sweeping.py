"""When a sweeper steps in, what it leaves alone, and under which conditions a lane is forgotten."""

from counter import Counter
from entry import Entry, Owners
from operations import Judge, Prune, ReadCounter, ReadRequests, ReadStates, Resend, WriteStamps
from request import DONE, PENDING, Accepted
from stamping import Report
from sweeping import Sweep, is_due, resend, sweep_counter
from tests.unit.records import RECEIVED, make_request
from tests.unit.script import NOW, Script, follow, written
from waiting import Waiting

SWEEP = Sweep(lambda: NOW, resend_after=600, settle_after=120, prune_after=3600)


def make_entry(age: int, *ids: str, mark: int = 10) -> Entry:
    """An entry that was committed so many seconds ago."""
    received = (RECEIVED,) * len(ids)
    return Entry(mark, base=4, committed_at=NOW // 1000 - age, newest=77, owners=Owners(ids, received=received))


def done(operation: ReadStates) -> dict[str, str]:
    return dict.fromkeys(operation.ids, DONE)


def test_a_counter_that_is_gone_is_passed_over() -> None:
    assert follow(sweep_counter("c", SWEEP, Report()), (ReadCounter("c"), None)).result == 0


def test_a_commit_is_left_to_its_own_worker_for_a_while() -> None:
    counter = Counter("c", fence=0, lanes={"young": make_entry(119, "a")})
    assert follow(sweep_counter("c", SWEEP, Report()), (ReadCounter, counter)).result == 0


def test_what_was_committed_and_not_written_is_written() -> None:
    """And the lane stays: it is not at rest yet."""
    counter = Counter("c", value=6, fence=0, lanes={"lane": make_entry(3599, "a", "b")})
    report, request = Report(), make_request("b", counter="c")
    conversation = follow(
        sweep_counter("c", SWEEP, report),
        (ReadCounter, counter),
        (ReadStates(("a", "b"), (RECEIVED, RECEIVED)), {"a": DONE, "b": PENDING}),
        (ReadRequests(("b",), (RECEIVED,)), {"b": request}),
        (Judge(request), Accepted("1")),
        (WriteStamps, written),
    )
    assert conversation.result == 0
    assert [(stamp.request.request_id, stamp.number) for stamp in report.stamped] == [("b", 6)]


def test_lanes_at_rest_are_forgotten_each_under_the_fence_that_the_one_before_has_left() -> None:
    old, older = make_entry(3600, "a", mark=10), make_entry(9999, "b", mark=20)
    counter = Counter("c", fence=5, lanes={"old": old, "young": make_entry(0, "c"), "older": older})
    script: Script = [
        (ReadCounter, counter),
        (ReadStates, done),
        (Prune("c", "old", 10, 5, verify_until=77), True),
        (ReadStates, done),
        (Prune("c", "older", 20, 6, verify_until=77), True),
    ]
    assert follow(sweep_counter("c", SWEEP, Report()), *script).result == 2


def test_a_lane_that_has_moved_is_not_counted_and_the_fence_is_taken_to_stand() -> None:
    counter = Counter("c", fence=5, lanes={"one": make_entry(9999, "a"), "two": make_entry(9999, "b", mark=20)})
    script: Script = [
        (ReadCounter, counter),
        (ReadStates, done),
        (Prune("c", "one", 10, 5, verify_until=77), False),
        (ReadStates, done),
        (Prune("c", "two", 20, 5, verify_until=77), True),
    ]
    assert follow(sweep_counter("c", SWEEP, Report()), *script).result == 1


def test_a_request_is_due_when_it_has_waited_for_so_long_and_for_so_long_since_it_was_sent_again() -> None:
    before = NOW - 600_000
    assert is_due(Waiting("a", "requests", before, None), SWEEP)
    assert is_due(Waiting("a", "requests", before - 9, before), SWEEP)
    assert not is_due(Waiting("a", "requests", before + 1, None), SWEEP)
    assert not is_due(Waiting("a", "requests", before - 9, before + 1), SWEEP)


def test_each_time_a_request_waits_longer() -> None:
    """A weekend without a processor must not use up the re-sends."""
    for resends, seconds in ((0, 600), (1, 1200), (2, 1800), (11, 7200)):
        sent = NOW - seconds * 1000
        assert is_due(Waiting("a", "requests", 0, sent, resends), SWEEP)
        assert not is_due(Waiting("a", "requests", 0, sent + 1, resends), SWEEP)
    assert is_due(Waiting("a", "requests", 0, NOW, 11), Sweep(lambda: NOW, resend_after=0)), "an operator's are at once"


def test_a_request_is_sent_again_unless_it_was_of_late() -> None:
    expected = Resend("a", before=NOW - 600_000)
    assert follow(resend("a", SWEEP), (expected, True)).result is True
    assert follow(resend("a", SWEEP), (expected, False)).result is False
