"""The protocol against a table in memory: order, room, setbacks, splitting."""

import random
from collections.abc import Callable, Sequence

import pytest

from numbering import (
    TRANSACTION_REQUESTS,
    Counter,
    Decision,
    Patience,
    Setback,
    Stamp,
    Unsettled,
    assign,
    settle,
    take_batch,
)
from request import Accepted, Refused
from tests.unit.records import make_request

ACCEPTED = Accepted("null")


class MemoryStore:
    """One counter; `before_commit` may raise, or change what is stored."""

    def __init__(self, counter: Counter | None, before_commit: Callable[["MemoryStore"], None] | None = None) -> None:
        self.counter = counter
        self.stamps: list[Stamp] = []
        self.batches: list[int] = []
        self.before_commit = before_commit

    def read_counter(self, name: str) -> Counter | None:
        return self.counter

    def commit(self, counter: Counter | None, stamps: Sequence[Stamp]) -> None:
        if self.before_commit:
            self.before_commit(self)
        if self.counter is not None and counter is not None and counter.value != self.counter.value:
            raise Setback("moved", conflict=True)
        taken = sum(stamp.number is not None for stamp in stamps)
        if taken:
            assert counter is not None
            self.counter = Counter(counter.name, (counter.value or 0) + taken)
        self.stamps += stamps
        self.batches.append(len(stamps))


def decisions(*ids: str, counter: str = "requests", verdict: Accepted | Refused = ACCEPTED) -> list[Decision]:
    return [Decision(make_request(one, counter=counter), verdict) for one in ids]


def impatient() -> Patience:
    """A clock that only the pauses move: ten seconds of them."""
    now = [0.0]
    return Patience(
        10.0, clock=lambda: now[0], sleep=lambda pause: now.__setitem__(0, now[0] + pause), jitter=random.Random(1)
    )


def numbers(store: MemoryStore) -> dict[str, int | None]:
    return {stamp.request.request_id: stamp.number for stamp in store.stamps}


def test_numbers_follow_the_order_and_refusals_take_none() -> None:
    store = MemoryStore(Counter("requests", 7))
    waiting = [*decisions("a"), *decisions("b", verdict=Refused("Rejected", "no")), *decisions("c")]
    list(settle(waiting, "requests", store, impatient()))
    assert numbers(store) == {"a": 8, "b": None, "c": 9}


def test_the_default_counter_comes_into_being_and_no_other() -> None:
    store = MemoryStore(None)
    list(settle(decisions("a"), "requests", store, impatient()))
    assert numbers(store) == {"a": 1}
    store = MemoryStore(None)
    list(settle(decisions("a", counter="orders"), "requests", store, impatient()))
    assert store.stamps[0].number is None
    assert isinstance(store.stamps[0].verdict, Refused)
    assert store.stamps[0].verdict.code == "UnknownCounter"


@pytest.mark.parametrize("name", ["", "x" * 2049, "é" * 1025])
def test_a_name_no_key_can_hold_is_unknown(name: str) -> None:
    store = MemoryStore(Counter("never read"))
    list(settle(decisions("a", counter=name), name, store, impatient()))
    assert [stamp.number for stamp in store.stamps] == [None]


def test_a_counter_that_moved_is_read_again() -> None:
    def overtake_once(store: MemoryStore) -> None:
        store.before_commit = None
        store.counter = Counter("requests", 5)

    store = MemoryStore(Counter("requests", 2), overtake_once)
    patience = impatient()
    list(settle(decisions("a", "b"), "requests", store, patience))
    assert numbers(store) == {"a": 6, "b": 7}
    assert patience.conflicts == 1


def test_decided_requests_are_dropped_and_the_rest_go_on() -> None:
    def find_b_decided(store: MemoryStore) -> None:
        store.before_commit = None
        raise Setback("b is DONE", decided=frozenset({"b"}), conflict=True)

    store = MemoryStore(Counter("requests", 0), find_b_decided)
    list(settle(decisions("a", "b", "c"), "requests", store, impatient()))
    assert numbers(store) == {"a": 1, "c": 2}


def test_a_redelivered_batch_that_is_decided_changes_nothing() -> None:
    def all_decided(store: MemoryStore) -> None:
        raise Setback("all DONE", decided=frozenset({"a", "b"}), conflict=True)

    store = MemoryStore(Counter("requests", 2), all_decided)
    assert list(settle(decisions("a", "b"), "requests", store, impatient())) == []
    assert store.counter == Counter("requests", 2)


def test_lasting_trouble_names_the_first_request_that_is_left() -> None:
    def fail_after_the_first(store: MemoryStore) -> None:
        if store.batches:
            raise Setback("throttled")

    store = MemoryStore(Counter("requests", 0), fail_after_the_first)
    waiting = decisions(*(f"r{n}" for n in range(TRANSACTION_REQUESTS + 3)))
    with pytest.raises(Unsettled) as unsettled:
        list(settle(waiting, "requests", store, impatient()))
    assert unsettled.value.first.request_id == f"r{TRANSACTION_REQUESTS}"
    assert store.batches == [TRANSACTION_REQUESTS]


def test_what_can_never_succeed_is_not_repeated() -> None:
    attempts = []

    def forbid(store: MemoryStore) -> None:
        attempts.append(1)
        raise PermissionError("not allowed")

    with pytest.raises(Unsettled, match="not allowed"):
        list(settle(decisions("a"), "requests", MemoryStore(Counter("requests", 0), forbid), impatient()))
    assert len(attempts) == 1


def test_transactions_hold_99_requests_and_4_mb() -> None:
    assert len(take_batch(decisions(*(str(n) for n in range(150))))) == 99
    large = [Decision(make_request(str(n), "x" * 350 * 1024), ACCEPTED) for n in range(20)]
    batch = take_batch(large)
    assert 1 < len(batch) < 12
    assert sum(decision.request.size for decision in batch) < 4 * 1024 * 1024
    results = [Decision(make_request(str(n)), Accepted("x" * 390_000)) for n in range(20)]
    assert len(take_batch(results)) == 10


@pytest.mark.parametrize(
    ("counter", "ordinal", "number"),
    [
        (Counter("c"), 1, 1),
        (Counter("c", start=1000, increment=5), 3, 1010),
        (Counter("c", start=-1, increment=-1), 4, -4),
        (Counter("c", start=1, increment=1, capacity=3, cycle=True), 4, 1),
        (Counter("c", start=10**37, increment=1), 10, 10**37 + 9),
    ],
)
def test_ordinals_are_mapped_to_numbers(counter: Counter, ordinal: int, number: int) -> None:
    assert counter.number(ordinal) == number


def test_a_counter_gives_its_last_number_and_then_refuses() -> None:
    stamps = assign(Counter("c", value=8, capacity=10), decisions("a", "b", "c", counter="c"))
    assert [stamp.number for stamp in stamps] == [9, 10, None]
    assert isinstance(stamps[2].verdict, Refused)
    assert stamps[2].verdict.code == "CounterExhausted"


def test_a_number_that_dynamodb_cannot_hold_is_not_given() -> None:
    stamps = assign(Counter("c", value=None, start=10**38 - 1), decisions("a", "b", counter="c"))
    assert [stamp.number for stamp in stamps] == [10**38 - 1, None]


def test_too_late_for_an_attempt_there_is_none() -> None:
    store = MemoryStore(Counter("requests", 0))
    with pytest.raises(Unsettled, match="no time left"):
        list(settle(decisions("a"), "requests", store, Patience(5.0, clock=lambda: 5.0)))
    assert store.stamps == []


def test_a_direct_counter_numbers_no_request() -> None:
    (stamp,) = assign(Counter("c", value=8, allocation="direct"), decisions("a", counter="c"))
    assert isinstance(stamp.verdict, Refused)
    assert stamp.verdict.code == "DirectCounter"


def test_patience_ends_at_its_deadline_and_pauses_are_bounded() -> None:
    pauses: list[float] = []
    patience = Patience(100.0, clock=lambda: sum(pauses), sleep=pauses.append, jitter=random.Random(7))
    with pytest.raises(Setback):  # noqa: PT012 - the loop is what is tested
        while True:
            patience.wait(Setback("again"))
    assert sum(pauses) < 100
    assert max(pauses) <= 1.0
    assert pauses[0] <= 0.01
