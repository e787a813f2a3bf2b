"""An entry is made true: who is written, with what, when work() has changed its mind, and what holds it up."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from counter import Counter
from entry import Entry, Owners
from operations import (
    Judge,
    ReadJournals,
    ReadRequests,
    ReadStates,
    Stamp,
    WriteStamps,
    WriteTombstone,
)
from request import DONE, FAILED, PENDING, Accepted, Refused, Request, Verdict
from stamping import (
    NO_RESULT,
    RESULT_PATIENCE,
    BrokenCounter,
    MissingJournal,
    Report,
    apply_entry,
    name_tombstone,
)
from tests.unit.records import RECEIVED, make_request
from tests.unit.script import NOW, Conversation, Script, follow, raised_by, written

NEWEST = NOW - 5000
COUNTER = Counter("requests", value=9, start=100, increment=10)
KEY = b"journal key 0001"
NO = Refused("Rejected", "no stock")


def make_entry(*accepted: str, refused: Mapping[str, str] | None = None, age: int = 60) -> Entry:
    """An entry with base 7: its first number is the 8th, 170. Its requests were received 1 ms after one another."""
    owners = make_owners(*accepted, refused=refused)
    return Entry(mark=1, base=7, committed_at=NOW // 1000 - age, newest=NEWEST, owners=owners)


def make_owners(*accepted: str, refused: Mapping[str, str] | None = None) -> Owners:
    owners = Owners(accepted, tuple((refused or {}).items()))
    return replace(owners, received=times(*owners.ids))


def times(*ids: str) -> tuple[int, ...]:
    """When the requests of some one-letter ids were received."""
    return tuple(RECEIVED + ord(one) for one in ids)


def make(request_id: str) -> Request:
    return make_request(request_id, received_at=RECEIVED + ord(request_id))


def reading(*waiting: Request, **states: str) -> Script:
    """The two looks at an entry's requests; the ids of those that wait stand first."""
    found = {one.request_id: PENDING for one in waiting} | states
    requests = {one.request_id: one for one in waiting}
    return [(ReadStates, found), (ReadRequests(tuple(requests), times(*requests)), requests)]


def settle(
    entry: Entry, *script: Any, counter: Counter = COUNTER, verdicts: Mapping[str, Verdict] | None = None
) -> tuple[Report, Conversation[None]]:
    report = Report()
    return report, follow(apply_entry(counter, entry, NOW, report, verdicts), *script)


def test_an_entry_that_is_true_costs_one_read() -> None:
    states = {"a": DONE, "b": DONE, "c": FAILED}
    read = ReadStates(("a", "b", "c"), times("a", "b", "c"))
    report, _ = settle(make_entry("a", "b", refused={"c": "Rejected"}), (read, states))
    assert report == Report()


def test_who_waits_is_written_with_the_number_of_its_place() -> None:
    b, c = make("b"), make("c")
    result = Accepted('{"total":"1"}')
    script = [*reading(b, c, a=DONE), (Judge(b), result), (Judge(c), result), (WriteStamps, written)]
    report, conversation = settle(make_entry("a", "b", "c"), *script)
    expected = (Stamp(b, result, 180), Stamp(c, result, 190))
    assert conversation.the(WriteStamps).stamps == expected
    assert report.stamped == list(expected)


def test_who_was_decided_between_the_two_looks_is_left_alone() -> None:
    looks: Script = [(ReadStates, {"a": PENDING}), (ReadRequests, {}), (ReadStates, {"a": DONE})]
    report, _ = settle(make_entry("a"), *looks)
    assert report == Report()


def test_a_deleted_request_leaves_a_tombstone_and_a_refused_one_nothing() -> None:
    report, conversation = settle(
        make_entry("a", "b", refused={"c": "Rejected"}), (ReadStates, {"a": DONE}), (WriteTombstone, None)
    )
    tombstone = conversation.the(WriteTombstone)
    (received_at,) = times("b")
    name = name_tombstone("b", received_at, "requests", 180)
    assert tombstone == WriteTombstone(name, "requests", 180)
    assert report.buried == [("b", "requests", 180)]


def test_an_entry_that_was_written_without_times_owns_whatever_has_its_ids() -> None:
    a = make_request("a", received_at=NEWEST + 1)
    entry = replace(make_entry(), owners=Owners(("a", "b"), (("c", "Rejected"),)))
    script: Script = [
        (ReadStates(("a", "b", "c"), ()), {"a": PENDING, "c": FAILED}),
        (ReadRequests(("a",), ()), {"a": a}),
        (WriteTombstone(name_tombstone("b", None, "requests", 180), "requests", 180), None),
        (Judge(a), NO_RESULT),
        (WriteStamps((Stamp(a, NO_RESULT, 170),)), written),
    ]
    report, _ = settle(entry, *script)
    assert (report.stamped, report.buried) == ([Stamp(a, NO_RESULT, 170)], [("b", "requests", 180)])


def test_a_tombstone_is_named_by_all_that_tells_its_owner_from_others() -> None:
    names = [
        name_tombstone("x", 1, "requests", 5),
        name_tombstone("y", 1, "requests", 5),
        name_tombstone("x", 2, "requests", 5),
        name_tombstone("x", None, "requests", 5),
        name_tombstone("x", 1, "orders", 5),
        name_tombstone("x", 1, "requests", 6),
    ]
    assert len(set(names)) == len(names)
    assert names[0] == name_tombstone("x", 1, "requests", 5)


def test_what_this_worker_knows_of_work_it_does_not_ask_again() -> None:
    a, result = make("a"), Accepted("1")
    report, _ = settle(make_entry("a"), *reading(a), (WriteStamps, written), verdicts={"a": result})
    assert report.stamped == [Stamp(a, result, 170)]


def test_a_number_stands_though_work_now_refuses() -> None:
    a = make("a")
    report, _ = settle(make_entry("a"), *reading(a), (Judge(a), NO), (WriteStamps, written))
    (stamp,) = report.stamped
    assert (stamp.verdict, stamp.number) == (Accepted("null"), 170)
    assert "no stock" in stamp.overruled


def test_work_that_fails_is_waited_for_and_not_for_ever() -> None:
    a, down = make("a"), ConnectionError("down")
    young = apply_entry(COUNTER, make_entry("a", age=RESULT_PATIENCE), NOW, Report())
    assert raised_by(young, *reading(a), (Judge(a), down)) is down
    old = make_entry("a", age=RESULT_PATIENCE + 1)
    report, _ = settle(old, *reading(a), (Judge(a), down), (WriteStamps, written))
    (stamp,) = report.stamped
    assert (stamp.verdict, stamp.number) == (Accepted("null"), 170)
    assert "down" in stamp.overruled


@pytest.mark.parametrize(
    ("code", "judged", "words"),
    [
        ("Rejected", NO, "no stock"),
        ("Rejected", Refused("NoStock", "none left"), "none left"),
        ("Rejected", Accepted("null"), "no longer known"),
        ("Rejected", Refused("InvalidBody", "no JSON"), "no longer known"),
        ("Rejected", ConnectionError("down"), "no longer known"),
        ("InvalidBody", Refused("InvalidBody", "no JSON"), "no JSON"),
    ],
)
def test_a_refusal_stands_and_work_may_know_its_words(code: str, judged: Any, words: str) -> None:
    a = make("a")
    script = [*reading(a), (Judge(a), judged), (WriteStamps, written)]
    report, _ = settle(make_entry(refused={"a": code}), *script)
    (stamp,) = report.stamped
    assert stamp.number is None
    assert isinstance(stamp.verdict, Refused)
    assert words in stamp.verdict.message
    if words == "no longer known":
        assert stamp.verdict.code == code


@pytest.mark.parametrize("code", ["UnusableCounter", "DirectCounter", "CounterExhausted", "Unprocessable"])
def test_for_a_refusal_that_is_not_works_work_is_not_asked(code: str) -> None:
    a = make("a")
    report, _ = settle(make_entry(refused={"a": code}), *reading(a), (WriteStamps, written))
    (stamp,) = report.stamped
    assert isinstance(stamp.verdict, Refused)
    assert (stamp.verdict.code, bool(stamp.verdict.message)) == (code, True)


@pytest.mark.parametrize("states", [{"a": PENDING}, {}], ids=["waiting", "deleted"])
def test_numbers_are_not_computed_from_options_that_cannot_be_read(states: dict[str, str]) -> None:
    broken = Counter("requests", fault="its increment is 0")
    failure = raised_by(apply_entry(broken, make_entry("a"), NOW, Report()), (ReadStates, states))
    assert isinstance(failure, BrokenCounter)
    assert "its increment is 0" in str(failure)


def test_a_broken_counter_holds_up_nobody_who_has_a_stamp_or_takes_no_number() -> None:
    broken, b = Counter("requests", fault="its increment is 0"), make("b")
    entry = make_entry("a", refused={"b": "UnusableCounter"})
    report, _ = settle(entry, *reading(b, a=DONE), (WriteStamps, written), counter=broken)
    assert [stamp.request for stamp in report.stamped] == [b]


def test_the_owners_of_a_large_entry_are_in_the_journal() -> None:
    entry = Entry(mark=1, base=7, committed_at=0, newest=NEWEST, journal=KEY)
    script = [(ReadJournals((KEY,)), {KEY: make_owners("a")}), (ReadStates(("a",), times("a")), {"a": DONE})]
    settle(entry, *script)
    failure = raised_by(apply_entry(COUNTER, entry, NOW, Report()), (ReadJournals((KEY,)), {}))
    assert isinstance(failure, MissingJournal)
