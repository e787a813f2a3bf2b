"""What becomes of each request: the order, the room, work() that fails, and counters that are not there."""

from collections.abc import Sequence

import pytest

from batch import Batch
from counter import Counter
from decision import decide, refuse_unknown
from memory import Known
from operations import Judge, Outcome, RefuseUncounted, Stamp, WriteStamps
from request import Accepted, Refused, Request, Verdict
from stamping import Report
from tests.unit.records import make_request
from tests.unit.script import RULES, Script, follow

YES, NO = Accepted("null"), Refused("Rejected", "no")


def make_batch(ids: Sequence[str] = "abc", counter: str = "requests") -> Batch:
    return Batch(counter, "lane", [make_request(one, counter=counter) for one in ids])


def know(counter: Counter) -> Known:
    return Known.of(counter, "lane")


def codes(decided: Sequence[tuple[Request, Verdict]]) -> list[str]:
    """The ids with what became of them."""
    return [f"{one.request_id} {'yes' if isinstance(verdict, Accepted) else verdict.code}" for one, verdict in decided]


def test_requests_are_judged_in_order() -> None:
    batch, counter = make_batch(), Counter("requests")
    a, b, c = batch.requests
    script: Script = [(Judge(a), YES), (Judge(b), NO), (Judge(c), YES)]
    decided = follow(decide(batch, batch.requests, counter, know(counter), RULES), *script).result
    assert decided == [(a, YES), (b, NO), (c, YES)]


def test_work_is_asked_once_however_often_a_batch_is_decided() -> None:
    batch = make_batch("a")
    steps = [decide(batch, batch.requests, None, know(Counter("requests")), RULES) for _ in range(2)]
    first = follow(steps[0], (Judge, YES)).result
    assert follow(steps[1]).result == first


def test_a_failure_of_work_cuts_the_batch_there() -> None:
    batch = make_batch()
    a, b, _ = batch.requests
    down = ConnectionError("down")
    steps = decide(batch, batch.requests, None, know(Counter("requests")), RULES)
    assert follow(steps, (Judge(a), YES), (Judge(b), down)).result == [(a, YES)]
    assert batch.failure == (b, down)
    assert batch.requests == [a]


def test_beyond_the_room_of_a_counter_requests_are_refused_and_refusals_take_no_room() -> None:
    batch, counter = make_batch("abcde"), Counter("requests", value=8, capacity=10)
    verdicts = iter([YES, NO, YES, YES, NO])
    script: Script = [(Judge, lambda _: next(verdicts))] * 5
    decided = follow(decide(batch, batch.requests, counter, know(counter), RULES), *script).result
    assert codes(decided) == ["a yes", "b Rejected", "c yes", "d CounterExhausted", "e Rejected"]


def test_without_a_look_the_commit_sees_to_the_room() -> None:
    batch = make_batch("a")
    known = know(Counter("requests", value=10, capacity=10))
    assert codes(follow(decide(batch, batch.requests, None, known, RULES), (Judge, YES)).result) == ["a yes"]


@pytest.mark.parametrize(
    ("counter", "code"),
    [
        (Counter("requests", allocation="direct"), "DirectCounter"),
        (Counter("requests", fault="its increment is 0"), "UnusableCounter"),
    ],
)
def test_a_counter_that_cannot_number_refuses_all_and_work_is_not_asked(counter: Counter, code: str) -> None:
    batch = make_batch("ab")
    decided = follow(decide(batch, batch.requests, counter, know(counter), RULES)).result
    assert codes(decided) == [f"a {code}", f"b {code}"]


def test_a_request_that_was_sent_again_too_often_is_given_up_without_asking_work() -> None:
    batch = make_batch("")
    batch.requests = [make_request("a", resends=2), make_request("b", resends=3)]
    decided = follow(decide(batch, batch.requests, None, know(Counter("requests")), RULES), (Judge, YES)).result
    assert codes(decided) == ["a yes", "b Unprocessable"]


def test_requests_of_an_unknown_counter_are_refused_while_it_is_unknown() -> None:
    batch, report = make_batch("ab", "orders"), Report()
    conversation = follow(refuse_unknown(batch, batch.requests, report), (RefuseUncounted, True))
    assert conversation.result is True
    asked = conversation.the(RefuseUncounted)
    assert asked.counter == "orders"
    assert report.stamped == list(asked.stamps)
    assert [(one.request.request_id, one.number) for one in asked.stamps] == [("a", None), ("b", None)]
    for stamp in asked.stamps:
        assert isinstance(stamp.verdict, Refused)
        assert (stamp.verdict.code, "'orders'" in stamp.verdict.message) == ("UnknownCounter", True)


def test_should_there_be_a_counter_by_now_nothing_is_refused() -> None:
    batch, report = make_batch("ab", "orders"), Report()
    assert follow(refuse_unknown(batch, batch.requests, report), (RefuseUncounted, False)).result is False
    assert report == Report()


def test_nothing_is_asked_for_when_nobody_waits() -> None:
    assert follow(refuse_unknown(make_batch(), [], Report())).result is True


def test_a_name_that_no_counter_can_have_is_refused_without_a_transaction() -> None:
    batch, report = make_batch("a", ""), Report()
    conversation = follow(refuse_unknown(batch, batch.requests, report), (WriteStamps, [Outcome.WRITTEN]))
    assert conversation.result is True
    assert report.stamped == list(conversation.the(WriteStamps).stamps) != list[Stamp]()
