"""An audit of tables that stand still: it finds each fault by name, and nothing where there is none."""

import random
import time
import uuid
from collections.abc import Callable, Iterable

import pytest

from counter import Counter
from entry import Entry, Owners
from gapless.audit.audit import Audit
from gapless.audit.findings import KINDS
from gapless.audit.retention import DAY, Retention
from request import DONE, FAILED, PENDING
from tests.unit.audit.ledger import KEPT, MINUTE, NOW, Ledger, draw_ledger, find, n, put_counter, run_audit

COUNTERS = [
    Counter("orders", value=900),
    Counter("down", value=400, start=7, increment=-2),
    Counter("wide", value=50, start=-(10**30), increment=10**30),
    Counter("bounded", value=300, start=10, increment=5, capacity=5000),
    Counter("ring", value=1000, start=10, increment=10, capacity=7, cycle=True),
    Counter("young-ring", value=3, capacity=5, cycle=True),
    Counter("unused"),
    Counter("direct", value=77, allocation="direct"),
]


@pytest.fixture
def ledger(seeded: random.Random) -> Ledger:
    """Sound tables of some thousand requests."""
    return draw_ledger(seeded, COUNTERS)


@pytest.mark.parametrize("turn", range(20))
def test_sound_tables_are_found_sound(seeded: random.Random, turn: int) -> None:
    seeded.seed(f"{seeded.random()} {turn}")
    _, report = run_audit(draw_ledger(seeded, COUNTERS, days=seeded.choice((1, 20, 90, 900))))
    assert report.findings == []
    assert {one.counter for one in report.accounts if one.unchecked} == {"direct"}


@pytest.mark.everything
def test_a_hundred_thousand_sound_requests_raise_no_alarm(seeded: random.Random) -> None:
    counters = [
        Counter("large", value=200_000),
        *COUNTERS,
        Counter("large-ring", value=40_000, capacity=300, cycle=True),
    ]
    ledger = draw_ledger(seeded, counters, days=60)
    assert len(ledger.requests) > 100_000
    began = time.monotonic()
    _, report = run_audit(ledger)
    assert report.findings == []
    assert time.monotonic() - began < 30


Planted = tuple[str, str, list[int], set[str]]  # kind, counter, numbers, ids: what is to be named


def some(ledger: Ledger, counter: str = "orders", status: str = DONE) -> str:
    """A request of a counter, behind the first."""
    mine = [one for one, item in ledger.requests.items() if item["counter"]["S"] == counter]
    return [one for one in mine if ledger.requests[one]["status"]["S"] == status][2]


def recent(ledger: Ledger, counter: str = "orders", count: int = 1) -> list[tuple[int, str]]:
    """Ordinals and requests in a row, from the middle of what was done in the last days, in no entry."""
    value = next(one.value for one in COUNTERS if one.name == counter)
    mine = {ordinal: one for (name, ordinal), one in ledger.owners.items() if name == counter and ordinal <= value}
    first = next(one for one in range(value - 9, 0, -1) if all(one + place in mine for place in range(count)))
    return [(first + place, mine[first + place]) for place in range(count)]


def number_of(counter: str, ordinal: int) -> int:
    """A counter's number."""
    return next(one for one in COUNTERS if one.name == counter).number(ordinal)


def lose_one(ledger: Ledger, counter: str = "orders") -> Planted:
    ((ordinal, request_id),) = recent(ledger, counter)
    del ledger.requests[request_id]
    return "gap", counter, [number_of(counter, ordinal)], set()


def lose_three(ledger: Ledger) -> Planted:
    gone = recent(ledger, count=3)
    for _, request_id in gone:
        del ledger.requests[request_id]
    return "gap", "orders", [gone[0][0], gone[-1][0]], set()


def lose_one_downwards(ledger: Ledger) -> Planted:
    return lose_one(ledger, "down")


def lose_the_last(ledger: Ledger) -> Planted:
    """The counter has gone further than its requests."""
    item = ledger.counters["bounded"]
    value = int(item["value"]["N"])
    item["value"] = n(value + 5)
    return "gap", "bounded", [10 + 5 * value, 10 + 5 * (value + 4)], set()


def give_one_twice(ledger: Ledger, counter: str = "orders") -> Planted:
    (ordinal, first), (_, second) = recent(ledger, counter, 2)
    ledger.requests["second"] = ledger.requests[first] | {"requestId": {"S": "second"}}
    assert second != first
    return "twin", counter, [number_of(counter, ordinal)], {first, "second"}


def give_one_twice_downwards(ledger: Ledger) -> Planted:
    return give_one_twice(ledger, "down")


def give_one_once_more_in_a_ring(ledger: Ledger) -> Planted:
    for turn in range(1000):
        ledger.put(DONE, "young-ring", request_id=f"more {turn}", number=2, receivedAt=NOW, completedAt=NOW)
    return "twin", "young-ring", [2], {"more 0", "more 1"}


def bury_one_that_lives(ledger: Ledger) -> Planted:
    ((ordinal, request_id),) = recent(ledger)
    ledger.put("VOID", "orders", request_id="void-1", number=ordinal, completedAt=NOW)
    return "twin", "orders", [ordinal], {request_id, "void-1"}


def set_back_the_counter(ledger: Ledger) -> Planted:
    item = ledger.counters["orders"]
    highest = max(ordinal for name, ordinal in ledger.owners if name == "orders")
    item["value"] = n(highest - 1)
    for name in [one for one in item if one[0] in "LB"]:
        del item[name]
    return "beyond", "orders", [highest], {ledger.owners["orders", highest]}


def number_between(ledger: Ledger) -> Planted:
    ledger.put(DONE, "down", request_id="even", number=6, receivedAt=NOW, completedAt=NOW)
    return "not-of-the-sequence", "down", [6], {"even"}


def number_before_the_first(ledger: Ledger) -> Planted:
    ledger.put(DONE, "bounded", request_id="early", number=5, receivedAt=NOW, completedAt=NOW)
    return "not-of-the-sequence", "bounded", [5], {"early"}


def number_outside_the_ring(ledger: Ledger) -> Planted:
    ledger.put(DONE, "ring", request_id="outside", number=80, receivedAt=NOW, completedAt=NOW)
    return "not-of-the-sequence", "ring", [80], {"outside"}


def number_with_a_fraction(ledger: Ledger) -> Planted:
    request_id = ledger.put(DONE, "orders", receivedAt=NOW, completedAt=NOW)
    ledger.requests[request_id]["number"] = {"N": "1.5"}
    return "not-of-the-sequence", "orders", [], {request_id}


def lower_the_bound(ledger: Ledger) -> Planted:
    value = int(ledger.counters["bounded"]["value"]["N"])
    ledger.counters["bounded"]["max"] = n(10 + 5 * (value - 2))
    last = 10 + 5 * (value - 1)
    return "over-its-bound", "bounded", [last], set()


def number_by_nobody(ledger: Ledger) -> Planted:
    ids = {ledger.put(DONE, "nobody", number=one, receivedAt=NOW, completedAt=NOW) for one in (3, 9)}
    return "no-counter", "nobody", [3, 9], ids


def number_by_a_direct_counter(ledger: Ledger) -> Planted:
    return "direct-counter", "direct", [5], {ledger.put(DONE, "direct", number=5, receivedAt=NOW, completedAt=NOW)}


def break_a_counter(ledger: Ledger) -> Planted:
    ledger.counters["orders"]["increment"] = n(0)
    return "unusable-counter", "orders", [], set()


def lose_a_journal(ledger: Ledger) -> Planted:
    ledger.journals.clear()
    return "lost-journal", "orders", [], set()


def lose_a_number(ledger: Ledger) -> Planted:
    request_id = some(ledger)
    del ledger.requests[request_id]["number"]
    return "done-without-number", "orders", [], {request_id}


def number_a_failed_one(ledger: Ledger) -> Planted:
    request_id = some(ledger)
    ledger.requests[request_id] |= {"status": {"S": FAILED}, "error": {"M": {}}}
    return "failed-with-number", "orders", [], {request_id}


def lose_an_error(ledger: Ledger) -> Planted:
    request_id = some(ledger, status=FAILED)
    del ledger.requests[request_id]["error"]
    return "failed-without-error", "orders", [], {request_id}


def number_a_waiting_one(ledger: Ledger) -> Planted:
    request_id = some(ledger)
    ledger.requests[request_id]["status"] = {"S": PENDING}
    del ledger.requests[request_id]["ttl"]
    return "pending-with-number", "orders", [], {request_id}


def let_a_waiting_one_expire(ledger: Ledger) -> Planted:
    request_id = ledger.put(PENDING, "orders", receivedAt=NOW, ttl=NOW // 1000 + 60)
    return "unfinished-with-ttl", "orders", [], {request_id}


def fail_a_done_one(ledger: Ledger) -> Planted:
    request_id = some(ledger)
    ledger.requests[request_id]["error"] = {"M": {}}
    return "done-with-error", "orders", [], {request_id}


def misspell_a_status(ledger: Ledger) -> Planted:
    request_id = some(ledger)
    ledger.requests[request_id]["status"] = {"S": "done"}
    return "unknown-status", "orders", [], {request_id}


def link_to_nowhere(ledger: Ledger) -> Planted:
    request_id = ledger.put_failed("orders", NOW - DAY)
    ledger.requests[request_id]["requeuedAs"] = {"S": str(uuid.uuid4())}
    return "link-to-nowhere", "orders", [], {request_id}


def link_back_to_nowhere(ledger: Ledger) -> Planted:
    request_id = ledger.put_failed("orders", NOW)
    ledger.requests[request_id]["requeueOf"] = {"S": str(uuid.uuid4())}
    return "link-to-nowhere", "orders", [], {request_id}


def link_one_way(ledger: Ledger) -> Planted:
    request_id, other = ledger.put_failed("orders", NOW - DAY), ledger.put_failed("orders", NOW)
    ledger.requests[request_id]["requeuedAs"] = {"S": other}
    return "link-not-returned", "orders", [], {request_id}


def link_back_to_another(ledger: Ledger) -> Planted:
    ids = [ledger.put_failed("orders", NOW - DAY) for _ in range(3)]
    ledger.requests[ids[0]] |= {"requeuedAs": {"S": ids[1]}}
    ledger.requests[ids[1]] |= {"requeueOf": {"S": ids[0]}}
    ledger.requests[ids[2]] |= {"requeueOf": {"S": ids[0]}}
    return "link-not-returned", "orders", [], {ids[2]}


PLANTED: list[Callable[[Ledger], Planted]] = [
    lose_one, lose_three, lose_one_downwards, lose_the_last, give_one_twice,
    give_one_twice_downwards, give_one_once_more_in_a_ring, bury_one_that_lives, set_back_the_counter, number_between,
    number_before_the_first, number_outside_the_ring, number_with_a_fraction, lower_the_bound, number_by_nobody,
    number_by_a_direct_counter, break_a_counter, lose_a_journal, lose_a_number, number_a_failed_one, lose_an_error,
    number_a_waiting_one, let_a_waiting_one_expire, fail_a_done_one, misspell_a_status, link_to_nowhere,
    link_back_to_nowhere, link_one_way, link_back_to_another,
]  # fmt: skip


@pytest.mark.parametrize("plant", PLANTED, ids=lambda one: one.__name__)
def test_each_planted_fault_is_found_and_named(ledger: Ledger, plant: Callable[[Ledger], Planted]) -> None:
    kind, counter, numbers, ids = plant(ledger)
    findings = {(one.kind, one.counter): one for one in find(ledger)}
    found = findings[kind, counter]
    assert ids <= set(found.ids)
    named = {number for run in found.numbers for number in run}
    assert set(numbers) <= named
    assert {counter} == {one for _, one in findings} or kind == "lost-journal"
    assert found.sentence().startswith(f"{counter}: ")


def test_in_a_ring_a_gap_is_found_while_nothing_has_expired(seeded: random.Random) -> None:
    ledger = draw_ledger(seeded, COUNTERS, days=20)
    planted = lose_one(ledger, "ring")
    (finding,) = [one for one in find(ledger, kept=Retention(none_expired=True)) if one.kind == "gap"]
    assert (finding.kind, finding.counter) == planted[:2]
    assert {first for first, _ in finding.numbers} == set(planted[2])


def test_every_kind_is_planted(seeded: random.Random) -> None:
    assert {plant(draw_ledger(seeded, COUNTERS))[0] for plant in PLANTED} == set(KINDS)


class TestExpiry:
    """A number that is missing may have expired: that is told from a gap, or said to be unknown."""

    COUNTER = Counter("c", value=100)

    def make(self, days_ago: Iterable[float]) -> Ledger:
        """A request for each ordinal, received and done so long ago; those of 30 days are gone."""
        ledger = Ledger()
        for ordinal, days in enumerate(days_ago, start=1):
            at = NOW - int(days * DAY)
            if days <= 30:
                ledger.put_done(self.COUNTER, ordinal, at, at)
        put_counter(ledger, self.COUNTER, ordinal)
        return ledger

    def test_what_is_older_than_all_that_is_left_cannot_be_checked(self) -> None:
        _, report = run_audit(self.make([50, 40, 31, 5, 1]))
        assert report.findings == []
        assert report.accounts[0].expired_runs == [(1, 3)]

    def test_what_comes_behind_a_recent_request_is_a_gap(self) -> None:
        (finding,) = find(self.make([50, 5, 31, 1]))
        assert (finding.kind, finding.numbers) == ("gap", [(3, 3)])

    def test_what_comes_behind_an_old_request_that_is_left_may_have_expired(self) -> None:
        ledger = self.make([29.99, 31, 29.98, 1])
        _, report = run_audit(ledger)
        assert report.findings == []
        assert report.accounts[0].expired_runs == [(2, 2)]

    def test_a_shorter_time_that_is_seen_counts_for_all(self) -> None:
        ledger = self.make([5, 31, 4, 1])
        assert [one.kind for one in find(ledger)] == ["gap"]
        late = ledger.owners["c", 4]
        ledger.requests[late]["ttl"] = n((NOW + 2 * DAY) // 1000)
        assert find(ledger) == []

    def test_a_shorter_time_that_somebody_knows_of_counts(self) -> None:
        assert find(self.make([5, 31, 4, 1]), kept=Retention(days=3)) == []

    def test_when_none_has_expired_all_that_is_missing_is_a_gap(self) -> None:
        (finding,) = find(self.make([50, 31, 5, 1]), kept=Retention(none_expired=True))
        assert finding.numbers == [(1, 2)]

    def test_when_requests_are_kept_for_ever_only_the_first_ones_are_unknown(self) -> None:
        ledger = self.make([50, 10, 31, 1])
        for item in ledger.requests.values():
            item.pop("ttl")
        _, report = run_audit(ledger, kept=Retention(days=0, failed_days=0))
        assert report.accounts[0].expired_runs == [(1, 1)]
        assert [one.numbers for one in report.findings] == [[(3, 3)]]


class TestWhileNumberingGoesOn:
    """Between the two looks at the counters everything may happen."""

    COUNTER = Counter("c", value=3)
    ENTRY = Entry(5, 2, NOW // 1000, NOW, Owners(("x",), (), (NOW,)))

    def make(self) -> Ledger:
        """Three numbers, one of which waits to be written."""
        ledger = Ledger()
        for ordinal in (1, 2):
            ledger.put_done(self.COUNTER, ordinal, NOW, NOW)
        ledger.put(PENDING, "c", request_id="x", receivedAt=NOW)
        put_counter(ledger, self.COUNTER, 3, {"lane____": self.ENTRY})
        return ledger

    def audit(self, before: Ledger, after: Ledger) -> list[str]:
        """The kinds that are found when the tables change behind the scan."""
        audit = Audit(before.counters, before.journals)
        for item in before.requests.values():
            audit.add(item)
        found = {one: after.requests[one] for one in audit.doubts() if one in after.requests}
        report = audit.conclude(after.counters, found, NOW, KEPT)
        self.accounts = report.accounts
        return [one.kind for one in report.findings]

    def test_a_number_may_be_written_behind_the_scan(self) -> None:
        after = self.make()
        after.requests["x"] |= {"status": {"S": DONE}, "number": n(3)}
        put_counter(after, self.COUNTER, 4)
        assert self.audit(self.make(), after) == []
        assert self.accounts[0].writing == 0

    def test_a_number_may_still_be_to_be_written(self) -> None:
        assert self.audit(self.make(), self.make()) == []
        assert self.accounts[0].writing == 1

    def test_a_number_has_to_be_written_once_its_entry_is_replaced(self) -> None:
        after = self.make()
        put_counter(after, self.COUNTER, 4)
        assert self.audit(self.make(), after) == ["gap"]

    def test_a_number_is_lost_when_its_request_failed(self) -> None:
        after = self.make()
        after.requests["x"] |= {"status": {"S": FAILED}, "error": {"M": {}}}
        assert self.audit(self.make(), after) == ["gap"]

    def test_numbers_that_are_given_meanwhile_are_no_fault(self) -> None:
        before, after = self.make(), self.make()
        before.put_done(self.COUNTER, 5, NOW, NOW)
        put_counter(after, self.COUNTER, 6, {"lane____": self.ENTRY})
        assert self.audit(before, after) == []

    @pytest.mark.parametrize("change", ["value", "start"])
    def test_of_a_counter_that_is_changed_by_hand_nothing_is_said(self, change: str) -> None:
        before, after = self.make(), self.make()
        after.counters["c"][change] = n(0)
        before.put_done(self.COUNTER, 77, NOW, NOW)
        assert self.audit(before, after) == []
        assert "run it again" in self.accounts[0].unchecked

    def test_of_a_counter_that_is_made_meanwhile_nothing_is_said(self) -> None:
        before, after = self.make(), self.make()
        after.counters |= {"new": after.counters["c"]}
        before.put(DONE, "new", number=1, receivedAt=NOW, completedAt=NOW + MINUTE)
        assert self.audit(before, after) == []
